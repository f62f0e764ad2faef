#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "msrc/host_link_state.h"
#include "sys/last_words.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Between the end of ssh's output and its own.
constexpr absl::Duration kSshEndTime = absl::Seconds(2);
// ssh's exit code when it is ssh that failed.
constexpr int kSshFailed = 255;
// The receiver may be hashing for long; the exchange has limits of its own.
constexpr absl::Duration kDeadAfter = absl::Minutes(5);

std::string LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return base::Escape(text.substr(text.rfind('\n') + 1));
}

}  // namespace

void HostLink::State::Connect() {
  net::Address address;
  address.carrier = net::Address::Carrier::kSsh;
  address.host = job.name;
  address.user = job.login;
  RemoteStartOptions start;
  start.executables = shared.executables->list();
  start.arguments = shared.receiver_arguments;
  start.fresh = fresh;
  // A check leaves nothing that was not there.
  start.no_cache = shared.no_cache || shared.policy.check();
  if (shared.no_cache) start.arguments.push_back("--no-cache");
  net::ConnectOptions options;
  options.longest = shared.limits.connect;
  options.ssh_as_given = true;
  options.ssh_program = job.ssh[0];
  options.ssh_options.assign(job.ssh.begin() + 1, job.ssh.end());
  options.remote_command = RemoteStartWords(start);
  if (relays != nullptr) return ConnectByRelay(options);
  for (std::string& word : MuxOptions(shared.mux_folder)) {
    options.ssh_options.push_back(std::move(word));
  }
  connector =
      net::Connector::Start(loop, address, std::move(options),
                            [this](absl::StatusOr<net::Connection> connection) {
                              std::shared_ptr<State> keep = shared_from_this();
                              connector = nullptr;
                              if (!connection.ok())
                                return On(Lost{connection.status()});
                              Connected(*std::move(connection));
                            });
}

// A relay that is not there ends the connection, and says why.
void HostLink::State::ConnectByRelay(const net::ConnectOptions& options) {
  RelayOpen open;
  open.ssh = {options.ssh_program};
  open.ssh.insert(open.ssh.end(), options.ssh_options.begin(),
                  options.ssh_options.end());
  open.login = job.login;
  open.host = job.name;
  open.command = options.remote_command;
  // Until the relay is there, it is the relay that takes its time.
  relay_waits = true;
  absl::StatusOr<Relays::Way> way =
      relays->Call(turn, std::move(open), [weak = weak_from_this()] {
        const std::shared_ptr<State> state = weak.lock();
        if (state == nullptr) return;
        state->relay_waits = false;
        state->OnSoon(ContentMoved{});
      });
  if (!way.ok()) return OnSoon(Lost{way.status()});
  relayed_code = way->code;
  Connected(std::move(way->connection));
}

void HostLink::State::Connected(net::Connection connection) {
  link = std::move(connection);
  absl::Status watching =
      loop.Watch(link.fd.get(), EPOLLIN, [this](uint32_t happened) {
        std::shared_ptr<State> keep = shared_from_this();
        if (happened & EPOLLOUT) WriteTalk();
        if (link.fd && (happened & ~uint32_t{EPOLLOUT})) ReadTalk();
      });
  if (watching.ok()) {
    watching = loop.Watch(link.child_errors.get(), EPOLLIN,
                          [this](uint32_t) { ReadErrors(); });
  }
  if (!watching.ok()) On(Lost{watching});
}

void HostLink::State::ReadErrors() {
  sys::TakeLastWords(loop, &link.child_errors, &errors);
}

void HostLink::State::ReadTalk() {
  char buffer[kReadBytes];
  const ssize_t n = read(link.fd.get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return TalkEnded();
  reader.Feed({buffer, static_cast<size_t>(n)});
  while (!told && !hung_up) {
    auto answer = reader.Next();
    if (!answer.ok()) return On(Lost{answer.status()});
    if (std::holds_alternative<std::monostate>(*answer)) return;
    if (auto* hello = std::get_if<RemoteHello>(&*answer)) {
      return Adopt(std::move(hello->bytes));
    }
    On(RemoteAnswered{*std::move(answer)});
  }
}

void HostLink::State::WriteTalk() {
  while (link.fd) {
    const bool head = !to_write.empty();
    const absl::string_view rest =
        head               ? absl::string_view(to_write)
        : bytes != nullptr ? absl::string_view(*bytes).substr(written)
                           : absl::string_view();
    if (rest.empty()) break;
    const ssize_t n = send(link.fd.get(), rest.data(),
                           std::min(rest.size(), kUnderWayBytes), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    // A failure shows when it is read, with what the other end has to say.
    if (n < 0) break;
    if (head) {
      to_write.erase(0, static_cast<size_t>(n));
    } else {
      written += static_cast<size_t>(n);
    }
    OnSoon(ContentMoved{});
  }
  WatchTalk();
}

void HostLink::State::WatchTalk() {
  if (!link.fd) return;
  const bool more =
      !to_write.empty() || (bytes != nullptr && written < bytes->size());
  loop.Rewatch(link.fd.get(), EPOLLIN | (more ? uint32_t{EPOLLOUT} : 0u));
}

// The end of its output: ssh's exit code says whose fault it is.
void HostLink::State::TalkEnded() {
  loop.Unwatch(link.fd.get());
  if (!link.child.has_value()) return SshEnded();
  const absl::Status watching = loop.Watch(link.child->pidfd(), EPOLLIN,
                                           [this](uint32_t) { SshEnded(); });
  end_timer =
      loop.After(watching.ok() ? kSshEndTime : absl::ZeroDuration(), [this] {
        end_timer = 0;
        SshEnded();
      });
}

void HostLink::State::SshEnded() {
  std::shared_ptr<State> keep = shared_from_this();
  loop.Cancel(std::exchange(end_timer, 0));
  if (link.child_errors) ReadErrors();
  sys::Ended ended;
  if (link.child.has_value()) {
    loop.Unwatch(link.child->pidfd());
    // It has closed its output, so it does not matter whether it has ended.
    link.child->Signal(SIGKILL).IgnoreError();
    ended = link.child->Wait();
    link.child.reset();
  } else {
    ended.code = relayed_code != nullptr ? *relayed_code : kSshFailed;
  }
  const bool remote = ended.signal == 0 && ended.code != kSshFailed;
  // Of a command that a signal has ended, ssh says nothing, and ends as if it
  // could not connect.
  const bool killed = ended.code == kSshFailed && reader.found();
  receiver_broken =
      (remote || killed) && exchange->phase() == Phase::kConnect && !fresh;
  std::string why = LastLine(errors);
  if (why.empty()) {
    why = remote ? absl::StrCat("the command there ended with ", ended.code,
                                " before it said hello")
                 : "ssh ended without a word";
  }
  On(Lost{absl::UnavailableError(why)});
}

void HostLink::State::Adopt(std::string first) {
  loop.Unwatch(link.fd.get());
  loop.Unwatch(link.child_errors.get());
  net::Address address;
  address.carrier = net::Address::Carrier::kSsh;
  address.host = job.name;
  net::ChannelOptions options;
  options.max_frame_bytes = kMaxReceiverMessageBytes + 4096;
  options.dead_after = kDeadAfter;
  net::ChannelEvents e;
  e.opened = [this](net::Channel&) { On(ChannelOpened{}); };
  e.data = [this](net::Channel&, absl::string_view data) {
    On(MessageCame{std::string(data)});
    Pump();
  };
  e.parcel = [this](net::Channel&, absl::string_view) { On(ParcelCame{}); };
  e.drained = [this](net::Channel&) { Pump(); };
  e.closed = [this](net::Channel&, const absl::Status& why) { Closed(why); };
  channel = net::Channel::Adopt(loop, address, std::move(link), first,
                                std::move(options), std::move(e));
  channel->Pause(paused);
}

}  // namespace msrc
