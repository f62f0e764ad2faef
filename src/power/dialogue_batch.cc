#include "power/dialogue_batch.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "power/ability.h"
#include "power/busy_hint.h"

namespace power {
namespace {

using Step = PlugAction::Step;

// The last reading of all is given time for its answer.
constexpr absl::Duration kLastReading = absl::Seconds(2);

// That may be otherwise in a moment.
bool MayPass(FailureClass c) {
  return c == FailureClass::kClosed || c == FailureClass::kTimeout ||
         c == FailureClass::kUnreachable || c == FailureClass::kBusy;
}

// What is read for it: the state, or what was asked for.
Verb ReadingFor(Action action) {
  return action == Action::kTemperature || action == Action::kBeacon
             ? *VerbOf(action)
             : Verb::kStatus;
}

bool PowersOn(Action command) {
  return command == Action::kOn || command == Action::kCycle;
}

}  // namespace

DialogueBatch::DialogueBatch(const DialogueDevice& device,
                             std::vector<PlugOrder> orders,
                             DialogueBatchOptions options,
                             uint64_t first_request)
    : device_(device),
      options_(options),
      next_request_(first_request),
      busy_retries_(options.busy_retries) {
  works_.reserve(orders.size());
  absl::flat_hash_set<absl::string_view> plugs;
  plugs.reserve(orders.size());
  for (PlugOrder& order : orders) {
    AddWork(std::move(order));
    has_twice_ |= !plugs.insert(works_.back().order.plug).second;
  }
}

void DialogueBatch::AddWork(PlugOrder&& order) {
  const Specification& spec = *device_.specification;
  const Action action = order.action;
  const bool asks = action == Action::kVerify && order.with_confirmation;
  const ActionOptions options = OptionsByScripts(order.options, spec);
  works_.push_back({.order = std::move(order),
                    .action = PlugAction(action, options, asks),
                    .only_login = !HasScript(spec, ReadingFor(action))});
}

// What the model cannot do is told before anything is done: not after the off
// of a cycle that has no on.
std::optional<Failure> DialogueBatch::Impossible(const Work& work) const {
  return WhyNotByScripts(device_, work.order, [&] {
    std::vector<std::string> same;
    for (const Work& other : works_) {
      if (other.order.action == work.order.action) {
        same.push_back(other.order.plug);
      }
    }
    return same;
  });
}

DialogueBatch::Effects DialogueBatch::Begin(absl::Time now) {
  progress_at_ = now;
  for (Work& work : works_) {
    if (auto failure = Impossible(work)) {
      work.action.result().failure = *failure;
      work.since = now;
      End(work);
      continue;
    }
    work.action.result().attempts = 1;
    Do(work, work.action.Begin(now), now);
  }
  Proceed(now);
  return Take();
}

void DialogueBatch::End(Work& work) {
  work.ended = true;
  work.in_flight = false;
  work.next = {};
  out_.push_back(OrderEnded{static_cast<size_t>(&work - works_.data()),
                            work.action.result()});
}

void DialogueBatch::Do(Work& work, const PlugAction::Next& next,
                       absl::Time now) {
  work.next = next;
  work.since = now;
  work.in_flight = false;
  // What cannot be read is not waited for; a verify wants the login all the
  // same.
  const bool wants_login =
      work.order.action == Action::kVerify && !work.order.with_confirmation;
  if (next.step == Step::kRead && work.only_login && !wants_login) {
    return Do(work, work.action.NotReadable(now), now);
  }
  if (next.step == Step::kEnd) End(work);
}

absl::Time DialogueBatch::DeadlineOf(const Work& work) const {
  const absl::Time limit = std::max(work.since, progress_at_) + options_.limit;
  if (work.next.step != Step::kRead) return limit;
  return std::min(limit, std::max(work.next.until, work.since + kLastReading));
}

bool DialogueBatch::IsReady(const Work& work, Step step, absl::Time now) const {
  return !work.ended && !work.in_flight && work.next.step == step &&
         now >= work.not_before;
}

std::vector<DialogueBatch::Work*> DialogueBatch::GroupOf(Step step,
                                                         absl::Time now) {
  std::vector<Work*> group;
  group.reserve(works_.size());
  for (Work& work : works_) {
    if (!IsReady(work, step, now)) continue;
    if (!group.empty() && step == Step::kRead &&
        ReadingFor(work.order.action) != ReadingFor(group[0]->order.action)) {
      continue;
    }
    const bool powers_on = step == Step::kSwitch && PowersOn(work.next.command);
    const bool staggers = powers_on && options_.stagger > absl::ZeroDuration();
    if (staggers && now < power_on_at_) continue;
    if (!group.empty() &&
        (work.next.command != group[0]->next.command || staggers)) {
      continue;
    }
    // A plug that is named twice is switched twice.
    const bool is_twice =
        has_twice_ && absl::c_any_of(group, [&](const Work* other) {
          return other->order.plug == work.order.plug;
        });
    if (is_twice && step != Step::kRead) continue;
    group.push_back(&work);
  }
  return group;
}

bool DialogueBatch::AskFor(Step step, absl::Time now) {
  for (;;) {
    std::vector<Work*> group = GroupOf(step, now);
    if (group.empty()) return false;
    Verb verb = ReadingFor(group[0]->order.action);
    if (step == Step::kSwitch) verb = *VerbOf(group[0]->next.command);
    if (step == Step::kPrivilege) verb = Verb::kVerify;
    if (Ask(group, verb, now)) return true;
  }
}

// False if the model cannot do it: then those of whom that is true have ended.
bool DialogueBatch::Ask(std::vector<Work*> group, Verb verb, absl::Time now) {
  AskDevice ask;
  ask.verb = verb;
  ask.plugs.reserve(group.size());
  for (const Work* work : group) {
    if (!has_twice_ || !absl::c_linear_search(ask.plugs, work->order.plug)) {
      ask.plugs.push_back(work->order.plug);
    }
  }
  if (verb == Verb::kStatus && group[0]->only_login) {
    ask.plugs.clear();
    ask.verb = Verb::kLogin;
  } else {
    auto runs = ChooseScripts(device_, verb, ask.plugs);
    if (const auto* failure = std::get_if<Failure>(&runs)) {
      if (group.size() > 1) return Ask({group[0]}, verb, now);
      Fail(*group[0], *failure, now);
      return false;
    }
    ask.runs = std::get<std::vector<ScriptRun>>(std::move(runs));
  }
  // One after the other, each is known as soon as it has ended; only those that
  // pause for each other go together.
  const bool together = device_.specification->interleave.value_or(false);
  if (ask.runs.size() > 1 && !together) {
    ask.runs.resize(1);
    ask.plugs = ask.runs[0].plugs;
  }
  for (Work* work : group) {
    work->in_flight =
        ask.runs.empty() || absl::c_any_of(ask.runs, [&](const ScriptRun& run) {
          return Covers(run, *work);
        });
    if (work->in_flight && work->next.step == Step::kSwitch) {
      work->has_switched = true;
      if (PowersOn(work->next.command)) power_on_at_ = now + options_.stagger;
    }
  }
  ask.request = next_request_++;
  asked_ = ask;
  aborted_ = false;
  out_.push_back(std::move(ask));
  return true;
}

bool DialogueBatch::Covers(const ScriptRun& run, const Work& work) const {
  return run.plugs.empty() || absl::c_linear_search(run.plugs, work.order.plug);
}

void DialogueBatch::Proceed(absl::Time now) {
  if (asked_.has_value() || now < not_before_) return;
  if (AskFor(Step::kSwitch, now) || AskFor(Step::kRead, now)) return;
  AskFor(Step::kPrivilege, now);
}

DialogueBatch::Effects DialogueBatch::Ended(const RequestEnded& ended,
                                            absl::Time now) {
  if (!asked_.has_value() || ended.request != asked_->request) return Take();
  const AskDevice asked = *std::exchange(asked_, std::nullopt);
  const RunEnded* unbegun = nullptr;
  bool has_begun = ended.runs.empty();
  for (const RunEnded& run : ended.runs) {
    if (run.begun) has_begun = true;
    if (!run.begun) unbegun = &run;
  }
  for (const RunEnded& run : ended.runs) {
    if (run.run >= asked.runs.size() || !run.begun) continue;
    if (run.failure) {
      RunFailed(run, asked.runs[run.run], now);
    } else {
      RunDone(run, asked.runs[run.run], now);
    }
  }
  if (ended.runs.empty()) RunDone({}, {}, now);
  if (!has_begun) NoConnection(*unbegun->failure, now);
  // What was asked with one that failed has its turn once more.
  for (Work& work : works_) work.in_flight = false;
  Proceed(now);
  return Take();
}

void DialogueBatch::RunDone(const RunEnded& run, const ScriptRun& what,
                            absl::Time now) {
  progress_at_ = now;
  out_.reserve(out_.size() + works_.size());
  for (Work& work : works_) {
    if (work.in_flight && Covers(what, work)) Answer(work, run, what, now);
  }
}

void DialogueBatch::Answer(Work& work, const RunEnded& run,
                           const ScriptRun& what, absl::Time now) {
  PlugAction& action = work.action;
  VerifyLevel& verified = action.result().verified;
  verified = std::max(verified, VerifyLevel::kLogin);
  const PlugReport* report = nullptr;
  for (const PlugReport& one : run.plugs) {
    if (one.plug == work.order.plug) report = &one;
  }
  if (report != nullptr && report->failure.has_value()) {
    return Fail(work, *report->failure, now);
  }
  if (work.next.step == Step::kSwitch) {
    return Do(work, action.Switched(now), now);
  }
  if (work.next.step == Step::kPrivilege) {
    return Tried(work, run, *what.script, now);
  }
  if (work.only_login) {
    action.result().outcome = Outcome::kDone;
    action.result().remark = "logged in; its states cannot be read";
    return End(work);
  }
  // It told of others.
  if (report == nullptr && !run.plugs.empty() && !work.has_switched) {
    return Fail(work,
                {FailureClass::kPlug, absl::StrCat("the device shows no plug '",
                                                   work.order.plug, "'")},
                now);
  }
  work.reads_left = 3;
  if (report != nullptr && work.order.action == Action::kTemperature) {
    action.result().value = report->value;
  }
  Do(work,
     action.StateRead(report == nullptr ? PlugState::kUnknown : report->state,
                      now),
     now);
}

// The trial of a model that has no question to be asked shows no more than what
// was read.
void DialogueBatch::Tried(Work& work, const RunEnded& run, const Script& script,
                          absl::Time now) {
  if (run.confirmation_reached) return Do(work, work.action.Allowed(now), now);
  if (script.Holds(Statement::Kind::kConfirm)) {
    return Fail(
        work,
        {FailureClass::kPrompt, "the device did not ask whether that is meant"},
        now);
  }
  work.action.result().outcome = Outcome::kDone;
  work.action.result().remark = "its trial asks for no confirmation";
  End(work);
}

void DialogueBatch::RunFailed(const RunEnded& run, const ScriptRun& what,
                              absl::Time now) {
  if (WaitsForBusy(*run.failure, now)) return;
  for (Work& work : works_) {
    if (!work.in_flight || !Covers(what, work)) continue;
    VerifyLevel& verified = work.action.result().verified;
    verified = std::max(verified, VerifyLevel::kLogin);
    Fail(work, *run.failure, now);
  }
  // A login that is refused now would be refused to the others, and counted.
  if (run.failure->failure_class == FailureClass::kAuth) {
    NoConnection(*run.failure, now);
  }
}

// Reads again, if it may: what was switched is to be known.
bool DialogueBatch::ReadsAgain(Work& work, const Failure& failure,
                               absl::Time now) {
  if (work.next.step != Step::kRead || !work.has_switched ||
      !(MayPass(failure.failure_class) ||
        failure.failure_class == FailureClass::kPrompt) ||
      work.reads_left == 0 || now >= DeadlineOf(work)) {
    return false;
  }
  work.not_before =
      now + absl::Milliseconds(500) * (1 << (3 - work.reads_left));
  work.reads_left--;
  work.action.result().attempts++;
  work.in_flight = false;
  return true;
}

void DialogueBatch::Fail(Work& work, const Failure& failure, absl::Time now) {
  if (ReadsAgain(work, failure, now)) return;
  const bool is_lost = work.next.step == Step::kSwitch &&
                       failure.maybe_executed && MayPass(failure.failure_class);
  Do(work,
     is_lost ? work.action.Lost(failure, now)
             : work.action.Failed(failure, now),
     now);
}

// All wait as long as the device says that it is busy, if that leads anywhere.
bool DialogueBatch::WaitsForBusy(const Failure& failure, absl::Time now) {
  if (failure.failure_class != FailureClass::kBusy || failure.maybe_executed ||
      busy_retries_ == 0) {
    return false;
  }
  const absl::Duration wait =
      BusyHint(failure.text).value_or(options_.busy_delay);
  if (now + wait >= progress_at_ + options_.limit) return false;
  busy_retries_--;
  not_before_ = now + wait;
  for (Work& work : works_) {
    if (!work.ended) work.action.result().attempts++;
  }
  return true;
}

void DialogueBatch::NoConnection(const Failure& failure, absl::Time now) {
  if (WaitsForBusy(failure, now)) return;
  const bool is_auth = failure.failure_class == FailureClass::kAuth;
  // Whatever spoke to us is there.
  const bool answered = failure.failure_class != FailureClass::kUnreachable &&
                        failure.failure_class != FailureClass::kTimeout &&
                        failure.failure_class != FailureClass::kConfig;
  for (Work& work : works_) {
    if (work.ended || (work.next.step == Step::kPause && !is_auth)) continue;
    VerifyLevel& verified = work.action.result().verified;
    if (answered) verified = std::max(verified, VerifyLevel::kReach);
    Fail(work, failure, now);
  }
}

// When the request that is under way is given up: once all are late that wait
// for it.
absl::Time DialogueBatch::AbortAt() const {
  absl::Time latest = absl::InfinitePast();
  for (const Work& work : works_) {
    if (work.in_flight) latest = std::max(latest, DeadlineOf(work));
  }
  const bool has_any = asked_.has_value() && latest != absl::InfinitePast();
  return has_any && !aborted_ ? latest : absl::InfiniteFuture();
}

DialogueBatch::Effects DialogueBatch::Woken(absl::Time now) {
  for (Work& work : works_) {
    if (work.ended || work.in_flight) continue;
    if (work.next.step == Step::kPause) {
      if (now >= work.next.until) Do(work, work.action.PauseOver(now), now);
    } else if (now >= DeadlineOf(work)) {
      // Behind others that take their time.
      Fail(work,
           {FailureClass::kTimeout,
            absl::StrCat("its turn did not come within ",
                         absl::FormatDuration(options_.limit))},
           now);
    }
  }
  if (now >= AbortAt()) {
    aborted_ = true;
    out_.push_back(
        AbortRequest{{FailureClass::kTimeout,
                      absl::StrCat("no end within ",
                                   absl::FormatDuration(options_.limit))}});
  }
  Proceed(now);
  return Take();
}

DialogueBatch::Effects DialogueBatch::Cancel(absl::Time) {
  for (Work& work : works_) {
    if (work.ended || work.has_switched) continue;
    work.action.result().outcome.reset();
    work.action.result().failure.reset();
    End(work);
  }
  if (asked_.has_value() &&
      absl::c_none_of(works_, [](const Work& w) { return w.in_flight; })) {
    out_.push_back(ForgetRequest{asked_->request});
    asked_.reset();
  }
  return Take();
}

absl::Time DialogueBatch::wake_at() const {
  absl::Time wake = AbortAt();
  for (const Work& work : works_) {
    if (work.ended || work.in_flight) continue;
    if (work.next.step == Step::kPause) {
      wake = std::min(wake, work.next.until);
      continue;
    }
    wake = std::min(wake, DeadlineOf(work));
    if (asked_.has_value()) continue;
    absl::Time turn = std::max(not_before_, work.not_before);
    if (work.next.step == Step::kSwitch && PowersOn(work.next.command)) {
      turn = std::max(turn, power_on_at_);
    }
    wake = std::min(wake, turn);
  }
  return wake;
}

bool DialogueBatch::ended() const {
  return absl::c_all_of(works_, [](const Work& work) { return work.ended; });
}

DialogueBatch::Effects DialogueBatch::Take() {
  return std::exchange(out_, Effects());
}

}  // namespace power
