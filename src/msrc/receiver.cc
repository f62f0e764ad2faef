#include "msrc/receiver.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "cli/applet.h"
#include "msrc/cache_folder.h"
#include "msrc/receiver_identity.h"
#include "msrc/receiver_limits.h"
#include "net/channel.h"
#include "net/stdio_socket.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/signals.h"
#include "sys/users.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;

constexpr int kNoController = 76;  // EX_PROTOCOL

absl::StatusOr<ReceiverConfig> ConfigOf(const ReceiverOptions& options) {
  TRY(CheckOwnIdentity());
  ReceiverConfig config;
  config.admission = options.admission;
  config.home = sys::HomeFolder();
  // If we were brought for this run alone: as --check leaves no copy, either,
  // though it reads what is kept.
  RemoveOwnCopy();
  if (options.no_cache) return config;
  // A host without a place for it is served all the same.
  const absl::StatusOr<std::string> cache = CacheFolder();
  if (!cache.ok()) {
    sys::LogStep("receiver.cacheless", {{"why", cache.status().message()}});
    return config;
  }
  config.cache = *cache;
  TidyCache(config.cache, sys::WallNow());
  return config;
}

// A channel, the session on it, and what ends them.
class Server {
 public:
  explicit Server(sys::Loop& loop) : loop_(loop) {}

  absl::Status Begin(const ReceiverOptions& options) {
    TRY_ASSIGN(ReceiverConfig config, ConfigOf(options));
    TRY_ASSIGN(sys::Fd socket, stdio_.Open());
    session_ = std::make_unique<ReceiverSession>(loop_, std::move(config),
                                                 SessionCalls());
    net::ChannelOptions channel;
    channel.principal = options.admission.principal;
    channel_ = net::Channel::Accept(loop_, std::move(socket),
                                    net::Address::Carrier::kSsh, "stdio",
                                    std::move(channel), Events());
    return absl::OkStatus();
  }
  void Lost() {
    if (channel_ != nullptr) loop_.DeleteAtEndOfTurn(std::move(channel_));
    session_->OnLost();
  }
  // Whether there was a controller at the other end.
  bool met() const { return met_; }

 private:
  ReceiverCalls SessionCalls() {
    ReceiverCalls calls;
    calls.send = [this](const pb::FromReceiver& message) {
      if (channel_ != nullptr) channel_->SendData(wire::Serialize(message));
    };
    calls.pause = [this](bool paused) {
      if (channel_ != nullptr) channel_->Pause(paused);
    };
    calls.waiting = [this] {
      return channel_ != nullptr ? channel_->queued_bytes() : 0;
    };
    calls.said_all = [this] {
      if (channel_ == nullptr) return;
      channel_->Pause(false);
      channel_->Close("done");
    };
    calls.over = [this] {
      over_ = true;
      StopIfDone();
    };
    return calls;
  }

  net::ChannelEvents Events() {
    net::ChannelEvents events;
    events.opened = [this](net::Channel&) {
      met_ = true;
      session_->Begin();
    };
    events.parcel = [this](net::Channel&, absl::string_view parcel) {
      session_->OnParcel(parcel);
    };
    events.data = [this](net::Channel&, absl::string_view data) {
      session_->OnMessage(data);
    };
    events.drained = [this](net::Channel&) { session_->OnDrained(); };
    events.closed = [this](net::Channel&, const absl::Status& status) {
      if (!status.ok()) {
        sys::LogStep("receiver.lost", {{"why", status.message()}});
      }
      loop_.DeleteAtEndOfTurn(std::move(channel_));
      session_->OnLost();
      loop_.AtEndOfTurn([this] {
        stdio_.Close();
        StopIfDone();
      });
    };
    return events;
  }

  void StopIfDone() {
    if (over_ && channel_ == nullptr) loop_.Stop();
  }

  sys::Loop& loop_;
  net::StdioSocket stdio_;
  std::unique_ptr<ReceiverSession> session_;
  std::unique_ptr<net::Channel> channel_;
  bool over_ = false, met_ = false;
};

// The bytes of a file, the parcel first.
class BundleFile {
 public:
  absl::Status Open(const std::string& path) {
    TRY_ASSIGN(fd_, sys::Open(path, O_RDONLY | O_NOCTTY));
    TRY(base::Context(Fill(wire::kParcelHeaderBytes), path));
    const absl::StatusOr<size_t> whole = wire::ParcelLength(bytes_);
    if (!whole.ok()) return base::Context(whole.status(), path);
    const size_t length = *whole;
    TRY(base::Context(Fill(length), path));
    parcel_ = bytes_.substr(0, length);
    bytes_.erase(0, length);
    return absl::OkStatus();
  }
  const std::string& parcel() const { return parcel_; }
  // Of the contents; empty at the end.
  absl::StatusOr<std::string> More() {
    if (!bytes_.empty()) return std::exchange(bytes_, "");
    std::string bytes(kPartBytes, '\0');
    ssize_t n;
    do {
      n = read(fd_.get(), bytes.data(), bytes.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) return base::SysError("read");
    bytes.resize(static_cast<size_t>(n));
    return bytes;
  }

 private:
  static constexpr size_t kPartBytes = 256 << 10;
  absl::Status Fill(size_t length) {
    while (bytes_.size() < length) {
      const size_t had = bytes_.size();
      bytes_.resize(std::min(length, had + kPartBytes));
      const ssize_t n =
          read(fd_.get(), bytes_.data() + had, bytes_.size() - had);
      bytes_.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return base::SysError("read");
      if (n == 0) return absl::InvalidArgumentError("is no whole bundle");
    }
    return absl::OkStatus();
  }

  sys::Fd fd_;
  std::string bytes_, parcel_;
};

// What a session says, for whoever stands beside.
struct Heard {
  pb::Applied applied;
  std::optional<pb::Ended> ended;

  void Take(const pb::FromReceiver& message) {
    switch (message.what_case()) {
      case pb::FromReceiver::kApplied:
        applied = message.applied();
        break;
      case pb::FromReceiver::kEnded:
        ended = message.ended();
        break;
      case pb::FromReceiver::kOutput:
        (void)sys::WriteAll(message.output().stream() == 2 ? 2 : 1,
                            message.output().bytes());
        break;
      default:
        break;
    }
  }
  int ExitCode() const {
    if (applied.outcome() != pb::Applied::APPLIED &&
        applied.outcome() != pb::Applied::COMPARED) {
      return static_cast<int>(applied.status());
    }
    if (!ended) return 0;
    return ended->signal() != 0 ? 128 + static_cast<int>(ended->signal())
                                : static_cast<int>(ended->exit_code());
  }
};

}  // namespace

absl::StatusOr<int> ServeStdio(const ReceiverOptions& options) {
  sys::Loop loop;
  Server server(loop);
  const sys::Signals signals(loop, {SIGHUP, SIGINT, SIGTERM},
                             [&server](int) { server.Lost(); });
  TRY(server.Begin(options));
  loop.Run();
  // Whoever meant to run something else here must not think that it was run:
  // all there is to a login may be us.
  return server.met() ? 0 : kNoController;
}

absl::StatusOr<int> ApplyBundle(const ReceiverOptions& options,
                                const std::string& file) {
  BundleFile bundle;
  TRY(bundle.Open(file));
  TRY_ASSIGN(ReceiverConfig config, ConfigOf(options));
  config.local = true;
  sys::Loop loop;
  Heard heard;
  ReceiverCalls calls;
  calls.send = [&heard](const pb::FromReceiver& m) { heard.Take(m); };
  bool over = false;
  calls.over = [&] {
    over = true;
    loop.Stop();
  };
  ReceiverSession session(loop, std::move(config), std::move(calls));
  const sys::Signals signals(loop, {SIGHUP, SIGINT, SIGTERM},
                             [&session](int) { session.OnLost(); });
  session.TakeBundle(bundle.parcel());
  while (!over && !session.wants_content() &&
         loop.Turn(absl::InfiniteDuration())) {
  }
  while (!over && session.wants_content()) {
    TRY_ASSIGN(const std::string bytes, bundle.More());
    if (bytes.empty()) {
      return cli::FailWith(65, absl::StrCat(file, ": is no whole bundle"));
    }
    session.Feed(bytes);
  }
  if (!over) loop.Run();
  const int code = heard.ExitCode();
  const std::string& why = heard.applied.error();
  if (!why.empty()) return cli::FailWith(code, absl::StrCat(file, ": ", why));
  for (const std::string& warning : heard.applied.warning()) {
    sys::LogStep("receiver.warning", {{"what", warning}});
  }
  if (heard.ended && !heard.ended->error().empty()) {
    return cli::FailWith(code, heard.ended->error());
  }
  return code;
}

}  // namespace msrc
