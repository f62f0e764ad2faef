// A file that is changed while we run, by whoever edits or replaces it.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "sys/fd.h"

namespace fanout {

class WatchedFile {
 public:
  // What happens from now on is noticed. The file need not stay: one that is
  // put into its place by rename(2) counts as a change. NotFound for a folder
  // that is not there.
  static absl::StatusOr<WatchedFile> Open(const std::string& path);

  // Readable when something has happened in the file's folder.
  int fd() const { return changes_.get(); }
  // Whether the file has been written or replaced since the last call.
  bool Changed();

 private:
  WatchedFile(std::string name, sys::Fd changes)
      : name_(std::move(name)), changes_(std::move(changes)) {}
  std::string name_;
  sys::Fd changes_;
};

}  // namespace fanout
