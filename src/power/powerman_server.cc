#include "power/powerman_server.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "power/powerman_protocol.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/socket.h"

namespace power {
namespace {

constexpr int kAcceptsPerTurn = 16;
// Out of descriptors: the listener stays ready, so it is left alone a while.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
constexpr size_t kReadBytes = 64 << 10;
// A client that does not read may still be told the end of what it asked for.
constexpr size_t kPatience = 4;

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  const absl::string_view all = text;
  ListenAddress address;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", all, "' is not HOST:PORT"));
  }
  const absl::string_view port = text.substr(colon + 1);
  text = text.substr(0, colon);
  if (!absl::SimpleAtoi(port, &address.port) || address.port < 0 ||
      address.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", all, "': '", port, "' is no port"));
  }
  const bool in_brackets = absl::StartsWith(text, "[");
  if (in_brackets != absl::EndsWith(text, "]") ||
      (!in_brackets && absl::StrContains(text, ':'))) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", all, "': an address of IPv6 stands in brackets"));
  }
  if (in_brackets) text = text.substr(1, text.size() - 2);
  if (text != "*") address.host = std::string(text);
  return address;
}

bool ListenAddress::is_loopback() const {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

struct PowermanServer::Listener {
  sys::Fd fd;
  std::string name;
  std::string path = {};  // of a unix socket
  sys::FileInfo file = {};
  sys::Loop::Timer pause = 0;
};

struct PowermanServer::Client {
  Client(uint64_t n, const Directory& directory)
      : number(n), session(directory) {}

  uint64_t number;
  sys::Fd fd;
  std::string peer;
  PowermanSession session;
  std::string unsent;
  size_t sent = 0;  // of it
  bool heard_all = false, ending = false;
  std::optional<Service::Ticket> order = {};
  sys::Loop::Timer timer = 0;
  absl::Time since;  // it asked for something, or took something
  size_t waiting() const { return unsent.size() - sent; }
};

PowermanServer::PowermanServer(sys::Loop& loop, Service& service,
                               PowermanServerOptions options)
    : loop_(loop), service_(service), options_(options) {}

PowermanServer::~PowermanServer() {
  StopListening();
  while (!clients_.empty()) {
    Client& client = *clients_.begin()->second;
    if (!client.unsent.empty() && !Write(client)) continue;
    Drop(client.number, "the server ends");
  }
}

void PowermanServer::StopListening() {
  for (const auto& listener : listeners_) {
    loop_.Cancel(listener->pause);
    loop_.Unwatch(listener->fd.get());
    if (listener->path.empty()) continue;
    // Not the socket of somebody who has taken our place.
    const absl::StatusOr<sys::FileInfo> now = sys::Stat(listener->path);
    if (now.ok() && now->exists && now->inode == listener->file.inode &&
        now->device == listener->file.device) {
      unlink(listener->path.c_str());
    }
  }
  listeners_.clear();
}

absl::Status PowermanServer::ListenUnix(const std::string& path, int mode) {
  auto listener = std::make_unique<Listener>();
  TRY_ASSIGN(listener->fd, sys::ListenUnix(path, mode));
  TRY_ASSIGN(listener->file, sys::Stat(path));
  listener->name = path;
  listener->path = path;
  return Watch(std::move(listener));
}

absl::StatusOr<int> PowermanServer::ListenTcp(const ListenAddress& address) {
  auto listener = std::make_unique<Listener>();
  TRY_ASSIGN(listener->fd, sys::ListenTcp(address.host, address.port));
  TRY_ASSIGN(const int port, sys::LocalPort(listener->fd.get()));
  listener->name = absl::StrCat(address.host, ":", port);
  if (!address.is_loopback()) {
    sys::Log("powerman.exposed",
             {{"address", listener->name},
              {"why", "whoever reaches this address may switch every host"}});
  }
  TRY(Watch(std::move(listener)));
  return port;
}

absl::Status PowermanServer::Watch(std::unique_ptr<Listener> listener) {
  Listener& l = *listener;
  TRY(loop_.Watch(l.fd.get(), EPOLLIN, [this, &l](uint32_t) { Accept(l); }));
  listeners_.push_back(std::move(listener));
  return absl::OkStatus();
}

void PowermanServer::Accept(Listener& listener) {
  for (int i = 0; i < kAcceptsPerTurn; i++) {
    std::string peer;
    absl::StatusOr<sys::Fd> fd = sys::Accept(listener.fd.get(), &peer);
    if (!fd.ok()) {
      loop_.Rewatch(listener.fd.get(), 0);
      listener.pause = loop_.After(kAcceptPause, [this, &listener] {
        listener.pause = 0;
        loop_.Rewatch(listener.fd.get(), EPOLLIN);
      });
      return;
    }
    if (!*fd) return;
    if (clients_.size() >= options_.max_clients) {
      sys::Log("powerman.refused",
               {{"peer", peer}, {"why", "too many clients"}});
      continue;
    }
    Add(*std::move(fd), peer.empty() ? listener.name : std::move(peer));
  }
}

void PowermanServer::Add(sys::Fd fd, std::string peer) {
  const uint64_t number = ++last_number_;
  auto client = std::make_unique<Client>(number, service_);
  client->fd = std::move(fd);
  client->peer = std::move(peer);
  client->since = sys::SteadyNow();
  const auto ready = [this, number](uint32_t events) { Ready(number, events); };
  if (!loop_.Watch(client->fd.get(), EPOLLIN, ready).ok()) return;
  sys::LogStep("powerman.client", {{"peer", client->peer}});
  clients_.emplace(number, std::move(client));
  Tell(number, [](PowermanSession& session) { return session.Opened(); });
}

void PowermanServer::Ready(uint64_t number, uint32_t events) {
  const auto found = clients_.find(number);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  if ((events & EPOLLERR) != 0) return Drop(number, "connection lost");
  if ((events & EPOLLOUT) != 0) {
    client.since = sys::SteadyNow();
    if (!Write(client)) return;
  }
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !client.heard_all) {
    if (!Read(client)) return;
  } else if ((events & EPOLLHUP) != 0) {
    return Drop(number, "hung up");
  }
  SetWatch(client);
  SetTimer(client);
}

bool PowermanServer::Read(Client& client) {
  const uint64_t number = client.number;
  char bytes[kReadBytes];
  const ssize_t got = recv(client.fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got < 0) {
    Drop(number, "connection lost");
    return false;
  }
  client.since = sys::SteadyNow();
  Tell(number, [&](PowermanSession& session) {
    if (got > 0) return session.Received({bytes, static_cast<size_t>(got)});
    client.heard_all = true;
    return session.ReceivedAll();
  });
  return clients_.contains(number);
}

template <typename Told>
void PowermanServer::Tell(uint64_t number, Told told) {
  const auto found = clients_.find(number);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  PowermanSession::Effects effects = told(client.session);
  // One of a thousand results: only the last of them is told of.
  if (effects.send.empty() && !effects.start && !effects.close &&
      client.order.has_value() && client.waiting() == 0) {
    return;
  }
  client.unsent += effects.send;
  if (effects.start) Start(client, *std::move(effects.start));
  client.ending |= effects.close;
  if (client.waiting() > kPatience * options_.max_unread_bytes) {
    return Drop(number, "does not read its answers");
  }
  if (!Write(client)) return;
  SetWatch(client);
  SetTimer(client);
}

void PowermanServer::Start(Client& client, ServiceOrder order) {
  const uint64_t number = client.number;
  order.native_cycle = options_.native_cycle;
  order.wait = options_.wait;
  client.order = service_.Start(
      std::move(order),
      {.result =
           [this, number](const ServiceResult& result) {
             Tell(number, [&](PowermanSession& s) { return s.Result(result); });
           },
       .ended =
           [this, number] {
             const auto found = clients_.find(number);
             if (found == clients_.end()) return;
             found->second->order.reset();
             found->second->since = sys::SteadyNow();
             Tell(number, [](PowermanSession& s) { return s.Ended(); });
           },
       .telemetry =
           [this, number](absl::string_view line) {
             Tell(number,
                  [&](PowermanSession& s) { return s.Telemetry(line); });
           }});
}

bool PowermanServer::Write(Client& client) {
  while (client.waiting() > 0) {
    const ssize_t sent =
        send(client.fd.get(), client.unsent.data() + client.sent,
             client.waiting(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      Drop(client.number, "connection lost");
      return false;
    }
    client.sent += static_cast<size_t>(sent);
  }
  if (client.waiting() == 0) {
    client.unsent.clear();
    client.sent = 0;
    if (client.ending) {
      Drop(client.number, "");
      return false;
    }
  } else if (client.sent > client.unsent.size() / 2) {
    client.unsent.erase(0, std::exchange(client.sent, 0));
  }
  return true;
}

void PowermanServer::SetWatch(Client& client) {
  const bool reads = !client.heard_all && !client.ending &&
                     client.waiting() <= options_.max_unread_bytes;
  loop_.Rewatch(client.fd.get(),
                (reads ? uint32_t{EPOLLIN} : 0) |
                    (client.waiting() > 0 ? uint32_t{EPOLLOUT} : 0));
}

// One that is waited for has its own time; one that we wait for has not.
void PowermanServer::SetTimer(Client& client) {
  loop_.Cancel(std::exchange(client.timer, 0));
  const bool stalls = client.waiting() > 0;
  if (!stalls && client.order.has_value()) return;
  const absl::Duration time = stalls ? options_.stall_time : options_.idle_time;
  client.timer = loop_.At(client.since + time, [this, number = client.number,
                                                stalls] {
    Drop(number, stalls ? "does not read its answers" : "asked for nothing");
  });
}

void PowermanServer::Drop(uint64_t number, absl::string_view why) {
  const auto found = clients_.find(number);
  if (found == clients_.end()) return;
  std::unique_ptr<Client> client = std::move(found->second);
  clients_.erase(found);
  loop_.Cancel(client->timer);
  loop_.Unwatch(client->fd.get());
  if (client->order) service_.Abandon(*client->order);
  if (!why.empty()) {
    sys::LogStep("powerman.gone", {{"peer", client->peer}, {"why", why}});
  }
  // Whoever called may still look at it.
  loop_.DeleteAtEndOfTurn(std::move(client));
}

}  // namespace power
