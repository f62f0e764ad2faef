#include "net/channel.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "net/channel_state.h"
#include "net/local_peer.h"
#include "sys/clock.h"
#include "sys/last_words.h"
#include "sys/process.h"

namespace net {
namespace {}  // namespace

Channel::Channel() = default;

Channel::~Channel() {
  state_->owner = nullptr;
  state_->phase = State::Phase::kEnded;
  state_->Teardown();
}

std::unique_ptr<Channel> Channel::Call(sys::Loop& loop, const Address& address,
                                       ChannelOptions options,
                                       ChannelEvents events) {
  std::unique_ptr<Channel> channel(new Channel);
  channel->state_ = std::make_shared<State>(loop, address.carrier,
                                            Role::kCaller, std::move(options),
                                            std::move(events), channel.get());
  State* s = channel->state_.get();
  s->peer.address = FormatAddress(address);
  if (address.carrier == Address::Carrier::kSsh) {
    s->peer.local = absl::StrCat("ssh:", address.host);
  }
  s->connector = Connector::Start(
      loop, address,
      {s->options.connect_time, s->options.ssh_program, s->options.ssh_options,
       s->options.remote_command},
      [s](absl::StatusOr<Connection> connection) {
        std::shared_ptr<State> keep = s->shared_from_this();
        s->connector = nullptr;
        if (!connection.ok()) return s->End(connection.status());
        // ssh is started, but has yet to log in.
        s->Begin(*std::move(connection),
                 s->carrier == Address::Carrier::kSsh
                     ? s->options.connect_time + s->options.handshake_time
                     : s->options.handshake_time);
      });
  return channel;
}

std::unique_ptr<Channel> Channel::Adopt(sys::Loop& loop, const Address& address,
                                        Connection connection,
                                        absl::string_view already_read,
                                        ChannelOptions options,
                                        ChannelEvents events) {
  MUST(address.carrier != Address::Carrier::kTcp);
  std::unique_ptr<Channel> channel(new Channel);
  channel->state_ = std::make_shared<State>(loop, address.carrier,
                                            Role::kCaller, std::move(options),
                                            std::move(events), channel.get());
  State& s = *channel->state_;
  s.peer.address = FormatAddress(address);
  if (address.carrier == Address::Carrier::kSsh) {
    s.peer.local = absl::StrCat("ssh:", address.host);
  }
  s.link = std::move(connection);
  s.reader.Add(already_read);
  // Later, as what has come may be all there is, and lead to events.
  loop.Post([weak = s.weak_from_this()] {
    std::shared_ptr<State> state = weak.lock();
    if (state == nullptr || !state->link.fd) return;
    state->Begin(std::move(state->link), state->options.handshake_time);
    state->Dispatch();
  });
  return channel;
}

std::unique_ptr<Channel> Channel::Accept(sys::Loop& loop, sys::Fd fd,
                                         Address::Carrier carrier,
                                         std::string peer,
                                         ChannelOptions options,
                                         ChannelEvents events) {
  std::unique_ptr<Channel> channel(new Channel);
  channel->state_ = std::make_shared<State>(loop, carrier, Role::kListener,
                                            std::move(options),
                                            std::move(events), channel.get());
  State& s = *channel->state_;
  s.peer.address = std::move(peer);
  if (carrier == Address::Carrier::kSsh) {
    s.peer.local = absl::StrCat("ssh:", s.peer.address);
  }
  Connection connection;
  connection.fd = std::move(fd);
  s.Begin(std::move(connection), s.options.handshake_time);
  return channel;
}

bool Channel::open() const { return state_->phase == State::Phase::kOpen; }
const Peer& Channel::peer() const { return state_->peer; }

bool Channel::StillTrusted(absl::Time now) const {
  const State& s = *state_;
  if (!s.secure.has_value() || !s.secure->done()) return true;
  const absl::StatusOr<std::vector<std::string>> principals =
      ChannelPrincipals(*s.options.trust, s.peer.key, now);
  return principals.ok() && IsAmong(s.peer.principal, *principals) &&
         (s.options.expected_principal.empty() ||
          IsAmong(s.options.expected_principal, *principals));
}

void Channel::Send(std::string parcel) {
  State& s = *state_;
  if (s.phase >= State::Phase::kClosing) return;
  MUST(parcel.size() < base::kMaxFrameBytes);
  s.outbox.AddParcel(std::move(parcel));
  s.queued = true;
  s.FlushSoon();
}

void Channel::Send(std::shared_ptr<const std::string> parcel) {
  State& s = *state_;
  if (s.phase >= State::Phase::kClosing) return;
  MUST(parcel->size() < base::kMaxFrameBytes);
  s.outbox.AddParcel(std::move(parcel));
  s.queued = true;
  s.FlushSoon();
}

void Channel::SendData(std::string data) {
  State& s = *state_;
  if (s.phase >= State::Phase::kClosing) return;
  MUST(data.size() < base::kMaxFrameBytes);
  s.outbox.AddData(std::move(data));
  s.queued = true;
  s.FlushSoon();
}

void Channel::SendReceipt(const Receipt& receipt) {
  State& s = *state_;
  if (!s.alive()) return;
  s.outbox.AddHousekeeping(FrameType::kReceipt, EncodeReceipt(receipt));
  s.FlushSoon();
}

size_t Channel::queued_bytes() const {
  return state_->outbox.bytes() + state_->out.size() - state_->out_used;
}

void Channel::Pause(bool paused) {
  State& s = *state_;
  s.paused = paused;
  if (paused || s.held.empty() || s.releasing) return;
  // Not from within this call: it may well come from an event.
  s.releasing = true;
  s.loop.AtEndOfTurn([weak = s.weak_from_this()] {
    if (std::shared_ptr<State> state = weak.lock()) state->ReleaseHeld();
  });
}

void Channel::Close(absl::string_view reason) {
  State& s = *state_;
  if (s.phase >= State::Phase::kClosing) return;
  if (s.phase == State::Phase::kOpen) return s.StartClosing(reason);
  s.Teardown();
  s.EndSoon(absl::OkStatus());
}

// --- from the connection to open --------------------------------------------

void Channel::State::Begin(Connection connection,
                           absl::Duration handshake_time) {
  link = std::move(connection);
  phase = Phase::kHandshake;
  last_sent = last_heard = sys::SteadyNow();
  deadline = last_heard + handshake_time;
  watched = EPOLLIN;
  const absl::Status watching = loop.Watch(
      link.fd.get(), watched, [this](uint32_t happened) { OnReady(happened); });
  if (!watching.ok()) return EndSoon(watching);
  if (link.child_errors) {
    const absl::Status watching_errors = loop.Watch(
        link.child_errors.get(), EPOLLIN, [this](uint32_t) { ReadErrors(); });
    if (!watching_errors.ok()) return EndSoon(watching_errors);
  }
  if (carrier == Address::Carrier::kTcp) {
    MUST(options.signer != nullptr && options.trust != nullptr);
    secure.emplace(HandshakeOptions{
        role, options.signer, options.trust, options.principal,
        options.expected_principal, sys::RandomBytes(32), options.introduce});
    out = secure->Start();
  } else {
    if (carrier == Address::Carrier::kUnix) {
      peer.local = LocalRights(link.fd.get());
    }
    AppendFrame(FrameType::kHello, EncodeHello(options.principal, nullptr, ""),
                out);
  }
  FlushSoon();
  SetTimer();
}

void Channel::State::TakeHello(const Frame& frame) {
  if (absl::Status refusal = CheckRefusal(frame); !refusal.ok()) {
    return End(std::move(refusal));
  }
  if (frame.type != FrameType::kHello) {
    return End(absl::InvalidArgumentError("the first frame is no hello"));
  }
  absl::StatusOr<fleetbox::wire::Hello> hello = ParseHello(frame.content);
  if (!hello.ok()) return End(hello.status());
  peer.software = hello->software();
  peer.protocol = std::min(kProtocol, hello->protocol());
  if (!peer.local.empty() && !hello->principal().empty()) {
    peer.principal = hello->principal();
    peer.principals = {peer.principal};
  }
  if (!options.expected_principal.empty() &&
      peer.principal != options.expected_principal) {
    return Refuse(
        absl::PermissionDeniedError(absl::StrCat(
            "the other end is ",
            peer.principal.empty() ? "not to be believed"
                                   : absl::StrCat("'", peer.principal, "'"),
            " and not '", options.expected_principal, "'")),
        EncodeFrame(FrameType::kClose, kRefused));
  }
  BecomeOpen();
}

// The SecureStream is done: we trust the other end.
void Channel::State::Handshaken() {
  const std::string address = std::move(peer.address);
  peer = secure->peer();
  peer.address = address;
  reader.set_max_frame_bytes(options.max_frame_bytes);
  if (role == Role::kListener) {
    outbox.AddHousekeeping(FrameType::kKeepAlive, "");
    BecomeOpen();
  } else {
    phase = Phase::kConfirming;
  }
}

void Channel::State::BecomeOpen() {
  reader.set_max_frame_bytes(options.max_frame_bytes);
  phase = Phase::kOpen;
  SetTimer();
  FlushSoon();
  if (events.hand_over) events.hand_over(*owner);
  if (alive() && events.opened) events.opened(*owner);
}

// --- the end ----------------------------------------------------------------

void Channel::State::StartClosing(absl::string_view reason) {
  phase = Phase::kClosing;
  closing_since = sys::SteadyNow();
  held.clear();
  outbox.Finish(reason);
  SetTimer();
  FlushSoon();
}

void Channel::State::CheckFinished() {
  if (phase != Phase::kClosing) return;
  if (!broken.ok() && eof) {
    return End(peer_closed ? absl::OkStatus()
                           : absl::UnavailableError(broken.message()));
  }
  if (!outbox.finished() || has_output()) return;
  if (!shut) {
    shut = true;
    shutdown(link.fd.get(), SHUT_WR);
    SetTimer();
  }
  if (eof) End(absl::OkStatus());
}

// Says `words` if they can be said at once, and ends.
void Channel::State::Refuse(const absl::Status& why, std::string words) {
  if (!words.empty() && !blocked) {
    out += words;
    Write();
  }
  End(why);
}

void Channel::State::EndSoon(const absl::Status& status) {
  loop.Post([weak = weak_from_this(), status] {
    if (std::shared_ptr<State> state = weak.lock()) state->End(status);
  });
}

void Channel::State::End(absl::Status status) {
  if (!alive()) return;
  if (!status.ok() && link.child_errors) ReadErrors();
  absl::string_view said = absl::StripAsciiWhitespace(errors);
  if (!status.ok() && !said.empty()) {
    const size_t line = said.rfind('\n');
    if (line != absl::string_view::npos) said.remove_prefix(line + 1);
    status = absl::Status(status.code(), absl::StrCat(status.message(), ": ",
                                                      base::Escape(said)));
  }
  phase = Phase::kEnded;
  Teardown();
  if (owner != nullptr && events.closed) events.closed(*owner, status);
}

void Channel::State::Teardown() {
  loop.Cancel(std::exchange(timer, 0));
  loop.Unwatch(link.fd.get());
  loop.Unwatch(link.child_errors.get());
  connector = nullptr;
  link = Connection();
  held.clear();
}

void Channel::State::ReadErrors() {
  sys::TakeLastWords(loop, &link.child_errors, &errors);
}

// --- time -------------------------------------------------------------------

// One timer, for whatever comes first. It is not moved with each byte: when it
// goes off too early, it is set again.
void Channel::State::SetTimer() {
  absl::Time due;
  switch (phase) {
    case Phase::kConnecting:
    case Phase::kEnded:
      return;
    case Phase::kHandshake:
    case Phase::kConfirming:
      due = deadline;
      break;
    case Phase::kOpen: {
      const absl::Time now = sys::SteadyNow();
      due = last_sent + options.keep_alive;
      if (due <= now) due = now + options.keep_alive;
      if (!peer_closed) due = std::min(due, last_heard + options.dead_after);
      break;
    }
    case Phase::kClosing:
      due = std::max(last_sent, closing_since) +
            (shut ? options.handshake_time : options.dead_after);
      break;
  }
  loop.Cancel(timer);
  timer = loop.At(due, [this] { OnTimer(); });
}

void Channel::State::OnTimer() {
  std::shared_ptr<State> keep = shared_from_this();
  timer = 0;
  const absl::Time now = sys::SteadyNow();
  switch (phase) {
    case Phase::kConnecting:
    case Phase::kEnded:
      return;
    case Phase::kHandshake:
    case Phase::kConfirming:
      return End(absl::DeadlineExceededError("the handshake took too long"));
    case Phase::kOpen:
      if (now >= last_heard + options.dead_after && !peer_closed) {
        return End(absl::DeadlineExceededError(absl::StrCat(
            "not heard of for ", base::DurationWords(options.dead_after))));
      }
      // Not on top of what the other end does not read anyway.
      if (now >= last_sent + options.keep_alive && !blocked) {
        outbox.AddHousekeeping(FrameType::kKeepAlive, "");
        FlushSoon();
      }
      break;
    case Phase::kClosing:
      if (now < std::max(last_sent, closing_since) +
                    (shut ? options.handshake_time : options.dead_after)) {
        break;
      }
      return End(shut ? absl::OkStatus()
                      : absl::DeadlineExceededError(
                            "the other end does not read any more"));
  }
  SetTimer();
}

}  // namespace net
