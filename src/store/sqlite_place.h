// Where a store lies: the names in its folder, who owns it, and whether the
// file system under it can be trusted.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "sys/file.h"

namespace store {

std::string StorePath(const std::string& folder);

// Unavailable, naming the pid, when another process owns the store.
absl::StatusOr<sys::LockFile> TakeStore(const std::string& folder);

// FailedPrecondition when the folder lies on a file system that is not known
// to lock and to flush.
absl::Status CheckFileSystem(const std::string& folder);

}  // namespace store
