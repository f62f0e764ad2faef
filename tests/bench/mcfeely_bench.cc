// McFeely as a whole: a server and an agent as processes of their own, callers
// here. The limits (a bare SQLite group commit, vfork and exec of the same
// no-op) are measured in the same run.
#include <cstdlib>

#include "base/time.h"
#include "bench/bench.h"
#include "bench/mcfeely/fleet.h"
#include "bench/mcfeely/limits.h"
#include "bench/need.h"
#include "bench/store_probe.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace {

using bench::Need;
using bench::Tasks;

double InjectionsPerSecond() {
  constexpr int kJobs = 10'000;
  const bench::Fleet fleet;
  const absl::Time begin = absl::Now();
  bench::Inject(fleet, Tasks(1, "true"), kJobs);
  return kJobs / absl::ToDoubleSeconds(absl::Now() - begin);
}

// From before a job is handed over until its comm runs, on an idle server;
// milliseconds, the 99th of 100.
double StartLatencyP99(const bench::Fleet& fleet) {
  auto client = fleet.NewClient();
  std::vector<double> ms;
  for (int i = 0; i < 300; i++) {
    const auto job = mcfeely::ToMessage(Tasks(1, "true"));
    const absl::Time begin = absl::Now();
    const uint64_t number = Need(client->Deliver(Need(client->SealJob(job))));
    Need(client->Follow(number, absl::Minutes(1),
                        [](const fleetbox::wire::JobView*) { return true; }));
    fleetbox::wire::Query query;
    query.mutable_show()->set_job(number);
    const auto reply = Need(client->Ask(query));
    const uint64_t started = reply.job(0).task(0).attempt(0).started_ms();
    ms.push_back(absl::ToDoubleMilliseconds(base::FromMillis(started) - begin));
  }
  std::sort(ms.begin(), ms.end());
  return std::max(0.0, ms[ms.size() * 99 / 100]);
}

double BytesPerOpenTask() {
  constexpr int kTasks = 100'000, kJobs = 10;
  const bench::Fleet fleet;
  mcfeely::Job job = Tasks(kTasks / kJobs, "virtdom_httpd_conf_add");
  for (mcfeely::Task& task : job.tasks) {
    task.arguments = {"example.com", "192.0.2.7"};
  }
  const double before = fleet.server().ResidentBytes();
  bench::Inject(fleet, job, kJobs);
  return (fleet.server().ResidentBytes() - before) / kTasks;
}

}  // namespace

int main(int argc, char** argv) {
  const char* noop = getenv("NOOP");
  bench::Table table("mcfeely");
  constexpr int kRounds = 5;

  std::vector<double> ours, limit;
  for (int i = 0; i < kRounds; i++) {
    ours.push_back(InjectionsPerSecond());
    sys::TemporaryFolder folder = Need(sys::TemporaryFolder::Make("probe-"));
    bench::SqliteProbe probe(folder.path());
    limit.push_back(bench::Run(probe, 16, 10'000).per_second);
  }
  table.Add("durable injections, 16 callers", "1/s", bench::Median(ours),
            bench::Median(limit), ">= 0.5");

  bench::Fleet fleet;
  fleet.AddComm("true", "/bin/busybox");
  if (noop != nullptr) fleet.AddComm("noop", noop);
  fleet.StartAgent();
  // A limit for each: the machine's speed drifts.
  for (const std::string comm : {"true", "noop"}) {
    if (comm == "noop" && noop == nullptr) continue;
    constexpr int kTasks = 8000;
    std::vector<double> tasks;
    limit.clear();
    for (int i = 0; i < kRounds; i++) {
      tasks.push_back(kTasks / bench::SecondsToEnd(fleet, Tasks(kTasks, comm)));
      limit.push_back(
          bench::SpawnsPerSecond(fleet.path("comm/") + comm, kTasks));
    }
    table.Add(
        absl::StrCat("end to end, ", comm == "true" ? "static glibc no-op"
                                                    : "no-op without libc"),
        "tasks/s", bench::Median(tasks), bench::Median(limit), ">= 0.5");
  }
  table.Add("inject to start, idle server, p99", "ms", StartLatencyP99(fleet),
            10, "<= 1");
  table.Add("memory per open task", "bytes", BytesPerOpenTask(), 1024, "<= 1");
  return table.Finish(argc, argv);
}
