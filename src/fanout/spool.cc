#include "fanout/spool.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/status.h"
#include "sys/file.h"
#include "sys/users.h"

namespace fanout {
namespace {

constexpr size_t kPieceBytes = 128 << 10;

absl::Status ReadAt(int fd, int64_t at, size_t bytes, std::string* out) {
  const size_t had = out->size();
  out->resize(had + bytes);
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n =
        pread(fd, out->data() + had + done, bytes - done, at + done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return n < 0 ? base::SysError("read back waiting output")
                   : absl::DataLossError("waiting output was cut");
    }
    done += n;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SpoolSpace::OpenFile() {
  if (file_) return absl::OkStatus();
  std::string folder = options_.folder;
  if (folder.empty()) folder = sys::EnvironmentVariable("TMPDIR");
  if (folder.empty()) folder = "/tmp";
  file_.Reset(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    // File systems without nameless files: overlays of old, some network ones.
    std::string name = absl::StrCat(folder, "/fleetbox-XXXXXX");
    file_.Reset(mkostemp(name.data(), O_CLOEXEC));
    if (file_) unlink(name.c_str());
  }
  if (file_) return absl::OkStatus();
  return base::SysError(absl::StrCat("temporary file in ", folder));
}

absl::Status Spool::WriteOut(absl::string_view bytes) {
  TRY(space_.OpenFile());
  const int64_t at = space_.end_;
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = pwrite(space_.file_.get(), bytes.data() + done,
                             bytes.size() - done, at + done);
    if (n < 0 && errno == EINTR) continue;
    // What was written stays beyond the end and is written over.
    if (n < 0) return base::SysError("keep waiting output");
    done += n;
  }
  space_.end_ += bytes.size();
  space_.in_file_ += bytes.size();
  if (!extents_.empty() && extents_.back().at + extents_.back().bytes == at) {
    extents_.back().bytes += bytes.size();
  } else {
    extents_.push_back({at, static_cast<int64_t>(bytes.size())});
  }
  return absl::OkStatus();
}

void Spool::Append(absl::string_view bytes) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  const size_t held = memory_.size() - memory_from_;
  const bool fits =
      extents_.empty() && held + bytes.size() <= space_.options_.spool_bytes &&
      space_.in_memory_ + bytes.size() <= space_.options_.memory_bytes;
  if (!fits) {
    // The memory's bytes are older than what would follow them in the file.
    if (held != 0 &&
        WriteOut(absl::string_view(memory_).substr(memory_from_)).ok()) {
      space_.in_memory_ -= held;
      std::string().swap(memory_);
      memory_from_ = 0;
    }
    if (memory_.empty() && WriteOut(bytes).ok()) return;
    space_.no_room_ = true;
  }
  memory_.append(bytes.data(), bytes.size());
  space_.in_memory_ += bytes.size();
}

absl::StatusOr<absl::string_view> Spool::Front() {
  if (back_from_ < back_.size()) {
    return absl::string_view(back_).substr(back_from_);
  }
  back_.clear();
  back_from_ = 0;
  if (!extents_.empty()) {
    Extent& first = extents_.front();
    const size_t n = std::min<int64_t>(first.bytes, kPieceBytes);
    TRY(ReadAt(space_.file_.get(), first.at, n, &back_));
    // Gives the disk its room back; a file system that cannot keeps it until
    // nothing waits any more.
    (void)!fallocate(space_.file_.get(),
                     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first.at, n);
    first.at += n;
    first.bytes -= n;
    if (first.bytes == 0) extents_.pop_front();
    space_.in_file_ -= n;
    space_.no_room_ = false;
    if (space_.in_file_ == 0) {
      space_.end_ = 0;
      (void)!ftruncate(space_.file_.get(), 0);
    }
    return absl::string_view(back_);
  }
  return absl::string_view(memory_).substr(memory_from_);
}

void Spool::Take(size_t n) {
  bytes_ -= n;
  if (back_from_ < back_.size()) {
    back_from_ += n;
    return;
  }
  memory_from_ += n;
  space_.in_memory_ -= n;
  space_.no_room_ = false;
  if (memory_from_ == memory_.size()) {
    std::string().swap(memory_);
    memory_from_ = 0;
  }
}

absl::Status Spool::Copy(int64_t at, size_t most, std::string* out) const {
  out->clear();
  for (const Extent& e : extents_) {
    if (at < e.bytes) {
      const size_t n = std::min<int64_t>(e.bytes - at, most);
      return ReadAt(space_.file_.get(), e.at + at, n, out);
    }
    at -= e.bytes;
  }
  out->assign(memory_, memory_from_ + at, most);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Spool::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  std::string piece;
  for (int64_t at = 0; at < bytes_;) {
    TRY(Copy(at, kPieceBytes, &piece));
    for (const char c : piece) {
      hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    }
    at += static_cast<int64_t>(piece.size());
  }
  return hash;
}

absl::StatusOr<bool> Spool::Equals(const Spool& other) const {
  if (bytes_ != other.bytes_) return false;
  std::string mine, theirs;
  for (int64_t at = 0; at < bytes_;) {
    TRY(Copy(at, kPieceBytes, &mine));
    TRY(other.Copy(at, mine.size(), &theirs));
    // Extents may end elsewhere.
    const size_t n = std::min(mine.size(), theirs.size());
    if (mine.compare(0, n, theirs, 0, n) != 0) return false;
    at += static_cast<int64_t>(n);
  }
  return true;
}

void Spool::Clear() {
  space_.in_memory_ -= memory_.size() - memory_from_;
  for (const Extent& e : extents_) {
    space_.in_file_ -= e.bytes;
    (void)!fallocate(space_.file_.get(),
                     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, e.at, e.bytes);
  }
  extents_.clear();
  space_.no_room_ = false;
  std::string().swap(memory_);
  std::string().swap(back_);
  memory_from_ = back_from_ = 0;
  bytes_ = 0;
}

}  // namespace fanout
