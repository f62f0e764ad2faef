#include "fakes/bmc_server.h"

#include <sys/epoll.h>

#include <utility>

#include "base/status.h"
#include "sys/clock.h"

namespace fakes {

absl::StatusOr<std::unique_ptr<BmcServer>> BmcServer::Make(
    sys::Loop& loop, const std::string& address, int port, BmcOptions options,
    BmcNetwork network, uint64_t seed) {
  TRY_ASSIGN(const sys::UdpAddress wanted,
             sys::UdpAddress::Parse(address, port));
  TRY_ASSIGN(sys::UdpSocket socket, sys::UdpSocket::Bind(wanted));
  TRY_ASSIGN(const sys::UdpAddress given, socket.LocalAddress());
  std::unique_ptr<BmcServer> server(new BmcServer(
      loop, std::move(socket), given, std::move(options), network, seed));
  TRY(loop.Watch(server->socket_.fd(), EPOLLIN,
                 [s = server.get()](uint32_t) { s->OnReadable(); }));
  return server;
}

BmcServer::BmcServer(sys::Loop& loop, sys::UdpSocket socket,
                     sys::UdpAddress address, BmcOptions options,
                     BmcNetwork network, uint64_t seed)
    : loop_(loop),
      socket_(std::move(socket)),
      address_(address),
      model_(std::move(options), seed),
      network_(network),
      random_(seed) {}

BmcServer::~BmcServer() { loop_.Unwatch(socket_.fd()); }

bool BmcServer::IsLost() {
  return static_cast<double>(random_() % 1'000'000) < network_.loss * 1'000'000;
}

void BmcServer::OnReadable() {
  // Other clients' errors: nobody is waiting for those answers any more.
  while (socket_.TakeError().has_value()) {
  }
  std::string buffer(2048, '\0');
  while (const auto arrived = socket_.Receive(buffer)) {
    ++received_;
    if (network_.is_dead || IsLost()) continue;
    for (std::string& answer :
         model_.Receive(arrived->datagram, sys::SteadyNow())) {
      if (IsLost()) continue;
      if (network_.delay == absl::ZeroDuration()) {
        socket_.Send(arrived->from, answer).IgnoreError();
        continue;
      }
      loop_.After(network_.delay,
                  [this, to = arrived->from, answer = std::move(answer),
                   alive = std::weak_ptr<bool>(alive_)] {
                    if (alive.expired()) return;
                    socket_.Send(to, answer).IgnoreError();
                  });
    }
  }
}

}  // namespace fakes
