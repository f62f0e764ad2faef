#include "msrc/delivery_run.h"

#include <sys/epoll.h>

#include <map>
#include <optional>
#include <utility>

#include "base/status.h"
#include "fanout/collator.h"
#include "fanout/outlet.h"
#include "fanout/section_queues.h"
#include "hosts/drive_outcome.h"
#include "msrc/exchange_limits.h"
#include "sys/clock.h"

namespace msrc {

struct DeliveryRun::State : std::enable_shared_from_this<DeliveryRun::State> {
  State(sys::Loop& l, const RunShared& s, HostSupply& from,
        DeliveryRunOptions o, DeliveryRunEvents e)
      : loop(l),
        shared(s),
        supply(from),
        options(std::move(o)),
        events(std::move(e)),
        plan(options.waves, static_cast<int64_t>(options.hosts)),
        statuses(options.hosts, hosts::kNotStarted) {}
  ~State();

  struct Host {
    SuppliedHost supplied;
    std::unique_ptr<HostLink> link;
    HostReport report;
    absl::Time began;
    ConnectRetry tries;
    bool over = false, paused = false;
    bool cut_short = false;  // its output has been dropped
    sys::Loop::Timer retry = 0;
    // Where its output goes: null for what has no pipe of its own.
    std::unique_ptr<fanout::Outlet> out, errors;
    bool errors_as_out = false, drop_errors = false;
  };
  using Id = fanout::Outputs::Id;

  absl::Status MakeOutputs();
  void PumpSoon();
  void Pump();
  bool TakeOne();
  void WaitForSupply(bool wait);
  absl::Status OpenOutput(Id id, Host& host);
  absl::StatusOr<std::unique_ptr<fanout::Outlet>> OutletTo(Id id, int fd);
  void Begin(Id id, SuppliedHost supplied);
  void Connect(Id id);
  void Output(Id id, int stream, absl::string_view bytes);
  void Drained(Id id);
  void LinkEnded(Id id, const ExchangeResult& result);
  bool TriesAgain(Id id, Host& host, const ExchangeResult& result);
  void Over(Id id);
  void CloseOutput(Id id);
  void Finished(Id id);
  void Failed(const absl::Status& why);
  void OutputFailed(const absl::Status& why);
  void CheckDone();
  std::vector<std::string> NamesOf(Id id) const;
  Host* Find(Id id) {
    const auto found = hosts_by_id.find(id);
    return found == hosts_by_id.end() ? nullptr : found->second.get();
  }

  sys::Loop& loop;
  const RunShared& shared;
  HostSupply& supply;
  DeliveryRunOptions options;
  DeliveryRunEvents events;
  WavePlan plan;
  std::vector<int> statuses;
  std::unique_ptr<fanout::Collator> collator;
  std::unique_ptr<fanout::OwnSections> sections;
  std::unique_ptr<fanout::Outputs> outputs;
  std::unique_ptr<fanout::Outlet> own_errors;
  std::map<Id, std::unique_ptr<Host>> hosts_by_id;  // by position
  size_t running = 0;
  int cancelled = 0;
  bool supply_ended = false, waits = false, pump_soon = false,
       output_failed = false, told_done = false;
};

DeliveryRun::DeliveryRun() = default;
DeliveryRun::~DeliveryRun() { state_->told_done = true; }

DeliveryRun::State::~State() {
  WaitForSupply(false);
  for (auto& [id, host] : hosts_by_id) loop.Cancel(host->retry);
}

absl::StatusOr<std::unique_ptr<DeliveryRun>> DeliveryRun::Start(
    sys::Loop& loop, const RunShared& shared, HostSupply& supply,
    DeliveryRunOptions options, DeliveryRunEvents events) {
  std::unique_ptr<DeliveryRun> run(new DeliveryRun);
  run->state_ = std::make_shared<State>(loop, shared, supply,
                                        std::move(options), std::move(events));
  TRY(run->state_->MakeOutputs());
  run->state_->PumpSoon();
  return run;
}

const std::vector<int>& DeliveryRun::statuses() const {
  return state_->statuses;
}
size_t DeliveryRun::running() const { return state_->running; }

void DeliveryRun::Cancel(int signal) {
  State& s = *state_;
  const bool again = std::exchange(s.cancelled, signal) != 0;
  std::vector<State::Id> waiting;
  for (auto& [id, host] : s.hosts_by_id) {
    if (host->over) continue;
    if (host->link == nullptr || again) {
      waiting.push_back(id);
    } else {
      host->link->Cancel(signal);
    }
  }
  for (const State::Id id : waiting) {
    State::Host& host = *s.hosts_by_id.at(id);
    s.loop.Cancel(std::exchange(host.retry, 0));
    if (host.link != nullptr) {
      // What it was doing is not known.
      host.report.status = kUnreachable;
      host.report.error = "interrupted twice, and left alone";
      s.loop.DeleteAtEndOfTurn(std::move(host.link));
    }
    s.Over(id);
  }
  s.PumpSoon();
}

// --- output -----------------------------------------------------------------

absl::Status DeliveryRun::State::MakeOutputs() {
  TRY_ASSIGN(
      own_errors,
      fanout::Outlet::Open(
          loop, 2, [] {}, [this](const absl::Status& s) { OutputFailed(s); }));
  fanout::CollatorOptions c;
  // Folded sections have no turn of their own.
  c.order = options.output.fold ? fanout::CollateOrder::kFirstReady
                                : options.output.order;
  c.published = false;
  c.squeeze = options.output.squeeze;
  c.output_failed = [this](const absl::Status& why) { OutputFailed(why); };
  TRY_ASSIGN(collator, fanout::Collator::Make(loop, std::move(c)));
  sections = std::make_unique<fanout::OwnSections>(*collator);
  fanout::Outputs::Callbacks calls;
  calls.header = [this](Id id, int64_t) {
    return options.header ? options.header(NamesOf(id)) : "";
  };
  calls.middle = [](Id) { return ""; };
  calls.footer = [this](Id id, int64_t) {
    return options.footer ? options.footer(NamesOf(id)) : "";
  };
  calls.finished = [this](Id id) { Finished(id); };
  calls.drained = [this] { PumpSoon(); };
  calls.failed = [this](const absl::Status& why) { OutputFailed(why); };
  TRY_ASSIGN(outputs, fanout::Outputs::Make(loop, options.output,
                                            std::move(calls), sections.get()));
  return absl::OkStatus();
}

std::vector<std::string> DeliveryRun::State::NamesOf(Id id) const {
  std::vector<std::string> names;
  for (const Id one : outputs->Folded(id)) {
    names.push_back(hosts_by_id.at(one)->supplied.job.name);
  }
  if (names.empty()) names.push_back(hosts_by_id.at(id)->supplied.job.name);
  return names;
}

absl::StatusOr<std::unique_ptr<fanout::Outlet>> DeliveryRun::State::OutletTo(
    Id id, int fd) {
  return fanout::Outlet::Open(
      loop, fd, [this, id] { Drained(id); },
      [this, id](const absl::Status&) { Drained(id); });
}

absl::Status DeliveryRun::State::OpenOutput(Id id, Host& host) {
  fanout::Outputs::Start start;
  start.name = host.supplied.job.name;
  if (options.prefix) start.prefix = options.prefix(host.supplied.job);
  start.place = id;
  TRY_ASSIGN(const fanout::Outputs::ChildEnds ends,
             outputs->Begin(id, std::move(start)));
  host.errors_as_out = ends.errors_as_out;
  host.drop_errors = ends.drop_errors;
  TRY_ASSIGN(host.out, OutletTo(id, ends.out ? ends.out.get() : 1));
  if (ends.errors) {
    TRY_ASSIGN(host.errors, OutletTo(id, ends.errors.get()));
  }
  if (outputs->has_sections() && !options.output.fold) {
    outputs->OpenSection(id, [](std::optional<int64_t>) {});
  }
  return absl::OkStatus();
}

void DeliveryRun::State::Output(Id id, int stream, absl::string_view bytes) {
  Host& host = *hosts_by_id.at(id);
  fanout::Outlet* to = host.out.get();
  if (stream == 2 && !host.errors_as_out) {
    if (host.drop_errors) return;
    to = host.errors != nullptr ? host.errors.get() : own_errors.get();
  }
  to->Write(bytes);
  if (to->kept_bytes() > kUnderWayBytes && to != own_errors.get() &&
      !std::exchange(host.paused, true)) {
    host.link->Pause(true);
  }
}

void DeliveryRun::State::Drained(Id id) {
  Host* host = Find(id);
  if (host == nullptr) return;
  if (std::exchange(host->paused, false) && host->link != nullptr) {
    host->link->Pause(false);
  }
  // An outlet is not destroyed from within its own call.
  if (host->over) {
    loop.Post([weak = weak_from_this(), id] {
      if (std::shared_ptr<State> state = weak.lock()) state->CloseOutput(id);
    });
  }
}

// Once all is in the pipes.
void DeliveryRun::State::CloseOutput(Id id) {
  Host* host = Find(id);
  if (host == nullptr || host->out == nullptr) return;
  if (host->out->kept_bytes() > 0) return;
  if (host->errors != nullptr && host->errors->kept_bytes() > 0) return;
  host->out = nullptr;
  host->errors = nullptr;
  outputs->Ended(id, host->report.status);
}

// --- hosts ------------------------------------------------------------------

void DeliveryRun::State::PumpSoon() {
  if (std::exchange(pump_soon, true)) return;
  loop.Post([weak = weak_from_this()] {
    std::shared_ptr<State> state = weak.lock();
    if (state == nullptr) return;
    state->pump_soon = false;
    state->Pump();
  });
}

void DeliveryRun::State::Pump() {
  if (told_done) return;
  while (!supply_ended && cancelled == 0 && plan.MayStart() > 0 &&
         outputs->has_room()) {
    if (!TakeOne()) break;
  }
  if (plan.stopped() || cancelled != 0) WaitForSupply(false);
  CheckDone();
}

// Whether there may be another.
bool DeliveryRun::State::TakeOne() {
  SuppliedHost supplied;
  const absl::StatusOr<HostSupply::Got> got = supply.Next(&supplied);
  if (!got.ok()) {
    supply_ended = true;
    Failed(got.status());
    return false;
  }
  WaitForSupply(*got == HostSupply::Got::kWait);
  if (*got == HostSupply::Got::kWait) return false;
  if (*got == HostSupply::Got::kEnd) {
    supply_ended = true;
    return false;
  }
  const Id id = static_cast<Id>(supplied.position);
  MUST(supplied.position < statuses.size() && !hosts_by_id.contains(id));
  Begin(id, std::move(supplied));
  return true;
}

void DeliveryRun::State::WaitForSupply(bool wait) {
  if (wait == waits) return;
  waits = wait;
  if (!wait) return loop.Unwatch(supply.ready_fd());
  const absl::Status watching =
      loop.Watch(supply.ready_fd(), EPOLLIN, [this](uint32_t) {
        WaitForSupply(false);
        PumpSoon();
      });
  if (!watching.ok()) Failed(watching);
}

void DeliveryRun::State::Begin(Id id, SuppliedHost supplied) {
  auto made = std::make_unique<Host>();
  Host& host = *made;
  host.supplied = std::move(supplied);
  host.report.host = host.supplied.job.name;
  host.report.position = host.supplied.position;
  host.began = sys::SteadyNow();
  hosts_by_id[id] = std::move(made);
  plan.Started();
  running++;
  const absl::Status opened = OpenOutput(id, host);
  if (!opened.ok()) {
    host.report.status = 71;
    host.report.phase = "connect";
    host.report.error = std::string(opened.message());
    return Over(id);
  }
  if (host.supplied.status != 0) {
    host.report.status = host.supplied.status;
    host.report.phase = "expand";
    host.report.error = host.supplied.error;
    return Over(id);
  }
  Connect(id);
}

void DeliveryRun::State::Connect(Id id) {
  Host& host = *hosts_by_id.at(id);
  host.tries.Begin();
  host.report.attempts = host.tries.attempts();
  HostLink::Events e;
  e.output = [this, id](int stream, absl::string_view bytes) {
    Output(id, stream, bytes);
  };
  e.ask_utility = [this, id] {
    events.hooks(hosts_by_id.at(id)->supplied.job,
                 [weak = weak_from_this(), id](bool run, int status) {
                   std::shared_ptr<State> state = weak.lock();
                   Host* h = state == nullptr ? nullptr : state->Find(id);
                   if (h == nullptr || h->link == nullptr) return;
                   h->link->UtilityIs(run, status);
                 });
  };
  e.ended = [this, id](const ExchangeResult& result) { LinkEnded(id, result); };
  host.link = HostLink::Start(
      loop, shared, host.supplied.job, host.tries.fresh(), std::move(e),
      options.relays,
      host.report.position + static_cast<size_t>(host.tries.attempts()));
}

bool DeliveryRun::State::TriesAgain(Id id, Host& host,
                                    const ExchangeResult& result) {
  if (cancelled != 0) return false;
  const std::optional<absl::Duration> wait = host.tries.Again(
      options.retry, result.may_retry, host.link->receiver_broken());
  if (!wait) return false;
  loop.DeleteAtEndOfTurn(std::move(host.link));
  host.retry = loop.After(*wait, [this, id] {
    hosts_by_id.at(id)->retry = 0;
    Connect(id);
  });
  return true;
}

void DeliveryRun::State::LinkEnded(Id id, const ExchangeResult& result) {
  std::shared_ptr<State> keep = shared_from_this();
  Host& host = *hosts_by_id.at(id);
  FillReport(result, host.link->manifest(), &host.report);
  host.report.noise += host.link->noise();
  if (TriesAgain(id, host, result)) return;
  if (result.applied.has_value() && events.differences &&
      result.applied->diff_size() > 0) {
    events.differences(host.report, *result.applied, host.link->manifest());
  }
  loop.DeleteAtEndOfTurn(std::move(host.link));
  Over(id);
}

// It is known how it ended; its output may still be on its way.
void DeliveryRun::State::Over(Id id) {
  Host& host = *hosts_by_id.at(id);
  if (std::exchange(host.over, true)) return;
  host.report.took = sys::SteadyNow() - host.began;
  statuses[host.report.position] = host.report.status;
  host.supplied.job.keep = nullptr;
  running--;
  plan.Ended(host.report.status != 0);
  if (host.out == nullptr || host.cut_short) {
    loop.Post([weak = weak_from_this(), id] {
      if (std::shared_ptr<State> state = weak.lock()) state->Finished(id);
    });
  } else {
    CloseOutput(id);
  }
  PumpSoon();
}

void DeliveryRun::State::Finished(Id id) {
  const auto found = hosts_by_id.find(id);
  if (found == hosts_by_id.end()) return;
  // When our own output cannot be written, that of hosts ends before they do.
  if (!found->second->over) {
    found->second->cut_short = true;
    return;
  }
  const std::unique_ptr<Host> host = std::move(found->second);
  hosts_by_id.erase(found);
  if (events.reported) events.reported(host->report);
  PumpSoon();
}

void DeliveryRun::State::Failed(const absl::Status& why) {
  if (events.failed) events.failed(why);
  PumpSoon();
}

void DeliveryRun::State::OutputFailed(const absl::Status& why) {
  if (!std::exchange(output_failed, true) && events.output_failed) {
    events.output_failed(why);
  }
  PumpSoon();
}

void DeliveryRun::State::CheckDone() {
  const bool no_more = supply_ended || cancelled != 0 || plan.stopped();
  if (!no_more || running > 0) return;
  outputs->ShowFolded();
  if (!hosts_by_id.empty() || !outputs->idle() ||
      own_errors->kept_bytes() > 0) {
    return;
  }
  if (std::exchange(told_done, true)) return;
  if (events.done) events.done();
}

}  // namespace msrc
