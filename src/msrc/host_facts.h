// What the tables say of a host that the built-in transport wants to know: a
// text that is expanded for each host, and what it becomes. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace msrc {

struct HostFacts {
  std::string login;             // ENTRY_LOGIN; "": ssh decides
  std::vector<std::string> ssh;  // SSH, as a shell would split it
  std::string defs;              // ENTRY_DEFS; "": none
  std::string shell;             // REMOTE_SHELL; "": /bin/sh
};

// In m4.
std::string FactsText();
// InvalidArgument for an SSH that a shell could not split, and for values with
// a byte that no such value has.
absl::StatusOr<HostFacts> ReadFacts(absl::string_view expanded);

}  // namespace msrc
