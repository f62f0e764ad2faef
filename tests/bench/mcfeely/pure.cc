#include "bench/mcfeely/pure.h"

#include <absl/strings/str_cat.h>
#include <malloc.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "mcfeely/queue.h"
#include "mcfeely/records.h"
#include "mcfeely/scheduler.h"
#include "store/memory_engine.h"
#include "wire/message.h"

namespace bench {
namespace {

namespace pb = fleetbox::wire;
using base::JobId;
using mcfeely::Job;
using mcfeely::Task;

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

std::function<base::AttemptId()> Ids() {
  return [n = uint64_t{0}]() mutable {
    base::AttemptId id;
    n++;
    memcpy(id.bytes.data(), &n, sizeof n);
    return id;
  };
}

// Runs a job to its end: each dispatch is answered by "done". Counts records.
double TransitionsPerSecond(Job job, size_t hosts) {
  mcfeely::Scheduler scheduler({.max_running = 1000, .max_per_host = 4}, Ids());
  auto spec = std::make_shared<const Job>(std::move(job));
  std::vector<std::pair<std::string, base::AttemptId>> open;
  size_t transitions = 0;
  double s = 0;
  const auto feed = [&](const mcfeely::Event& e) {
    for (const mcfeely::Effect& effect : scheduler.On(e, At(s += 0.001))) {
      transitions += std::holds_alternative<mcfeely::SaveTask>(effect);
      if (const auto* d = std::get_if<mcfeely::Dispatch>(&effect)) {
        open.emplace_back(d->host, d->attempt);
      }
    }
  };
  for (size_t h = 0; h < hosts; h++) {
    feed(mcfeely::AgentOpened{absl::StrCat("www", h, ".example.com"),
                              mcfeely::JournalId::From(std::string(16, 'j')),
                              {}});
  }
  const double begin = Now();
  feed(mcfeely::JobAccepted{JobId{1}, spec, absl::InfinitePast()});
  while (!open.empty()) {
    auto [host, id] = std::move(open.back());
    open.pop_back();
    feed(mcfeely::AttemptEnded{host, id, pb::DONE, ""});
  }
  const double took = Now() - begin;
  MUST(!scheduler.Has(JobId{1}));
  return static_cast<double>(transitions) / took;
}

Job Plain(size_t tasks, size_t hosts) {
  Job job;
  for (size_t t = 0; t < tasks; t++) job.tasks.push_back(MakeTask(t, hosts));
  return job;
}

// With the large blocks that malloc takes from the system one by one.
size_t Used() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

std::string Parcel(uint64_t n, const Job& job) {
  const std::string body = wire::Serialize(mcfeely::ToMessage(job));
  std::string parcel = "FBP1";
  parcel += std::string("\1\0\0\0", 4);
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe64(parcel, 1'700'000'000'000);
  base::PutLe64(parcel, n);
  base::PutLe64(parcel, n);
  return absl::StrCat(parcel, std::string(64, 'k'), body, std::string(64, 's'));
}

}  // namespace

double TransitionsOfIndependent(size_t tasks, size_t hosts) {
  return TransitionsPerSecond(Plain(tasks, hosts), hosts);
}

double TransitionsOfChain(size_t tasks) {
  Job chain = Plain(tasks, 10);
  for (uint32_t t = 1; t < tasks; t++) {
    chain.requirements.push_back({{t}, {t - 1}});
  }
  return TransitionsPerSecond(std::move(chain), 10);
}

double TransitionsOfLayers(size_t tasks) {
  Job edges = Plain(tasks, 1000);
  for (uint32_t t = 0; t + 20 <= tasks; t += 10) {
    mcfeely::Requirement r;
    for (uint32_t k = 0; k < 10; k++) {
      r.tasks.push_back(t + 10 + k);
      r.needs.push_back(t + k);
    }
    edges.requirements.push_back(std::move(r));
  }
  return TransitionsPerSecond(std::move(edges), 1000);
}

double SchedulerBytes(size_t jobs, size_t tasks) {
  const size_t before = Used();
  mcfeely::Scheduler scheduler({}, Ids());
  for (size_t j = 1; j <= jobs; j++) {
    scheduler.On(
        mcfeely::JobAccepted{JobId{j},
                             std::make_shared<const Job>(Plain(tasks, 1000)),
                             absl::InfinitePast()},
        At(0));
  }
  return static_cast<double>(Used() - before) / (jobs * tasks);
}

QueueFigures QueueOf(size_t jobs, size_t tasks) {
  std::vector<std::function<void()>> posted;
  const auto engine = store::NewMemoryEngine(
      {.post = [&](std::function<void()> f) { posted.push_back(std::move(f)); },
       .now = [] { return At(0); },
       .at = [](absl::Time, std::function<void()>) {}});
  const auto make = [] {
    return std::make_unique<mcfeely::Queue>(mcfeely::QueueOptions{
        .random_bytes =
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
  for (size_t j = 1; j <= jobs; j++) {
    const std::string parcel = Parcel(j, job);
    queue->Inject({.from = 1,
                   .parcel = base::ParcelId::From(parcel.substr(24, 16)),
                   .principal = "user:ops@example.com",
                   .parcel_bytes = parcel,
                   .job = mcfeely::ToMessage(job)},
                  At(0));
    // Sixteen callers: what came meanwhile shares a transaction.
    if (j % 16 != 0 && j != jobs) continue;
    while (auto txn = queue->NextTransaction(At(0))) {
      engine->Commit(*std::move(txn), [&](store::Outcome outcome) {
        queue->Committed(outcome, At(0));
      });
      for (auto& f : std::exchange(posted, {})) f();
      queue->TakeActions();
    }
  }
  QueueFigures figures;
  figures.jobs_per_second = static_cast<double>(jobs) / (Now() - begin);
  queue.reset();
  malloc_trim(0);
  const size_t before = Used();
  queue = make();
  const double load = Now();
  MUST(queue->Load(*engine, At(0)).ok());
  figures.read_back_seconds = Now() - load;
  MUST(queue->scheduler().open_tasks() == jobs * tasks);
  figures.bytes_per_task =
      static_cast<double>(Used() - before) / (jobs * tasks);
  return figures;
}

}  // namespace bench
