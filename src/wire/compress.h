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

// The frame's content, which must be exactly `length` bytes and one whole frame
// with nothing behind it. InvalidArgument when it is not, or needs a window of
// more than 8 MiB. Never allocates more than `length` and the window.
absl::StatusOr<std::string> Decompress(absl::string_view frame, size_t length);

// A value as McFeely's store keeps it: one byte, 0 plain or 1 zstd, then the
// bytes; decoding refuses more than `limit` bytes of content.
std::string PackValue(absl::string_view bytes);
absl::StatusOr<std::string> UnpackValue(absl::string_view packed, size_t limit);

}  // namespace wire
