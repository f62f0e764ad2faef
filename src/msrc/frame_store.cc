#include "msrc/frame_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sys/file.h"
#include "sys/users.h"

namespace msrc {
namespace {

// All of it or nothing: what a full disk took of a frame is overwritten by the
// next one.
bool WriteAt(int fd, absl::string_view bytes, int64_t at) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
    at += n;
  }
  return true;
}

bool ReadAt(int fd, int64_t at, std::string* bytes) {
  size_t have = 0;
  while (have < bytes->size()) {
    const ssize_t n = pread(fd, bytes->data() + have, bytes->size() - have,
                            at + static_cast<int64_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    have += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

FrameStore::Frame FrameStore::Find(const std::string& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end()) return nullptr;
  Slot& slot = found->second;
  if (slot.frame != nullptr) {
    uses_.splice(uses_.begin(), uses_, slot.use);
    return slot.frame;
  }
  std::string bytes(slot.bytes, '\0');
  if (!ReadAt(file_.get(), slot.at, &bytes)) {
    slots_.erase(found);
    return nullptr;
  }
  Frame frame = std::make_shared<const std::string>(std::move(bytes));
  slot.frame = frame;
  uses_.push_front(key);
  slot.use = uses_.begin();
  in_memory_ += slot.bytes;
  Shrink();
  return frame;
}

void FrameStore::Keep(const std::string& key, Frame frame) {
  const auto [at, added] = slots_.try_emplace(key);
  if (!added) return;
  Slot& slot = at->second;
  slot.bytes = frame->size();
  slot.frame = std::move(frame);
  uses_.push_front(key);
  slot.use = uses_.begin();
  in_memory_ += slot.bytes;
  Shrink();
}

void FrameStore::Shrink() {
  while (in_memory_ > most_ && !uses_.empty()) {
    const auto found = slots_.find(uses_.back());
    uses_.pop_back();
    Slot& slot = found->second;
    in_memory_ -= slot.bytes;
    if (slot.at < 0 && !WriteOut(slot)) {
      slots_.erase(found);
    } else {
      slot.frame = nullptr;
    }
  }
}

bool FrameStore::WriteOut(Slot& slot) {
  if (!file_ && !no_file_) {
    std::string folder = folder_;
    if (folder.empty()) folder = sys::EnvironmentVariable("TMPDIR");
    if (folder.empty()) folder = "/tmp";
    auto file =
        sys::Open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    no_file_ = !file.ok();
    if (file.ok()) file_ = *std::move(file);
  }
  if (!file_ || !WriteAt(file_.get(), *slot.frame, end_)) return false;
  slot.at = end_;
  end_ += static_cast<int64_t>(slot.bytes);
  return true;
}

}  // namespace msrc
