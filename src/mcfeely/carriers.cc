#include "mcfeely/carriers.h"

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <deque>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "mcfeely/bootstrap.h"
#include "mcfeely/carrier_plan.h"
#include "net/connect.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/last_words.h"
#include "sys/log.h"
#include "sys/process.h"
#include "wire/content_hash.h"

namespace mcfeely {

namespace {

constexpr char kOwnExecutable[] = "/proc/self/exe";
constexpr int64_t kMaxExecutableBytes = 256 << 20;
// Megabytes each, all over one line of ours.
constexpr size_t kMaxCopies = 16;
constexpr absl::Duration kLongestCopy = absl::Minutes(4);
// Whether hosts that are called on demand still have work.
constexpr absl::Duration kBetweenLooks = absl::Seconds(1);

bool IsRefusal(const absl::Status& why) {
  return absl::IsPermissionDenied(why) || absl::IsUnauthenticated(why);
}

// The last line: what went wrong, as a rule.
std::string LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return base::Escape(text.substr(text.rfind('\n') + 1));
}

}  // namespace

struct Carriers::State {
  State(sys::Loop& l, net::ChannelOptions o, CarrierEvents e)
      : loop(l),
        options(std::move(o)),
        events(std::move(e)),
        plan({}, [] { return (sys::RandomSeed() % 4096) / 4096.0; }) {}
  ~State();

  struct Call {
    net::Address address;
    std::unique_ptr<net::Channel> channel;  // until it is handed over
    net::Channel* taken = nullptr;          // afterwards; the owner's
    bool copied = false;                    // our executable, in this call
    // The copying.
    std::optional<sys::Child> copy;
    sys::Fd errors;
    std::string said;
    sys::Loop::Timer timer = 0;
  };

  void Pump();
  void PumpSoon();
  void CarryOut(const CarrierAction& action);
  void Begin(const std::string& host);
  void Failed(const std::string& host, const absl::Status& why);
  void EndWith(const std::string& host, const absl::Status& why);
  void End(const std::string& host, std::string why, bool refused = false);
  void Look();
  absl::Status FindExecutable();
  void CopySoon(const std::string& host);
  void StartCopies();
  absl::Status Copy(const std::string& host);
  void ReadErrors(Call& call);
  void Copied(const std::string& host);
  void DropCopy(Call& call);

  sys::Loop& loop;
  net::ChannelOptions options;
  CarrierEvents events;
  CarrierPlan plan;
  absl::flat_hash_map<std::string, std::vector<net::Address>> addresses;
  std::vector<std::string> far_agent;
  std::unique_ptr<Executable> executable;  // ours, once it was needed
  absl::flat_hash_map<std::string, std::unique_ptr<Call>> calls;
  absl::btree_set<std::string> working;  // the plan knows that they have work
  absl::flat_hash_map<std::string, std::string> told;  // why a host is away
  std::deque<std::string> to_copy;
  size_t copies = 0;
  sys::Loop::Timer timer = 0, look_timer = 0;
  bool pump_soon = false, stopped = false;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // for callbacks
};

Carriers::Carriers() = default;
Carriers::~Carriers() = default;

Carriers::State::~State() {
  loop.Cancel(timer);
  loop.Cancel(look_timer);
  for (auto& [host, call] : calls) DropCopy(*call);
}

absl::StatusOr<std::unique_ptr<Carriers>> Carriers::Make(
    sys::Loop& loop, const ServerConfig& config, net::ChannelOptions options,
    CarrierEvents events) {
  std::unique_ptr<Carriers> carriers(new Carriers);
  options.ssh_program = config.ssh[0];
  options.ssh_options.assign(config.ssh.begin() + 1, config.ssh.end());
  carriers->state_ =
      std::make_unique<State>(loop, std::move(options), std::move(events));
  State& s = *carriers->state_;
  s.far_agent = config.far_agent;
  const absl::Time now = sys::SteadyNow();
  for (const auto& [host, texts] : config.carriers) {
    bool on_demand = false;
    for (const std::string& text : texts) {
      TRY_ASSIGN(net::Address address, net::ParseAddress(text));
      on_demand |= address.carrier == net::Address::Carrier::kSsh;
      s.addresses[host].push_back(std::move(address));
    }
    s.plan.Add(host, texts.size(), on_demand, now);
    if (s.events.has_work(host)) carriers->Wanted(host);
  }
  s.PumpSoon();
  return carriers;
}

void Carriers::Wanted(const std::string& host) {
  State& s = *state_;
  if (s.stopped || !s.plan.Has(host)) return;
  if (!s.working.insert(host).second) return;
  s.plan.Work(host, true, sys::SteadyNow());
  if (s.look_timer == 0) {
    s.look_timer = s.loop.After(kBetweenLooks, [&s] { s.Look(); });
  }
  s.PumpSoon();
}

void Carriers::Announced(const std::string& host) {
  state_->plan.Announced(host, sys::SteadyNow());
  state_->told.erase(host);
  state_->PumpSoon();
}

void Carriers::Ended(const std::string& host, const absl::Status& why) {
  state_->EndWith(host, why);
}

void Carriers::Stop() {
  State& s = *state_;
  s.stopped = true;
  s.plan.Stop();
  s.loop.Cancel(std::exchange(s.timer, 0));
  s.loop.Cancel(std::exchange(s.look_timer, 0));
  s.to_copy.clear();
  for (auto& [host, call] : s.calls) {
    s.DropCopy(*call);
    call->channel.reset();
  }
}

// --- the plan ---------------------------------------------------------------

void Carriers::State::PumpSoon() {
  if (pump_soon || stopped) return;
  pump_soon = true;
  loop.AtEndOfTurn([this, still = std::weak_ptr<bool>(alive)] {
    if (still.expired()) return;
    pump_soon = false;
    Pump();
  });
}

void Carriers::State::Pump() {
  if (stopped) return;
  for (const CarrierAction& action : plan.TakeActions()) CarryOut(action);
  loop.Cancel(std::exchange(timer, 0));
  const absl::Time wake = plan.wake_at();
  if (wake == absl::InfiniteFuture()) return;
  timer = loop.At(wake, [this] {
    timer = 0;
    plan.Wake(sys::SteadyNow());
    PumpSoon();
  });
}

void Carriers::State::CarryOut(const CarrierAction& action) {
  if (const auto* a = std::get_if<CallHost>(&action)) {
    auto call = std::make_unique<Call>();
    call->address = addresses[a->host][a->address];
    calls[a->host] = std::move(call);
    Begin(a->host);
  } else if (const auto* a = std::get_if<HangUp>(&action)) {
    const auto found = calls.find(a->host);
    if (found == calls.end()) return;
    if (found->second->taken != nullptr) {
      found->second->taken->Close(a->why);
    } else {
      End(a->host, a->why);
    }
  } else if (const auto* a = std::get_if<HostAway>(&action)) {
    // Once per reason: a host that is down for a week is one line.
    if (std::exchange(told[a->host], a->why) != a->why) {
      sys::Log("host.away", {{"host", a->host}, {"why", a->why}});
    }
    events.away(a->host, a->why, a->again, a->refused);
  }
}

// The plan is told at once when work comes, but only looks now and then whether
// it has gone: a host is kept a while anyway.
void Carriers::State::Look() {
  look_timer = 0;
  const absl::Time now = sys::SteadyNow();
  for (auto it = working.begin(); it != working.end();) {
    if (events.has_work(*it)) {
      ++it;
      continue;
    }
    plan.Work(*it, false, now);
    it = working.erase(it);
  }
  if (!working.empty()) {
    look_timer = loop.After(kBetweenLooks, [this] { Look(); });
  }
  PumpSoon();
}

// --- a call -----------------------------------------------------------------

void Carriers::State::Begin(const std::string& host) {
  Call& call = *calls.at(host);
  net::ChannelOptions o = options;
  o.expected_principal = absl::StrCat("host:", host);
  if (call.address.carrier == net::Address::Carrier::kSsh) {
    if (const absl::Status status = FindExecutable(); !status.ok()) {
      return End(host, std::string(status.message()));
    }
    std::vector<std::string> words = {"--stdio", "-H", host, "--to",
                                      options.principal};
    words.insert(words.end(), far_agent.begin(), far_agent.end());
    o.remote_command = StartWords(*executable, words);
  }
  sys::LogStep("host.called",
               {{"host", host}, {"address", net::FormatAddress(call.address)}});
  net::ChannelEvents e = events.made(host);
  e.hand_over = [this, host](net::Channel& channel) {
    Call& c = *calls.at(host);
    c.taken = &channel;
    events.opened(host, std::move(c.channel));
  };
  e.closed = [this, host, closed = std::move(e.closed)](
                 net::Channel& channel, const absl::Status& why) {
    const auto found = calls.find(host);
    if (found != calls.end() && found->second->channel.get() == &channel) {
      return Failed(host, why);
    }
    closed(channel, why);
  };
  call.channel =
      net::Channel::Call(loop, call.address, std::move(o), std::move(e));
}

void Carriers::State::Failed(const std::string& host, const absl::Status& why) {
  Call& call = *calls.at(host);
  const auto platform = AbsentOn(why.message());
  if (!platform.has_value() || call.copied || executable == nullptr ||
      call.address.carrier != net::Address::Carrier::kSsh) {
    return EndWith(host, why);
  }
  if (*platform != executable->platform) {
    return End(
        host,
        absl::StrCat("it has no fleetbox of this version, and runs ",
                     base::Escape(*platform), ", not ", executable->platform));
  }
  call.channel.reset();
  CopySoon(host);
}

void Carriers::State::EndWith(const std::string& host,
                              const absl::Status& why) {
  End(host, why.ok() ? "it has hung up" : std::string(why.message()),
      IsRefusal(why));
}

void Carriers::State::End(const std::string& host, std::string why,
                          bool refused) {
  const auto found = calls.find(host);
  if (found == calls.end()) return;
  DropCopy(*found->second);
  // From within an event of its channel, which may be deleted by that.
  calls.erase(found);
  plan.Ended(host, std::move(why), sys::SteadyNow(), refused);
  PumpSoon();
}

// --- our executable ---------------------------------------------------------

absl::Status Carriers::State::FindExecutable() {
  if (executable != nullptr) return absl::OkStatus();
  // As it is run, even if another has taken its place on the disk.
  TRY_ASSIGN(const std::string bytes,
             sys::ReadFile(kOwnExecutable, kMaxExecutableBytes));
  executable = std::make_unique<Executable>();
  executable->version = absl::StrCat("fleetbox ", FLEETBOX_VERSION);
  const wire::Hash hash = wire::HashOf(bytes);
  executable->hash = base::Hex(absl::string_view(
      reinterpret_cast<const char*>(hash.data()), hash.size()));
  executable->bytes = static_cast<int64_t>(bytes.size());
  executable->platform = sys::Platform();
  return absl::OkStatus();
}

void Carriers::State::CopySoon(const std::string& host) {
  to_copy.push_back(host);
  StartCopies();
}

void Carriers::State::StartCopies() {
  while (copies < kMaxCopies && !to_copy.empty()) {
    const std::string host = std::move(to_copy.front());
    to_copy.pop_front();
    if (!calls.contains(host)) continue;
    const absl::Status status = Copy(host);
    if (!status.ok()) End(host, std::string(status.message()));
  }
}

absl::Status Carriers::State::Copy(const std::string& host) {
  Call& call = *calls.at(host);
  call.copied = true;
  // Opened for each: a descriptor that is shared has one position.
  TRY_ASSIGN(const sys::Fd file,
             sys::Open(kOwnExecutable, O_RDONLY | O_CLOEXEC));
  TRY_ASSIGN(auto errors, sys::Pipe());
  TRY(sys::SetNonBlocking(errors.first.get()));
  net::ConnectOptions connect;
  connect.ssh_program = options.ssh_program;
  connect.ssh_options = options.ssh_options;
  connect.remote_command = ReceiveWords(*executable);
  sys::SpawnOptions spawn;
  spawn.in = file.get();
  spawn.err = errors.second.get();
  spawn.own_group = true;
  TRY_ASSIGN(sys::Child child,
             sys::Child::Spawn(net::SshCommand(call.address, connect), spawn));
  call.errors = std::move(errors.first);
  call.copy = std::move(child);
  copies++;
  call.timer = loop.After(kLongestCopy, [this, host] {
    calls.at(host)->timer = 0;
    End(host, "copying fleetbox to it took too long");
  });
  TRY(loop.Watch(call.errors.get(), EPOLLIN,
                 [this, &call](uint32_t) { ReadErrors(call); }));
  return loop.Watch(call.copy->pidfd(), EPOLLIN,
                    [this, host](uint32_t) { Copied(host); });
}

void Carriers::State::ReadErrors(Call& call) {
  sys::TakeLastWords(loop, &call.errors, &call.said);
}

void Carriers::State::Copied(const std::string& host) {
  Call& call = *calls.at(host);
  ReadErrors(call);
  loop.Unwatch(call.copy->pidfd());
  const sys::Ended ended = call.copy->Wait();
  std::string said = LastLine(call.said);
  call.copy.reset();
  DropCopy(call);
  copies--;
  if (ended.signal == 0 && ended.code == 0) {
    sys::Log("executable.copied",
             {{"host", host}, {"bytes", executable->bytes}});
    Begin(host);
  } else {
    End(host,
        absl::StrCat("copying fleetbox to it failed: ",
                     said.empty() ? absl::StrCat("exit ", ended.code) : said));
  }
  StartCopies();
}

// The child, if it still runs, is killed and reaped by its destructor.
void Carriers::State::DropCopy(Call& call) {
  loop.Cancel(std::exchange(call.timer, 0));
  if (call.errors) loop.Unwatch(call.errors.get());
  call.errors.Reset();
  if (!call.copy.has_value()) return;
  loop.Unwatch(call.copy->pidfd());
  (void)call.copy->SignalGroup(SIGKILL);
  call.copy.reset();
  copies--;
  // Soon, since whoever drops it may be about to tell the plan of it.
  loop.Post([this, still = std::weak_ptr<bool>(alive)] {
    if (!still.expired()) StartCopies();
  });
}

}  // namespace mcfeely
