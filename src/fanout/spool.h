// Output that has to wait for its turn: a little in memory, the rest in one
// temporary file without a name that all spools of a run share.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <string>

#include "sys/fd.h"

namespace fanout {

// The file, and the account of what is waiting. Must outlive its spools.
class SpoolSpace {
 public:
  struct Options {
    size_t spool_bytes = 64 << 10;   // in memory, of one spool
    size_t memory_bytes = 1 << 20;   // in memory, of all together
    int64_t file_bytes = INT64_MAX;  // in the file
    std::string folder = {};         // "": $TMPDIR, else /tmp
  };
  explicit SpoolSpace(Options options) : options_(std::move(options)) {}
  // Whether the file has grown so far that producers must be held up.
  bool full() const { return no_room_ || in_file_ >= options_.file_bytes; }

 private:
  friend class Spool;
  absl::Status OpenFile();
  Options options_;
  sys::Fd file_;
  int64_t end_ = 0;      // of the file: where the next bytes go
  int64_t in_file_ = 0;  // bytes that wait there
  size_t in_memory_ = 0;
  bool no_room_ = false;  // the disk took no more; until something is taken
};

// One stream's bytes, first in, first out.
class Spool {
 public:
  explicit Spool(SpoolSpace& space) : space_(space) {}
  ~Spool() { Clear(); }
  Spool(const Spool&) = delete;

  // Takes them in any case: when the disk does not, memory does, and the space
  // is full().
  void Append(absl::string_view bytes);
  bool empty() const { return bytes_ == 0; }
  int64_t bytes() const { return bytes_; }
  // The first bytes, borrowed until the next call: at most 128 KiB, empty only
  // when the spool is. Take(n) removes the first n of them.
  absl::StatusOr<absl::string_view> Front();
  void Take(size_t n);
  void Clear();
  // FNV-1a of all the bytes, of which nothing was taken yet.
  absl::StatusOr<uint64_t> Hash() const;
  // Whether both hold the same bytes, of which nothing was taken yet.
  absl::StatusOr<bool> Equals(const Spool& other) const;

 private:
  struct Extent {
    int64_t at, bytes;
  };
  absl::Status WriteOut(absl::string_view bytes);
  // Up to `most` of the bytes from `at` on, which is below bytes_.
  absl::Status Copy(int64_t at, size_t most, std::string* out) const;

  SpoolSpace& space_;
  // In this order: what was read back from the file, the file's, the memory's.
  std::string back_;
  size_t back_from_ = 0;
  std::deque<Extent> extents_;
  std::string memory_;
  size_t memory_from_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace fanout
