#include "sys/users.h"

#include <absl/strings/str_cat.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/status.h"
#include "sys/resolve.h"

namespace sys {
namespace {

constexpr size_t kMostBytes = 16 << 20;  // a group with a million members

// Calls one of the get..._r functions with more room until it has enough.
template <typename Entry, typename Get>
absl::StatusOr<Entry*> Find(const std::string& what, std::vector<char>* room,
                            Entry* entry, Get get) {
  PinLookUps();
  for (room->resize(1024); room->size() <= kMostBytes;
       room->resize(room->size() * 4)) {
    Entry* found = nullptr;
    const int error = get(entry, room->data(), room->size(), &found);
    if (found != nullptr) return found;
    if (error == ERANGE || error == EINTR) continue;
    // POSIX lets several errors mean "no such entry", and no /etc/passwd
    // means the same to us.
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF ||
        error == EPERM) {
      return absl::NotFoundError(absl::StrCat("no ", what));
    }
    return base::SysError(error, what);
  }
  return absl::ResourceExhaustedError(absl::StrCat(what, " is too long"));
}

Account ToAccount(const passwd& p) {
  return {p.pw_name, p.pw_dir, p.pw_shell, p.pw_uid, p.pw_gid};
}

}  // namespace

absl::StatusOr<Account> FindAccount(const std::string& name) {
  std::vector<char> room;
  passwd entry;
  TRY_ASSIGN(const passwd* found,
             Find(absl::StrCat("user '", name, "'"), &room, &entry,
                  [&](passwd* p, char* bytes, size_t n, passwd** result) {
                    return getpwnam_r(name.c_str(), p, bytes, n, result);
                  }));
  return ToAccount(*found);
}

absl::StatusOr<Account> FindAccount(uint32_t uid) {
  std::vector<char> room;
  passwd entry;
  TRY_ASSIGN(const passwd* found,
             Find(absl::StrCat("user ", uid), &room, &entry,
                  [&](passwd* p, char* bytes, size_t n, passwd** result) {
                    return getpwuid_r(uid, p, bytes, n, result);
                  }));
  return ToAccount(*found);
}

std::vector<std::string> HomesOfPeople() {
  constexpr uint32_t kFirstPerson = 1000;
  PinLookUps();
  std::vector<std::string> homes;
  setpwent();
  while (const passwd* entry = getpwent()) {
    if (entry->pw_uid == 0 || entry->pw_uid >= kFirstPerson) {
      homes.emplace_back(entry->pw_dir);
    }
  }
  endpwent();
  return homes;
}

bool IsMember(uint32_t uid, const std::string& group) {
  const absl::StatusOr<Account> account = FindAccount(uid);
  if (!account.ok()) return false;
  std::vector<char> room;
  struct group entry;
  const auto found =
      Find(absl::StrCat("group '", group, "'"), &room, &entry,
           [&](struct group* g, char* bytes, size_t n, struct group** result) {
             return getgrnam_r(group.c_str(), g, bytes, n, result);
           });
  if (!found.ok()) return false;
  if ((*found)->gr_gid == account->gid) return true;
  for (char** member = (*found)->gr_mem; *member != nullptr; member++) {
    if (account->name == *member) return true;
  }
  return false;
}

absl::StatusOr<uint32_t> FindGroup(const std::string& name) {
  std::vector<char> room;
  struct group entry;
  TRY_ASSIGN(
      const struct group* found,
      Find(absl::StrCat("group '", name, "'"), &room, &entry,
           [&](struct group* g, char* bytes, size_t n, struct group** result) {
             return getgrnam_r(name.c_str(), g, bytes, n, result);
           }));
  return found->gr_gid;
}

absl::StatusOr<std::vector<uint32_t>> GroupsOf(const Account& account) {
  PinLookUps();
  // The kernel takes no more.
  constexpr int kMost = 65536;
  for (int room = 64; room <= kMost; room *= 4) {
    std::vector<gid_t> groups(room);
    int count = room;
    if (getgrouplist(account.name.c_str(), account.gid, groups.data(),
                     &count) >= 0) {
      groups.resize(count);
      return std::vector<uint32_t>(groups.begin(), groups.end());
    }
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("'", account.name, "' is in too many groups"));
}

std::string HomeFolder() {
  std::string home = EnvironmentVariable("HOME");
  if (!home.empty()) return home;
  const absl::StatusOr<Account> account = FindAccount(getuid());
  return account.ok() && !account->home.empty() ? account->home : "/";
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  // Not ended with a zero when it was cut.
  if (gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

std::string EnvironmentVariable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace sys
