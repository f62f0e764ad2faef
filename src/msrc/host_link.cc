#include "msrc/host_link.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "msrc/host_link_state.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/message.h"

namespace msrc {
namespace {

constexpr size_t kInputBytes = 64 << 10;

// Of the host, when the reason is here.
constexpr int kBadContent = 65, kNoExecutable = 69, kBadConfiguration = 78;

using fleetbox::wire::FromController;

GivenUp CannotSend(const absl::Status& why) {
  return {kBadConfiguration, std::string(why.message())};
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
                   .terminal = job.terminal != nullptr,
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
  if (!told && job.terminal != nullptr && exchange->takes_input()) {
    PumpTerminal();
  }
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

void HostLink::State::PumpTerminal() {
  if (std::exchange(has_terminal, true)) {
    return job.terminal->Pause(channel->queued_bytes() >= kUnderWayBytes);
  }
  OwnTerminal::Events keys;
  keys.typed = [this](const std::string& bytes) {
    FromController message;
    message.mutable_input()->set_bytes(bytes);
    channel->SendData(wire::Serialize(message));
    job.terminal->Pause(channel->queued_bytes() >= kUnderWayBytes);
  };
  keys.resized = [this](int columns, int lines) {
    FromController message;
    message.mutable_terminal()->set_columns(static_cast<uint32_t>(columns));
    message.mutable_terminal()->set_lines(static_cast<uint32_t>(lines));
    channel->SendData(wire::Serialize(message));
  };
  keys.hung_up = [this] {
    GiveTerminalBack();
    OnSoon(GivenUp{kUnreachable, "hung up"});
  };
  const absl::Status taken = job.terminal->Take(std::move(keys));
  if (!taken.ok()) OnSoon(CannotSend(taken));
}

void HostLink::State::GiveTerminalBack() {
  if (std::exchange(has_terminal, false)) job.terminal->Release();
}

// --- the end ----------------------------------------------------------------

void HostLink::State::Closed(const absl::Status& why) {
  std::shared_ptr<State> keep = shared_from_this();
  if (hung_up) return Tell();
  On(Lost{why});
}

// An orderly end lets what was sent arrive, and ssh end by itself. Of a link
// that is no good nothing more is wanted.
void HostLink::State::HangUpNow(const std::string& why) {
  hung_up = true;
  GiveTerminalBack();
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
  GiveTerminalBack();
  channel = nullptr;
  link = net::Connection();
  feed.reset();
  input.Reset();
}

}  // namespace msrc
