// Frames of contents that are made once and sent to many: a bounded number of
// bytes in memory, the rest in a temporary file without a name.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "sys/fd.h"

namespace msrc {

class FrameStore {
 public:
  using Frame =
      std::shared_ptr<const std::string>;  // others: those who send it
  // `folder`: where the file is; "" for $TMPDIR, else /tmp.
  explicit FrameStore(size_t memory_bytes, std::string folder = "")
      : most_(memory_bytes), folder_(std::move(folder)) {}

  // Null when it is not here, or cannot be read back.
  Frame Find(const std::string& key);
  // One that is here already stays. What has not been used for longest goes to
  // the file; where that cannot be written it is forgotten.
  void Keep(const std::string& key, Frame frame);

  size_t memory_bytes() const { return in_memory_; }
  int64_t file_bytes() const { return end_; }

 private:
  struct Slot {
    Frame frame;      // null: in the file
    int64_t at = -1;  // there; -1: not
    size_t bytes = 0;
    std::list<std::string>::iterator use;  // when `frame` is set
  };
  void Shrink();
  bool WriteOut(Slot& slot);

  const size_t most_;
  const std::string folder_;
  absl::flat_hash_map<std::string, Slot> slots_;
  std::list<std::string> uses_;  // the latest first
  size_t in_memory_ = 0;
  sys::Fd file_;
  bool no_file_ = false;
  int64_t end_ = 0;
};

}  // namespace msrc
