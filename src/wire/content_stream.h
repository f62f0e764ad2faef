// The contents that a receiver asked for, on their way: one zstd stream without
// anything around it, which `zstd -d` would decompress to all of them in a row.
//
// It is cut into pieces. A content of up to 1 MiB is one piece, a longer one
// has a piece for each of its chunks. Each piece is one zstd frame, so that a
// frame made for one receiver serves all others, whatever they lack, and may be
// made by any thread. Pieces come in the order of the manifest and then of
// offsets; nothing in the stream says which they are, as both ends know from
// the Need.
//
// A receiver knows the length and the hash of every piece beforehand, from what
// was signed, and so needs one piece's memory and the decoder's window,
// whatever it is sent.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <string>

#include "wire/manifest.h"
#include "wire/need.h"

namespace wire {

struct Piece {
  size_t entry = 0;    // position in the manifest
  int64_t offset = 0;  // in the content
  size_t bytes = 0;    // 1 to kChunkBytes
  Hash hash{};         // of these bytes; what a kept frame may be found by
  bool last = false;   // of this entry's
};

// The pieces of a stream in their order. The manifest and the need, which was
// made for it, must stay where they are.
class Pieces {
 public:
  Pieces(const Manifest& manifest, const Need& need);
  bool AtEnd() const { return want_ == need_->wants().size(); }
  Piece Now() const;  // unless AtEnd
  void Next();        // unless AtEnd
  // Whether all of the entry that Now is of is asked for.
  bool Whole() const { return whole_; }

 private:
  const Entry& entry() const;
  void BeginWant();
  void SeekChunk(uint64_t chunk);

  const Manifest* manifest_;
  const Need* need_;
  size_t want_ = 0;
  size_t range_ = 0;    // in the want's chunks
  uint64_t index_ = 0;  // in the range; in the content if it is wanted whole
  uint64_t chunk_ = 0;  // the chunk that offset_ is of
  int64_t offset_ = 0;  // in the content
  bool whole_ = false;
};

enum class Packing { kCompressed, kStored };
// The frame for a piece, whose `bytes` were just read: FailedPrecondition,
// naming the entry, when they are not what the manifest says, as the file has
// changed since. kStored is for contents that LooksCompressed
// (wire/compress.h).
absl::StatusOr<std::string> PieceFrame(const Manifest& manifest,
                                       const Piece& piece,
                                       absl::string_view bytes,
                                       Packing packing = Packing::kCompressed);

// Takes a stream apart. Whatever it gives out has the length and the hash that
// the manifest says; the last piece of a content that was asked for as a whole
// is given out only if the hash of the whole is right too. (Where only some
// chunks were asked for, whoever puts them together checks it.)
class ContentReceiver {
 public:
  // `bytes` are the piece's and valid during the call.
  using Take =
      absl::FunctionRef<absl::Status(const Piece&, absl::string_view bytes)>;

  // See Pieces for `manifest` and `need`.
  ContentReceiver(const Manifest& manifest, const Need& need);
  ContentReceiver(ContentReceiver&&) noexcept;
  ~ContentReceiver();

  // The next bytes of the stream, cut anywhere. InvalidArgument, naming the
  // entry, when they cannot be what was asked for; a failure of `take`. The
  // same again for whatever is fed later.
  absl::Status Feed(absl::string_view bytes, Take take);
  // The stream is over: InvalidArgument if something is missing.
  absl::Status End() const;
  // Whether everything has come.
  bool done() const { return status_.ok() && pieces_.AtEnd(); }

 private:
  struct Decoder;

  absl::Status FeedSome(absl::string_view& bytes, Take take);
  absl::Status FeedHeader(absl::string_view& bytes);
  absl::Status FeedFrame(absl::string_view& bytes, Take take);
  absl::Status EndPiece(Take take);
  absl::Status Bad(absl::string_view why) const;

  const Manifest* manifest_;
  Pieces pieces_;
  Piece piece_;  // what the next bytes are of, unless pieces_.AtEnd()
  std::unique_ptr<Decoder> decoder_;
  std::string header_;      // of the frame, until it is all there
  bool in_frame_ = false;   // behind the header
  size_t frame_bytes_ = 0;  // of the frame so far
  std::string content_;     // room for a piece and a byte that must not come
  size_t content_bytes_ = 0;
  Hasher whole_;
  absl::Status status_;
};

}  // namespace wire
