// How fast the pure scheduler decides, what an open task costs in memory, and
// how long a queue of a million open tasks takes to read back.
//
//   scheduler_bench [FILE]    also writes JSON to FILE

#include <absl/strings/str_cat.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/bench.h"
#include "mcfeely/queue.h"
#include "mcfeely/records.h"
#include "mcfeely/scheduler.h"
#include "store/memory_engine.h"
#include "wire/message.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

double Now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::Time At(double s) {
  return absl::FromUnixSeconds(1'700'000'000) + absl::Seconds(s);
}

Task MakeTask(size_t t, size_t hosts) {
  Task task;
  task.name = absl::StrCat("task", t);
  task.host = absl::StrCat("www", t % hosts, ".example.com");
  task.comm = "virtdom_httpd_conf_add";
  task.arguments = {"example.org", "192.0.2.7"};
  return task;
}

std::function<AttemptId()> Ids() {
  return [n = uint64_t{0}]() mutable {
    AttemptId id;
    n++;
    memcpy(id.bytes.data(), &n, sizeof n);
    return id;
  };
}

// Runs a job to its end: each dispatch is answered by "done". Counts records.
void Run(bench::Table& table, const char* what, Job job, size_t hosts) {
  Scheduler scheduler({.max_running = 1000, .max_per_host = 4}, Ids());
  auto spec = std::make_shared<const Job>(std::move(job));
  std::vector<std::pair<std::string, AttemptId>> open;
  size_t transitions = 0;
  double s = 0;
  const auto feed = [&](const Event& e) {
    for (const Effect& effect : scheduler.On(e, At(s += 0.001))) {
      transitions += std::holds_alternative<SaveTask>(effect);
      if (const auto* d = std::get_if<Dispatch>(&effect)) {
        open.emplace_back(d->host, d->attempt);
      }
    }
  };
  for (size_t h = 0; h < hosts; h++) {
    feed(AgentOpened{absl::StrCat("www", h, ".example.com"),
                     JournalId::From(std::string(16, 'j')),
                     {}});
  }
  const double begin = Now();
  feed(JobAccepted{JobId{1}, spec, absl::InfinitePast()});
  while (!open.empty()) {
    auto [host, id] = std::move(open.back());
    open.pop_back();
    feed(AttemptEnded{host, id, pb::DONE, ""});
  }
  const double took = Now() - begin;
  MUST(!scheduler.Has(JobId{1}));
  table.Add(what, "transitions/s", static_cast<double>(transitions) / took, 0,
            ">= 200000");
}

Job Plain(size_t tasks, size_t hosts) {
  Job job;
  for (size_t t = 0; t < tasks; t++) job.tasks.push_back(MakeTask(t, hosts));
  return job;
}

void Speed(bench::Table& table) {
  Run(table, "100000 independent tasks, 1000 hosts", Plain(100'000, 1000),
      1000);
  Run(table, "100000 independent tasks, 1 host", Plain(100'000, 1), 1);
  Job chain = Plain(10'000, 10);
  for (uint32_t t = 1; t < 10'000; t++) {
    chain.requirements.push_back({{t}, {t - 1}});
  }
  Run(table, "a chain of 10000", std::move(chain), 10);
  Job edges = Plain(100'000, 1000);
  for (uint32_t t = 0; t + 10 < 100'000; t += 10) {
    Requirement r;
    for (uint32_t k = 0; k < 10; k++) {
      r.tasks.push_back(t + 10 + k);
      r.needs.push_back(t + k);
    }
    edges.requirements.push_back(std::move(r));
  }
  Run(table, "100000 tasks, 999900 edges", std::move(edges), 1000);
}

size_t Used() { return mallinfo2().uordblks; }

void Memory(bench::Table& table, const char* what, size_t jobs, size_t tasks) {
  const size_t before = Used();
  Scheduler scheduler({}, Ids());
  for (size_t j = 1; j <= jobs; j++) {
    scheduler.On(
        JobAccepted{JobId{j}, std::make_shared<const Job>(Plain(tasks, 1000)),
                    absl::InfinitePast()},
        At(0));
  }
  table.Add(what, "bytes/open task",
            static_cast<double>(Used() - before) / (jobs * tasks), 0,
            "<= 1024");
}

std::string Parcel(uint64_t n, const Job& job) {
  const std::string body = wire::Serialize(ToMessage(job));
  std::string parcel = "FBP1";
  parcel += std::string("\1\0\0\0", 4);
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe64(parcel, 1'700'000'000'000);
  base::PutLe64(parcel, n);
  base::PutLe64(parcel, n);
  return absl::StrCat(parcel, std::string(64, 'k'), body, std::string(64, 's'));
}

void Load(bench::Table& table, const std::string& what, size_t jobs,
          size_t tasks) {
  std::vector<std::function<void()>> posted;
  const auto engine = store::NewMemoryEngine(
      {.post = [&](std::function<void()> f) { posted.push_back(std::move(f)); },
       .now = [] { return At(0); },
       .at = [](absl::Time, std::function<void()>) {}});
  const auto make = [] {
    return std::make_unique<Queue>(
        QueueOptions{.random_bytes =
                         [n = uint64_t{0}](size_t bytes) mutable {
                           std::string s(bytes, '\0');
                           n++;
                           memcpy(s.data(), &n, std::min(bytes, sizeof n));
                           return s;
                         },
                     .known_host = [](const std::string&) { return true; }});
  };
  auto queue = make();
  MUST(queue->Load(*engine, At(0)).ok());
  const Job job = Plain(tasks, 1000);
  const double begin = Now();
  size_t transactions = 0;
  for (size_t j = 1; j <= jobs; j++) {
    const std::string parcel = Parcel(j, job);
    queue->Inject({.from = 1,
                   .parcel = base::ParcelId::From(parcel.substr(24, 16)),
                   .principal = "user:ops@example.com",
                   .parcel_bytes = parcel,
                   .job = ToMessage(job)},
                  At(0));
    // Sixteen callers: what came meanwhile shares a transaction.
    if (j % 16 != 0 && j != jobs) continue;
    while (auto txn = queue->NextTransaction(At(0))) {
      transactions++;
      engine->Commit(*std::move(txn), [&](store::Outcome outcome) {
        queue->Committed(outcome, At(0));
      });
      for (auto& f : std::exchange(posted, {})) f();
      queue->TakeActions();
    }
  }
  const double took = Now() - begin;
  table.Add(what + ": inject", "jobs/s", static_cast<double>(jobs) / took, 0,
            "");
  table.Add(what + ": inject", "jobs/transaction",
            static_cast<double>(jobs) / transactions, 0, "");
  queue.reset();
  malloc_trim(0);
  const size_t before = Used();
  queue = make();
  const double load = Now();
  MUST(queue->Load(*engine, At(0)).ok());
  table.Add(what + ": read back", "s", Now() - load, 0, "");
  MUST(queue->scheduler().open_tasks() == jobs * tasks);
  table.Add(what + ": memory", "bytes/open task",
            static_cast<double>(Used() - before) / (jobs * tasks), 0,
            "<= 1024");
}

}  // namespace
}  // namespace mcfeely

int main(int argc, char** argv) {
  bench::Table table("scheduler and queue, pure");
  mcfeely::Speed(table);
  mcfeely::Memory(table, "100000 jobs of 1 task", 100'000, 1);
  mcfeely::Memory(table, "1 job of 100000 tasks", 1, 100'000);
  mcfeely::Load(table, "200000 jobs of 1", 200'000, 1);
  mcfeely::Load(table, "10 jobs of 100000", 10, 100'000);
  return table.Finish(argc, argv);
}
