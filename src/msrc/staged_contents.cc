#include "msrc/staged_contents.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/beneath.h"
#include "sys/file.h"

namespace msrc {
namespace {

constexpr size_t kBufferBytes = 256 << 10;
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

std::string Quoted(const std::string& path) {
  return absl::StrCat("'", base::Escape(path), "'");
}

absl::Status Changed(const std::string& path) {
  return absl::AbortedError(
      absl::StrCat(Quoted(path), ": has changed meanwhile"));
}

}  // namespace

StagedContents::StagedContents(const wire::Manifest& manifest,
                               const std::vector<Target>& targets,
                               const Comparison& comparison,
                               const wire::Need& need, int root,
                               Staging& staging, std::map<size_t, Staged> left,
                               const std::atomic<bool>* stop)
    : manifest_(manifest),
      targets_(targets),
      comparison_(comparison),
      root_(root),
      staging_(staging),
      stop_(stop),
      receiver_(manifest, need),
      staged_(left.begin(), left.end()),
      left_(std::move(left)) {
  for (size_t i = 0; i < targets.size(); i++) {
    const Source::Kind kind = comparison.sources[i].kind;
    if (kind == Source::Kind::kStream || kind == Source::Kind::kChunks) {
      targets_of_.emplace(EntryOf(i).hash, i);
    }
  }
}
StagedContents::~StagedContents() = default;

const wire::Entry& StagedContents::EntryOf(size_t target) const {
  return manifest_.entries()[*targets_[target].entry];
}

absl::Status StagedContents::Stopped() const {
  if (stop_ != nullptr && *stop_) return absl::CancelledError("given up");
  return absl::OkStatus();
}

absl::Status StagedContents::Feed(absl::string_view bytes) {
  return receiver_.Feed(
      bytes, [this](const wire::Piece& piece, absl::string_view content) {
        return base::Context(TakePiece(piece, content),
                             Quoted(manifest_.entries()[piece.entry].path));
      });
}

bool StagedContents::complete() const { return receiver_.done(); }

absl::StatusOr<sys::Fd> StagedContents::Begin(size_t target) {
  TRY_ASSIGN(Staged staged, staging_.NameFor(targets_[target].path));
  TRY_ASSIGN(sys::Fd fd, staging_.Make(staged));
  staged_[target] = std::move(staged);
  return fd;
}

// What was left is gone on with.
absl::StatusOr<sys::Fd> StagedContents::BeginContent(size_t target) {
  if (const auto left = left_.find(target); left != left_.end()) {
    return sys::OpenAt(left->second.folder->fd.get(), left->second.name,
                       O_RDWR | O_NOFOLLOW);
  }
  TRY_ASSIGN(Staged staged, staging_.NameForContent(targets_[target].path,
                                                    EntryOf(target).hash));
  TRY_ASSIGN(sys::Fd fd, staging_.Make(staged));
  staged_[target] = std::move(staged);
  return fd;
}

absl::Status StagedContents::Write(size_t target, int fd, int64_t offset,
                                   absl::string_view bytes) const {
  return left_.contains(target) ? Staging::WriteOver(fd, offset, bytes)
                                : Staging::Write(fd, offset, bytes);
}

absl::Status StagedContents::TakePiece(const wire::Piece& piece,
                                       absl::string_view bytes) {
  const auto lacks = targets_of_.find(manifest_.entries()[piece.entry].hash);
  if (lacks == targets_of_.end()) return absl::OkStatus();
  const size_t target = lacks->second;
  if (!open_) {
    TRY_ASSIGN(open_, BeginContent(target));
  }
  TRY(Write(target, open_.get(), piece.offset, bytes));
  if (!piece.last) return absl::OkStatus();
  TRY(Staging::Finish(open_.get(), EntryOf(target).bytes));
  open_.Reset();
  return absl::OkStatus();
}

absl::Status StagedContents::MakeOthers() {
  for (size_t i = 0; i < targets_.size(); i++) {
    // What a chunk is taken from may be a content of its own for others.
    if (comparison_.sources[i].kind != Source::Kind::kChunks) continue;
    TRY(base::Context(PutTogether(i), Quoted(targets_[i].path)));
  }
  for (size_t i = 0; i < targets_.size(); i++) {
    TRY(Stopped());
    TRY(base::Context(MakeOne(i), Quoted(targets_[i].path)));
  }
  return absl::OkStatus();
}

absl::Status StagedContents::MakeOne(size_t target) {
  const Source& source = comparison_.sources[target];
  const std::string& from = targets_[source.from].path;
  switch (source.kind) {
    case Source::Kind::kStream:
    case Source::Kind::kChunks:
    case Source::Kind::kLeft:
      return absl::OkStatus();
    case Source::Kind::kNone: {
      const Change change = comparison_.changes[target];
      if (!targets_[target].entry || change == Change::kSame ||
          EntryOf(target).type != wire::EntryType::kFile) {
        return absl::OkStatus();
      }
      return Begin(target).status();  // an empty file
    }
    case Source::Kind::kLocal: {
      TRY_ASSIGN(const sys::Fd fd, sys::OpenBeneath(root_, from, kReadFlags));
      const absl::Status status = Copy(fd.get(), target);
      return absl::IsAborted(status) ? Changed(from) : status;
    }
    case Source::Kind::kStaged: {
      const Staged& staged = staged_.at(source.from);
      TRY_ASSIGN(const sys::Fd fd,
                 sys::OpenAt(staged.folder->fd.get(), staged.name,
                             kReadFlags | O_NOFOLLOW));
      return Copy(fd.get(), target);
    }
  }
  return absl::OkStatus();
}

absl::Status StagedContents::Copy(int from, size_t target) {
  TRY_ASSIGN(const sys::Fd to, Begin(target));
  const wire::Entry& entry = EntryOf(target);
  wire::Hasher hasher;
  std::string buffer(kBufferBytes, '\0');
  int64_t offset = 0;
  for (;;) {
    TRY(Stopped());
    TRY_ASSIGN(const absl::string_view bytes,
               Staging::Read(from, offset, buffer));
    if (bytes.empty() || offset > entry.bytes) break;
    hasher.Feed(bytes);
    TRY(Staging::Write(to.get(), offset, bytes));
    offset += static_cast<int64_t>(bytes.size());
  }
  if (offset != entry.bytes || hasher.Finish() != entry.hash) {
    return absl::AbortedError("the copy is not what it was");
  }
  return Staging::Finish(to.get(), entry.bytes);
}

// What came or was left is there already, each chunk in its place.
absl::Status StagedContents::PutTogether(size_t target) {
  const wire::Entry& entry = EntryOf(target);
  const Source& source = comparison_.sources[target];
  const Staged& staged = staged_.at(target);
  sys::Fd old;
  TRY_ASSIGN(const sys::Fd to, sys::OpenAt(staged.folder->fd.get(), staged.name,
                                           O_RDWR | O_NOFOLLOW));
  int64_t offset = 0;
  std::string buffer;
  for (size_t c = 0; c < entry.chunks.size(); c++) {
    const uint32_t length = wire::ChunkBytes(entry, c);
    if (source.old_offsets[c] >= 0) {
      TRY(Stopped());
      if (!old) {
        TRY_ASSIGN(old,
                   sys::OpenBeneath(root_, targets_[target].path, kReadFlags));
      }
      buffer.resize(length);
      TRY_ASSIGN(const absl::string_view bytes,
                 Staging::Read(old.get(), source.old_offsets[c], buffer));
      if (wire::HashOf(bytes) != entry.chunks[c]) {
        return absl::AbortedError("has changed meanwhile");
      }
      TRY(Write(target, to.get(), offset, bytes));
    }
    offset += length;
  }
  TRY(Staging::Finish(to.get(), entry.bytes));
  wire::Hasher hasher;
  buffer.resize(kBufferBytes);
  for (int64_t at = 0; at < entry.bytes;) {
    TRY(Stopped());
    TRY_ASSIGN(const absl::string_view bytes,
               Staging::Read(to.get(), at, buffer));
    if (bytes.empty()) break;
    hasher.Feed(bytes);
    at += static_cast<int64_t>(bytes.size());
  }
  if (hasher.Finish() != entry.hash) {
    return absl::InvalidArgumentError(
        "its parts are what was signed, but not the whole");
  }
  return absl::OkStatus();
}

}  // namespace msrc
