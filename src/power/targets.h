// Which hosts and outlets a command line means (pcu-inventory(5), TARGETS).
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "power/inventory.h"

namespace power {

// web7, db1 with both its feeds; or one outlet, "rack3-a/9".
struct Target {
  std::string name;
  std::vector<Outlet> feeds = {};
  // The hosts it switches: itself, or those that hang on the outlet.
  std::vector<std::string> hosts = {};
  bool outlet = false;        // a single outlet that was named as such
  bool exact = false;         // named by its own name, not by a range or group
  bool is_protected = false;  // it, or a host on the outlet
};

struct TargetChoice {
  std::vector<std::string> words = {};     // each may be a range, or several
  std::vector<std::string> excluded = {};  // the same, taken away
  bool ignore_unknown = false;
};

// In the order of the words, each once. A name may be a host, an alias,
// @GROUP, @all, pcu:NAME or pcu:NAME/PLUG; host names, aliases, PCUs and plugs
// may have ranges.
// NotFound lists all names that nothing has, also excluded ones, unless unknown
// ones are ignored. InvalidArgument for what is no range, "no targets" when
// nothing was named or nothing is left; OutOfRange for more than kMaxTargets.
absl::StatusOr<std::vector<Target>> ChooseTargets(const Inventory& inventory,
                                                  const TargetChoice& choice);

// The words of a file of targets: separated by white space, # begins a comment.
// ResourceExhausted for more than kMaxTargetFileBytes.
absl::StatusOr<std::vector<std::string>> ParseTargetFile(
    absl::string_view text);

// Other hosts on the outlets of `targets`, which would be switched, too; each
// once. Those named themselves are not among them.
std::vector<std::string> AlsoSwitched(const Inventory& inventory,
                                      absl::Span<const Target> targets);

// Names for people, as short as they get: "db1,web[1-3],x[1-2].example.org".
std::string FoldHosts(std::vector<std::string> names);

}  // namespace power
