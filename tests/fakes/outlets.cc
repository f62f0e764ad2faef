// outlets [--count=N] [--address=127.0.20.1] [--port=161] [--outlets=8]
//         [--off] [--community=WORD] [--stuck=PLUG] [--delay=20ms]
//         [--deaf=PLUG] [--ready-fd=N]
// Serves models of outlet strips that speak SNMP (snmp_agent.h, the family
// apc-masterswitch) on N addresses that follow each other. The plug --stuck
// takes commands and stays as it is; what is written about --deaf is carried
// out and never answered. Each write is a line when it comes: address, plug,
// on or off, and milliseconds.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/epoll.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "fakes/settings.h"
#include "fakes/snmp_agent.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/udp_socket.h"

namespace {

struct Wanted {
  int count = 1, port = 161, outlets = 8;
  int stuck = 0, deaf = 0;
  bool is_off = false;
  std::string address = "127.0.20.1";
  std::string community = "private";
  absl::Duration delay = absl::ZeroDuration();
};

power::SnmpOid ObjectOf(int plug) {
  return {
      1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3, static_cast<uint32_t>(plug)};
}

class Strip {
 public:
  Strip(sys::Loop& loop, const Wanted& wanted, const std::string& address)
      : loop_(loop), wanted_(wanted), address_(address) {
    agent_.community = wanted.community;
    agent_.system = {1, 3, 6, 1, 4, 1, 318, 1, 3, 4, 4};
    for (int plug = 1; plug <= wanted.outlets; ++plug) {
      agent_.objects[ObjectOf(plug)] = wanted.is_off ? 2 : 1;
    }
    agent_.on_write = [this](const power::SnmpOid& object, int64_t value) {
      const int plug = static_cast<int>(object.back());
      printf("%s %d %s %lld\n", address_.c_str(), plug,
             value == 1 ? "on" : "off",
             static_cast<long long>(base::ToMillis(sys::SteadyNow())));
      fflush(stdout);
      if (plug != wanted_.stuck) agent_.objects[object] = value;
      swallow_ = plug == wanted_.deaf;
      return int64_t{0};
    };
  }

  absl::Status Serve() {
    TRY_ASSIGN(const sys::UdpAddress wanted,
               sys::UdpAddress::Parse(address_, wanted_.port));
    absl::StatusOr<sys::UdpSocket> socket = sys::UdpSocket::Bind(wanted);
    TRY(socket);
    socket_ = std::make_unique<sys::UdpSocket>(*std::move(socket));
    return loop_.Watch(socket_->fd(), EPOLLIN, [this](uint32_t) { Answer(); });
  }

 private:
  void Answer() {
    while (socket_->TakeError().has_value()) {
    }
    std::string buffer(8192, '\0');
    while (const auto arrived = socket_->Receive(buffer)) {
      swallow_ = false;
      const auto answer = agent_.Receive(arrived->datagram);
      if (!answer.has_value() || swallow_) continue;
      loop_.After(wanted_.delay, [this, to = arrived->from, answer = *answer] {
        socket_->Send(to, answer).IgnoreError();
      });
    }
  }

  sys::Loop& loop_;
  const Wanted& wanted_;
  const std::string address_;
  fakes::SnmpAgent agent_;
  std::unique_ptr<sys::UdpSocket> socket_;
  bool swallow_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  fakes::Settings settings("outlets");
  settings.Bind("--count", &wanted.count)
      .Bind("--address", &wanted.address)
      .Bind("--port", &wanted.port)
      .Bind("--outlets", &wanted.outlets)
      .Bind("--stuck", &wanted.stuck)
      .Bind("--deaf", &wanted.deaf)
      .Bind("--community", &wanted.community)
      .Bind("--delay", &wanted.delay)
      .Flag("--off", &wanted.is_off);
  if (!settings.Read(argc, argv)) return 64;
  sys::Loop loop;
  std::vector<std::unique_ptr<Strip>> strips;
  for (int i = 0; i < wanted.count; ++i) {
    strips.push_back(std::make_unique<Strip>(
        loop, wanted, fakes::AddressBehind(wanted.address, i)));
    const absl::Status served = strips.back()->Serve();
    if (!served.ok()) {
      fprintf(stderr, "outlets: %s\n", std::string(served.message()).c_str());
      return 71;
    }
  }
  sys::Signals signals(loop, {SIGTERM, SIGINT}, [&](int) { loop.Stop(); });
  sys::TellReady(settings.ready_fd(), "ready\n");
  loop.Run();
  return 0;
}
