// Files that only their owner may see, and locks that are waited for.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>

#include "keys/secret.h"
#include "sys/file.h"

namespace power {

// The whole of a regular file that is ours or root's and that nobody else may
// open: else PermissionDenied, with the mode in the text. NotFound.
// ResourceExhausted for more than `most` bytes.
absl::StatusOr<keys::Secret> ReadPrivateFile(const std::string& path,
                                             size_t most);
// The same of any regular file, whoever may read it.
absl::StatusOr<keys::Secret> ReadSecretFile(const std::string& path,
                                            size_t most);

// Unavailable when somebody else still has it after `longest`. BLOCKS.
absl::StatusOr<sys::LockFile> WaitForLock(const std::string& path,
                                          absl::Duration longest);

}  // namespace power
