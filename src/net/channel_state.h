// The inside of a channel, for net/channel*.cc only.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "net/channel.h"
#include "net/connect.h"
#include "net/flow.h"
#include "net/frame.h"
#include "net/handshake.h"
#include "sys/loop.h"

namespace net {

// A kClose with this content: we are not let in.

// The phases, each leading to a later one only:
//   kConnecting   the caller's: there is no connection yet
//   kHandshake    bytes go to the SecureStream, or a Hello is awaited
//   kConfirming   the TCP caller's: it trusts the listener, and waits for the
//                 first frame, which says whether that is mutual
//   kOpen
//   kClosing      a kClose is on its way out, after all that goes before it;
//                 then our direction is shut, and the other's end awaited, so
//                 that what they have not read yet is not lost
//   kEnded        `closed` has been called
struct Channel::State : std::enable_shared_from_this<Channel::State> {
  enum class Phase {
    kConnecting,
    kHandshake,
    kConfirming,
    kOpen,
    kClosing,
    kEnded
  };

  State(sys::Loop& l, Address::Carrier c, Role r, ChannelOptions o,
        ChannelEvents e, Channel* ch)
      : loop(l),
        carrier(c),
        role(r),
        options(std::move(o)),
        events(std::move(e)),
        owner(ch) {
    const auto unless_zero = [](absl::Duration& d, absl::Duration standard) {
      if (d == absl::ZeroDuration()) d = standard;
    };
    unless_zero(options.handshake_time, base::kHandshakeTime);
    unless_zero(options.keep_alive, base::kKeepAlive);
    unless_zero(options.dead_after, base::kDeadAfter);
  }

  bool alive() const { return phase != Phase::kEnded; }
  bool framing() const {
    return phase == Phase::kOpen || phase == Phase::kClosing;
  }
  bool has_output() const { return out_used < out.size(); }

  void Begin(Connection connection, absl::Duration handshake_time);
  void EndSoon(const absl::Status& status);
  void OnReady(uint32_t happened);
  void Read();
  void TakeBytes(absl::string_view bytes);
  void Dispatch();
  void TakeFrame(const Frame& frame);
  void TakeHello(const Frame& frame);
  void TakeParcel(const Frame& frame);
  void Deliver(FrameType type, absl::string_view parcel);
  void ReleaseHeld();
  void PeerDone();
  void Handshaken();
  void BecomeOpen();
  void FlushSoon();
  void Flush();
  bool Write();
  void TellDrained();
  void WatchAsNeeded();
  void GrantIfDue();
  void StartClosing(absl::string_view reason);
  void CheckFinished();
  void OnEof();
  void SetTimer();
  void OnTimer();
  void ReadErrors();
  void Refuse(const absl::Status& why, std::string words);
  void End(absl::Status status);
  void Teardown();

  sys::Loop& loop;
  const Address::Carrier carrier;
  const Role role;
  ChannelOptions options;
  ChannelEvents events;
  Channel* owner;  // null once it is deleted
  Phase phase = Phase::kConnecting;

  std::unique_ptr<Connector> connector;
  Connection link;
  uint32_t watched = 0;
  std::string errors;  // the end of what ssh said
  std::optional<SecureStream> secure;
  Peer peer;

  // Coming in.
  FrameReader reader{base::kMaxHelloBytes};
  Intake intake;
  bool paused = false, releasing = false;
  // Parcels and data that came while paused.
  std::deque<std::pair<FrameType, std::string>> held;
  bool peer_closed = false;  // its kClose has come
  bool eof = false;

  // Going out.
  Outbox outbox;
  std::string plain;    // frames to be encrypted, within one Flush
  std::string out;      // bytes for the socket
  size_t out_used = 0;  // of them, written
  bool flush_soon = false, blocked = false, shut = false;
  bool queued = false;  // parcels or data, since it was all gone
  absl::Status broken;  // why nothing can be written any more

  sys::Loop::Timer timer = 0;
  absl::Time deadline;  // of the handshake
  absl::Time last_sent, last_heard, closing_since;
};

}  // namespace net
