#include "wire/compress.h"

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader: what a frame asks for
#include <absl/strings/str_cat.h>
#include <zstd.h>

#include <memory>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

namespace wire {
namespace {

constexpr int kLevel = 3;

struct Free {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* d) const { ZSTD_freeDCtx(d); }
};

// A context is kept by each thread: making one costs as much as compressing
// several small messages.
ZSTD_CCtx* Compressor() {
  thread_local std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  MUST(context != nullptr);
  return context.get();
}

ZSTD_DCtx* Decompressor() {
  thread_local std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  MUST(context != nullptr);
  return context.get();
}

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("zstd: ", why));
}

}  // namespace

size_t CompressInto(absl::string_view bytes, char* out) {
  if (bytes.size() < base::kMinCompressBytes) return 0;
  // One byte less than there are: a frame that does not fit is not smaller.
  const size_t n = ZSTD_compressCCtx(Compressor(), out, bytes.size() - 1,
                                     bytes.data(), bytes.size(), kLevel);
  return ZSTD_isError(n) ? 0 : n;
}

std::string CompressIfSmaller(absl::string_view bytes) {
  if (bytes.size() < base::kMinCompressBytes) return {};
  std::string frame(bytes.size(), '\0');
  frame.resize(CompressInto(bytes, frame.data()));
  return frame;
}

std::string CompressedFrame(absl::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const size_t n = ZSTD_compressCCtx(Compressor(), frame.data(), frame.size(),
                                     bytes.data(), bytes.size(), kLevel);
  MUST(!ZSTD_isError(n));
  frame.resize(n);
  return frame;
}

// RFC 8878, 3.1.1: a header whose window is the content, then raw blocks.
std::string StoredFrame(absl::string_view bytes) {
  constexpr size_t kBlock = 128 << 10;
  constexpr uint8_t kSingleSegment = 1 << 5, kLengthIn8Bytes = 3 << 6;
  MUST(bytes.size() <= 1ull << base::kMaxWindowLog);
  std::string frame;
  frame.reserve(bytes.size() + FrameOverhead(bytes.size()));
  base::PutLe32(frame, ZSTD_MAGICNUMBER);
  frame += static_cast<char>(kSingleSegment | kLengthIn8Bytes);
  base::PutLe64(frame, bytes.size());
  do {
    const absl::string_view block = bytes.substr(0, kBlock);
    bytes.remove_prefix(block.size());
    // Bit 0: the last; bits 1 and 2: the type, 0 is raw; then the length.
    const uint32_t header =
        static_cast<uint32_t>(block.size()) << 3 | (bytes.empty() ? 1 : 0);
    for (int i = 0; i < 3; i++) frame += static_cast<char>(header >> (8 * i));
    frame.append(block.data(), block.size());
  } while (!bytes.empty());
  return frame;
}

bool LooksCompressed(absl::string_view start) {
  constexpr absl::string_view kStarts[] = {
      "\x1f\x8b",          // gzip
      "\x28\xb5\x2f\xfd",  // zstd
      "\xfd\x37zXZ",       // xz
      "BZh",               // bzip2
      "PK\x03\x04",        // zip and what is made of it
      "\x89PNG",
      "\xff\xd8\xff",  // JPEG
      "7z\xbc\xaf",
      "\x04\x22\x4d\x18",  // lz4
  };
  for (absl::string_view known : kStarts) {
    if (start.substr(0, known.size()) == known) return true;
  }
  return false;
}

absl::StatusOr<std::string> Decompress(absl::string_view frame, size_t length) {
  ZSTD_frameHeader header;
  const size_t wanted =
      ZSTD_getFrameHeader(&header, frame.data(), frame.size());
  if (ZSTD_isError(wanted)) return Bad(ZSTD_getErrorName(wanted));
  if (wanted != 0) return Bad("cut off in its header");
  if (header.frameType != ZSTD_frame) return Bad("a skippable frame");
  if (header.dictID != 0) return Bad("it needs a dictionary");
  if (header.windowSize > 1ull << base::kMaxWindowLog) {
    return Bad(absl::StrCat("it needs a window of ", header.windowSize,
                            " bytes, more than ", 1 << base::kMaxWindowLog));
  }
  if (header.frameContentSize != ZSTD_CONTENTSIZE_UNKNOWN &&
      header.frameContentSize != length) {
    return Bad(absl::StrCat("its frame says ", header.frameContentSize,
                            " bytes, its sender ", length));
  }
  const size_t whole = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(whole)) return Bad(ZSTD_getErrorName(whole));
  if (whole != frame.size()) return Bad("something follows its frame");

  // The output is the window: decompressing into one buffer needs no other.
  std::string content(length, '\0');
  const size_t n = ZSTD_decompressDCtx(Decompressor(), content.data(), length,
                                       frame.data(), frame.size());
  if (ZSTD_isError(n)) return Bad(ZSTD_getErrorName(n));
  if (n != length) {
    return Bad(
        absl::StrCat("it holds ", n, " bytes, its sender says ", length));
  }
  return content;
}

namespace {
enum : char { kPlain = 0, kZstd = 1 };
}  // namespace

std::string PackValue(absl::string_view bytes) {
  std::string packed(1 + bytes.size(), kPlain);
  // What fits into a page of the store costs the disk a page anyway.
  constexpr size_t kPage = 4096;
  const size_t n =
      bytes.size() < kPage ? 0 : CompressInto(bytes, packed.data() + 1);
  if (n != 0) {
    packed[0] = kZstd;
    packed.resize(1 + n);
  } else {
    packed.assign(1, kPlain).append(bytes.data(), bytes.size());
  }
  return packed;
}

absl::StatusOr<std::string> UnpackValue(absl::string_view packed,
                                        size_t limit) {
  if (packed.empty()) return absl::InvalidArgumentError("an empty value");
  const absl::string_view rest = packed.substr(1);
  unsigned long long length = rest.size();
  if (packed[0] == kZstd) {
    length = ZSTD_getFrameContentSize(rest.data(), rest.size());
    if (length == ZSTD_CONTENTSIZE_UNKNOWN ||
        length == ZSTD_CONTENTSIZE_ERROR) {
      return absl::InvalidArgumentError("a value that is no zstd frame");
    }
  } else if (packed[0] != kPlain) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a value of unknown format ", static_cast<unsigned char>(packed[0])));
  }
  if (length > limit) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value of ", length, " bytes, more than ", limit));
  }
  if (packed[0] == kZstd) return Decompress(rest, length);
  return std::string(rest);
}

}  // namespace wire
