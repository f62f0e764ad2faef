#include "mcfeely/export.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/jobfile.h"
#include "mcfeely/queue.h"
#include "mcfeely/view.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

namespace {

std::string Comment(const wire::TaskView& task, absl::string_view what) {
  return absl::StrCat("# ", task.name(), " on ", task.host(), ": ",
                      base::Escape(what), "\n");
}

// Whether the task is left to be done; what is to be said of it is appended to
// `comments`.
absl::StatusOr<bool> IsLeft(const Task& spec, const wire::TaskView& task,
                            std::string* comments) {
  switch (task.state()) {
    case wire::TASK_WAITING:
    case wire::TASK_READY:
      return true;
    case wire::TASK_DELAYED:
      absl::StrAppend(comments,
                      Comment(task, absl::StrCat("delayed: ", task.why())));
      return true;
    case wire::TASK_DISPATCHED:
    case wire::TASK_RUNNING:
      if (!spec.options->safe_to_repeat) break;
      absl::StrAppend(comments,
                      Comment(task, "was running; this runs it again"));
      return true;
    case wire::TASK_HELD:
      break;
    default:
      absl::StrAppend(comments,
                      Comment(task, absl::StrCat(StateWord(task.state()),
                                                 task.why().empty() ? "" : ": ",
                                                 task.why())));
      return false;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("task '", task.name(), "' is ", StateWord(task.state()),
                   "; whether it is to be run again is for a person to say"));
}

// What the file could not say of a task that is left.
absl::Status CheckSayable(const Task& task, bool some_failed) {
  const auto cannot = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("task '", task.name, "' ", why));
  };
  if (!task.options->run.input.empty()) {
    return cannot("is given standard input, which a job file only names");
  }
  if (some_failed && task.options->run_if != RunIf::kSuccess) {
    return cannot(
        "is run for what has failed, which a job file of the rest cannot say");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FormatExport(const Job& job,
                                         const wire::JobView& view) {
  Job left = job;
  left.tasks.clear();
  left.requirements.clear();
  left.hold = false;  // it was released: what is held is not written
  std::string comments =
      absl::StrCat("# job ", view.job(), ", injected ",
                   base::FormatTime(base::FromMillis(view.injected_ms())),
                   " by ", base::Escape(view.principal()), "\n");
  if (job.allow_unknown_hosts) {
    absl::StrAppend(&comments, "# was injected with --allow-unknown-host\n");
  }
  constexpr uint32_t kGone = UINT32_MAX;
  std::vector<uint32_t> positions(job.tasks.size(), kGone);
  for (size_t t = 0; t < job.tasks.size(); t++) {
    TRY_ASSIGN(const bool is_left,
               IsLeft(job.tasks[t], view.task(static_cast<int>(t)), &comments));
    if (!is_left) continue;
    positions[t] = static_cast<uint32_t>(left.tasks.size());
    left.tasks.push_back(job.tasks[t]);
  }
  for (size_t t = 0; t < job.tasks.size(); t++) {
    if (positions[t] == kGone) continue;
    const auto needs_failed = [&](const Requirement& r) {
      const auto of_task = std::find(r.tasks.begin(), r.tasks.end(), t);
      return of_task != r.tasks.end() &&
             std::any_of(r.needs.begin(), r.needs.end(), [&](uint32_t n) {
               return positions[n] == kGone &&
                      view.task(static_cast<int>(n)).state() != wire::TASK_DONE;
             });
    };
    TRY(CheckSayable(job.tasks[t],
                     std::any_of(job.requirements.begin(),
                                 job.requirements.end(), needs_failed)));
  }
  const auto of_left = [&](const std::vector<uint32_t>& side) {
    std::vector<uint32_t> kept;
    for (const uint32_t t : side) {
      if (positions[t] != kGone) kept.push_back(positions[t]);
    }
    return kept;
  };
  for (const Requirement& r : job.requirements) {
    Requirement kept{of_left(r.tasks), of_left(r.needs)};
    if (!kept.tasks.empty() && !kept.needs.empty()) {
      left.requirements.push_back(std::move(kept));
    }
  }
  if (left.key->empty()) {
    left.key = absl::StrCat("export/", base::Hex(view.parcel()));
  }
  return comments + FormatJobFile(left);
}

absl::Status ExportQueue(
    const std::string& folder,
    absl::FunctionRef<absl::Status(uint64_t job, absl::StatusOr<std::string>)>
        take) {
  // Opening would make one.
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(folder + "/store.db"));
  if (!info.exists) {
    return absl::NotFoundError(absl::StrCat(folder, ": there is no queue"));
  }
  sys::Loop loop;
  TRY_ASSIGN(
      const std::unique_ptr<store::Engine> engine,
      store::OpenSqlite({.folder = folder}, store::SurroundingsOf(loop)));
  // What it decides as time goes by stays in memory: none of its transactions
  // is committed.
  Queue queue({.random_bytes = sys::RandomBytes});
  TRY(queue.Load(*engine, sys::SteadyNow()));
  for (const JobId job : queue.scheduler().Jobs()) {
    const auto view = queue.View(*engine, job, false, sys::SteadyNow());
    TRY(take(job.value, view.ok()
                            ? FormatExport(queue.scheduler().Spec(job), *view)
                            : absl::StatusOr<std::string>(view.status())));
  }
  return absl::OkStatus();
}

}  // namespace mcfeely
