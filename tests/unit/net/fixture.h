// What the tests of channels share: keys, a trust list, two ends on one loop,
// and a raw end to be nasty with.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/openssh_key.h"
#include "net/channel.h"
#include "net/listener.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace net_test {

// Whom the ends of a test trust.
class Trust : public wire::Trust {
 public:
  struct Entry {
    std::vector<std::string> principals;
    std::string name_space = "channel@fleetbox";
    absl::Time until = absl::InfiniteFuture();
  };
  void Add(const wire::PublicKey& key, Entry entry) { entries_[key] = entry; }
  void Revoke(const wire::PublicKey& key) { entries_.erase(key); }
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey& key, absl::string_view name_space,
      absl::Time when) const override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      return absl::PermissionDeniedError("unknown key");
    }
    if (found->second.name_space != name_space) {
      return absl::PermissionDeniedError("wrong namespace");
    }
    if (when > found->second.until) {
      return absl::PermissionDeniedError("expired");
    }
    return found->second.principals;
  }

 private:
  std::map<wire::PublicKey, Entry> entries_;
};

// Turns the loop until `done` says so, ten seconds at most.
inline bool TurnUntil(sys::Loop& loop, const std::function<bool()>& done,
                      absl::Duration longest = absl::Seconds(10)) {
  const absl::Time deadline = sys::SteadyNow() + longest;
  while (!done()) {
    if (sys::SteadyNow() >= deadline) return false;
    loop.Turn(absl::Milliseconds(20));
  }
  return true;
}

// One end and all that happened to it.
struct End {
  std::unique_ptr<net::Channel> channel;
  int opened = 0, closed = 0, drained = 0;
  absl::Status why;
  std::vector<std::string> parcels;
  bool takes_data = true;
  std::vector<std::string> data;
  std::vector<std::string> all;  // parcels and data
  std::vector<net::Receipt> receipts;
  std::function<void(net::Channel&, absl::string_view)> on_parcel;

  net::ChannelEvents Events() {
    net::ChannelEvents events;
    events.opened = [this](net::Channel&) { opened++; };
    events.parcel = [this](net::Channel& c, absl::string_view p) {
      parcels.emplace_back(p);
      all.emplace_back(p);
      if (on_parcel) on_parcel(c, p);
    };
    if (takes_data) {
      events.data = [this](net::Channel&, absl::string_view d) {
        data.emplace_back(d);
        all.emplace_back(d);
      };
    }
    events.receipt = [this](net::Channel&, const net::Receipt& r) {
      receipts.push_back(r);
    };
    events.drained = [this](net::Channel&) { drained++; };
    events.closed = [this](net::Channel&, const absl::Status& status) {
      closed++;
      why = status;
    };
    return events;
  }
};

// A server with a key and an agent with a key that trust each other.
struct Fleet {
  Fleet() {
    sys::IgnoreSigpipe();
    trust.Add(server_key.public_key(), {{"server:mcfeely"}});
    trust.Add(agent_key.public_key(), {{"host:web1", "host:web1.example"}});
    server.signer = &server_key;
    server.trust = &trust;
    server.principal = "server:mcfeely";
    agent.signer = &agent_key;
    agent.trust = &trust;
    agent.principal = "host:web1";
    agent.expected_principal = "server:mcfeely";
  }

  // Both ends of `carrier` over a socket pair (the calling end is one of
  // Accept's, too, but for its role, so tcp needs a listener: see Listen).
  net::Address Listen(const net::Address& at,
                      net::HandshakeLimits limits = {}) {
    absl::StatusOr<std::unique_ptr<net::Listener>> made = net::Listener::Listen(
        loop, at, server, [this] { return there.Events(); },
        [this](std::unique_ptr<net::Channel> channel) {
          there.channel = std::move(channel);
        },
        limits);
    REQUIRE(made.ok());
    listener = std::move(*made);
    return listener->address();
  }
  net::Address ListenTcp(net::HandshakeLimits limits = {}) {
    net::Address at;
    at.carrier = net::Address::Carrier::kTcp;
    at.host = "127.0.0.1";
    return Listen(at, limits);
  }
  net::Address ListenUnix(const sys::TemporaryFolder& folder) {
    net::Address at;
    at.path = folder.path() + "/socket";
    return Listen(at);
  }
  void Call(const net::Address& address) {
    here.channel = net::Channel::Call(loop, address, agent, here.Events());
  }
  bool Open() {
    return TurnUntil(loop, [this] { return here.opened && there.opened; });
  }
  bool Until(const std::function<bool()>& done) {
    return TurnUntil(loop, done);
  }

  sys::Loop loop;
  Trust trust;
  keys::KeyPair server_key = keys::NewKeyPair("server");
  keys::KeyPair agent_key = keys::NewKeyPair("agent");
  net::ChannelOptions server, agent;
  End here, there;  // the caller's end, the listener's
  std::unique_ptr<net::Listener> listener;
};

inline sys::TemporaryFolder Folder() {
  absl::StatusOr<sys::TemporaryFolder> folder =
      sys::TemporaryFolder::Make("net-test");
  REQUIRE(folder.ok());
  return std::move(*folder);
}

inline std::string ParcelOf(size_t bytes, char c = 'p') {
  return std::string(bytes, c);
}

// A stranger's connection to an address, on the test's own terms.
inline sys::Fd RawTcp(sys::Loop& loop, const std::string& host, int port) {
  absl::StatusOr<sys::Fd> fd = sys::BeginConnectTcp(host, port);
  REQUIRE(fd.ok());
  REQUIRE(TurnUntil(loop, [&] {
    sockaddr_storage a;
    socklen_t n = sizeof a;
    return getpeername(fd->get(), reinterpret_cast<sockaddr*>(&a), &n) == 0;
  }));
  return std::move(*fd);
}
// Reads what is there; `ended` becomes true at the end of the stream or a
// reset.
inline std::string RawRead(int fd, bool* ended) {
  std::string all;
  char buffer[65536];
  for (;;) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
      all.append(buffer, n);
      continue;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) *ended = true;
    return all;
  }
}
inline void RawSend(int fd, absl::string_view bytes) {
  REQUIRE(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

}  // namespace net_test
