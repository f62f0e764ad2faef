// A channel: a live connection to another program, over which parcels go both
// ways. Runs on a sys::Loop; nothing here blocks.
//
// Over unix: the other end is known by its uid; over ssh: the pipe is private
// already; over tcp: net/handshake.h protects it. On unix: and ssh: both ends
// send an unsigned Hello at once. Its claims are believed when the other end
// has the local rights (uid 0, our own uid, or a member of the group fleetbox),
// and of what ssh has connected us with; else the peer is nobody, and the
// channel is open all the same: parcels are signed.
//
// A channel ends once: `closed` is called exactly once, and nothing after it.
// An event may delete the channel. net/flow.h says how much waits where.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "net/address.h"
#include "net/connect.h"
#include "net/frame.h"
#include "net/handshake.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "wire/parcel.h"

namespace net {

class Channel;

struct ChannelEvents {
  // Right before `opened`, for whoever has kept the channel for its owner until
  // now (net/listener.h).
  std::function<void(Channel&)> hand_over;
  // The handshake is done, and the other end has let us in.
  std::function<void(Channel&)> opened;
  // A parcel, unchecked: the owner opens it. Valid during the call only.
  std::function<void(Channel&, absl::string_view parcel)> parcel;
  // Data, in its place among the parcels. Valid during the call only. Null: the
  // other end has none to send, and the channel ends if it does.
  std::function<void(Channel&, absl::string_view data)> data;
  std::function<void(Channel&, const Receipt&)> receipt;
  // Nothing waits to be sent any more, and something did: time for whoever has
  // more than should wait here. May be null.
  std::function<void(Channel&)> drained;
  // It is over: the reason, ok for an orderly end. PermissionDenied and
  // Unauthenticated: one of the two does not trust the other; InvalidArgument:
  // the other end does not speak as it should; DeadlineExceeded: it is silent.
  std::function<void(Channel&, const absl::Status&)> closed;
};

struct ChannelOptions {
  const wire::Signer* signer = nullptr;  // borrowed; outlives the channel
  const wire::Trust* trust = nullptr;    // borrowed
  std::string principal;                 // ours
  // Of the other end; empty: any. On unix: and ssh: what it claims must be
  // this, and be believed; on tcp: its key must be trusted as this.
  std::string expected_principal;
  // tcp, the caller's: see HandshakeOptions.
  bool introduce = false;
  // ssh: the words run on the far side, whose stdin and stdout are a channel.
  std::vector<std::string> remote_command;
  std::string ssh_program = "ssh";
  std::vector<std::string> ssh_options = {};  // words before ours
  // The longest frame taken from the other end.
  size_t max_frame_bytes = base::kMaxFrameBytes;
  absl::Duration handshake_time;  // base::kHandshakeTime when zero
  absl::Duration keep_alive;      // base::kKeepAlive when zero
  absl::Duration dead_after;      // base::kDeadAfter when zero
  // For looking up and connecting; of ssh: also for its logging in.
  absl::Duration connect_time = absl::Seconds(10);
};

class Channel {
 public:
  // Begins calling `address`. Everything that goes wrong comes through
  // `closed`, never before Call has returned.
  static std::unique_ptr<Channel> Call(sys::Loop& loop, const Address& address,
                                       ChannelOptions options,
                                       ChannelEvents events);
  // The calling end of a connection that somebody else has made, and over which
  // `already_read` has come since the other end began to speak as a channel.
  // Not for tcp:. `address` is only a name for it. Nothing is called before
  // this has returned.
  static std::unique_ptr<Channel> Adopt(sys::Loop& loop, const Address& address,
                                        Connection connection,
                                        absl::string_view already_read,
                                        ChannelOptions options,
                                        ChannelEvents events);
  // The listening end, of an accepted connection: a stream socket, whatever the
  // carrier. `peer` is its address.
  static std::unique_ptr<Channel> Accept(sys::Loop& loop, sys::Fd fd,
                                         Address::Carrier carrier,
                                         std::string peer,
                                         ChannelOptions options,
                                         ChannelEvents events);
  ~Channel();  // closes without a word; `closed` is not called

  bool open() const;
  const Peer& peer() const;
  // Whether the other end's key may still open channels as the principal it
  // is: to be asked when the trust file has changed. True where the carrier
  // vouches.
  bool StillTrusted(absl::Time now) const;
  // Queues a parcel, also before the channel is open; after Close it is
  // dropped. It is sent at the end of the loop's turn as far as the other end's
  // credit goes; the rest waits here: see queued_bytes.
  void Send(std::string parcel);
  // The same of a parcel that goes to many: it is not copied.
  void Send(std::shared_ptr<const std::string> parcel);
  // Bytes that are worth no more than the channel, unsigned and unnamed; in all
  // else as a parcel, and in order with parcels.
  void SendData(std::string data);
  // Receipts go before parcels that wait, and need no credit.
  void SendReceipt(const Receipt& receipt);
  // What waits to be sent, credit or socket permitting.
  size_t queued_bytes() const;
  // The receiver's brake: while paused, no parcels or data are handed over and
  // no credit is given, so that not much more than a credit's worth piles up
  // here. Receipts still come.
  void Pause(bool paused);
  // Sends what is queued (as long as the other end reads), then closes. Parcels
  // that still come are dropped, receipts are handed over.
  void Close(absl::string_view reason);

 private:
  Channel();
  struct State;
  // Shared with a call of ours that is under way: an event may delete us.
  std::shared_ptr<State> state_;
};

}  // namespace net
