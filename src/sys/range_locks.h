// Many locks in one file, by numbers: one descriptor, whatever their count. The
// kernel lets go of them when the process ends, whichever way.
//
// They are the process's, not the object's: one object for a file in a process,
// and nothing else in it may open that file, since closing it would let go of
// all locks.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sys/fd.h"

namespace sys {

class RangeLocks {
 public:
  // Makes the file if there is none.
  static absl::StatusOr<RangeLocks> Open(const std::string& path,
                                         int mode = 0600);

  // Takes one if it is free, else gives the pid of its holder. Taking one that
  // is ours already changes nothing.
  absl::StatusOr<std::optional<int>> Take(int64_t number);
  void LetGo(int64_t number);

 private:
  explicit RangeLocks(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace sys
