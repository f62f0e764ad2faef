#include "msrc/relay_server.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "msrc/receiver_identity.h"
#include "net/address.h"
#include "net/channel.h"
#include "net/stdio_socket.h"
#include "sys/last_words.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/users.h"
#include "wire/message.h"

namespace msrc {
namespace {

// Between the end of ssh's output and its own; behind the end of its input.
constexpr absl::Duration kSshEndTime = absl::Seconds(2);
constexpr absl::Duration kCloseTime = absl::Seconds(15);
constexpr absl::Duration kCallTime = absl::Minutes(1);
constexpr uint32_t kSshFailed = 255;
constexpr int kNoController = 76;  // EX_PROTOCOL

}  // namespace

struct RelayServer::Host {
  std::unique_ptr<net::Connector> connector;
  std::string waiting;  // until it is there
  RelayFlow waits;      // likewise: what has come
  bool closed = false;  // the controller is done with it
  std::unique_ptr<RelayStream> stream;
  std::optional<sys::Child> child;
  sys::Fd error_fd;
  std::string errors;  // the end of what ssh said
  sys::Loop::Timer timer = 0;
};

RelayServer::RelayServer(sys::Loop& loop, Calls calls)
    : loop_(loop), calls_(std::move(calls)) {}

RelayServer::~RelayServer() {
  while (!hosts_.empty()) Forget(hosts_.begin()->first);
}

void RelayServer::Send(RelayKind kind, uint32_t id, absl::string_view bytes,
                       uint32_t number) {
  calls_.send(EncodeRelay({.kind = kind,
                           .stream = id,
                           .bytes = std::string(bytes),
                           .number = number}));
}

void RelayServer::OnMessage(absl::string_view bytes) {
  if (failed_) return;
  absl::StatusOr<RelayMessage> message = ParseRelay(bytes);
  const absl::Status status = message.ok() ? Take(*message) : message.status();
  if (status.ok()) return;
  failed_ = true;
  calls_.failed(status);
}

// What is for a host that has ended was on its way when we said so.
absl::Status RelayServer::Take(RelayMessage& message) {
  const uint32_t id = message.stream;
  if (message.kind == RelayKind::kOpen) return Open(id, message.open);
  if (id > last_) {
    return absl::InvalidArgumentError("relay: a stream that nobody opened");
  }
  switch (message.kind) {
    case RelayKind::kData:
      return Write(id, message.bytes);
    case RelayKind::kNew: {
      auto kept = std::make_shared<const std::string>(std::move(message.bytes));
      store_.Keep(wire::HashOf(*kept), kept->size(), kept);
      return Write(id, *kept);
    }
    case RelayKind::kKept: {
      const std::shared_ptr<const std::string> kept = store_.Find(message.hash);
      if (kept == nullptr) {
        return absl::InvalidArgumentError("relay: bytes that it does not keep");
      }
      return Write(id, *kept);
    }
    case RelayKind::kTaken: {
      const auto host = hosts_.find(id);
      if (host == hosts_.end()) return absl::OkStatus();
      if (host->second->stream == nullptr) {
        return absl::InvalidArgumentError("relay: nothing was sent");
      }
      return host->second->stream->Taken(message.number);
    }
    case RelayKind::kClose: {
      const auto found = hosts_.find(id);
      if (found == hosts_.end()) return absl::OkStatus();
      Host& host = *found->second;
      if (std::exchange(host.closed, true)) return absl::OkStatus();
      if (host.stream != nullptr) host.stream->EndOutput();
      loop_.Cancel(host.timer);
      host.timer = loop_.After(kCloseTime, [this, id] {
        hosts_.at(id)->timer = 0;
        End(id);
      });
      return absl::OkStatus();
    }
    case RelayKind::kOpen:
    case RelayKind::kErrors:
    case RelayKind::kEnded:
      break;
  }
  return absl::InvalidArgumentError("relay: a message of the other end's");
}

absl::Status RelayServer::Open(uint32_t id, const RelayOpen& open) {
  if (id <= last_) {
    return absl::InvalidArgumentError("relay: a stream out of its order");
  }
  if (hosts_.size() >= kMaxRelayStreams) {
    return absl::InvalidArgumentError("relay: too many streams");
  }
  last_ = id;
  auto host = std::make_unique<Host>();
  net::Address address;
  address.carrier = net::Address::Carrier::kSsh;
  address.host = open.host;
  address.user = open.login;
  net::ConnectOptions options;
  options.longest = kCallTime;
  options.ssh_as_given = true;
  options.ssh_program = open.ssh[0];
  options.ssh_options.assign(open.ssh.begin() + 1, open.ssh.end());
  options.remote_command = open.command;
  host->connector =
      net::Connector::Start(loop_, address, std::move(options),
                            [this, id](absl::StatusOr<net::Connection> c) {
                              Connected(id, std::move(c));
                            });
  hosts_[id] = std::move(host);
  return absl::OkStatus();
}

absl::Status RelayServer::Write(uint32_t id, absl::string_view bytes) {
  const auto found = hosts_.find(id);
  if (found == hosts_.end()) return absl::OkStatus();
  Host& host = *found->second;
  if (host.closed) {
    return absl::InvalidArgumentError("relay: bytes behind an end");
  }
  if (host.stream != nullptr) return host.stream->Write(bytes);
  TRY(host.waits.Add(bytes.size()));
  host.waiting.append(bytes.data(), bytes.size());
  return absl::OkStatus();
}

void RelayServer::Connected(uint32_t id,
                            absl::StatusOr<net::Connection> connection) {
  Host& host = *hosts_.at(id);
  host.connector = nullptr;
  RelayStream::Calls calls;
  calls.read = [this, id](absl::string_view bytes) {
    Send(RelayKind::kData, id, bytes, 0);
  };
  calls.read_end = [this, id] { OutputEnded(id); };
  calls.taken = [this, id](size_t bytes) {
    Send(RelayKind::kTaken, id, "", static_cast<uint32_t>(bytes));
  };
  calls.all_written = [] {};
  absl::Status status = connection.status();
  if (status.ok()) {
    host.child = std::move(connection->child);
    host.error_fd = std::move(connection->child_errors);
    auto stream =
        RelayStream::Make(loop_, std::move(connection->fd), std::move(calls));
    status = stream.status();
    if (stream.ok()) host.stream = *std::move(stream);
  }
  if (status.ok()) {
    status = loop_.Watch(host.error_fd.get(), EPOLLIN,
                         [this, id](uint32_t) { ReadErrors(*hosts_.at(id)); });
  }
  if (!status.ok()) {
    host.errors = std::string(status.message());
    return End(id);
  }
  host.stream->Brake(brake_);
  // No more than there is room for.
  MUST(host.stream->Write(std::exchange(host.waiting, "")).ok());
  if (host.closed) host.stream->EndOutput();
}

void RelayServer::ReadErrors(Host& host) {
  sys::TakeLastWords(loop_, &host.error_fd, &host.errors);
}

// ssh's exit code says whose fault it was.
void RelayServer::OutputEnded(uint32_t id) {
  Host& host = *hosts_.at(id);
  const absl::Status watching = loop_.Watch(host.child->pidfd(), EPOLLIN,
                                            [this, id](uint32_t) { End(id); });
  loop_.Cancel(host.timer);
  host.timer = loop_.After(watching.ok() ? kSshEndTime : absl::ZeroDuration(),
                           [this, id] {
                             hosts_.at(id)->timer = 0;
                             End(id);
                           });
}

void RelayServer::End(uint32_t id) {
  Host& host = *hosts_.at(id);
  ReadErrors(host);
  uint32_t code = kSshFailed;
  if (host.child.has_value()) {
    loop_.Unwatch(host.child->pidfd());
    // It has closed its output, so it does not matter whether it has ended.
    host.child->Signal(SIGKILL).IgnoreError();
    const sys::Ended ended = host.child->Wait();
    host.child.reset();
    if (ended.signal == 0) code = static_cast<uint32_t>(ended.code & 0xff);
  }
  if (!host.errors.empty()) Send(RelayKind::kErrors, id, host.errors, 0);
  Send(RelayKind::kEnded, id, "", code);
  Forget(id);
}

// Our child's destructor ends it.
void RelayServer::Forget(uint32_t id) {
  const auto found = hosts_.find(id);
  Host& host = *found->second;
  loop_.Cancel(std::exchange(host.timer, 0));
  if (host.child.has_value()) loop_.Unwatch(host.child->pidfd());
  if (host.error_fd) loop_.Unwatch(host.error_fd.get());
  hosts_.erase(found);
}

void RelayServer::Brake(bool brake) {
  if (std::exchange(brake_, brake) == brake) return;
  for (auto& [id, host] : hosts_) {
    if (host->stream != nullptr) host->stream->Brake(brake);
  }
}

// --- at standard input and output --------------------------------------------

namespace {

// A relay says hello as a receiver does.
std::string Hello() {
  fleetbox::wire::FromReceiver message;
  fleetbox::wire::ReceiverHello& hello = *message.mutable_hello();
  hello.set_protocol(1);
  hello.set_software("fleetbox " FLEETBOX_VERSION);
  hello.set_platform(sys::Platform());
  hello.set_uid(sys::MyUid());
  hello.set_nonce(sys::RandomBytes(kNonceBytes));
  return wire::Serialize(message);
}

class RelayAtStdio {
 public:
  explicit RelayAtStdio(sys::Loop& loop) : loop_(loop) {}

  absl::Status Begin() {
    TRY_ASSIGN(sys::Fd socket, stdio_.Open());
    RelayServer::Calls calls;
    calls.send = [this](std::string message) {
      if (channel_ == nullptr) return;
      channel_->SendData(std::move(message));
      if (channel_->queued_bytes() > kUnderWayBytes) server_->Brake(true);
    };
    calls.failed = [this](const absl::Status& why) { Over(why); };
    server_ = std::make_unique<RelayServer>(loop_, std::move(calls));
    net::ChannelEvents events;
    events.opened = [this](net::Channel& channel) {
      met_ = true;
      channel.SendData(Hello());
    };
    events.data = [this](net::Channel&, absl::string_view data) {
      server_->OnMessage(data);
    };
    events.drained = [this](net::Channel&) { server_->Brake(false); };
    events.closed = [this](net::Channel&, const absl::Status& why) {
      Over(why);
    };
    channel_ = net::Channel::Accept(loop_, std::move(socket),
                                    net::Address::Carrier::kSsh, "stdio", {},
                                    std::move(events));
    return absl::OkStatus();
  }
  // Whoever is connected has their connections cut.
  void Over(const absl::Status& why) {
    if (std::exchange(over_, true)) return;
    if (!why.ok()) sys::LogStep("relay.lost", {{"why", why.message()}});
    loop_.AtEndOfTurn([this] {
      channel_.reset();
      server_.reset();
      stdio_.Close();
      loop_.Stop();
    });
  }
  bool met() const { return met_; }

 private:
  sys::Loop& loop_;
  net::StdioSocket stdio_;
  std::unique_ptr<RelayServer> server_;
  std::unique_ptr<net::Channel> channel_;
  bool over_ = false, met_ = false;
};

}  // namespace

absl::StatusOr<int> ServeRelay() {
  TRY(CheckOwnIdentity());
  RemoveOwnCopy();
  sys::Loop loop;
  RelayAtStdio relay(loop);
  const sys::Signals signals(loop, {SIGHUP, SIGINT, SIGTERM}, [&relay](int) {
    relay.Over(absl::CancelledError("a signal"));
  });
  TRY(relay.Begin());
  loop.Run();
  return relay.met() ? 0 : kNoController;
}

}  // namespace msrc
