// What comes in on a channel, and what goes out.
#include <absl/status/status.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "net/channel_state.h"
#include "sys/clock.h"
#include "sys/log.h"

namespace net {
namespace {

// One read takes at most this: what a busy peer sends in one turn, and little
// enough that others get their turn.
constexpr size_t kReadBytes = 128 << 10;
// What is made ready for one write.
constexpr size_t kWriteBytes = 256 << 10;
// Buffers that grew beyond this are given back when they are empty.
constexpr size_t kKeptBytes = 1 << 20;

void Empty(std::string& buffer) {
  if (buffer.capacity() > kKeptBytes) {
    buffer = std::string();
  } else {
    buffer.clear();
  }
}

}  // namespace
// --- coming in --------------------------------------------------------------

void Channel::State::OnReady(uint32_t happened) {
  std::shared_ptr<State> keep = shared_from_this();
  if (happened & EPOLLOUT) {
    blocked = false;
    Flush();
  }
  if (alive() && !eof && (happened & (EPOLLIN | EPOLLHUP | EPOLLERR))) Read();
}

void Channel::State::Read() {
  char buffer[kReadBytes];
  const ssize_t n = recv(link.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    const absl::Status status = base::SysError("read");
    // Whoever has said farewell may be gone before our own was read.
    return End(peer_closed || shut ? absl::OkStatus()
                                   : absl::UnavailableError(status.message()));
  }
  if (n == 0) return OnEof();
  last_heard = sys::SteadyNow();
  TakeBytes({buffer, static_cast<size_t>(n)});
}

void Channel::State::TakeBytes(absl::string_view bytes) {
  if (!secure.has_value()) {
    reader.Add(bytes);
    return Dispatch();
  }
  const bool was_done = secure->done();
  std::string reply;
  const absl::Status status =
      secure->Receive(bytes, sys::WallNow(), reader.ForAppending(), &reply);
  if (!status.ok()) {
    if (!was_done) return Refuse(status, std::move(reply));
    return End(status);
  }
  if (!reply.empty()) {
    out += reply;
    FlushSoon();
  }
  if (!was_done && secure->done()) Handshaken();
  if (alive()) Dispatch();
}

void Channel::State::Dispatch() {
  while (alive() && !peer_closed) {
    absl::StatusOr<std::optional<Frame>> frame = reader.Next();
    if (!frame.ok()) return End(frame.status());
    if (!frame->has_value()) return;
    TakeFrame(**frame);
  }
}

void Channel::State::TakeFrame(const Frame& frame) {
  if (phase == Phase::kHandshake) return TakeHello(frame);
  if (phase == Phase::kConfirming) {
    if (absl::Status refusal = CheckRefusal(frame); !refusal.ok()) {
      return End(std::move(refusal));
    }
    BecomeOpen();
    if (!alive()) return;
  }
  switch (frame.type) {
    case FrameType::kHello:
      return End(absl::InvalidArgumentError("a second hello"));
    case FrameType::kData:
      if (!events.data) {
        return End(absl::InvalidArgumentError("data that nobody expects"));
      }
      [[fallthrough]];
    case FrameType::kParcel:
      return TakeParcel(frame);
    case FrameType::kReceipt: {
      const absl::StatusOr<Receipt> receipt = ParseReceipt(frame.content);
      if (!receipt.ok()) return End(receipt.status());
      if (events.receipt) events.receipt(*owner, *receipt);
      return;
    }
    case FrameType::kCredit: {
      if (frame.content.size() != 4) {
        return End(absl::InvalidArgumentError("a credit that is no number"));
      }
      const absl::Status status =
          outbox.Grant(base::Le32(frame.content.data()));
      if (!status.ok()) return End(status);
      return FlushSoon();
    }
    case FrameType::kKeepAlive:
      if (frame.content.empty()) return;
      return End(absl::InvalidArgumentError("a keep-alive with content"));
    case FrameType::kClose:
      if (absl::Status refusal = CheckRefusal(frame); !refusal.ok()) {
        return End(std::move(refusal));
      }
      sys::LogStep("channel.farewell", {{"peer", peer.address},
                                        {"why", std::string(frame.content)}});
      peer_closed = true;
      if (held.empty()) PeerDone();
      return;
  }
}

// Data is no different here.
void Channel::State::TakeParcel(const Frame& frame) {
  const absl::Status status = intake.Arrived(frame.content.size());
  if (!status.ok()) return End(status);
  if (phase == Phase::kClosing) return;
  if (paused || !held.empty()) {
    held.emplace_back(frame.type, frame.content);
  } else {
    Deliver(frame.type, frame.content);
  }
}

void Channel::State::Deliver(FrameType type, absl::string_view parcel) {
  const auto& event = type == FrameType::kData ? events.data : events.parcel;
  if (event) event(*owner, parcel);
  if (!alive()) return;
  intake.Taken(parcel.size());
  GrantIfDue();
}

void Channel::State::ReleaseHeld() {
  releasing = false;
  while (alive() && !paused && !held.empty()) {
    const auto [type, parcel] = std::move(held.front());
    held.pop_front();
    Deliver(type, parcel);
  }
  if (alive() && held.empty() && peer_closed) PeerDone();
}

void Channel::State::GrantIfDue() {
  if (paused || phase != Phase::kOpen || peer_closed ||
      outbox.housekeeping_bytes() > kMaxHousekeepingBytes) {
    return;
  }
  const uint32_t grant = intake.Grant();
  if (grant == 0) return;
  std::string content;
  base::PutLe32(content, grant);
  outbox.AddHousekeeping(FrameType::kCredit, content);
  FlushSoon();
}

// The other end sends nothing more, but reads: receipts reach it yet.
void Channel::State::PeerDone() {
  outbox.Curtail();
  if (phase == Phase::kOpen) StartClosing("");
  FlushSoon();
}

void Channel::State::OnEof() {
  eof = true;
  WatchAsNeeded();
  if (phase == Phase::kHandshake) {
    return End(absl::UnavailableError(
        "the other end closed the connection during the handshake"));
  }
  if (!peer_closed && !shut) {
    return End(absl::UnavailableError("the other end is gone without a word"));
  }
  CheckFinished();
}

// --- going out --------------------------------------------------------------

void Channel::State::FlushSoon() {
  if (flush_soon || blocked || phase == Phase::kConnecting || !alive()) return;
  flush_soon = true;
  loop.AtEndOfTurn([weak = weak_from_this()] {
    if (std::shared_ptr<State> state = weak.lock()) state->Flush();
  });
}

void Channel::State::Flush() {
  flush_soon = false;
  if (!alive() || blocked) return;
  do {
    if (!framing() || has_output()) continue;
    if (secure.has_value()) {
      outbox.Fill(kWriteBytes, plain);
      secure->Encrypt(plain, &out);
      Empty(plain);
    } else {
      outbox.Fill(kWriteBytes, out);
    }
  } while (has_output() && Write());
  WatchAsNeeded();
  GrantIfDue();
  CheckFinished();
  TellDrained();
}

// From here alone, so that it is never within a call of the owner's.
void Channel::State::TellDrained() {
  if (phase != Phase::kOpen || !queued || has_output() || outbox.bytes() > 0) {
    return;
  }
  queued = false;
  std::shared_ptr<State> keep = shared_from_this();
  if (events.drained) events.drained(*owner);
}

// Writes once; false when the socket takes no more.
bool Channel::State::Write() {
  // What cannot be sent any more is let go; the reading side learns the rest.
  if (!broken.ok()) {
    out_used = out.size();
  } else {
    const ssize_t n = send(link.fd.get(), out.data() + out_used,
                           out.size() - out_used, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && errno == EAGAIN) {
      blocked = true;
      return false;
    }
    if (n < 0) {
      broken = base::SysError("write");
      return true;
    }
    last_sent = sys::SteadyNow();
    out_used += n;
  }
  if (!has_output()) {
    Empty(out);
    out_used = 0;
  }
  return true;
}

void Channel::State::WatchAsNeeded() {
  const uint32_t wanted = (eof ? 0u : EPOLLIN) | (blocked ? EPOLLOUT : 0u);
  if (wanted == watched) return;
  watched = wanted;
  loop.Rewatch(link.fd.get(), wanted);
}

}  // namespace net
