// Accounts, from the host's files only (see Resolve in sys/resolve.h for why).
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sys {

struct Account {
  std::string name, home, shell;
  uint32_t uid = 0, gid = 0;
};
absl::StatusOr<Account> FindAccount(const std::string& name);  // NotFound
absl::StatusOr<Account> FindAccount(uint32_t uid);             // NotFound
// The id of a group.
absl::StatusOr<uint32_t> FindGroup(const std::string& name);  // NotFound
// The ids of all groups an account is in, its own among them, each once.
absl::StatusOr<std::vector<uint32_t>> GroupsOf(const Account& account);
// Whether the user is in the group, by primary group or by member list.
// False when there is no such group or user.
bool IsMember(uint32_t uid, const std::string& group);
// Home folders of root and of accounts that are people's (uid 1000 and up).
std::vector<std::string> HomesOfPeople();
std::string HomeFolder();  // $HOME, else the account's, else "/"
// This host's name, as gethostname says.
std::string HostName();
// $NAME or "" when unset.
std::string EnvironmentVariable(const char* name);

}  // namespace sys
