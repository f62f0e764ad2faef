#include "wire/chunker.h"

#include <algorithm>
#include <array>

namespace wire {
namespace {

// A number for each byte that has nothing to do with it: splitmix64 (S. Vigna),
// counted from zero. Another table would cut elsewhere, and nothing that was
// cut before would be found again.
constexpr std::array<uint64_t, 256> MakeGear() {
  std::array<uint64_t, 256> gear{};
  uint64_t state = 0;
  for (uint64_t& number : gear) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    number = z ^ (z >> 31);
  }
  return gear;
}
constexpr std::array<uint64_t, 256> kGear = MakeGear();

// The highest bits are those that the most bytes, 64, have a part in.
constexpr int kBitsBefore = 17, kBitsBehind = 15;

// Rolls over bytes [from, to) until the highest `bits` are zero: the position
// behind that byte, or `to`.
size_t Roll(absl::string_view bytes, size_t from, size_t to, int bits,
            uint64_t& hash, bool& found) {
  const int shift = 64 - bits;
  for (size_t i = from; i < to; i++) {
    hash = (hash << 1) + kGear[static_cast<unsigned char>(bytes[i])];
    if (hash >> shift == 0) {
      found = true;
      return i + 1;
    }
  }
  return to;
}

}  // namespace

size_t Chunker::Take(absl::string_view bytes, bool* ends) {
  *ends = false;
  size_t at = 0;
  // Where in `bytes` the chunk has `length` bytes.
  const auto reaches = [&](size_t length) {
    return length <= taken_ ? size_t{0}
                            : std::min(bytes.size(), length - taken_);
  };
  at = reaches(kMinChunkBytes);
  at = Roll(bytes, at, std::max(at, reaches(kMiddleChunkBytes)), kBitsBefore,
            hash_, *ends);
  if (!*ends) {
    at = Roll(bytes, at, std::max(at, reaches(kMaxCutBytes)), kBitsBehind,
              hash_, *ends);
  }
  taken_ += at;
  if (taken_ == kMaxCutBytes) *ends = true;
  if (*ends) {
    taken_ = 0;
    hash_ = 0;
  }
  return at;
}

}  // namespace wire
