// The memory of refused credentials, in a small file that processes share.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include <string>
#include <utility>

#include "power/lockout.h"

namespace power {

class LockoutFile {
 public:
  explicit LockoutFile(std::string path) : path_(std::move(path)) {}
  // An empty one if there is no file, or one that cannot be understood: then
  // passwords are tried, and it is written anew at the next change.
  absl::StatusOr<Lockout> Read() const;
  // Reads, changes and replaces it while nobody else does. Unavailable when
  // others hold it for seconds.
  absl::Status Change(absl::FunctionRef<void(Lockout&)> change) const;

 private:
  std::string path_;  // PATH.lock is beside it
};

}  // namespace power
