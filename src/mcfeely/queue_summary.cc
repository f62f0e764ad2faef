// Jobs in short: what a list shows that is asked for again and again.

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"

namespace mcfeely {

namespace {

// Of fewer tasks a view costs little; of more, its reasons and requirements are
// most of the work.
constexpr size_t kFewTasks = 256;

}  // namespace

absl::StatusOr<JobSummary> Queue::Summary(store::Engine& engine, JobId job,
                                          absl::Time now) const {
  const State& s = *state_;
  const auto found = s.jobs.find(job.value);
  if (found == s.jobs.end() || !s.scheduler.Has(job) ||
      found->second->spec->tasks.size() <= kFewTasks) {
    TRY_ASSIGN(const fleetbox::wire::JobView view,
               View(engine, job, false, now));
    return SummaryOf(view);
  }
  const QueuedJob& known = *found->second;
  JobSummary summary;
  summary.job = job;
  if (s.scheduler.Flags(job).held) {
    summary.state = fleetbox::wire::JOB_HELD;
  }
  summary.injected_ms = static_cast<uint64_t>(base::ToMillis(known.injected));
  summary.Describe(known.spec->description, *known.principal);
  for (uint32_t t = 0; t < known.spec->tasks.size(); t++) {
    const Task& task = known.spec->tasks[t];
    summary.AddTask(task.name, task.host, s.scheduler.State(job, {t}));
  }
  return summary;
}

}  // namespace mcfeely
