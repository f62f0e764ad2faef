// The policy of a running program: its file, read again when it changes.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "mcfeely/policy.h"

namespace mcfeely {

inline constexpr char kDefaultPolicy[] = "/etc/fleetbox/policy";

class PolicyFile {
 public:
  // "": kDefaultPolicy, which need not exist: without it everything is allowed.
  // Once there was a file its absence allows nothing.
  explicit PolicyFile(std::string path);

  // For the start: NotFound when a file was named and is missing,
  // InvalidArgument with every error, a line each.
  absl::Status Open();
  // The rules as they are in the file now; looks at it again when it has
  // changed (one stat(2)). Unavailable, saying why, while it cannot be read or
  // is wrong: whatever is asked then is neither allowed nor refused for good.
  absl::StatusOr<const Policy*> Now();

 private:
  absl::Status Read();

  std::string path_;
  bool needed_;
  absl::Status trouble_;
  Policy policy_;
  bool read_ = false;
  // Size, time of change, inode and device of what was read.
  int64_t stamp_[4] = {-1, -1, -1, -1};
};

}  // namespace mcfeely
