#include "fanout/acceptor.h"

#include <absl/status/statusor.h>
#include <sys/epoll.h>

#include <utility>

#include "base/status.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace fanout {
namespace {

constexpr int kAcceptsPerTurn = 64;
// No listener has a longer queue, but it may grow while we take it in.
constexpr int kMostAtOnce = 1 << 20;
constexpr absl::Duration kPause = absl::Milliseconds(100);

}  // namespace

Acceptor::Acceptor(sys::Loop& loop, std::function<bool()> room,
                   std::function<void(sys::Fd)> admit)
    : loop_(loop), room_(std::move(room)), admit_(std::move(admit)) {}

Acceptor::~Acceptor() {
  loop_.Cancel(resume_);
  if (listener_ >= 0) loop_.Unwatch(listener_);
}

absl::Status Acceptor::Listen(int listener) {
  MUST(listener_ < 0);
  TRY(loop_.Watch(listener, EPOLLIN,
                  [this](uint32_t) { AcceptSome(kAcceptsPerTurn); }));
  listener_ = listener;
  return absl::OkStatus();
}

void Acceptor::TakeIn() { AcceptSome(kMostAtOnce); }

void Acceptor::Stop() {
  if (listener_ < 0) return;
  TakeIn();
  loop_.Cancel(std::exchange(resume_, 0));
  loop_.Unwatch(std::exchange(listener_, -1));
  paused_ = false;
}

void Acceptor::Resume() {
  if (!paused_) return;
  paused_ = false;
  loop_.Cancel(std::exchange(resume_, 0));
  loop_.Rewatch(listener_, EPOLLIN);
}

void Acceptor::AcceptSome(int most) {
  for (int n = 0; n < most && listener_ >= 0; n++) {
    if (!room_()) return Pause();
    absl::StatusOr<sys::Fd> connection = sys::Accept(listener_, nullptr);
    if (!connection.ok()) {
      // What we were left by default is not all there is.
      sys::RaiseDescriptorLimit();
      return Pause();
    }
    if (!*connection) return;
    admit_(*std::move(connection));
  }
}

// The listener stays ready, so look away for a while.
void Acceptor::Pause() {
  paused_ = true;
  loop_.Rewatch(listener_, 0);
  loop_.Cancel(resume_);
  resume_ = loop_.After(kPause, [this] { Resume(); });
}

}  // namespace fanout
