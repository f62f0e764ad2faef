// What may become of a stored task, and by whose doing:
//
//   from        to anything else, only when stored with the same head
//   SUCCEEDED   never
//   FAILED      retry of it; mark it done
//   SKIPPED     retry or mark of anything in its job
//   CANCELLED   retry of it; mark it
//   HELD        release, cancel or mark it, by its name (or cancel the job)
//
//   a new attempt   not when its task was held, or its job, and nobody has
//                   released it; when its host was drained, and nobody has
//                   resumed it; when it was cancelled, and nobody has asked to
//                   retry it
//   SUCCEEDED       what its comm said, or an operator
//   FAILED          the same; or its agent's policy forbids it; or its time was
//                   up
//   CANCELLED       an operator said so
//   HELD            its attempt's fate is unknown and it must not be repeated
//
// Of jobs with more tasks than a head holds, operations need only have been
// asked for: their notes and their tasks are in different transactions.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <cmath>

#include "base/time.h"
#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using pb::Control;
using Record = pb::TaskRecord;
using Operations = std::vector<const OperationTruth*>;

namespace {

constexpr absl::Duration kRounding = absl::Milliseconds(2);

const Operations& Excuses(const JobTruth& job) {
  return job.records.size() > kTasksInTable ? job.asked : job.fresh;
}

template <typename Holds>
bool Any(const Operations& operations, Holds holds) {
  for (const OperationTruth* o : operations) {
    if (holds(*o)) return true;
  }
  return false;
}

bool IsMark(Verb verb) {
  return verb == Control::MARK_DONE || verb == Control::MARK_FAILED;
}

bool MayLeave(const JobTruth& job, uint32_t t, Record::Stored from) {
  return Any(Excuses(job), [&](const OperationTruth& o) {
    switch (from) {
      case Record::FAILED:
        return o.Covers(t) &&
               (o.verb() == Control::RETRY || o.verb() == Control::MARK_DONE);
      case Record::SKIPPED:
        return o.verb() == Control::RETRY || IsMark(o.verb());
      case Record::CANCELLED:
        return o.Covers(t) && (o.verb() == Control::RETRY || IsMark(o.verb()));
      case Record::HELD:
        return o.Covers(t) &&
               (o.verb() == Control::CANCEL || IsMark(o.verb()) ||
                (o.verb() == Control::RELEASE && !o.tasks.empty()));
      default:
        return false;
    }
  });
}

}  // namespace

std::string Name(Record::Stored stored) { return Record::Stored_Name(stored); }

std::string World::State::CheckChange(const JobTruth& job, uint32_t t,
                                      const Record& is) const {
  const Record& was = job.records[t];
  const bool whole = job.records.size() <= kTasksInTable;
  // Parts are written one after the other: what was skipped in one for a task
  // whose failure is in another may not have been, after a crash in between.
  const bool guarded =
      was.state() == Record::HELD ||
      (HasEnded(was.state()) && (whole || was.state() != Record::SKIPPED));
  if (guarded && is.state() != was.state() && !MayLeave(job, t, was.state())) {
    return absl::StrCat("a stored ", Name(was.state()), " became ",
                        Name(is.state()));
  }
  if (whole && is.attempts() < was.attempts()) {
    return "an attempt was forgotten";
  }
  if (is.state() == Record::HELD &&
      job.load.job.tasks[t].options->safe_to_repeat) {
    return "a task that may be repeated is held";
  }
  if (!whole) return "";
  bool held = was.held();
  for (const OperationTruth* o : job.fresh) {
    if (o->tasks.empty() || !o->Covers(t)) continue;
    if (o->verb() == Control::HOLD) held = true;
    if (o->verb() == Control::RELEASE) held = false;
  }
  if (is.held() != held) {
    return held ? "a task is not held that an operator holds"
                : "a task is held that no operator holds";
  }
  return "";
}

// About an attempt that the stored record did not have before.
std::string World::State::CheckAttempt(const JobTruth& job, uint32_t t,
                                       const Record& is) const {
  const Record& was = job.records[t];
  if (is.attempt_id().empty() || is.attempt_id() == was.attempt_id()) return "";
  const auto asked = [&](Verb verb, bool by_name) {
    return Any(Excuses(job), [&](const OperationTruth& o) {
      return o.verb() == verb && o.Covers(t) && o.tasks.empty() != by_name;
    });
  };
  if (was.held() && !asked(Control::RELEASE, true)) {
    return "a held task is attempted";
  }
  if (job.has_head && job.held && !asked(Control::RELEASE, false)) {
    return "a task of a held job is attempted";
  }
  if (still_drained.contains(job.load.job.tasks[t].host)) {
    return "a drained host is given an attempt";
  }
  if (job.cancelled[t] && !asked(Control::RETRY, true) &&
      !asked(Control::RETRY, false)) {
    return "a cancelled task is attempted";
  }
  return "";
}

std::string World::State::CheckVerdict(const JobTruth& job, uint32_t t,
                                       const Record& is) {
  const auto asked = [&](Verb verb) {
    return Any(job.records.size() > kTasksInTable ? job.asked : job.done,
               [&](const OperationTruth& o) {
                 return o.verb() == verb && o.Covers(t);
               });
  };
  if (is.state() == Record::CANCELLED) {
    return asked(Control::CANCEL) ? "" : "nobody has cancelled it";
  }
  if (is.state() != Record::SUCCEEDED && is.state() != Record::FAILED) {
    return "";
  }
  const bool good = is.state() == Record::SUCCEEDED;
  if (is.marked()) {
    return asked(good ? Control::MARK_DONE : Control::MARK_FAILED)
               ? ""
               : "nobody has marked it";
  }
  if (!good && absl::StartsWith(is.reason(), "gave up after ")) {
    return CheckGivenUp(job, t, is);
  }
  // What an operator's eyes and dependents go by must be what its comm said.
  const auto truth = attempts.find(AttemptId::From(is.attempt_id()));
  const pb::Verdict said =
      truth == attempts.end() ? pb::VERDICT_NONE : truth->second.ended;
  if (said != (good ? pb::DONE : pb::FAILED)) {
    return absl::StrCat("its attempt's comm said ", pb::Verdict_Name(said));
  }
  return "";
}

// A task is not born before what it requires has ended; unless operators had
// that begin anew since.
absl::Time World::State::EarliestBirth(const JobTruth& job, uint32_t t) const {
  absl::Time earliest =
      job.needs[t].empty() ? job.injected : absl::InfinitePast();
  for (const uint32_t n : job.needs[t]) {
    const auto truth =
        attempts.find(AttemptId::From(job.records[n].attempt_id()));
    if (job.meddled[n] || truth == attempts.end() ||
        truth->second.ended == pb::VERDICT_NONE) {
      continue;
    }
    earliest = std::max(earliest, truth->second.over);
  }
  return earliest;
}

// Only when a next try would have come too late, or when it could not start
// until then.
std::string World::State::CheckGivenUp(const JobTruth& job, uint32_t t,
                                       const Record& is) {
  facts.given_up++;
  const TaskOptions& options = *job.load.job.tasks[t].options;
  if (options.retry_for == absl::InfiniteDuration()) {
    return "it was given up and may be tried for ever";
  }
  // A server whose clock jumps knows no better.
  if (jumped) return "";
  facts.given_up_checked++;
  const auto time = [](uint64_t ms) {
    return base::FromMillis(static_cast<int64_t>(ms));
  };
  const absl::Time birth = time(is.eligible_ms()), ended = time(is.ended_ms());
  if (ended > now + kRounding) return "it was given up in the future";
  if (birth + kRounding < EarliestBirth(job, t)) {
    return "it was given up before its time: it was born later";
  }
  const absl::Time limit = birth + options.delay + options.retry_for;
  if (ended + kRounding >= limit) return "";
  if (is.started_ms() == 0) return "it was given up before its time";
  // The formula of the manual page, as it is written there.
  const absl::Time last = time(is.started_ms());
  const double since =
      std::sqrt(std::max(0.0, absl::ToDoubleSeconds(last - birth))) +
      options.step;
  const absl::Time next = std::max(
      ended,
      std::min(birth + absl::Seconds(since * since), last + options.retry_max));
  if (next + kRounding > limit) return "";
  return absl::StrCat("it was given up ", absl::FormatDuration(limit - ended),
                      " too early");
}

// By what is stored of those it requires.
bool World::State::MayStart(const JobTruth& job, uint32_t t) const {
  bool good = true, some_failed = false;
  for (const uint32_t n : job.needs[t]) {
    const Record& need = job.records[n];
    if (job.meddled[n]) return true;
    if (!HasEnded(need.state())) return false;
    const bool failed =
        need.state() != Record::SUCCEEDED &&
        !(need.state() == Record::SKIPPED && need.culprit() == n);
    some_failed |= failed;
    good &= !failed || (need.state() == Record::FAILED &&
                        job.load.job.tasks[n].options->continue_if_failed);
  }
  switch (job.load.job.tasks[t].options->run_if) {
    case RunIf::kSuccess:
      return good;
    case RunIf::kFailure:
      return some_failed;
    case RunIf::kAlways:
      return true;
  }
  return false;
}

}  // namespace mcfeely
