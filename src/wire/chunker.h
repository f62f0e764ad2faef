// Where a long content is cut into chunks: at places that its bytes say, so
// that what an insertion or a removal moves is cut at the same places as
// before, and all chunks but those around the change keep their hashes.
//
// FastCDC (W. Xia et al., "FastCDC: a Fast and Efficient Content-Defined
// Chunking Approach for Data Deduplication", USENIX ATC 2016): a gear hash
// rolls over the bytes, and a chunk ends where its highest bits are zero: 17 of
// them before kMiddleChunkBytes, which makes short chunks rare, and 15 behind,
// which makes long ones rare. The first kMinChunkBytes are not looked at. The
// mean is 64 KiB. (The paper's 2 bits each way would make lengths more even,
// but it would take longer behind a change until the cuts are the same again.)
//
// Only who makes a manifest decides where chunks end; who reads one takes the
// lengths from it, and cuts what it has by the same rule only to find chunks
// again. So the rule is no part of what is checked.
#pragma once

#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>

namespace wire {

inline constexpr size_t kMinChunkBytes = 16 << 10;
inline constexpr size_t kMiddleChunkBytes = 40 << 10;
inline constexpr size_t kMaxCutBytes = 256 << 10;

class Chunker {
 public:
  // How many of `bytes`, which follow what was taken before, are of the chunk
  // that is being looked at; `*ends` says whether it ends behind them. All of
  // `bytes` unless it ends.
  size_t Take(absl::string_view bytes, bool* ends);

 private:
  size_t taken_ = 0;  // of the chunk
  uint64_t hash_ = 0;
};

}  // namespace wire
