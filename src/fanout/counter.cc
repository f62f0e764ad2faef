#include "fanout/counter.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "fanout/client_limit.h"
#include "fanout/stack.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pass_fd.h"

namespace fanout {
namespace {

constexpr absl::string_view kVersion = "0.1";
constexpr size_t kReadBytes = 512;
constexpr size_t kMaxVersionBytes = 16;
// Answers for a client that does not read; it is not read from either then.
constexpr size_t kMaxUnsentBytes = 4096;
constexpr size_t kShare = 4;  // clients get one in so many descriptors
constexpr absl::Duration kVersionTime = absl::Seconds(10);

constexpr size_t kMaxAnswerBytes = 64 << 10;
constexpr absl::Duration kAnswerTime = absl::Seconds(10);

}  // namespace

struct Counter::Client {
  explicit Client(sys::Fd f) : fd(std::move(f)) {}
  sys::Fd fd;
  sys::Loop::Timer timer = 0;
  bool greeted = false;
  std::string version, unsent;
};

Counter::Counter(sys::Loop& loop, std::string source, int64_t first)
    : loop_(loop),
      source_(std::move(source)),
      next_(first),
      acceptor_(
          loop, [this] { return RoomForClient(clients_.size(), kShare); },
          [this](sys::Fd fd) { Admit(std::move(fd)); }) {}

Counter::~Counter() {
  for (auto& [fd, client] : clients_) {
    loop_.Cancel(client->timer);
    loop_.Unwatch(fd);
  }
}

absl::Status Counter::Listen(int listener) {
  return acceptor_.Listen(listener);
}

void Counter::Admit(sys::Fd fd) {
  const int number = fd.get();
  auto owned = std::make_unique<Client>(std::move(fd));
  Client& client = *owned;
  const absl::Status watching =
      loop_.Watch(number, EPOLLIN,
                  [this, &client](uint32_t events) { Serve(client, events); });
  if (!watching.ok()) return;
  clients_[number] = std::move(owned);
  client.timer = loop_.After(kVersionTime, [this, &client] { Drop(client); });
}

void Counter::Serve(Client& client, uint32_t events) {
  constexpr uint32_t kGone = EPOLLHUP | EPOLLERR;
  if (events & (EPOLLIN | kGone)) {
    const absl::StatusOr<sys::Received> received =
        sys::ReceiveWithFd(client.fd.get(), kReadBytes);
    if (!received.ok() || received->closed) return Drop(client);
    for (char c : received->bytes) {
      Carry(client, c);
      if (!client.fd) return;
    }
  }
  Send(client);
}

void Counter::Carry(Client& client, char c) {
  if (!client.greeted) return Greet(client, c);
  switch (c) {
    case 'u':
      absl::StrAppend(&client.unsent, next_++, "\n");
      return;
    case 'U':
      client.unsent += source_;
      client.unsent += '\0';
      return;
    default:
      client.unsent += "-No\n";
  }
}

void Counter::Greet(Client& client, char c) {
  if (c != '\0') {
    client.version += c;
    if (client.version.size() > kMaxVersionBytes) Drop(client);
    return;
  }
  if (client.version != kVersion) {
    client.unsent = absl::StrCat("only version ", kVersion, " is spoken\n");
    Send(client);
    return Drop(client);
  }
  loop_.Cancel(std::exchange(client.timer, 0));
  client.greeted = true;
  client.unsent += '\n';
}

void Counter::Send(Client& client) {
  if (!sys::SendSome(client.fd.get(), &client.unsent).ok()) {
    return Drop(client);
  }
  uint32_t events =
      client.unsent.size() < kMaxUnsentBytes ? uint32_t{EPOLLIN} : 0;
  if (!client.unsent.empty()) events |= EPOLLOUT;
  loop_.Rewatch(client.fd.get(), events);
}

void Counter::Drop(Client& client) {
  if (!client.fd) return;
  loop_.Cancel(client.timer);
  loop_.Unwatch(client.fd.get());
  const auto found = clients_.find(client.fd.get());
  client.fd.Reset();
  loop_.DeleteAtEndOfTurn(std::move(found->second));
  clients_.erase(found);
  acceptor_.Resume();
}

// --- the client's side -------------------------------------------------------

absl::StatusOr<CounterClient> CounterClient::Connect(
    const sys::Environment& environment) {
  TRY_ASSIGN(const Stack stack, ReadStack("gtfw", environment));
  const absl::StatusOr<std::string> path = stack.Target();
  if (!path.ok()) return absl::NotFoundError("no enclosing gtfw instance");
  absl::StatusOr<sys::Fd> connection = ConnectManager(*path);
  if (!connection.ok()) {
    return absl::NotFoundError(connection.status().message());
  }
  absl::StatusOr<CounterClient> client = Start(*std::move(connection));
  if (!client.ok()) return base::Context(client.status(), *path);
  return client;
}

absl::StatusOr<CounterClient> CounterClient::Start(sys::Fd connection) {
  CounterClient client(std::move(connection));
  TRY_ASSIGN(
      const std::string greeting,
      client.Ask(absl::StrCat(kVersion, absl::string_view("\0", 1)), '\n'));
  if (!greeting.empty()) {
    return absl::AbortedError(absl::StrCat("gtfw: ", greeting));
  }
  TRY_ASSIGN(client.source_, client.Ask("U", '\0'));
  return client;
}

absl::StatusOr<std::string> CounterClient::Next() {
  TRY_ASSIGN(const std::string number, Ask("u", '\n'));
  if (number.empty() || number.size() > 20 ||
      !std::all_of(number.begin(), number.end(),
                   [](char c) { return absl::ascii_isdigit(c); })) {
    return absl::AbortedError("gtfw: not a number");
  }
  return number;
}

absl::StatusOr<std::string> CounterClient::Ask(absl::string_view request,
                                               char end) {
  const auto lost = [](absl::string_view why) {
    return absl::AbortedError(absl::StrCat("lost gtfw diversion: ", why));
  };
  absl::StatusOr<size_t> sent = sys::SendWithFd(fd_.get(), request, -1);
  if (!sent.ok()) return lost(sent.status().message());
  if (*sent != request.size()) return lost("it does not listen");
  const absl::Time deadline = sys::SteadyNow() + kAnswerTime;
  std::string answer;
  while (answer.empty() || answer.back() != end) {
    const absl::Duration left = deadline - sys::SteadyNow();
    pollfd ready = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int64_t ms = absl::ToInt64Milliseconds(left);
    if (ms <= 0) return lost("no answer");
    // A signal that interrupts it is no answer either.
    if (poll(&ready, 1, static_cast<int>(ms)) <= 0) continue;
    TRY_ASSIGN(const sys::Received received,
               sys::ReceiveWithFd(fd_.get(), kReadBytes));
    if (received.closed) return lost("it hung up");
    answer += received.bytes;
    if (answer.size() > kMaxAnswerBytes) return lost("too long an answer");
  }
  answer.pop_back();
  if (answer.find(end) != std::string::npos) return lost("two answers");
  return answer;
}

}  // namespace fanout
