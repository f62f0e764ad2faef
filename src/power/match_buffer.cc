#include "power/match_buffer.h"

#include <algorithm>

#include "base/status.h"
#include "keys/secret.h"
#include "power/limits.h"

namespace power {

MatchBuffer::~MatchBuffer() {
  bytes_.resize(bytes_.capacity());
  keys::Wipe(bytes_);
}

// A string that grows leaves its old bytes behind, and nobody wipes them.
void MatchBuffer::Reserve(size_t bytes) {
  if (bytes <= bytes_.capacity()) return;
  std::string larger;
  larger.reserve(
      std::min(2 * kMatchBufferBytes, std::max(bytes, 2 * bytes_.capacity())));
  larger.append(view().data(), view().size());
  bytes_.resize(bytes_.capacity());
  keys::Wipe(bytes_);
  bytes_ = std::move(larger);
  begin_ = 0;
}

void MatchBuffer::Append(absl::string_view bytes) {
  if (bytes.size() > kMatchBufferBytes) {
    dropped_ += bytes.size() - kMatchBufferBytes;
    bytes.remove_prefix(bytes.size() - kMatchBufferBytes);
  }
  const size_t held = bytes_.size() - begin_;
  if (held + bytes.size() > kMatchBufferBytes) {
    const size_t over = held + bytes.size() - kMatchBufferBytes;
    dropped_ += over;
    begin_ += over;
  }
  // The front is moved away only when it is as large as the rest, so that each
  // byte is moved once on average.
  if (bytes_.size() + bytes.size() > 2 * kMatchBufferBytes) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  Reserve(bytes_.size() + bytes.size());
  const size_t from = bytes_.size();
  bytes_.append(bytes.data(), bytes.size());
  std::replace(bytes_.begin() + static_cast<std::ptrdiff_t>(from), bytes_.end(),
               '\0', '\xff');
}

void MatchBuffer::Consume(size_t bytes) {
  MUST(bytes <= view().size());
  begin_ += bytes;
  dropped_ = 0;
}

}  // namespace power
