// Secrets from programs and from people.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>

#include "keys/secret.h"

namespace power {

// The first line of `text`, without its end. InvalidArgument if there is none,
// if it is empty, if it holds a NUL or is longer than kMaxSecretBytes.
absl::StatusOr<keys::Secret> FirstLine(absl::string_view text);

// The first line that a shell command prints. It runs in a process group of its
// own, with nothing to read; what it says on standard error goes to ours. When
// it has ended, or at `limit` (DeadlineExceeded), all of its group is killed.
// What it prints is kept in locked memory alone. BLOCKS.
absl::StatusOr<keys::Secret> SecretOfProgram(const std::string& command,
                                             absl::Duration limit);

// A line that somebody types at a terminal, which does not show it.
// FailedPrecondition if there is no terminal, or we are in its background;
// Cancelled at an interrupt or an end of file. BLOCKS. A signal that ends us
// does so after the terminal is as it was.
absl::StatusOr<keys::Secret> SecretOfTerminal(const std::string& terminal,
                                              absl::string_view prompt);

}  // namespace power
