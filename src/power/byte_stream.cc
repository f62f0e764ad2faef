#include "power/byte_stream.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "keys/secret.h"

namespace power {
namespace {

// Read in one turn of the loop: a device that floods leaves room for others.
constexpr size_t kReadBytes = 32 << 10;

}  // namespace

ByteStream::ByteStream(sys::Loop& loop, sys::Fd fd, Events events)
    : loop_(loop), fd_(std::move(fd)), events_(std::move(events)) {}

ByteStream::~ByteStream() {
  *alive_ = false;
  loop_.Unwatch(fd_.get());
  keys::Wipe(unsent_);
}

absl::Status ByteStream::Start() {
  started_ = true;
  watched_ = EPOLLIN;
  return loop_.Watch(fd_.get(), watched_,
                     [this](uint32_t events) { OnReady(events); });
}

void ByteStream::OnReady(uint32_t events) {
  const std::shared_ptr<bool> alive = alive_;
  if ((events & EPOLLOUT) != 0) Write();
  if (!*alive || ended_) return;
  if ((events & ~EPOLLOUT) != 0) Read();
}

void ByteStream::Read() {
  char buffer[kReadBytes];
  const ssize_t n = read(fd_.get(), buffer, sizeof buffer);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return End(errno);
  }
  if (n == 0) return End(0);
  const std::shared_ptr<bool> alive = alive_;
  if (listens_) {
    events_.received({buffer, static_cast<size_t>(n)});
  }
  // A device may echo a password.
  sodium_memzero(buffer, static_cast<size_t>(n));
}

void ByteStream::Send(absl::string_view bytes) {
  if (ended_ || bytes.empty()) return;
  // A copy that has to grow would leave its old place unwiped.
  std::string next;
  next.reserve(unsent_.size() + bytes.size());
  absl::StrAppend(&next, unsent_, bytes);
  keys::Wipe(unsent_);
  unsent_ = std::move(next);
  Write();
}

void ByteStream::Write() {
  const ssize_t n =
      unsent_.empty() ? 0 : write(fd_.get(), unsent_.data(), unsent_.size());
  if (n > 0 && static_cast<size_t>(n) == unsent_.size()) {
    keys::Wipe(unsent_);
    unsent_.clear();
  } else if (n > 0) {
    std::string rest = unsent_.substr(static_cast<size_t>(n));
    keys::Wipe(unsent_);
    unsent_ = std::move(rest);
  } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
    // The reason is told where it is read, behind what is still to be read.
    keys::Wipe(unsent_);
    unsent_.clear();
  }
  Watch();
  if (unsent_.empty() && events_.sent != nullptr) events_.sent();
}

void ByteStream::Watch() {
  const uint32_t wanted =
      EPOLLIN | (unsent_.empty() ? 0 : static_cast<uint32_t>(EPOLLOUT));
  if (!started_ || ended_ || wanted == watched_) return;
  watched_ = wanted;
  loop_.Rewatch(fd_.get(), watched_);
}

void ByteStream::End(int error) {
  ended_ = true;
  loop_.Unwatch(fd_.get());
  keys::Wipe(unsent_);
  unsent_.clear();
  events_.ended(error);
}

}  // namespace power
