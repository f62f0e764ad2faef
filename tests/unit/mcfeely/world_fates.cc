// How jobs should have ended. Slow and obvious on purpose: it shares nothing
// with the scheduler.

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <optional>

#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using pb::Control;
using Record = pb::TaskRecord;

namespace {

std::vector<std::vector<uint32_t>> NeedsOf(const Job& job) {
  std::vector<std::vector<uint32_t>> needs(job.tasks.size());
  for (const Requirement& r : job.requirements) {
    for (const uint32_t t : r.tasks) {
      needs[t].insert(needs[t].end(), r.needs.begin(), r.needs.end());
    }
  }
  return needs;
}

// Of one task, once all it requires has its fate.
Fate FateOf(const Job& job, uint32_t t, const std::vector<uint32_t>& needs,
            const std::vector<std::optional<Fate>>& fates, bool fails) {
  bool all_well = true, may_go_on = true;
  for (const uint32_t n : needs) {
    const bool failed = fates[n] == Fate::kFailed;
    const bool went_wrong = failed || fates[n] == Fate::kSkipped;
    const bool minded = !(failed && job.tasks[n].options->continue_if_failed);
    if (went_wrong) all_well = false;
    if (went_wrong && minded) may_go_on = false;
  }
  const RunIf run = job.tasks[t].options->run_if;
  if (run == RunIf::kSuccess && !may_go_on) return Fate::kSkipped;
  if (run == RunIf::kFailure && all_well) return Fate::kNotNeeded;
  return fails ? Fate::kFailed : Fate::kDone;
}

// Whether a task was skipped although it should not have been, and whether what
// is said of that is true.
std::string CheckSkipped(const JobTruth& job, uint32_t t) {
  const uint32_t culprit = job.records[t].culprit();
  if (culprit >= job.records.size()) return "its culprit does not exist";
  if (culprit == t) {
    if (job.load.job.tasks[t].options->run_if != RunIf::kFailure) {
      return "it was not needed, and is not for failures";
    }
    for (const uint32_t n : job.needs[t]) {
      const Record& need = job.records[n];
      const bool well =
          need.state() == Record::SUCCEEDED ||
          (need.state() == Record::SKIPPED && need.culprit() == n);
      if (!well) return "it was not needed, and what it requires has failed";
    }
    return "";
  }
  const Record& blamed = job.records[culprit];
  if (blamed.state() != Record::FAILED && blamed.state() != Record::CANCELLED) {
    return absl::StrCat("its culprit is ", Name(blamed.state()));
  }
  if (blamed.state() == Record::FAILED &&
      job.load.job.tasks[culprit].options->continue_if_failed) {
    return "its culprit's failure was to skip nobody";
  }
  // Somewhere among all it requires.
  std::vector<uint32_t> left = {t};
  std::vector<bool> seen(job.records.size(), false);
  while (!left.empty()) {
    const uint32_t one = left.back();
    left.pop_back();
    if (one == culprit) return "";
    for (const uint32_t n : job.needs[one]) {
      if (!seen[n]) left.push_back(n);
      seen[n] = true;
    }
  }
  return "it does not require its culprit";
}

}  // namespace

std::vector<Fate> FatesOf(const Job& job, const std::vector<bool>& fails) {
  const auto needs = NeedsOf(job);
  std::vector<std::optional<Fate>> fates(job.tasks.size());
  // Again and again, until nothing is left.
  for (size_t known = 0; known < fates.size();) {
    const size_t before = known;
    for (uint32_t t = 0; t < fates.size(); t++) {
      bool ready = !fates[t].has_value();
      for (const uint32_t n : needs[t]) ready = ready && fates[n].has_value();
      if (!ready) continue;
      fates[t] = FateOf(job, t, needs[t], fates, fails[t]);
      known++;
    }
    if (known == before) abort();  // a cycle
  }
  std::vector<Fate> all;
  for (const auto& fate : fates) all.push_back(*fate);
  return all;
}

bool ForbiddenJob(const Workload& load) {
  if (load.principal != "user:guest@example.com") return false;
  for (const Task& task : load.job.tasks) {
    if (task.host != "host0" || task.comm != "test_comm") return true;
  }
  return false;
}

bool ForbiddenAt(absl::string_view host, absl::string_view comm) {
  return comm == "rare_comm" && (host.back() - '0') % 2 == 1;
}

void World::State::JudgeJob(const JobTruth& job) {
  if (job.forbidden) {
    if (job.number != 0) Wrong("a job that the policy forbids is stored");
    return;
  }
  const auto say = [&](uint32_t t, const std::string& what) {
    Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                       Name(job.records[t].state()), ": ", what));
  };
  for (uint32_t t = 0; t < job.records.size() && violation.empty(); t++) {
    facts.judged++;
    if (job.records[t].state() != Record::SKIPPED) continue;
    const std::string wrong = CheckSkipped(job, t);
    if (!wrong.empty()) say(t, wrong);
  }
  if (!violation.empty()) return;
  // What was given up once may succeed when it is retried; what ran because of
  // that has run.
  bool may_differ = job.touched;
  for (uint32_t t = 0; t < job.records.size(); t++) {
    may_differ |= job.meddled[t] && job.load.job.tasks[t].options->retry_for <
                                        absl::InfiniteDuration();
  }
  if (may_differ) {
    JudgeTouched(job);
  } else {
    JudgeUntouched(job);
  }
}

// What operators did to it changes nobody's fate (hold, release, now, retry).
void World::State::JudgeUntouched(const JobTruth& job) {
  std::vector<bool> fails(job.records.size());
  for (uint32_t t = 0; t < fails.size(); t++) {
    const Task& task = job.load.job.tasks[t];
    fails[t] = job.load.scripts[t].verdict == pb::FAILED ||
               (o.policies && ForbiddenAt(task.host, task.comm)) ||
               absl::StartsWith(job.records[t].reason(), "gave up after ");
  }
  const std::vector<Fate> fates = FatesOf(job.load.job, fails);
  for (uint32_t t = 0; t < fates.size(); t++) {
    const Record& record = job.records[t];
    const bool not_needed = record.culprit() == t;
    const bool as_meant =
        fates[t] == Fate::kDone ? record.state() == Record::SUCCEEDED
        : fates[t] == Fate::kFailed
            ? record.state() == Record::FAILED
            : record.state() == Record::SKIPPED &&
                  not_needed == (fates[t] == Fate::kNotNeeded);
    if (as_meant) continue;
    constexpr const char* kWords[] = {"done", "failed", "skipped for another",
                                      "not needed"};
    return Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                              Name(record.state()), not_needed ? " itself" : "",
                              ", its script means ",
                              kWords[static_cast<int>(fates[t])]));
  }
}

// Somebody has given a verdict or cancelled: what nobody can have changed by
// that is as it would be.
void World::State::JudgeTouched(const JobTruth& job) {
  for (uint32_t t = 0; t < job.records.size(); t++) {
    const Record& record = job.records[t];
    const bool attempted =
        !record.marked() && (record.state() == Record::SUCCEEDED ||
                             record.state() == Record::FAILED);
    if (attempted && !MayStart(job, t)) {
      return Wrong(absl::StrCat("task ", t, " of job ", job.number, " is ",
                                Name(record.state()),
                                " and should never have been attempted"));
    }
  }
}

}  // namespace mcfeely
