#include "power/dialogue_controller.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "power/credential_form.h"
#include "power/dialogue_batch.h"
#include "power/dialogue_link.h"
#include "power/transports.h"
#include "sys/clock.h"

namespace power {

struct DialogueController::Job {
  Ticket ticket = 0;
  Batch batch;
  Done done;
  std::optional<DialogueBatch> orders = {};  // once it has begun
  Place* place = nullptr;
  sys::Loop::Timer timer = 0;
  bool cancelled = false;
};

// A session with a device, and what it is made of: it may outlive the batch.
struct DialogueController::Place {
  Pcu pcu;
  std::shared_ptr<const Specification> specification;
  Way way;
  std::string address;
  Credentials credentials;
  std::vector<std::string> plugs;  // with hosts
  bool leaves = false;             // is not kept any longer
  bool once = false;  // its line is recorded from its beginning to its end
  std::function<void(absl::string_view transcript)> record = {};
  Job* job = nullptr;
  sys::Loop::Timer timer = 0;  // how long it lingers
  std::unique_ptr<DialogueLink> link;
};

namespace {

constexpr absl::Duration kLoginTime = absl::Seconds(60);

// The model's plugs, or those that hosts hang on; an order may name another one
// where nobody has listed them.
DialogueDevice DeviceFor(const Batch& batch, const Specification& spec) {
  DialogueDevice device;
  device.specification = &spec;
  device.user = batch.credentials.user;
  device.secret = batch.credentials.secret.get();
  device.address = batch.address.empty() ? batch.pcu->host : batch.address;
  device.step_timeout = batch.pcu->step_timeout;
  for (const std::string& plug : spec.plugs) {
    device.plugs.push_back({plug, absl::c_linear_search(batch.plugs, plug)});
  }
  if (!spec.plugs.empty()) return device;
  for (const std::string& plug : batch.plugs) device.plugs.push_back({plug});
  for (const PlugOrder& order : batch.orders) {
    const bool is_known = absl::c_any_of(
        device.plugs,
        [&](const DevicePlug& plug) { return plug.name == order.plug; });
    if (!is_known) device.plugs.push_back({order.plug, false});
  }
  return device;
}

std::string WhyNotCarried(const Batch& batch) {
  const keys::Secret* const secret = batch.credentials.secret.get();
  return secret == nullptr ? "" : WhyNotCarried(*secret, *batch.specification);
}

bool Has(const DialogueDevice& device, const std::string& plug) {
  return absl::c_any_of(device.plugs, [&](const DevicePlug& known) {
    return known.name == plug;
  });
}

}  // namespace

DialogueController::DialogueController(sys::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      ssh_(std::make_unique<SshPrograms>(loop, options_.ssh.program)) {}

DialogueController::~DialogueController() {
  *alive_ = false;
  for (const auto& [ticket, job] : jobs_) loop_.Cancel(job->timer);
  for (const auto& place : places_) loop_.Cancel(place->timer);
}

DialogueController::Ticket DialogueController::Start(Batch batch, Done done) {
  const Ticket ticket = next_ticket_++;
  auto job = std::make_unique<Job>();
  job->ticket = ticket;
  job->batch = std::move(batch);
  job->done = std::move(done);
  jobs_[ticket] = std::move(job);
  BeginSoon();
  return ticket;
}

void DialogueController::BeginSoon() {
  loop_.After(absl::ZeroDuration(), [this, alive = alive_] {
    if (*alive) BeginWaiting();
  });
}

// In the order in which they came, as far as their PCUs have room.
void DialogueController::BeginWaiting() {
  alike_ = {};
  std::vector<Ticket> waiting;
  for (const auto& [ticket, job] : jobs_) {
    if (job->place == nullptr) waiting.push_back(ticket);
  }
  for (const Ticket ticket : waiting) {
    const auto found = jobs_.find(ticket);
    if (found == jobs_.end()) continue;
    Job& job = *found->second;
    if (job.cancelled) {
      for (size_t i = 0; i < job.batch.orders.size(); i++) job.done(i, {});
      jobs_.erase(ticket);
      continue;
    }
    if (const std::string why = WhyNotCarried(job.batch); !why.empty()) {
      PlugResult refused;
      refused.failure = {.failure_class = FailureClass::kConfig, .text = why};
      for (size_t i = 0; i < job.batch.orders.size(); i++) {
        job.done(i, refused);
      }
      jobs_.erase(ticket);
      continue;
    }
    if (Place* place = PlaceFor(job)) Begin(job, *place);
  }
}

// A thousand strips are mostly of one model: what was alike for one of them is
// so for the next.
bool DialogueController::IsAlike(const Specification* a,
                                 const Specification* b) {
  if (alike_ == std::pair(a, b)) return true;
  if (*a != *b) return false;
  alike_ = {a, b};
  return true;
}

bool DialogueController::Fits(const Place& place, const Batch& batch) {
  const DialogueDevice& device = place.link->device();
  return !place.once && !place.leaves && batch.record == nullptr &&
         place.pcu.name == batch.pcu->name && place.way == batch.way &&
         place.address == batch.address && place.plugs == batch.plugs &&
         place.credentials.user == batch.credentials.user &&
         place.credentials.secret == batch.credentials.secret &&
         IsAlike(place.specification.get(), batch.specification) &&
         absl::c_all_of(batch.orders, [&](const PlugOrder& order) {
           // Of those it does not know it says so itself.
           return !batch.specification->plugs.empty() ||
                  Has(device, order.plug);
         });
}

DialogueController::Place* DialogueController::PlaceFor(const Job& job) {
  const Batch& batch = job.batch;
  size_t count = 0;
  Place* unused = nullptr;
  for (const auto& place : places_) {
    if (place->pcu.name != batch.pcu->name) continue;
    count++;
    if (place->job != nullptr) continue;
    if (Fits(*place, batch)) return place.get();
    unused = place.get();
  }
  const int sessions =
      batch.pcu->sessions.value_or(batch.specification->sessions.value_or(1));
  if (count < static_cast<size_t>(std::max(sessions, 1))) return Make(batch);
  // It makes room, and then we are asked again.
  if (unused != nullptr) unused->link->Finish();
  return nullptr;
}

bool DialogueController::IsConnected(absl::string_view pcu) const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](const auto& place) { return place->pcu.name == pcu; });
}

DialogueController::Statistics DialogueController::StatisticsOf(
    absl::string_view pcu) const {
  Statistics statistics;
  const auto earlier = earlier_.find(pcu);
  if (earlier != earlier_.end()) statistics = earlier->second;
  for (const auto& place : places_) {
    if (place->pcu.name != pcu) continue;
    const Session& session = place->link->session();
    statistics.is_connected |= session.logged_in();
    statistics.is_connecting |= !session.logged_in() && !session.idle();
    statistics.logins += session.logins();
    statistics.scripts += session.scripts_done();
  }
  return statistics;
}

void DialogueController::Leave(absl::string_view pcu) {
  for (const auto& place : places_) {
    if (place->pcu.name != pcu) continue;
    place->leaves = true;
    if (place->job == nullptr) place->link->Finish();
  }
}

// A copy that outlives the batch; strips of one model have one. Each copy is
// compared once: a thousand strips are mostly of one model.
std::shared_ptr<const Specification> DialogueController::Shared(
    const Specification& specification) const {
  absl::flat_hash_set<const Specification*> others;
  for (const auto& place : places_) {
    const std::shared_ptr<const Specification>& other = place->specification;
    if (!others.insert(other.get()).second) continue;
    if (*other == specification) return other;
  }
  return std::make_shared<const Specification>(specification);
}

DialogueController::Place* DialogueController::Make(const Batch& batch) {
  auto made = std::make_unique<Place>();
  Place& place = *made;
  place.pcu = *batch.pcu;
  place.way = batch.way;
  place.address = batch.address;
  place.credentials = batch.credentials;
  place.plugs = batch.plugs;
  place.once = batch.record != nullptr;
  place.record = batch.record;
  place.specification = Shared(*batch.specification);
  DialogueLink::Setup setup;
  setup.device = DeviceFor(batch, *place.specification);
  setup.secret = batch.credentials.secret;
  setup.options.telnet = IsTelnet(batch.way.transport);
  setup.options.keep = batch.pcu->keep && !place.once;
  // A batch may pause for longer than a session lingers behind it.
  setup.options.linger = absl::InfiniteDuration();
  setup.records = place.once;
  setup.line = absl::StrCat(batch.way.transport, " ", setup.device.address);
  if (batch.way.port.has_value()) {
    absl::StrAppend(&setup.line, " port ", *batch.way.port);
  }
  const absl::Duration step = batch.pcu->step_timeout.value_or(
      batch.specification->step_timeout.value_or(kLoginTime));
  TransportPlan plan;
  plan.transport = batch.way.transport;
  plan.address = batch.address;
  plan.port = batch.way.port.value_or(0);
  plan.pcu = &place.pcu;
  plan.user = batch.credentials.user;
  plan.secret = batch.credentials.secret;
  plan.program = batch.pcu->program;
  plan.connect_timeout = batch.connect_timeout;
  plan.login_timeout = std::min(step, batch.limit);
  setup.connect = [this, plan](const std::vector<std::string>& program) {
    return Line(plan, program);
  };
  place.link = std::make_unique<DialogueLink>(
      loop_, std::move(setup),
      DialogueLink::Events{.answered =
                               [this, p = &place](const RequestEnded& ended) {
                                 if (p->job == nullptr) return;
                                 Carry(*p->job, p->job->orders->Ended(
                                                    ended, sys::SteadyNow()));
                               },
                           .gone = [this, p = &place] { Gone(*p); }});
  places_.push_back(std::move(made));
  return &place;
}

// A dialogue whose model starts a program of its own has no line before that.
std::unique_ptr<Transport> DialogueController::Line(
    const TransportPlan& plan, const std::vector<std::string>& program) {
  TransportPlan line = plan;
  if (!program.empty()) {
    line.transport = "exec";
    line.program = program;
  } else if (line.transport == "exec" && line.program.empty()) {
    return nullptr;
  }
  std::unique_ptr<Transport> made;
  if (options_.more_transports != nullptr) {
    made = options_.more_transports(loop_, line);
  }
  return made != nullptr ? std::move(made)
                         : MakeTransport(loop_, line, options_.ssh, *ssh_);
}

void DialogueController::Begin(Job& job, Place& place) {
  loop_.Cancel(std::exchange(place.timer, 0));
  job.place = &place;
  place.job = &job;
  place.link->SetTrace(job.batch.trace);
  DialogueBatchOptions options;
  options.limit = job.batch.limit;
  options.stagger = job.batch.pcu->stagger.value_or(absl::ZeroDuration());
  job.orders.emplace(place.link->device(), std::move(job.batch.orders), options,
                     next_request_);
  next_request_ += 1 << 20;
  Carry(job, job.orders->Begin(sys::SteadyNow()));
}

void DialogueController::Carry(Job& job, DialogueBatch::Effects effects) {
  DialogueLink& link = *job.place->link;
  const Ticket ticket = job.ticket;
  // `done` may cancel, and start others.
  std::vector<DialogueBatch::OrderEnded> told;
  told.reserve(effects.size());
  for (DialogueBatch::Effect& effect : effects) {
    if (auto* ask = std::get_if<DialogueBatch::AskDevice>(&effect)) {
      link.Ask(*ask);
    } else if (auto* abort =
                   std::get_if<DialogueBatch::AbortRequest>(&effect)) {
      link.Abort(abort->failure);
    } else if (auto* forget =
                   std::get_if<DialogueBatch::ForgetRequest>(&effect)) {
      link.Forget(forget->request);
    } else {
      told.push_back(std::get<DialogueBatch::OrderEnded>(std::move(effect)));
    }
  }
  if (job.orders->ended()) {
    LetGo(job);
  } else {
    SetTimer(job);
  }
  const std::shared_ptr<bool> alive = alive_;
  const Done done = job.done;
  if (job.orders->ended()) jobs_.erase(ticket);
  for (const DialogueBatch::OrderEnded& ended : told) {
    done(ended.order, ended.result);
    if (!*alive) return;
  }
}

void DialogueController::LetGo(Job& job) {
  Place& place = *job.place;
  loop_.Cancel(std::exchange(job.timer, 0));
  place.job = nullptr;
  BeginSoon();
  const absl::Duration linger = place.pcu.linger.value_or(absl::ZeroDuration());
  if (place.once || place.leaves || finishing_ ||
      (!place.pcu.keep && linger <= absl::ZeroDuration())) {
    return place.link->Finish();
  }
  if (place.pcu.keep) return;
  place.timer = loop_.After(linger, [p = &place] {
    p->timer = 0;
    p->link->Finish();
  });
}

void DialogueController::SetTimer(Job& job) {
  loop_.Cancel(std::exchange(job.timer, 0));
  const absl::Time wake = job.orders->wake_at();
  if (wake == absl::InfiniteFuture()) return;
  job.timer = loop_.At(wake, [this, ticket = job.ticket] {
    const auto found = jobs_.find(ticket);
    if (found == jobs_.end()) return;
    Job& due = *found->second;
    due.timer = 0;
    Carry(due, due.orders->Woken(sys::SteadyNow()));
  });
}

// A place without a connection is kept while a batch works there: it connects
// again.
void DialogueController::Gone(Place& place) {
  if (place.job != nullptr) return;
  loop_.Cancel(std::exchange(place.timer, 0));
  if (place.record != nullptr) {
    std::exchange(place.record, nullptr)(place.link->TakeTranscript());
  }
  const auto found = absl::c_find_if(
      places_, [&](const auto& other) { return other.get() == &place; });
  if (found == places_.end()) return;
  Statistics& earlier = earlier_[place.pcu.name];
  earlier.logins += place.link->session().logins();
  earlier.scripts += place.link->session().scripts_done();
  const std::string pcu = place.pcu.name;
  loop_.DeleteAtEndOfTurn(std::move(*found));
  places_.erase(found);
  BeginSoon();
  if (options_.gone && !IsConnected(pcu)) options_.gone(pcu);
}

void DialogueController::Cancel(Ticket ticket) {
  const auto found = jobs_.find(ticket);
  if (found == jobs_.end() || found->second->cancelled) return;
  found->second->cancelled = true;
  loop_.After(absl::ZeroDuration(), [this, alive = alive_, ticket] {
    if (!*alive) return;
    const auto still = jobs_.find(ticket);
    if (still == jobs_.end()) return;
    Job& job = *still->second;
    if (job.place == nullptr) return BeginWaiting();
    Carry(job, job.orders->Cancel(sys::SteadyNow()));
  });
}

void DialogueController::Finish() {
  finishing_ = true;
  for (const auto& place : places_) {
    if (place->job == nullptr) place->link->Finish();
  }
}

}  // namespace power
