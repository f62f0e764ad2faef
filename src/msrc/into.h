// The folder that a delivery is for: found or made, and locked, so that one
// delivery at a time writes to it.
//
// The lock is on the folder itself (flock(2)), so that it holds between
// accounts and leaves no file behind. When another folder has taken its place
// meanwhile (Policy::at_once), it is looked for anew.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace msrc {

// The path that INTO names: absolute as it is, others below the home folder.
// FailedPrecondition for one with ".." or of no use as a path.
absl::StatusOr<std::string> IntoPath(absl::string_view into,
                                     const std::string& home);

class Into {
 public:
  // A folder that is there; NotFound otherwise. AlreadyExists when something
  // else is at the path.
  static absl::StatusOr<Into> Open(const std::string& path);
  // Made with its parents when it is missing, then with `mode` if that is not
  // 0.
  static absl::StatusOr<Into> OpenOrMake(const std::string& path,
                                         uint32_t mode);
  // Unavailable while somebody else has it; Aborted when there is another
  // folder now, and Open must be called again.
  absl::Status Lock();
  // Lets others in.
  void Unlock();

  int root() const { return root_.get(); }
  const std::string& path() const { return path_; }  // free of links
  uint64_t device() const { return device_; }
  uint64_t inode() const { return inode_; }
  // Whether it was made; then it can be taken away again, if it is empty.
  bool made() const { return !made_.empty(); }
  void RemoveMade();
  // The folder in which the uppermost of what was made is.
  std::string beside() const;

 private:
  Into() = default;
  std::string path_, asked_;
  sys::Fd root_;
  uint64_t device_ = 0, inode_ = 0;
  std::vector<std::string> made_;  // the uppermost first
};

}  // namespace msrc
