// What a device has printed and no script has taken yet: the last 64 KiB of
// it, in which a NUL is seen as 0xFF. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace power {

class MatchBuffer {
 public:
  MatchBuffer() = default;
  MatchBuffer(const MatchBuffer&) = delete;
  MatchBuffer& operator=(const MatchBuffer&) = delete;
  ~MatchBuffer();  // wiped: a device may echo a password

  void Append(absl::string_view bytes);
  absl::string_view view() const {
    return absl::string_view(bytes_).substr(begin_);
  }
  // Takes so many bytes off the front.
  void Consume(size_t bytes);
  void Clear() { Consume(view().size()); }
  // How many were dropped, because they were too old, since the last Consume.
  uint64_t dropped() const { return dropped_; }

 private:
  void Reserve(size_t bytes);

  std::string bytes_;
  size_t begin_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace power
