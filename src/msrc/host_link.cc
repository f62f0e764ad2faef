#include "msrc/host_link.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "msrc/relays.h"
#include "net/channel.h"
#include "net/connect.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/message.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kInputBytes = 64 << 10;
constexpr size_t kKeptErrorBytes = 1024;
// Between the end of ssh's output and its own.
constexpr absl::Duration kSshEndTime = absl::Seconds(2);
// ssh's exit code when it is ssh that failed.
constexpr int kSshFailed = 255;
// The receiver may be hashing for long; the exchange has limits of its own.
constexpr absl::Duration kDeadAfter = absl::Minutes(5);

// Of the host, when the reason is here.
constexpr int kBadContent = 65, kNoExecutable = 69, kBadConfiguration = 78;

using fleetbox::wire::FromController;

GivenUp CannotSend(const absl::Status& why) {
  return {kBadConfiguration, std::string(why.message())};
}

std::string LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return base::Escape(text.substr(text.rfind('\n') + 1));
}

}  // namespace

absl::Status SealManifest(RunShared* shared) {
  if (shared->manifest->entries().empty()) return absl::OkStatus();
  wire::Draft draft;
  draft.kind = fleetbox::wire::MANIFEST;
  draft.body = shared->manifest->Encode();
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  TRY_ASSIGN(std::string parcel, wire::Seal(draft, *shared->signer));
  shared->parcel_id = std::string(draft.id.view());
  shared->parcel_hash = PlaceKey(wire::HashOf(parcel));
  shared->parcel = std::make_shared<const std::string>(std::move(parcel));
  return absl::OkStatus();
}

std::vector<std::string> MuxOptions(const std::string& folder) {
  if (folder.empty()) return {};
  return {"-oControlMaster=auto", "-oControlPersist=10m",
          absl::StrCat("-oControlPath=", folder, "/%C")};
}

struct HostLink::State : std::enable_shared_from_this<HostLink::State> {
  State(sys::Loop& l, const RunShared& s, const HostJob& j, bool f, Events e,
        Relays* r, size_t t)
      : loop(l),
        shared(s),
        job(j),
        fresh(f),
        events(std::move(e)),
        relays(r),
        turn(t) {}
  ~State() { Teardown(); }

  absl::Status Prepare();
  void Connect();
  void ConnectByRelay(const net::ConnectOptions& options);
  void Connected(net::Connection connection);
  void ReadTalk();
  void ReadErrors();
  void TalkEnded();
  void SshEnded();
  void WriteTalk();
  void WatchTalk();
  void Adopt(std::string first);
  void On(const ExchangeEvent& event);
  void CarryOut(ExchangeEffect& effect);
  void Deliver(const SendDelivery& what);
  absl::Status SendSealed(fleetbox::wire::Kind kind, std::string body);
  void Pump();
  void PumpContents();
  void PumpInput();
  void OnSoon(ExchangeEvent event);
  void Closed(const absl::Status& why);
  void HangUpNow(const std::string& why);
  void Tell();
  void Teardown();

  sys::Loop& loop;
  const RunShared& shared;
  const HostJob& job;
  const bool fresh;
  Events events;
  Relays* const relays;
  const size_t turn;
  wire::Manifest merged;  // unless the host has nothing of its own
  const wire::Manifest* manifest = nullptr;
  std::optional<Exchange> exchange;
  std::unique_ptr<net::Connector> connector;
  sys::Loop::Timer timer = 0, end_timer = 0;

  // The talk before the channel.
  net::Connection link;
  std::shared_ptr<const int> relayed_code;  // ssh's, by way of a relay
  RemoteStartReader reader;
  std::string errors;  // the end of what ssh said
  std::string to_write;
  Executables::Bytes bytes;  // behind it
  size_t written = 0;        // of bytes

  std::unique_ptr<net::Channel> channel;
  std::string principal, delivery_id;
  std::optional<ContentFeed> feed;
  bool fed = false;  // and waiting for it to go
  sys::Fd input;
  bool relay_waits = false;
  bool paused = false, receiver_broken = false;
  bool hung_up = false, told = false;
};

HostLink::HostLink() = default;
HostLink::~HostLink() {
  state_->told = true;
  state_->Teardown();
}

std::unique_ptr<HostLink> HostLink::Start(sys::Loop& loop,
                                          const RunShared& shared,
                                          const HostJob& job, bool fresh,
                                          Events events, Relays* relays,
                                          size_t turn) {
  std::unique_ptr<HostLink> link(new HostLink);
  link->state_ = std::make_shared<State>(loop, shared, job, fresh,
                                         std::move(events), relays, turn);
  State& s = *link->state_;
  const absl::Status prepared = s.Prepare();
  s.exchange.emplace(
      ExchangePlan{.manifest = s.manifest,
                   .check = shared.policy.check(),
                   .bootstrap_only = shared.bootstrap_only,
                   .attach = shared.attach,
                   .relay = shared.relay,
                   .runs = job.runs == HostJob::Runs::kAtOnce,
                   .utility_follows = job.runs == HostJob::Runs::kAfterHooks,
                   .limits = shared.limits},
      sys::SteadyNow());
  for (ExchangeEffect& effect : s.exchange->Begin()) s.CarryOut(effect);
  if (!prepared.ok()) {
    s.OnSoon(GivenUp{kBadContent, std::string(prepared.message())});
  } else {
    s.Connect();
  }
  return link;
}

void HostLink::UtilityIs(bool run, int status) {
  state_->OnSoon(UtilityReady{run, status});
}
void HostLink::Cancel(int signal) { state_->OnSoon(Cancelled{signal}); }
const wire::Manifest& HostLink::manifest() const { return *state_->manifest; }
bool HostLink::receiver_broken() const { return state_->receiver_broken; }
const std::string& HostLink::noise() const { return state_->reader.noise(); }

void HostLink::SendToRelay(std::string message) {
  if (state_->channel != nullptr) state_->channel->SendData(std::move(message));
}
size_t HostLink::queued_bytes() const {
  return state_->channel != nullptr ? state_->channel->queued_bytes() : 0;
}

void HostLink::Pause(bool paused) {
  state_->paused = paused;
  if (state_->channel != nullptr) state_->channel->Pause(paused);
}

absl::Status HostLink::State::Prepare() {
  manifest = shared.manifest;
  // It would be an option, of ssh.
  if (job.name.empty() || job.name[0] == '-' ||
      absl::StartsWith(job.login, "-")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", base::Escape(job.name), "' is no host"));
  }
  if (!job.own.entries().empty()) {
    TRY_ASSIGN(merged, wire::Manifest::Merge(*shared.manifest, job.own));
    manifest = &merged;
  }
  if (!job.input.empty()) {
    TRY_ASSIGN(input, sys::Open(job.input, O_RDONLY | O_CLOEXEC));
  }
  return absl::OkStatus();
}

// --- the exchange -----------------------------------------------------------

void HostLink::State::OnSoon(ExchangeEvent event) {
  loop.Post([weak = weak_from_this(), event = std::move(event)] {
    if (std::shared_ptr<State> state = weak.lock()) state->On(event);
  });
}

void HostLink::State::On(const ExchangeEvent& event) {
  if (told) return;
  std::shared_ptr<State> keep = shared_from_this();
  for (ExchangeEffect& effect : exchange->On(event, sys::SteadyNow())) {
    if (told) return;
    CarryOut(effect);
  }
}

void HostLink::State::CarryOut(ExchangeEffect& effect) {
  if (auto* e = std::get_if<SendExecutable>(&effect)) {
    auto found = shared.executables->For(e->need.platform, e->need.zstd);
    if (!found.ok()) {
      return OnSoon(
          GivenUp{kNoExecutable, std::string(found.status().message())});
    }
    bytes = *std::move(found);
    written = 0;
    to_write = RemoteContentLine(bytes->size(), e->need.zstd);
    WriteTalk();
  } else if (std::holds_alternative<EndExecutable>(effect)) {
    bytes = nullptr;
    absl::StrAppend(&to_write, kRemoteEnd);
    WriteTalk();
  } else if (auto* e = std::get_if<SendDelivery>(&effect)) {
    Deliver(*e);
  } else if (auto* e = std::get_if<SendContents>(&effect)) {
    feed.emplace(*shared.contents, *manifest, std::move(e->need),
                 job.own_places);
    Pump();
  } else if (std::holds_alternative<StopContents>(effect)) {
    feed.reset();
  } else if (std::holds_alternative<AskUtility>(effect)) {
    events.ask_utility();
  } else if (std::holds_alternative<SendUtility>(effect)) {
    fleetbox::wire::Utility utility = job.utility;
    utility.set_delivery(delivery_id);
    const absl::Status sent =
        SendSealed(fleetbox::wire::UTILITY, wire::Serialize(utility));
    if (!sent.ok()) OnSoon(CannotSend(sent));
    Pump();
  } else if (auto* e = std::get_if<SendMessage>(&effect)) {
    channel->SendData(std::move(e->bytes));
  } else if (auto* e = std::get_if<PassOutput>(&effect)) {
    events.output(e->stream, e->bytes);
  } else if (auto* e = std::get_if<PassMessage>(&effect)) {
    e->bytes.empty() ? events.relay_ready() : events.relay_message(e->bytes);
  } else if (auto* e = std::get_if<WakeAt>(&effect)) {
    loop.Cancel(std::exchange(timer, 0));
    if (e->when == absl::InfiniteFuture()) return;
    timer = loop.At(e->when, [this] {
      timer = 0;
      if (relay_waits) return On(ContentMoved{});
      On(Woken{});
    });
  } else if (auto* e = std::get_if<HangUp>(&effect)) {
    HangUpNow(e->why);
  }
}

void HostLink::State::Deliver(const SendDelivery& what) {
  principal = what.principal;
  if (what.strict && shared.ephemeral) {
    return OnSoon(GivenUp{
        kBadConfiguration,
        "the host takes only what is signed with a key it knows, and there is "
        "no key here"});
  }
  if (shared.parcel != nullptr && !shared.attach) channel->Send(shared.parcel);
  fleetbox::wire::Delivery delivery;
  delivery.set_run(shared.run);
  delivery.set_nonce(what.nonce);
  delivery.set_host(job.name);
  delivery.set_into(job.into);
  delivery.set_shared(shared.parcel_id);
  delivery.set_shared_hash(shared.parcel_hash);
  *delivery.mutable_own() = job.own.ToMessage();
  *delivery.mutable_policy() = shared.policy;
  delivery.set_attach(shared.attach);
  if (job.runs == HostJob::Runs::kAtOnce) {
    *delivery.mutable_utility() = job.utility;
  }
  delivery.set_utility_follows(job.runs == HostJob::Runs::kAfterHooks);
  const absl::Status sent =
      SendSealed(fleetbox::wire::DELIVERY, wire::Serialize(delivery));
  if (!sent.ok()) OnSoon(CannotSend(sent));
}

absl::Status HostLink::State::SendSealed(fleetbox::wire::Kind kind,
                                         std::string body) {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = std::move(body);
  draft.audience = principal;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  if (kind == fleetbox::wire::DELIVERY) {
    delivery_id = std::string(draft.id.view());
  }
  TRY_ASSIGN(std::string parcel, wire::Seal(draft, *shared.signer));
  channel->Send(std::move(parcel));
  return absl::OkStatus();
}

// --- what is sent piece by piece --------------------------------------------

void HostLink::State::Pump() {
  if (told || channel == nullptr) return;
  std::shared_ptr<State> keep = shared_from_this();
  if (feed.has_value()) PumpContents();
  if (!told && input && exchange->takes_input()) PumpInput();
  if (!told && shared.relay && events.relay_drained) events.relay_drained();
}

void HostLink::State::PumpContents() {
  if (fed && channel->queued_bytes() == 0) {
    feed.reset();
    return On(ContentSent{});
  }
  int64_t moved = 0;
  while (!feed->AtEnd() && channel->queued_bytes() < kUnderWayBytes) {
    auto frame = feed->Next();
    if (!frame.ok()) return On(ContentFailed{frame.status()});
    FromController message;
    moved += static_cast<int64_t>((*frame)->size());
    message.mutable_content()->set_bytes(**frame);
    channel->SendData(wire::Serialize(message));
  }
  fed = feed->AtEnd();
  On(ContentMoved{moved});
}

void HostLink::State::PumpInput() {
  while (input && channel->queued_bytes() < kUnderWayBytes) {
    std::string some(kInputBytes, '\0');
    const ssize_t n = read(input.get(), some.data(), some.size());
    if (n < 0 && errno == EINTR) continue;
    FromController message;
    if (n > 0) {
      some.resize(static_cast<size_t>(n));
      message.mutable_input()->set_bytes(some);
    } else {
      message.mutable_input()->set_end(true);
      input.Reset();
    }
    channel->SendData(wire::Serialize(message));
  }
}

// --- the connection ---------------------------------------------------------

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
  char buffer[4096];
  const ssize_t n = read(link.child_errors.get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    loop.Unwatch(link.child_errors.get());
    link.child_errors.Reset();
    return;
  }
  errors.append(buffer, static_cast<size_t>(n));
  if (errors.size() > kKeptErrorBytes) {
    errors.erase(0, errors.size() - kKeptErrorBytes);
  }
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

void HostLink::State::Closed(const absl::Status& why) {
  std::shared_ptr<State> keep = shared_from_this();
  if (hung_up) return Tell();
  On(Lost{why});
}

// An orderly end lets what was sent arrive, and ssh end by itself. Of a link
// that is no good nothing more is wanted.
void HostLink::State::HangUpNow(const std::string& why) {
  hung_up = true;
  loop.Cancel(std::exchange(timer, 0));
  if (channel != nullptr && channel->open() &&
      exchange->result().failed >= Phase::kRun) {
    return channel->Close(why);
  }
  Tell();
}

void HostLink::State::Tell() {
  if (std::exchange(told, true)) return;
  loop.Post([weak = weak_from_this()] {
    std::shared_ptr<State> state = weak.lock();
    if (state == nullptr) return;
    state->Teardown();
    if (state->events.ended) state->events.ended(state->exchange->result());
  });
}

void HostLink::State::Teardown() {
  loop.Cancel(std::exchange(timer, 0));
  loop.Cancel(std::exchange(end_timer, 0));
  if (link.fd) loop.Unwatch(link.fd.get());
  if (link.child_errors) loop.Unwatch(link.child_errors.get());
  if (link.child.has_value()) loop.Unwatch(link.child->pidfd());
  connector = nullptr;
  channel = nullptr;
  link = net::Connection();
  feed.reset();
  input.Reset();
}

}  // namespace msrc
