// Job messages from outside: refused, or a job that keeps every promise of
// mcfeely/job.h and makes the same message again.
#include <cstdint>
#include <cstdlib>

#include "mcfeely/graph.h"
#include "mcfeely/job.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fleetbox::wire::Job message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<mcfeely::Job> job = mcfeely::FromMessage(message);
  if (!job.ok()) return 0;
  for (const mcfeely::Task& task : job->tasks) {
    if (!mcfeely::CheckTaskName(task.name).ok() ||
        !mcfeely::CheckComm(task.comm).ok() ||
        !mcfeely::CheckHost(task.host).ok() ||
        !mcfeely::CheckOptions(*task.options).ok()) {
      abort();
    }
  }
  const auto graph = mcfeely::Graph::Make(job->tasks.size(), job->requirements);
  if (!graph.ok() || !graph->ShortestCycle().empty()) abort();
  const auto again = mcfeely::FromMessage(ToMessage(*job));
  if (!again.ok() || !(*again == *job)) abort();
  return 0;
}
