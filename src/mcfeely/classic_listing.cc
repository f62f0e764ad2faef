#include "mcfeely/classic_listing.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

std::string FormatClassic(const wire::JobView& job, absl::TimeZone zone) {
  absl::flat_hash_map<absl::string_view, std::vector<absl::string_view>>
      waiters;
  bool failed = job.state() == wire::JOB_FAILED;
  for (const wire::TaskView& task : job.task()) {
    for (const std::string& need : task.needs()) {
      waiters[need].push_back(task.name());
    }
    failed = failed || task.state() == wire::TASK_FAILED;
  }
  // Differs: the original kept a place for (failed) and never filled it.
  std::string out =
      absl::StrCat("#", job.job(), " ", failed ? "(failed) " : "",
                   absl::FormatTime("%a %b %e %H:%M:%S %Y",
                                    base::FromMillis(job.injected_ms()), zone),
                   "\n        ", base::Escape(job.description()), "  ",
                   base::Escape(absl::StrJoin(job.failure(), " ")), "  ",
                   base::Escape(absl::StrJoin(job.success(), " ")), "\n");
  for (const wire::TaskView& task : job.task()) {
    absl::StrAppend(&out, " task ", task.name(), " (",
                    task.state() == wire::TASK_DONE ? "d" : "a",
                    task.needs_size(), "): ", base::Escape(task.host()), " ",
                    base::Escape(task.comm()));
    for (const std::string& argument : task.argument()) {
      absl::StrAppend(&out, " ", base::Escape(argument));
    }
    out += "\n          waiters:";
    for (const absl::string_view name : waiters[task.name()]) {
      absl::StrAppend(&out, " ", name);
    }
    out += '\n';
  }
  return out;
}

}  // namespace mcfeely
