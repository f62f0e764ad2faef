// Small parcels a second through a channel, against the same frames through a
// bare socket: what credits, events and encryption cost. Two threads with a
// loop each; one sends, the other answers each parcel with a receipt, which is
// what every channel of ours carries.
//
//   channel_bench [FILE]    also writes JSON to FILE
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/status.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "net/listener.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace {

constexpr int kParcels = 1'000'000;
constexpr int kUnderWay = 2'000;  // sent and not receipted
constexpr size_t kParcelBytes = 300;
constexpr int kRuns = 5;

class AnyKey : public wire::Trust {
 public:
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey&, absl::string_view, absl::Time) const override {
    return std::vector<std::string>{"bench:a", "bench:b"};
  }
};

// Sends when there is room, through `send`; `receipted` counts answers.
struct Sender {
  int sent = 0, receipted = 0;
  template <typename F>
  void Fill(F send) {
    while (sent < kParcels && sent - receipted < kUnderWay) {
      send();
      sent++;
    }
  }
};

net::Receipt ReceiptFor(int number) {
  net::Receipt r;
  r.code = net::Receipt::Code::kAccepted;
  r.number = number;
  return r;
}

double ChannelRun(const net::Address& address) {
  const AnyKey trust;
  const keys::KeyPair a = keys::NewKeyPair("a"), b = keys::NewKeyPair("b");
  net::ChannelOptions server, client;
  server.trust = client.trust = &trust;
  server.signer = &a;
  server.principal = "bench:a";
  client.signer = &b;
  client.principal = "bench:b";
  std::atomic<int> port = -1;
  std::thread other([&] {
    sys::Loop loop;
    std::unique_ptr<net::Channel> channel;
    int number = 0;
    auto listener = net::Listener::Listen(
        loop, address, server,
        [&] {
          net::ChannelEvents events;
          events.parcel = [&](net::Channel& c, absl::string_view) {
            c.SendReceipt(ReceiptFor(number++));
          };
          events.closed = [&](net::Channel&, const absl::Status&) {
            loop.Stop();
          };
          return events;
        },
        [&](std::unique_ptr<net::Channel> c) { channel = std::move(c); });
    MUST(listener.ok());
    port = (*listener)->address().port;
    loop.Run();
  });
  while (port < 0) std::this_thread::yield();
  net::Address at = address;
  at.port = port;
  sys::Loop loop;
  Sender sender;
  absl::Time begin, end;
  const std::string parcel(kParcelBytes, 'p');
  net::ChannelEvents events;
  events.opened = [&](net::Channel& c) {
    begin = sys::SteadyNow();
    sender.Fill([&] { c.Send(parcel); });
  };
  events.receipt = [&](net::Channel& c, const net::Receipt&) {
    if (++sender.receipted == kParcels) {
      end = sys::SteadyNow();
      c.Close("done");
    }
    if (sender.receipted % 100 == 0) sender.Fill([&] { c.Send(parcel); });
  };
  events.closed = [&](net::Channel&, const absl::Status& status) {
    MUST(status.ok());
    loop.Stop();
  };
  auto channel = net::Channel::Call(loop, at, client, std::move(events));
  loop.Run();
  other.join();
  return kParcels / absl::ToDoubleSeconds(end - begin);
}

// The same bytes with blocking reads and writes of 64 KiB, no frames looked at
// but by their size: the limit.
void Pass(int fd, size_t take, const std::string& answer, size_t total) {
  std::string in(128 << 10, '\0'), out;
  size_t got = 0, answered = 0;
  while (got < total) {
    const ssize_t n = recv(fd, in.data(), in.size(), 0);
    if (n < 0 && errno == EAGAIN) {
      pollfd p = {fd, POLLIN, 0};
      poll(&p, 1, -1);
      continue;
    }
    MUST(n > 0);
    got += n;
    out.clear();
    const size_t due = std::min(got, total) / take;
    for (; answered < due; answered++) out += answer;
    for (size_t at = 0; at < out.size();) {
      const ssize_t w = send(fd, out.data() + at, out.size() - at, 0);
      if (w > 0) at += w;
      if (w < 0) {
        pollfd p = {fd, POLLOUT, 0};
        poll(&p, 1, -1);
      }
    }
  }
}

double BareRun(sys::Fd one, sys::Fd two) {
  const std::string parcel =
      net::EncodeFrame(net::FrameType::kParcel, std::string(kParcelBytes, 'p'));
  const std::string receipt =
      net::EncodeFrame(net::FrameType::kReceipt, EncodeReceipt(ReceiptFor(1)));
  std::thread other([&] {
    Pass(two.get(), parcel.size(), receipt, parcel.size() * kParcels);
  });
  const absl::Time begin = sys::SteadyNow();
  std::string first;
  for (int i = 0; i < kUnderWay; i++) first += parcel;
  for (size_t at = 0; at < first.size();) {
    const ssize_t w = send(one.get(), first.data() + at, first.size() - at, 0);
    if (w > 0) at += w;
    if (w < 0) {
      pollfd p = {one.get(), POLLOUT, 0};
      poll(&p, 1, -1);
    }
  }
  // Each receipt makes room for one parcel more, but for the last.
  Pass(one.get(), receipt.size(), parcel,
       receipt.size() * (kParcels - kUnderWay));
  other.join();
  return kParcels / absl::ToDoubleSeconds(sys::SteadyNow() - begin);
}

double BareUnix() {
  auto pair = sys::SocketPair();
  MUST(pair.ok());
  return BareRun(std::move(pair->first), std::move(pair->second));
}

double BareTcp() {
  auto listening = sys::ListenTcp("127.0.0.1", 0);
  MUST(listening.ok());
  auto one =
      sys::BeginConnectTcp("127.0.0.1", *sys::LocalPort(listening->get()));
  MUST(one.ok());
  pollfd p = {listening->get(), POLLIN, 0};
  poll(&p, 1, -1);
  auto two = sys::Accept(listening->get(), nullptr);
  MUST(two.ok());
  return BareRun(std::move(*one), std::move(*two));
}

template <typename F>
double Best(F run) {
  double best = 0;
  for (int i = 0; i < kRuns; i++) best = std::max(best, run());
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  sys::IgnoreSigpipe();
  auto folder = sys::TemporaryFolder::Make("channel-bench");
  MUST(folder.ok());
  net::Address on_unix, on_tcp;
  on_unix.path = folder->path() + "/socket";
  on_tcp.carrier = net::Address::Carrier::kTcp;
  on_tcp.host = "127.0.0.1";
  const double bare_unix = Best(BareUnix), bare_tcp = Best(BareTcp);
  const double unix_rate = Best([&] { return ChannelRun(on_unix); });
  const double tcp_rate = Best([&] { return ChannelRun(on_tcp); });
  const std::string json = absl::StrFormat(
      "{\"bench\": \"channel\", \"parcel_bytes\": %d,\n"
      " \"unix_parcels_per_s\": %.0f, \"bare_unix_frames_per_s\": %.0f, "
      "\"unix_ratio\": %.3f,\n"
      " \"tcp_parcels_per_s\": %.0f, \"bare_tcp_frames_per_s\": %.0f, "
      "\"tcp_ratio\": %.3f}\n",
      kParcelBytes, unix_rate, bare_unix, unix_rate / bare_unix, tcp_rate,
      bare_tcp, tcp_rate / bare_tcp);
  fputs(json.c_str(), stdout);
  if (argc > 1) MUST(sys::ReplaceFile(argv[1], json).ok());
  return 0;
}
