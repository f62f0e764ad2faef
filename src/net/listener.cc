#include "net/listener.h"

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace net {
namespace {

// Taken from the queue in one turn, so that a flood of connections leaves room
// for the channels that are open.
constexpr int kAcceptsPerTurn = 64;
// How long to leave a listener alone when there are no descriptors left.
constexpr absl::Duration kPause = absl::Milliseconds(100);
// A flood of refused connections is one line a second.
constexpr absl::Duration kLogPause = absl::Seconds(1);

// What limits count by.
std::string PeerKey(absl::string_view peer) {
  if (!absl::StrContains(peer, ':')) return std::string(peer);
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(peer).c_str(), &address) != 1) {
    return std::string(peer);
  }
  return std::string(reinterpret_cast<const char*>(address.s6_addr), 8);
}

}  // namespace

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  explicit State(sys::Loop& l) : loop(l) {}
  ~State() { Stop(); }

  struct Handshake {
    std::unique_ptr<Channel> channel;
    std::string key;
  };

  absl::Status Begin();
  void OnReady();
  void Take(sys::Fd fd, std::string peer);
  void HandOver(uint64_t number);
  void Failed(uint64_t number, const absl::Status& why);
  void Forget(uint64_t number);
  void RefuseOver(absl::string_view peer);
  void Stop();

  sys::Loop& loop;
  Address address;
  sys::Fd fd;
  sys::FileInfo socket_file;
  ChannelOptions options;
  std::function<ChannelEvents()> made;
  std::function<void(std::unique_ptr<Channel>)> opened;
  HandshakeLimits limits;
  sys::Loop::Timer timer = 0;
  uint64_t last_number = 0;
  absl::flat_hash_map<uint64_t, Handshake> handshakes;
  absl::flat_hash_map<std::string, int> by_key;
  uint64_t refused = 0, refused_unlogged = 0;
  absl::Time next_log = absl::InfinitePast();
};

absl::StatusOr<std::unique_ptr<Listener>> Listener::Listen(
    sys::Loop& loop, const Address& address, ChannelOptions options,
    std::function<ChannelEvents()> made,
    std::function<void(std::unique_ptr<Channel>)> opened,
    HandshakeLimits limits) {
  std::unique_ptr<Listener> listener(new Listener);
  listener->state_ = std::make_shared<State>(loop);
  State& s = *listener->state_;
  s.address = address;
  s.options = std::move(options);
  s.made = std::move(made);
  s.opened = std::move(opened);
  s.limits = limits;
  const absl::Status begun = s.Begin();
  if (!begun.ok()) return base::Context(begun, FormatAddress(address));
  return listener;
}

Listener::Listener() = default;

Listener::~Listener() {
  state_->Stop();
  state_->handshakes.clear();
}

const Address& Listener::address() const { return state_->address; }
void Listener::Stop() { state_->Stop(); }
int Listener::handshakes() const {
  return static_cast<int>(state_->handshakes.size());
}
uint64_t Listener::refused() const { return state_->refused; }

absl::Status Listener::State::Begin() {
  switch (address.carrier) {
    case Address::Carrier::kUnix: {
      TRY_ASSIGN(fd, sys::ListenUnix(address.path, limits.unix_mode));
      TRY_ASSIGN(socket_file, sys::Stat(address.path));
      break;
    }
    case Address::Carrier::kTcp: {
      TRY_ASSIGN(fd, sys::ListenTcp(address.host, address.port));
      TRY_ASSIGN(address.port, sys::LocalPort(fd.get()));
      break;
    }
    case Address::Carrier::kSsh:
      return absl::InvalidArgumentError("ssh: cannot be listened on");
  }
  return loop.Watch(fd.get(), EPOLLIN, [this](uint32_t) { OnReady(); });
}

void Listener::State::Stop() {
  loop.Cancel(std::exchange(timer, 0));
  if (!fd) return;
  loop.Unwatch(fd.get());
  fd.Reset();
  if (address.carrier != Address::Carrier::kUnix) return;
  // Not the socket of somebody who has taken our place.
  const absl::StatusOr<sys::FileInfo> now = sys::Stat(address.path);
  if (now.ok() && now->exists && now->inode == socket_file.inode &&
      now->device == socket_file.device) {
    unlink(address.path.c_str());
  }
}

void Listener::State::OnReady() {
  std::shared_ptr<State> keep = shared_from_this();
  for (int i = 0; i < kAcceptsPerTurn && fd; i++) {
    std::string peer;
    absl::StatusOr<sys::Fd> accepted = sys::Accept(fd.get(), &peer);
    if (!accepted.ok()) {
      // The connection stays in the queue and the listener ready: without a
      // pause the loop would do nothing else.
      sys::Log("listener.pausing", {{"address", FormatAddress(address)},
                                    {"why", accepted.status().message()}});
      loop.Rewatch(fd.get(), 0);
      timer = loop.After(kPause, [this] {
        timer = 0;
        loop.Rewatch(fd.get(), EPOLLIN);
      });
      return;
    }
    if (!*accepted) return;
    Take(*std::move(accepted), std::move(peer));
  }
}

void Listener::State::Take(sys::Fd accepted, std::string peer) {
  bool ours = false;
  if (address.carrier == Address::Carrier::kUnix) {
    const absl::StatusOr<sys::PeerCredentials> who =
        sys::PeerOf(accepted.get());
    peer = who.ok() ? absl::StrCat("uid ", who->uid) : "uid unknown";
    // A script of root's may well start a hundred commands at once.
    ours = who.ok() && (who->uid == 0 || who->uid == sys::MyUid());
  }
  std::string key = PeerKey(peer);
  int& count = by_key[key];
  if ((count >= limits.per_peer && !ours) ||
      handshakes.size() >= static_cast<size_t>(limits.in_all)) {
    if (count == 0) by_key.erase(key);
    return RefuseOver(peer);
  }
  count++;
  const uint64_t number = ++last_number;
  ChannelEvents events = made();
  events.hand_over = [this, number](Channel&) { HandOver(number); };
  // Until it is handed over, its end is nobody's business but ours.
  events.closed = [number, event = std::move(events.closed),
                   weak = weak_from_this()](Channel& channel,
                                            const absl::Status& why) {
    std::shared_ptr<State> state = weak.lock();
    if (state != nullptr && state->handshakes.contains(number)) {
      return state->Failed(number, why);
    }
    if (event) event(channel, why);
  };
  Handshake& handshake = handshakes[number];
  handshake.key = std::move(key);
  handshake.channel =
      Channel::Accept(loop, std::move(accepted), address.carrier,
                      std::move(peer), options, std::move(events));
}

void Listener::State::HandOver(uint64_t number) {
  std::shared_ptr<State> keep = shared_from_this();
  std::unique_ptr<Channel> owned = std::move(handshakes[number].channel);
  Forget(number);
  opened(std::move(owned));
}

void Listener::State::Failed(uint64_t number, const absl::Status& why) {
  std::unique_ptr<Channel> owned = std::move(handshakes[number].channel);
  Forget(number);
  refused++;
  sys::Log("channel.refused",
           {{"peer", owned->peer().address}, {"why", why.message()}});
}

void Listener::State::Forget(uint64_t number) {
  const auto found = handshakes.find(number);
  const auto count = by_key.find(found->second.key);
  if (--count->second == 0) by_key.erase(count);
  handshakes.erase(found);
}

void Listener::State::RefuseOver(absl::string_view peer) {
  refused++;
  refused_unlogged++;
  const absl::Time now = sys::SteadyNow();
  if (now < next_log) return;
  next_log = now + kLogPause;
  sys::Log("listener.full", {{"peer", peer},
                             {"refused", std::exchange(refused_unlogged, 0)},
                             {"handshakes", handshakes.size()}});
}

}  // namespace net
