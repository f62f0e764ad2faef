// Accepts channels, with the limits on handshakes under way.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "net/channel.h"

namespace net {

struct HandshakeLimits {
  int per_peer = base::kMaxHandshakesPerAddress;
  int in_all = base::kMaxHandshakes;
  int unix_mode = 0666;  // of the socket file
};

class Listener {
 public:
  // Listens on unix: or tcp: (port 0 picks one). `options` serve every channel.
  // `made` gives the events for a connection that has just been accepted, and
  // `opened` hands over its channel once its handshake is done, right before
  // its own `opened` event; until then the listener owns it, and of a channel
  // that never gets there no event is called. A connection over `limits`
  // (handshakes under way in all, and per peer) is closed at once, before
  // anything is computed for it. A peer is an IPv4 address, the first 64 bits
  // of an IPv6 address (what one host is usually given), or a uid; root and our
  // own uid are limited in all only.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      sys::Loop& loop, const Address& address, ChannelOptions options,
      std::function<ChannelEvents()> made,
      std::function<void(std::unique_ptr<Channel>)> opened,
      HandshakeLimits limits = {});
  ~Listener();  // ends the handshakes under way too

  // As it can be called: with the port that was picked.
  const Address& address() const;
  // Takes no more connections; those that are there go on.
  void Stop();
  int handshakes() const;    // under way
  uint64_t refused() const;  // over the limits, or failed in their handshake

 private:
  Listener();
  struct State;
  // Shared with a call that is under way: `opened` may delete the listener.
  std::shared_ptr<State> state_;
};

}  // namespace net
