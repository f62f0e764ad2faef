// McFeely at speed and scale, beside Debian's queues and beside what the
// machine can do.
//
//   run BENCH OUT    makes the small programs and starts this (see there)
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/status.h"
#include "bench/environment.h"
#include "bench/mcfeely/figures.h"
#include "bench/mcfeely/fleet.h"
#include "bench/mcfeely/limits.h"
#include "bench/mcfeely/peers.h"
#include "bench/mcfeely/pure.h"
#include "bench/mcfeely/scripted_agents.h"
#include "bench/need.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace {

using bench::Asked;
using bench::Contender;
using bench::Figure;
using bench::kNone;
using bench::Scenario;
using bench::Values;

constexpr Asked AtMost(double value) { return {Asked::kOurs, false, value}; }
constexpr Asked AtLeast(double value) { return {Asked::kOurs, true, value}; }
constexpr Asked OfLimit(double value) {
  return {Asked::kRatioToLimit, true, value};
}

// Of what is asked for, the part that BENCH_SHRINK leaves: for a try.
int Count(int full) {
  return std::max(1, full / bench::Number("BENCH_SHRINK", "1"));
}

std::string Noop() { return bench::Scratch() + "/noop"; }

// Wraps what gives one value and cannot fail.
std::function<absl::StatusOr<Values>()> One(std::function<double()> f) {
  return [f = std::move(f)] { return Values{f()}; };
}

// A server of a peer's for each round, and one value.
Contender Peer(
    const bench::QueuePeer& peer,
    std::function<absl::StatusOr<double>(bench::QueueServer&)> measure) {
  return {peer.name,
          [peer, measure = std::move(measure)]() -> absl::StatusOr<Values> {
            TRY_ASSIGN(const auto server, bench::Started(peer));
            TRY_ASSIGN(const double value, measure(*server));
            return Values{value};
          }};
}

// --- end to end --------------------------------------------------------------

// A fleet with an agent, kept from round to round.
std::shared_ptr<bench::Fleet> WorkingFleet() {
  auto fleet = std::make_shared<bench::Fleet>();
  fleet->AddComm("noop", Noop());
  fleet->AddComm("true", "/bin/busybox");
  fleet->StartAgent();
  return fleet;
}

Values EndToEnd(bench::Fleet& fleet, const std::string& comm, int tasks) {
  const auto used = [&] {
    return fleet.server().CpuSeconds() + fleet.agent().CpuSeconds();
  };
  const double before = used();
  const double seconds = bench::SecondsToEnd(fleet, bench::Tasks(tasks, comm));
  return {tasks / seconds, (used() - before) / tasks * 1e6};
}

void AddEndToEnd(bench::Report& report) {
  if (!bench::Wanted("end-to-end")) return;
  const int tasks = Count(10'000);
  const auto fleet = WorkingFleet();
  for (const std::string comm : {"noop", "true"}) {
    const std::string what =
        comm == "noop" ? "no-op without libc" : "static glibc no-op";
    const std::string program = fleet->path("comm/") + comm;
    report.Add(
        {"end-to-end",
         {{absl::StrCat("one job of ", tasks, ", ", what), "tasks/s",
           OfLimit(0.6)},
          {"  of server and agent, without the comms", "CPU us/task"}},
         {"", [=] { return EndToEnd(*fleet, comm, tasks); }},
         {{"limit: vfork, exec, wait, two threads", [=] {
             return Values{bench::SpawnsPerSecond(program, tasks), kNone};
           }}}});
  }
  const std::string program = fleet->path("comm/noop");
  const int few = Count(1000);
  Scenario jobs = {
      "end-to-end",
      {{absl::StrCat(tasks, " jobs of one no-op, 16 callers"), "jobs/s"}},
      {"", One([=] { return bench::JobsPerSecond(*fleet, "noop", tasks); })},
      {{"limit: vfork, exec, wait, two threads",
        One([=] { return bench::SpawnsPerSecond(program, tasks); })}}};
  for (const auto& peer : {bench::Beanstalkd(), bench::Gearmand()}) {
    jobs.others.push_back(Peer(peer, [=](bench::QueueServer& server) {
      return bench::PeerJobsPerSecond(server, program, few);
    }));
    jobs.others.back().name += absl::StrCat(", ", few, " of them");
  }
  jobs.others.push_back({absl::StrCat("tsp -S 2, ", few, " of them"),
                         [=]() -> absl::StatusOr<Values> {
                           TRY_ASSIGN(const auto tsp, bench::Spooler::Start());
                           TRY_ASSIGN(const double rate,
                                      tsp->JobsPerSecond(program, few));
                           return Values{rate};
                         }});
  report.Add(jobs);
}

Values Percentiles(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms[ms.size() * 99 / 100]};
}

// How long it takes from a caller's wish to the first instruction of a comm.
void AddLatency(bench::Report& report) {
  if (!bench::Wanted("latency")) return;
  const int jobs = Count(1000);
  const auto fleet = WorkingFleet();
  const std::string program = bench::Scratch() + "/clock";
  fleet->AddComm("clock", program);
  for (const int callers : {1, 16}) {
    const std::string what = absl::StrCat(
        "start of a job, ", callers, callers == 1 ? " caller" : " callers");
    // Of a due task, where a slot is free.
    const Asked asked = callers == 1 ? AtMost(10) : Asked{};
    report.Add({"latency",
                {{what + ", p50", "ms"}, {"  p99", "ms", asked}},
                {"",
                 [=] {
                   return Percentiles(
                       bench::StartLatencies(*fleet, "clock", callers, jobs));
                 }},
                {{"limit: two writes, one start", [=] {
                    return Percentiles(bench::StartLatencies(program, jobs));
                  }}}});
  }
}

void AddChain(bench::Report& report) {
  if (!bench::Wanted("chain")) return;
  const int tasks = Count(10'000), few = Count(1000);
  const auto fleet = WorkingFleet();
  const std::string program = fleet->path("comm/noop");
  report.Add(
      {"chain",
       {{absl::StrCat("a chain of ", tasks), "s", AtMost(10)}},
       {"", One([=] {
          return bench::SecondsToEnd(*fleet, bench::Chain(tasks, "noop"));
        })},
       {{"limit: each to disk, then vfork, exec, wait",
         One([=] { return bench::ChainSeconds(program, tasks, 1); })},
        // Dispatched, at the agent, ended: each is kept before the next step.
        {"the same with three writes, as ours must",
         One([=] { return bench::ChainSeconds(program, tasks, 3); })},
        {absl::StrCat("tsp -d, ", few, " of them, for as many as above"),
         [=]() -> absl::StatusOr<Values> {
           TRY_ASSIGN(const auto tsp, bench::Spooler::Start());
           TRY_ASSIGN(const double s, tsp->ChainSeconds(program, few));
           return Values{s * tasks / few};
         }}}});
}

// --- injections and transitions ----------------------------------------------

std::string JobFile(int tasks, const std::vector<std::string>& hosts) {
  std::string text = "description \"a change on many hosts\"\n";
  for (int i = 0; i < tasks; i++) {
    absl::StrAppend(&text, "task t", i, " ", hosts[i % hosts.size()],
                    " virtdom_httpd_conf_add example.org 192.0.2.7\n");
  }
  return text;
}

absl::StatusOr<Values> InjectFile(const bench::Fleet& fleet) {
  const absl::Time begin = sys::SteadyNow();
  TRY_ASSIGN(bench::Process inject,
             bench::Process::Start(
                 {bench::Executable(), "mcfeely-inject", "-q", "-S",
                  fleet.address(), "-i", fleet.path("hub"), "--trust",
                  fleet.path("trust"), "-f", fleet.path("job")},
                 fleet.path("log"), /*ready=*/false));
  TRY_ASSIGN(const sys::Ended ended, inject.Wait(absl::Minutes(1)));
  if (ended.code != 0 || ended.signal != 0) {
    return absl::InternalError("mcfeely-inject fails; see " +
                               fleet.path("log"));
  }
  return Values{absl::ToDoubleSeconds(sys::SteadyNow() - begin)};
}

void AddInjection(bench::Report& report) {
  if (!bench::Wanted("injection")) return;
  const int tasks = Count(10'000), few = Count(1000);
  const bench::Fleet fleet;
  const std::string text = JobFile(tasks, {"h1"});
  bench::Need(sys::ReplaceFile(fleet.path("job"), text));
  Scenario scenario = {"injection",
                       {{absl::StrCat("mcfeely-inject of one job of ", tasks),
                         "s", AtMost(0.5)}},
                       {"", [&] { return InjectFile(fleet); }},
                       {{"limit: SQLite commits as many bytes", One([&] {
                           return bench::CommitSeconds(text.size());
                         })}}};
  for (const auto& peer : {bench::Beanstalkd(), bench::Gearmand()}) {
    scenario.others.push_back(
        Peer(peer, [=](bench::QueueServer& server) -> absl::StatusOr<double> {
          TRY_ASSIGN(const double s, bench::PeerPutSeconds(server, few));
          return s * tasks / few;
        }));
    scenario.others.back().name +=
        absl::StrCat(", ", few, " of them, for as many as above");
  }
  report.Add(scenario);
  const bench::ScriptedAgents everybody(tasks);
  const bench::Fleet large({.trust = everybody.trust()});
  bench::Need(
      sys::ReplaceFile(large.path("job"), JobFile(tasks, everybody.hosts())));
  report.Add({"injection",
              {{"  each task for another trusted host", "s", AtMost(0.5)}},
              {"", [&] { return InjectFile(large); }}});
}

// A server, and agents in this process that say "done" to everything: each task
// is dispatched, and done.
absl::StatusOr<Values> ScriptedTransitions(int tasks, int count) {
  bench::ScriptedAgents agents(count);
  bench::Fleet fleet({.trust = agents.trust()});
  TRY(agents.Connect(fleet.tcp_address(), fleet.path("trust")).status());
  const double before = fleet.server().CpuSeconds();
  std::atomic<bool> ended = false;
  double seconds = 0;
  std::thread caller([&] {
    seconds =
        bench::SecondsToEnd(fleet, bench::Tasks(tasks, "noop", agents.hosts()));
    ended = true;
  });
  absl::Status status;
  while (!ended && status.ok()) status = agents.Run(absl::Milliseconds(5));
  if (!status.ok()) bench::Die(status);  // the caller would wait for minutes
  caller.join();
  const double used = fleet.server().CpuSeconds() - before;
  return Values{2 * tasks / seconds, used / (2 * tasks) * 1e6};
}

void AddTransitions(bench::Report& report) {
  const int tasks = Count(20'000);
  // The more agents, the fewer tasks share a signature.
  for (const int agents : {10, 100}) {
    report.Add(
        {"transitions",
         {{absl::StrCat(tasks, " tasks, ", agents, " scripted agents over TCP"),
           "transitions/s", AtLeast(20'000)},
          {"  of the server", "CPU us/transition"}},
         {"", [=] { return ScriptedTransitions(tasks, agents); }},
         {{"limit: SQLite writes a record each, 100 a commit", [=] {
             return Values{bench::RecordsPerSecond(2 * tasks), kNone};
           }}}});
  }
}

// --- open tasks --------------------------------------------------------------

struct OpenTasks {
  int jobs, tasks_each;
  double bare_read_seconds = 0;  // of the store of the latest round
  double stored_bytes = 0;
};

absl::StatusOr<Values> KeepOpen(OpenTasks& open) {
  bench::FleetOptions options;
  for (int h = 0; h < 1000; h++) {
    options.hosts.push_back(absl::StrCat("www", h, ".example.com"));
  }
  bench::Fleet fleet(options);
  mcfeely::Job job =
      bench::Tasks(open.tasks_each, "virtdom_httpd_conf_add", options.hosts);
  for (size_t t = 0; t < job.tasks.size(); t++) {
    job.tasks[t].arguments = {absl::StrCat("site", t, ".example.org"),
                              absl::StrCat("192.0.2.", t % 256)};
  }
  bench::Inject(fleet, job, open.jobs);
  fleet.EndServer();
  const std::string store = fleet.path("queue/store.db");
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(store));
  open.stored_bytes = static_cast<double>(info.bytes);
  open.bare_read_seconds = bench::ReadSeconds(store);
  const double seconds = fleet.StartServer();
  fleetbox::wire::Query query;
  query.mutable_status()->set_no_jobs(true);
  TRY_ASSIGN(const auto reply, fleet.NewClient()->Ask(query));
  int64_t queued = 0;
  for (const auto& host : reply.host()) queued += host.queued();
  if (queued != static_cast<int64_t>(open.jobs) * open.tasks_each) {
    return absl::DataLossError(absl::StrCat(queued, " tasks are there"));
  }
  return Values{seconds, fleet.server().ResidentBytes() / 1e6,
                fleet.server().PeakBytes() / 1e6};
}

// The same texts as commands of a queue that keeps them in a log.
absl::StatusOr<Values> KeepPut(const bench::QueuePeer& peer, int count) {
  TRY_ASSIGN(const auto server, bench::Started(peer));
  TRY(bench::PeerPutSeconds(*server, count).status());
  server->EndServer();
  TRY_ASSIGN(const double seconds, server->StartServer());
  return Values{seconds, server->process().ResidentBytes() / 1e6,
                server->process().PeakBytes() / 1e6};
}

void AddOpenTasks(bench::Report& report) {
  const int jobs = 10, each = Count(100'000);
  const auto open = std::make_shared<OpenTasks>(OpenTasks{jobs, each});
  report.Add(
      {"open-tasks",
       {{absl::StrCat(jobs * each, " open tasks read back"), "s", AtMost(5)},
        {"  memory of the server then", "MB", AtMost(1000)},
        {"  memory of the server at most", "MB"}},
       {"", [=] { return KeepOpen(*open); }},
       {{"limit: SQLite reads it; the store on disk",
         [=] {
           return Values{open->bare_read_seconds, open->stored_bytes / 1e6,
                         kNone};
         }},
        {"beanstalkd, as many commands", [=] {
           return KeepPut(bench::Beanstalkd(/*often=*/true), jobs * each);
         }}}});
  const auto small = std::make_shared<OpenTasks>(OpenTasks{Count(20'000), 1});
  report.Add({"open-tasks",
              {{absl::StrCat(small->jobs, " open jobs of one read back"), "s"},
               {"  memory of the server then", "MB"},
               {"  memory of the server at most", "MB"}},
              {"", [=] { return KeepOpen(*small); }},
              {{"limit: SQLite reads it; the store on disk", [=] {
                  return Values{small->bare_read_seconds,
                                small->stored_bytes / 1e6, kNone};
                }}}});
}

// --- agents ------------------------------------------------------------------

// This process and the server need a descriptor for each agent, and some.
absl::Status CheckDescriptors(int agents) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= static_cast<rlim_t>(agents) + 200) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrFormat("not measured: ulimit -Hn is %d", limit.rlim_max));
}

absl::StatusOr<Values> ConnectAgents(int count, absl::Duration idle) {
  TRY(CheckDescriptors(count));
  bench::ScriptedAgents agents(count);
  const bench::Fleet fleet({.trust = agents.trust()});
  // A first look at the trust file is nobody's.
  TRY(agents.Run(absl::Milliseconds(200)));
  const double before = fleet.server().ResidentBytes();
  TRY_ASSIGN(const double seconds,
             agents.Connect(fleet.tcp_address(), fleet.path("trust")));
  TRY(agents.Run(absl::Seconds(1)));
  const double bytes = (fleet.server().ResidentBytes() - before) / count;
  const double used = fleet.server().CpuSeconds();
  TRY(agents.Run(idle));
  return Values{
      seconds, bytes,
      100 * (fleet.server().CpuSeconds() - used) / absl::ToDoubleSeconds(idle)};
}

absl::StatusOr<Values> ConnectWorkers(const bench::QueuePeer& peer, int count,
                                      absl::Duration idle) {
  TRY(CheckDescriptors(count));
  TRY_ASSIGN(const auto server, bench::Started(peer));
  const double before = server->process().ResidentBytes();
  std::vector<std::unique_ptr<bench::Link>> links;
  const absl::Time begin = sys::SteadyNow();
  for (int i = 0; i < count; i++) {
    TRY_ASSIGN(std::unique_ptr<bench::Link> link, server->Connect());
    TRY(link->Enlist());
    links.push_back(std::move(link));
  }
  const double seconds = absl::ToDoubleSeconds(sys::SteadyNow() - begin);
  const double bytes = (server->process().ResidentBytes() - before) / count;
  const double used = server->process().CpuSeconds();
  absl::SleepFor(idle);
  return Values{seconds, bytes,
                100 * (server->process().CpuSeconds() - used) /
                    absl::ToDoubleSeconds(idle)};
}

void AddAgents(bench::Report& report, const std::string& group, int count,
               absl::Duration idle, std::vector<Figure> figures) {
  figures[0].what = absl::StrCat(count, " agents connected");
  Scenario scenario = {
      group,
      std::move(figures),
      {"", [=] { return ConnectAgents(count, idle); }},
      {{"limit: bare TCP and cryptography, two threads", [=] {
          return Values{bench::HandshakesSeconds(count), kNone, kNone};
        }}}};
  for (const auto& peer : {bench::Beanstalkd(), bench::Gearmand()}) {
    scenario.others.push_back(
        {peer.name + ", as many workers, in the clear",
         // They have no timers that a longer time could show.
         [=] {
           return ConnectWorkers(peer, count, std::min(idle, absl::Seconds(5)));
         }});
  }
  report.Add(scenario);
}

// --- decisions alone ---------------------------------------------------------

void AddDecisions(bench::Report& report) {
  const int many = Count(100'000), chain = Count(10'000);
  const Asked asked = AtLeast(200'000);
  const auto add = [&](const std::string& what, std::function<double()> f) {
    report.Add({"decisions",
                {{"decided alone: " + what, "transitions/s", asked}},
                {"", One(std::move(f))}});
  };
  add(absl::StrCat(many, " tasks, 1000 hosts"),
      [=] { return bench::TransitionsOfIndependent(many, 1000); });
  add(absl::StrCat(many, " tasks, 1 host"),
      [=] { return bench::TransitionsOfIndependent(many, 1); });
  add(absl::StrCat("a chain of ", chain),
      [=] { return bench::TransitionsOfChain(chain); });
  add(absl::StrCat(many, " tasks, ten edges each"),
      [=] { return bench::TransitionsOfLayers(many); });
  report.Add({"decisions",
              {{absl::StrCat("scheduler alone, ", many, " jobs of 1"),
                "bytes/task", AtMost(1024)},
               {absl::StrCat("scheduler alone, 1 job of ", many), "bytes/task",
                AtMost(1024)}},
              {"", [=] {
                 return Values{bench::SchedulerBytes(many, 1),
                               bench::SchedulerBytes(1, many)};
               }}});
  const int most = Count(200'000);
  for (const auto& [count, tasks] : {std::pair(most, 1), std::pair(10, many)}) {
    const std::string what = absl::StrCat(
        "queue alone, ", count, count == 1 ? " job" : " jobs", " of ", tasks);
    report.Add({"decisions",
                {{what + ": inject", "jobs/s"},
                 {what + ": read back", "s"},
                 {what + ": memory", "bytes/task", AtMost(1024)}},
                {"", [count = count, tasks = tasks] {
                   const bench::QueueFigures f = bench::QueueOf(count, tasks);
                   return Values{f.jobs_per_second, f.read_back_seconds,
                                 f.bytes_per_task};
                 }}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  sys::IgnoreSigpipe();
  sys::RaiseDescriptorLimit();
  bench::Report report(bench::Number("BENCH_ROUNDS", "5"));
  AddEndToEnd(report);
  AddTransitions(report);
  AddInjection(report);
  AddLatency(report);
  AddChain(report);
  AddOpenTasks(report);
  AddDecisions(report);
  // mcfeely 44. Long enough for a keep-alive of each, every 15 s.
  AddAgents(report, "agents", Count(1000), absl::Seconds(20),
            {{"", "s"},
             {"  memory of the server for each", "bytes", AtMost(64 << 10)},
             {"  server, all idle", "percent CPU", AtMost(1)}});
  AddAgents(report, "crowd", Count(10'000), absl::Seconds(1),
            {{"", "s", AtMost(30)},
             {"  memory of the server for each", "bytes", AtMost(64 << 10)}});
  absl::PrintF("%s", bench::PeerNotes());
  if (bench::Number("BENCH_SHRINK", "1") > 1) {
    absl::PrintF("Counts were shrunk: these are not the figures asked for.\n");
  }
  return report.Finish(argc > 1 ? argv[1] : "");
}
