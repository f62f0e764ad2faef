#include "power/transport_line.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "power/limits.h"

namespace power {

TransportLine::~TransportLine() { loop_.Cancel(timer_); }

void TransportLine::After(absl::Duration wait, std::function<void()> f) {
  loop_.Cancel(timer_);
  timer_ = loop_.After(wait, [this, f = std::move(f)] {
    timer_ = 0;
    f();
  });
}

void TransportLine::Open(sys::Fd fd, bool quiet) {
  loop_.Cancel(std::exchange(timer_, 0));
  stream_ = std::make_unique<ByteStream>(
      loop_, std::move(fd),
      ByteStream::Events{
          .received =
              [this](absl::string_view bytes) { events_.received(bytes); },
          .ended = [this](int error) { HungUp(error); },
          // A socket's other side learns that nothing more comes.
          .sent =
              [this] {
                if (leaving_) shutdown(stream_->fd(), SHUT_WR);
              }});
  const absl::Status watched = stream_->Start();
  if (!watched.ok()) {
    return End(
        Failure{FailureClass::kInternal, std::string(watched.message())});
  }
  if (!quiet) events_.connected();
}

void TransportLine::HungUp(int error) {
  if (leaving_) return Gone();
  // A reset is a hang-up, and so is EIO of a terminal that nobody has open.
  std::optional<Failure> why;
  if (error != 0 && error != ECONNRESET && error != EIO && error != EPIPE) {
    why = Failure{FailureClass::kClosed, strerror(error)};
  }
  if (on_hang_up != nullptr) return on_hang_up(why);
  End(why);
}

void TransportLine::Send(absl::string_view bytes) {
  if (stream_ != nullptr && !leaving_) stream_->Send(bytes);
}

void TransportLine::End(const std::optional<Failure>& why) {
  if (leaving_) return Gone();
  if (std::exchange(ended_, true)) return;
  loop_.Cancel(std::exchange(timer_, 0));
  events_.ended(why);
}

// Our end is closed behind what was sent; then the last words of the other side
// are read: a socket that is closed over unread bytes takes back what it sent.
void TransportLine::Leave(std::function<void()> gone) {
  gone_ = std::move(gone);
  leaving_ = true;
  const bool is_open = stream_ != nullptr && !ended_;
  if (is_open) {
    stream_->StopListening();
    if (!stream_->has_unsent()) shutdown(stream_->fd(), SHUT_WR);
  }
  After(is_open ? kLeaveTime : absl::ZeroDuration(), [this] { Gone(); });
}

void TransportLine::Gone() {
  loop_.Cancel(std::exchange(timer_, 0));
  if (gone_ != nullptr) std::exchange(gone_, nullptr)();
}

}  // namespace power
