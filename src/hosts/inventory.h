// Hosts that others keep lists of: what an Ansible inventory or an ssh_config
// says, as hosts with attributes. Pure.
//
// Names of attributes, both ways (hostfile(5) has the list):
//   ansible_host, HostName  HOSTNAME       ansible_user, User  ENTRY_LOGIN
//   ansible_port, Port      PORT           groups              GROUPS
// and any other variable in capitals, if it has none.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hosts/limits.h"
#include "hosts/table.h"

namespace hosts {

struct InventoryHost {
  std::string name;
  // Each name once; all are names of macros.
  std::vector<std::pair<std::string, std::string>> attributes;
};

// The INI form: hosts with ranges and variables, [group], [group:vars],
// [group:children]. InvalidArgument "FILE:LINE: reason". A few lines may mean
// very much: `max_steps` is how much, in hosts, groups and variables.
absl::StatusOr<std::vector<InventoryHost>> ReadAnsible(
    absl::string_view file, absl::string_view text,
    size_t max_steps = kMaxInventorySteps);

// Such a text of the elected hosts, with those of their attributes that `names`
// has. InvalidArgument for a host or group whose name an inventory cannot hold.
absl::StatusOr<std::string> WriteAnsible(const Table& table,
                                         absl::Span<const size_t> elected,
                                         absl::Span<const uint32_t> names);

struct IncludedFile {
  std::string name, text;
};
// The files an Include's pattern means, in order; none is no failure.
using FindIncluded = std::function<absl::StatusOr<std::vector<IncludedFile>>(
    absl::string_view pattern)>;

// The names on Host lines that are no patterns, with what the whole file says
// of them. Of Match lines only `all`, `host` and `originalhost` are looked at;
// the others never match. InvalidArgument "FILE:LINE: reason".
absl::StatusOr<std::vector<InventoryHost>> ReadSshConfig(
    absl::string_view file, absl::string_view text,
    const FindIncluded& find_included);

// One file of `joiner`, from BeginFile to EndFile: a row for each host.
absl::Status JoinInventory(absl::Span<const InventoryHost> inventory,
                           FileKind kind, Joiner& joiner);

}  // namespace hosts
