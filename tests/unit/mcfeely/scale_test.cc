// What many tasks cost, in records and bytes rather than in time: that is the
// same on every machine. tests/bench/mcfeely_bench.cc measures the rest.
#include <malloc.h>

#include "mcfeely/records.h"
#include "queue_bench.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

enum class Shape { kJobs, kTasks, kChain };

// What it took to run so many tasks to their end, for each of them.
struct Cost {
  double operations = 0, bytes = 0, transactions = 0;
};

Cost Run(Shape shape, int tasks) {
  QueueBench q({.max_running = 64, .max_per_host = 64});
  size_t bytes = 0;
  q.disk.watch = [&](const store::Operation& o) {
    bytes += o.key.size() + o.value.size();
  };
  q.Open(5);
  Job job = MakeJob({});
  job.success.clear();
  if (shape == Shape::kJobs) {
    job.tasks.push_back(MakeTask("t"));
    for (int n = 0; n < tasks; n++) {
      base::ParcelId id = QueueBench::Id(n);
      id.bytes[0] = static_cast<uint8_t>(n >> 8);
      q.queue->Inject({.from = 1,
                       .parcel = id,
                       .principal = "user:ops@example.com",
                       .parcel_bytes = FakeParcel(id, job),
                       .job = ToMessage(job)},
                      q.now);
      if (n % 16 == 15) q.Commit();
    }
  } else {
    for (int t = 0; t < tasks; t++) {
      job.tasks.push_back(MakeTask(absl::StrCat("t", t)));
    }
    for (uint32_t t = 1; shape == Shape::kChain && t < job.tasks.size(); t++) {
      job.requirements.push_back({{t}, {t - 1}});
    }
    q.Inject(1, 1, job);
  }
  for (int done = 0; done < tasks;) {
    pb::Results results;
    for (const std::string& id : q.Sent()) {
      *results.add_result() = QueueBench::ResultOf(id, pb::DONE);
      done++;
    }
    if (results.result_size() > 0) {
      q.queue->AgentResults(5, QueueBench::Id(9), results, q.now);
    }
    q.actions.clear();
    REQUIRE((q.Commit() || done == tasks));
  }
  q.Settle();
  CHECK(q.queue->scheduler().open_tasks() == 0);
  return {static_cast<double>(q.operations) / tasks,
          static_cast<double>(bytes) / tasks,
          static_cast<double>(q.transactions) / tasks};
}

TEST_CASE("mcfeely 43: what a task costs does not grow with their number",
          "[mcfeely]") {
  const Shape shape = GENERATE(Shape::kJobs, Shape::kTasks, Shape::kChain);
  INFO("shape " << static_cast<int>(shape));
  // Both more than a table holds.
  const Cost few = Run(shape, 1000), many = Run(shape, 4000);
  CHECK(many.operations < few.operations * 1.2);
  CHECK(many.bytes < few.bytes * 1.5);
  CHECK(many.transactions < few.transactions * 1.2);
  // Side by side they share transactions; one after the other each has its own.
  CHECK(many.transactions < (shape == Shape::kChain ? 2.5 : 0.2));
}

TEST_CASE("mcfeely 43: an open task that was read back takes less than a KiB",
          "[mcfeely]") {
  QueueBench q;
  Job job = MakeJob({});
  for (int t = 0; t < 50'000; t++) {
    Task task = MakeTask(absl::StrCat("task", t),
                         absl::StrCat("www", t % 1000, ".example.com"));
    task.comm = "virtdom_httpd_conf_add";
    task.arguments = {"example.org", "192.0.2.7"};
    job.tasks.push_back(std::move(task));
  }
  job.allow_unknown_hosts = true;
  q.Inject(1, 1, job);
  q.Settle();
  REQUIRE(q.queue->scheduler().open_tasks() == job.tasks.size());
  q.queue.reset();
  q.actions.clear();
  malloc_trim(0);
  const size_t before = mallinfo2().uordblks;
  q.Restart();
  REQUIRE(q.queue->scheduler().open_tasks() == job.tasks.size());
  CHECK((mallinfo2().uordblks - before) / job.tasks.size() < 1024);
}

}  // namespace
}  // namespace mcfeely
