// zstd with a bound.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

namespace wire {

// One zstd frame at level 3, or an empty string when that is not smaller or
// `bytes` are fewer than base::kMinCompressBytes.
std::string CompressIfSmaller(absl::string_view bytes);
// The same straight into `out`, which has room for bytes.size(): the length of
// the frame, or 0.
size_t CompressInto(absl::string_view bytes, char* out);

// One zstd frame at level 3 of any bytes, with their number in its header; at
// most FrameOverhead longer than they are.
std::string CompressedFrame(absl::string_view bytes);
// The same with the bytes as they are, for those that were compressed before:
// any zstd reads it, and making it costs a copy.
std::string StoredFrame(absl::string_view bytes);
// What either may add to `bytes` bytes.
constexpr size_t FrameOverhead(size_t bytes) { return bytes / 256 + 512; }
// Whether a content that begins like this (8 bytes tell) is of a kind that zstd
// would not make smaller: gzip, zstd, xz, bzip2, zip, PNG, JPEG, ...
bool LooksCompressed(absl::string_view start);

// The frame's content, which must be exactly `length` bytes and one whole frame
// with nothing behind it. InvalidArgument when it is not, or needs a window of
// more than 8 MiB. Never allocates more than `length` and the window.
absl::StatusOr<std::string> Decompress(absl::string_view frame, size_t length);

// A value as McFeely's store keeps it: one byte, 0 plain or 1 zstd, then the
// bytes. Plain is what is shorter than a page, and what zstd makes no shorter;
// decoding refuses more than `limit` bytes of content.
std::string PackValue(absl::string_view bytes);
absl::StatusOr<std::string> UnpackValue(absl::string_view packed, size_t limit);

}  // namespace wire
