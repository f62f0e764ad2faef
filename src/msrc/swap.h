// A complete sibling of a folder, which then takes its place in one step: for
// readers that must never see some of the old and some of the new.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <string>

#include "sys/fd.h"

namespace msrc {

class Sibling {
 public:
  // Of the folder at `path`, absolute and free of links, beside it: its folders
  // are made anew, all else is the same under a second name. FailedPrecondition
  // when it is a mount, or holds one.
  static absl::StatusOr<Sibling> Make(const std::string& path,
                                      const std::string& run_hex,
                                      const std::atomic<bool>* stop);
  Sibling(Sibling&&) = default;
  ~Sibling();  // removes it, or what it has taken the place of

  int root() const { return root_.get(); }
  // They change places: at once where the system can, else there is a moment
  // with neither.
  absl::Status TakePlace(bool sync);

 private:
  Sibling() = default;
  sys::Fd parent_, root_;
  std::string name_, sibling_;
};

}  // namespace msrc
