#include "msrc/content_feed.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/file.h"

namespace msrc {
namespace {

// As many of the bytes as there are.
absl::StatusOr<std::string> ReadPart(int fd, const std::string& file,
                                     const wire::Piece& piece) {
  std::string bytes(piece.bytes, '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = pread(fd, bytes.data() + have, bytes.size() - have,
                            piece.offset + static_cast<int64_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError(base::Escape(file));
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace

absl::StatusOr<FrameStore::Frame> SharedContents::Make(
    const wire::Manifest& manifest, const wire::Piece& piece,
    const ContentPlace& place) {
  if (open_name_ != place.file || !open_) {
    TRY_ASSIGN(open_, sys::Open(place.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    open_name_ = place.file;
  }
  TRY_ASSIGN(const std::string bytes, ReadPart(open_.get(), place.file, piece));
  auto frame = wire::PieceFrame(
      manifest, piece, bytes,
      place.packed ? wire::Packing::kStored : wire::Packing::kCompressed);
  if (!frame.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        base::Escape(place.file), ": has changed since the run began"));
  }
  made_++;
  return std::make_shared<const std::string>(*std::move(frame));
}

absl::StatusOr<FrameStore::Frame> SharedContents::FrameOf(
    const wire::Manifest& manifest, const wire::Piece& piece,
    const ContentPlaces& own) {
  const std::string content = PlaceKey(manifest.entries()[piece.entry].hash);
  if (const auto found = own.find(content); found != own.end()) {
    return Make(manifest, piece, found->second);
  }
  const auto found = shared_.find(content);
  MUST(found != shared_.end());
  const std::string key = PlaceKey(piece.hash);
  if (FrameStore::Frame kept = store_.Find(key)) return kept;
  TRY_ASSIGN(FrameStore::Frame made, Make(manifest, piece, found->second));
  store_.Keep(key, made);
  return made;
}

absl::StatusOr<FrameStore::Frame> ContentFeed::Next() {
  TRY_ASSIGN(FrameStore::Frame frame,
             contents_.FrameOf(manifest_, pieces_.Now(), own_));
  pieces_.Next();
  return frame;
}

}  // namespace msrc
