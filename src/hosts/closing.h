// What comes after all commands of hxmd: a list of how they ended, and a
// command that is given it. (hxmd's -r, -Q and -K.)
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hosts/stream.h"

namespace hosts {

// Names, without the prefix, and values of macros that are about one host.
using HostMacros = std::vector<std::pair<std::string, std::string>>;

struct ClosingOptions {
  std::vector<std::string> redo, wards;  // -r, -Q
  std::optional<std::string> filter;     // -K
  // What the list may say of a host besides its status, by its place among the
  // elected. May be null.
  std::function<HostMacros(size_t position)> more;
  bool IsWanted() const {
    return !redo.empty() || !wards.empty() || filter.has_value();
  }
};

struct ClosingCommand {
  std::string text;  // for the shell
  bool list_as_input = false;
};

class Closing {
 public:
  // All are borrowed. `operands` are as on the command line, the control first:
  // its place, HXMD_0, is taken by `list_path`, where the list will be.
  Closing(const Streams& streams, const ClosingOptions& options,
          absl::Span<const std::string> operands, std::string list_path);

  // The list: `statuses` are those of the `elected`. Fails as the election
  // does.
  absl::StatusOr<std::string> List(absl::Span<const size_t> elected,
                                   absl::Span<const int> statuses) const;
  absl::StatusOr<ClosingCommand> Command() const;

 private:
  void DefineAll(Stream& stream) const;

  const Streams& streams_;
  const ClosingOptions& options_;
  absl::Span<const std::string> operands_;
  std::string list_path_;
};

}  // namespace hosts
