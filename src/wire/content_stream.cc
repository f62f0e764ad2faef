#include "wire/content_stream.h"

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader: what a frame asks for
#include <absl/strings/str_cat.h>
#include <zstd.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "wire/compress.h"

namespace wire {

Pieces::Pieces(const Manifest& manifest, const Need& need)
    : manifest_(&manifest), need_(&need) {
  BeginWant();
}

const Entry& Pieces::entry() const {
  return manifest_->entries()[need_->wants()[want_].entry];
}

Piece Pieces::Now() const {
  MUST(!AtEnd());
  const Want& want = need_->wants()[want_];
  const Entry& of = entry();
  Piece piece;
  piece.entry = want.entry;
  if (of.chunks.empty()) {
    piece.bytes = static_cast<size_t>(of.bytes);
    piece.hash = of.hash;
    piece.last = true;
    return piece;
  }
  if (want.chunks.empty()) {
    piece.last = index_ + 1 == of.chunks.size();
  } else {
    piece.last = range_ + 1 == want.chunks.size() &&
                 index_ + 1 == want.chunks[range_].count;
  }
  piece.offset = offset_;
  piece.bytes = ChunkBytes(of, chunk_);
  piece.hash = of.chunks[chunk_];
  return piece;
}

// Ranges ascend, so that all chunks of a content are gone through once.
void Pieces::SeekChunk(uint64_t chunk) {
  for (; chunk_ < chunk; chunk_++) offset_ += ChunkBytes(entry(), chunk_);
}

void Pieces::Next() {
  MUST(!AtEnd());
  const Want& want = need_->wants()[want_];
  index_++;
  if (!want.chunks.empty()) {
    if (index_ == want.chunks[range_].count) {
      index_ = 0;
      range_++;
    }
    if (range_ < want.chunks.size()) {
      return SeekChunk(want.chunks[range_].first + index_);
    }
  } else if (index_ < entry().chunks.size()) {
    return SeekChunk(index_);
  }
  want_++;
  BeginWant();
}

void Pieces::BeginWant() {
  range_ = index_ = chunk_ = 0;
  offset_ = 0;
  if (AtEnd()) return;
  const Want& want = need_->wants()[want_];
  if (!want.chunks.empty()) SeekChunk(want.chunks[0].first);
  uint64_t wanted = 0;
  for (const ChunkRange& range : want.chunks) wanted += range.count;
  whole_ = want.chunks.empty() || wanted == entry().chunks.size();
}

absl::StatusOr<std::string> PieceFrame(const Manifest& manifest,
                                       const Piece& piece,
                                       absl::string_view bytes,
                                       Packing packing) {
  if (bytes.size() != piece.bytes || HashOf(bytes) != piece.hash) {
    return absl::FailedPreconditionError(absl::StrCat(
        EntryName(piece.entry, manifest.entries()[piece.entry].path),
        ": has changed since it was listed"));
  }
  return packing == Packing::kStored ? StoredFrame(bytes)
                                     : CompressedFrame(bytes);
}

struct ContentReceiver::Decoder {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  Decoder() {
    MUST(context != nullptr);
    MUST(!ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
                                              base::kMaxWindowLog)));
  }
  ~Decoder() { ZSTD_freeDCtx(context); }
};

ContentReceiver::ContentReceiver(const Manifest& manifest, const Need& need)
    : manifest_(&manifest),
      pieces_(manifest, need),
      decoder_(std::make_unique<Decoder>()) {
  if (!pieces_.AtEnd()) piece_ = pieces_.Now();
}
ContentReceiver::ContentReceiver(ContentReceiver&&) noexcept = default;
ContentReceiver::~ContentReceiver() = default;

absl::Status ContentReceiver::Bad(absl::string_view why) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "content stream: ",
      EntryName(piece_.entry, manifest_->entries()[piece_.entry].path), ": ",
      why));
}

absl::Status ContentReceiver::Feed(absl::string_view bytes, Take take) {
  while (status_.ok() && !bytes.empty()) status_ = FeedSome(bytes, take);
  return status_;
}

absl::Status ContentReceiver::End() const {
  TRY(status_);
  if (pieces_.AtEnd()) return absl::OkStatus();
  return Bad(absl::StrCat("the stream ends ", piece_.offset + content_bytes_,
                          " bytes into it"));
}

// Each call takes something of `bytes` or fails.
absl::Status ContentReceiver::FeedSome(absl::string_view& bytes, Take take) {
  if (pieces_.AtEnd()) {
    return absl::InvalidArgumentError(
        "content stream: more than what was asked for");
  }
  return in_frame_ ? FeedFrame(bytes, take) : FeedHeader(bytes);
}

// Not left to the decoder, as it would skip a skippable frame and take formats
// from before zstd's first release.
absl::Status ContentReceiver::FeedHeader(absl::string_view& bytes) {
  ZSTD_frameHeader header;
  for (;;) {
    const size_t wanted =
        ZSTD_getFrameHeader(&header, header_.data(), header_.size());
    if (ZSTD_isError(wanted)) return Bad(ZSTD_getErrorName(wanted));
    if (wanted == 0) break;
    if (bytes.empty()) return absl::OkStatus();
    const absl::string_view part = bytes.substr(0, wanted - header_.size());
    absl::StrAppend(&header_, part);
    bytes.remove_prefix(part.size());
  }
  if (header.frameType != ZSTD_frame) return Bad("a skippable frame");
  if (header.dictID != 0) return Bad("it needs a dictionary");
  if (header.windowSize > 1ull << base::kMaxWindowLog) {
    return Bad(absl::StrCat("it needs a window of ", header.windowSize,
                            " bytes, more than ", 1 << base::kMaxWindowLog));
  }
  if (header.frameContentSize != ZSTD_CONTENTSIZE_UNKNOWN &&
      header.frameContentSize != piece_.bytes) {
    return Bad(absl::StrCat("its frame says ", header.frameContentSize,
                            " bytes, the manifest ", piece_.bytes));
  }
  if (content_.size() < piece_.bytes + 1) content_.resize(piece_.bytes + 1);
  in_frame_ = true;
  ZSTD_inBuffer in = {header_.data(), header_.size(), 0};
  ZSTD_outBuffer out = {content_.data(), piece_.bytes + 1, 0};
  const size_t left = ZSTD_decompressStream(decoder_->context, &out, &in);
  if (ZSTD_isError(left)) return Bad(ZSTD_getErrorName(left));
  frame_bytes_ = in.pos;
  return absl::OkStatus();
}

absl::Status ContentReceiver::FeedFrame(absl::string_view& bytes, Take take) {
  // The output always has room for one byte more than there may be: either
  // that comes, or the decoder can go on with all of the input.
  ZSTD_outBuffer out = {content_.data(), piece_.bytes + 1, content_bytes_};
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  const size_t left = ZSTD_decompressStream(decoder_->context, &out, &in);
  if (ZSTD_isError(left)) return Bad(ZSTD_getErrorName(left));
  bytes.remove_prefix(in.pos);
  frame_bytes_ += in.pos;
  content_bytes_ = out.pos;
  if (content_bytes_ > piece_.bytes) {
    return Bad(absl::StrCat("it is longer than ", piece_.offset + piece_.bytes,
                            " bytes"));
  }
  // Empty blocks could go on for ever.
  if (frame_bytes_ > piece_.bytes + FrameOverhead(piece_.bytes)) {
    return Bad(absl::StrCat("a frame of more than ", frame_bytes_,
                            " bytes for ", piece_.bytes));
  }
  return left == 0 ? EndPiece(take) : absl::OkStatus();
}

absl::Status ContentReceiver::EndPiece(Take take) {
  if (content_bytes_ != piece_.bytes) {
    return Bad(absl::StrCat("it ends after ", piece_.offset + content_bytes_,
                            " bytes"));
  }
  const absl::string_view content(content_.data(), content_bytes_);
  if (HashOf(content) != piece_.hash) {
    return Bad(absl::StrCat("the content at ", piece_.offset,
                            " is not what was signed"));
  }
  const Entry& entry = manifest_->entries()[piece_.entry];
  if (!entry.chunks.empty() && pieces_.Whole()) {
    whole_.Feed(content);
    if (piece_.last && whole_.Finish() != entry.hash) {
      return Bad("its parts are what was signed, but not the whole");
    }
  }
  TRY(take(piece_, content));
  pieces_.Next();
  if (!pieces_.AtEnd()) piece_ = pieces_.Now();
  header_.clear();
  in_frame_ = false;
  frame_bytes_ = content_bytes_ = 0;
  return absl::OkStatus();
}

}  // namespace wire
