// Where streams lead: the expressions of xclate's -N, -W, -O and -i.
//
//   |command          run by the shell, at the other end of a pipe
//   >file >>file      truncated; appended to
//   file              opened as it is, written from the start
//   >&3               an open descriptor
//   path of a socket  connected to
//   <file <>file <&3  for input
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/child.h"
#include "sys/fd.h"

namespace fanout {

struct Stream {
  sys::Fd fd;  // close-on-exec and blocking
  // Of "|command": runs until `fd` is closed and it has had enough.
  std::optional<sys::Child> helper;
};

struct StreamPlace {
  std::string shell;                            // for "|command"
  const std::vector<std::string>* environment;  // its whole environment
};

// For writing, as -N, -W and -O have it. "-" is not special here. NotFound when
// a file or socket cannot be opened; InvalidArgument for ">&x". A descriptor
// named by number is not passed on to programs any more.
absl::StatusOr<Stream> OpenSink(absl::string_view expression,
                                const StreamPlace& place);
// For reading, as -i has it; "-" and "<&-" are /dev/null. Unimplemented for
// "<<".
absl::StatusOr<Stream> OpenSource(absl::string_view expression,
                                  const StreamPlace& place);

// What the shell is to execute `text` with: {"sh", "-c", text}.
std::vector<std::string> ShellWords(const std::string& shell,
                                    absl::string_view text);

}  // namespace fanout
