// McFeely as a whole: a server and an agent as processes of their own, callers
// here. The limits (a bare SQLite group commit, vfork and exec of the same
// no-op) are measured in the same run.
#include <absl/strings/str_split.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/time.h"
#include "bench/bench.h"
#include "bench/store_probe.h"
#include "keys/openssh_key.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace {

[[noreturn]] void Die(const absl::Status& status) {
  fprintf(stderr, "mcfeely_bench: %s\n", status.ToString().c_str());
  exit(1);
}
template <typename T>
T Need(absl::StatusOr<T> v) {
  if (!v.ok()) Die(v.status());
  return *std::move(v);
}
void Need(const absl::Status& s) {
  if (!s.ok()) Die(s);
}

// A server and, on request, agents, in a scratch folder.
class Fleet {
 public:
  explicit Fleet(const std::string& bin)
      : bin_(bin), folder_(Need(sys::TemporaryFolder::Make("bench-"))) {
    for (const char* name : {"hub", "h1"}) {
      Need(keys::WriteKeyFiles(path(name), keys::NewKeyPair(name), false));
    }
    Need(sys::ReplaceFile(
        path("conf"),
        absl::StrCat("queue ", path("queue"), "\nlisten ", address(),
                     "\nidentity ", path("hub"), "\ntrust ", path("none"),
                     "\nhost h1\nmax-per-host 512\n")));
    StartServer();
  }
  void StartServer() {
    server_ =
        Start({bin_, "mcfeely-server", "-c", path("conf"), "--ready-fd", "1"});
  }
  void KillServer() {
    Need(server_->Signal(SIGKILL));
    server_->Wait();
  }
  // Processor time of the server, the agent, and the comms that have ended.
  double CpuSeconds() {
    double ticks = 0;
    for (const auto* child : {&server_, &agent_}) {
      const std::string stat =
          Need(sys::ReadFile(absl::StrCat("/proc/", (*child)->pid(), "/stat")));
      const std::vector<std::string> fields =
          absl::StrSplit(stat.substr(stat.rfind(')') + 2), ' ');
      for (int f = 11; f <= 14; f++) ticks += std::stod(fields[f]);
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  void StartAgent() {
    agent_ = Start({bin_, "mcfeely-agent", "-H", "h1", "-C", path("comm"), "-J",
                    path("journal"), "-i", path("h1"), "-S", address(),
                    "--trust", path("none"), "--ready-fd", "1"});
  }
  // A comm that is a copy of `program`.
  void AddComm(const std::string& name, const std::string& program) {
    Need(sys::MakeFolders(path("comm")));
    Need(sys::ReplaceFile(path("comm/") + name, Need(sys::ReadFile(program)),
                          0755));
  }
  std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  std::string address() const { return "unix:" + path("sock"); }
  std::unique_ptr<mcfeely::Client> NewClient() {
    return Need(mcfeely::Client::Make(
        {.server = address(), .identity = path("hub"), .trust = path("none")}));
  }
  size_t ServerBytes() {
    const std::string statm =
        Need(sys::ReadFile(absl::StrCat("/proc/", server_->pid(), "/statm")));
    return std::stoul(statm.substr(statm.find(' '))) * 4096;
  }
  ~Fleet() {
    for (auto* child : {&agent_, &server_}) {
      if (!child->has_value()) continue;
      (void)(*child)->Signal(SIGTERM);
      (*child)->Wait();
    }
  }

 private:
  sys::Child Start(const std::vector<std::string>& argv) {
    auto [out, in] = Need(sys::Pipe());
    sys::Child child =
        Need(sys::Child::Spawn(argv, {.out = in.get(), .err = log_.get()}));
    in.Reset();
    char byte;
    if (read(out.get(), &byte, 1) != 1) {
      Die(absl::InternalError(argv[1] + " does not start"));
    }
    return child;
  }
  std::string bin_;
  sys::TemporaryFolder folder_;
  sys::Fd log_ = Need(sys::Open(folder_.path() + "/log",
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC));
  std::optional<sys::Child> server_, agent_;
};

mcfeely::Job Tasks(int count, const std::string& comm) {
  mcfeely::Job job;
  for (int i = 0; i < count; i++) {
    mcfeely::Task task;
    task.name = absl::StrCat("t", i);
    task.host = "h1";
    task.comm = comm;
    job.tasks.push_back(std::move(task));
  }
  return job;
}

// 10 000 injections by 16 callers, each waiting for one answer at a time.
double InjectionsPerSecond(const std::string& bin) {
  constexpr int kCallers = 16, kEach = 625;
  Fleet fleet(bin);
  std::vector<std::thread> callers;
  const absl::Time begin = absl::Now();
  for (int c = 0; c < kCallers; c++) {
    callers.emplace_back([&] {
      auto client = fleet.NewClient();
      const auto job = mcfeely::ToMessage(Tasks(1, "true"));
      for (int i = 0; i < kEach; i++) {
        Need(client->Deliver(Need(client->SealJob(job))).status());
      }
    });
  }
  for (std::thread& t : callers) t.join();
  return kCallers * kEach / absl::ToDoubleSeconds(absl::Now() - begin);
}

void RunToItsEnd(mcfeely::Client& client, const mcfeely::Job& job) {
  const std::string parcel = Need(client.SealJob(mcfeely::ToMessage(job)));
  const uint64_t number = Need(client.Deliver(parcel));
  bool done = false;
  Need(client.Follow(number, absl::Minutes(5),
                     [&](const fleetbox::wire::JobView* view) {
                       if (view != nullptr) {
                         done = view->state() == fleetbox::wire::JOB_DONE;
                       }
                       return true;
                     }));
  if (!done) Die(absl::InternalError("the job did not succeed"));
}

// Of one job, from its injection until its end is told.
double TasksPerSecond(Fleet& fleet, const std::string& comm, int tasks) {
  auto client = fleet.NewClient();
  const absl::Time begin = absl::Now();
  RunToItsEnd(*client, Tasks(tasks, comm));
  return tasks / absl::ToDoubleSeconds(absl::Now() - begin);
}

// Injected as `jobs` jobs of one task each by 16 callers, until all are done.
double JobsPerSecond(Fleet& fleet, const std::string& comm, int jobs) {
  constexpr int kCallers = 16;
  const absl::Time begin = absl::Now();
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; c++) {
    callers.emplace_back([&] {
      auto client = fleet.NewClient();
      const auto job = mcfeely::ToMessage(Tasks(1, comm));
      uint64_t last = 0;
      for (int i = 0; i < jobs / kCallers; i++) {
        last = Need(client->Deliver(Need(client->SealJob(job))));
      }
      // First in, first out: when the last is done, all are.
      Need(client->Follow(last, absl::Minutes(5),
                          [](const fleetbox::wire::JobView*) { return true; }));
    });
  }
  for (std::thread& t : callers) t.join();
  return jobs / absl::ToDoubleSeconds(absl::Now() - begin);
}

// Each requires the one before it.
double ChainPerSecond(Fleet& fleet, const std::string& comm, int tasks) {
  auto client = fleet.NewClient();
  mcfeely::Job job = Tasks(tasks, comm);
  for (uint32_t t = 1; t < job.tasks.size(); t++) {
    job.requirements.push_back({{t}, {t - 1}});
  }
  const absl::Time begin = absl::Now();
  RunToItsEnd(*client, job);
  return tasks / absl::ToDoubleSeconds(absl::Now() - begin);
}

// Starts `program`; not inlined, since a vfork's child shares our frame.
__attribute__((noinline)) pid_t Spawn(const char* program) {
  char* argv[] = {const_cast<char*>("true"), nullptr};
  char* none[] = {nullptr};
  const pid_t pid = vfork();
  if (pid == 0) {
    execve(program, argv, none);
    _exit(127);
  }
  return pid;
}

// vfork, exec and wait of the same program by two threads.
double SpawnsPerSecond(const std::string& program, int count) {
  const absl::Time begin = absl::Now();
  std::vector<std::thread> workers;
  for (int w = 0; w < 2; w++) {
    workers.emplace_back([&] {
      for (int i = 0; i < count / 2; i++) {
        int status;
        waitpid(Spawn(program.c_str()), &status, 0);
      }
    });
  }
  for (std::thread& t : workers) t.join();
  return count / absl::ToDoubleSeconds(absl::Now() - begin);
}

// From before a job is handed over until its comm runs, on an idle server;
// milliseconds, in order.
std::vector<double> StartLatencies(Fleet& fleet) {
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
  return ms;
}

// What open tasks take, and how long a server that was killed takes to read
// them back.
void OpenTasks(const std::string& bin, int tasks, bench::Table& table) {
  Fleet fleet(bin);
  auto client = fleet.NewClient();
  const size_t before = fleet.ServerBytes();
  for (int j = 0; j < 10; j++) {
    mcfeely::Job job = Tasks(tasks / 10, "virtdom_httpd_conf_add");
    for (mcfeely::Task& task : job.tasks) {
      task.arguments = {"example.com", "192.0.2.7"};
    }
    Need(client->Deliver(Need(client->SealJob(mcfeely::ToMessage(job))))
             .status());
  }
  table.Add(absl::StrCat("memory per open task of ", tasks), "bytes",
            static_cast<double>(fleet.ServerBytes() - before) / tasks, 1024,
            "<= 1");
  fleet.KillServer();
  const absl::Time begin = absl::Now();
  fleet.StartServer();
  table.Add(absl::StrCat("recovery of ", tasks, " open tasks"), "s",
            absl::ToDoubleSeconds(absl::Now() - begin), 0, "");
}

}  // namespace

int main(int argc, char** argv) {
  const char* bin = getenv("BIN");
  if (bin == nullptr) bin = "build/release/fleetbox";
  const char* noop = getenv("NOOP");
  bench::Table table("mcfeely");
  constexpr int kRounds = 5;

  std::vector<double> ours, limit;
  for (int i = 0; i < kRounds; i++) {
    ours.push_back(InjectionsPerSecond(bin));
    sys::TemporaryFolder folder = Need(sys::TemporaryFolder::Make("probe-"));
    bench::SqliteProbe probe(folder.path());
    limit.push_back(bench::Run(probe, 16, 10'000).per_second);
  }
  table.Add("durable injections, 16 callers", "1/s", bench::Median(ours),
            bench::Median(limit), ">= 0.5");

  Fleet fleet(bin);
  fleet.AddComm("true", "/bin/busybox");
  if (noop != nullptr) fleet.AddComm("noop", noop);
  fleet.StartAgent();
  // A limit for each: the machine's speed drifts.
  for (const std::string comm : {"true", "noop"}) {
    if (comm == "noop" && noop == nullptr) continue;
    std::vector<double> tasks, jobs;
    limit.clear();
    for (int i = 0; i < kRounds; i++) {
      tasks.push_back(TasksPerSecond(fleet, comm, 8000));
      limit.push_back(SpawnsPerSecond(fleet.path("comm/") + comm, 8000));
      jobs.push_back(JobsPerSecond(fleet, comm, 8000));
    }
    const std::string what =
        comm == "true" ? "static glibc no-op" : "no-op without libc";
    table.Add("end to end, " + what, "tasks/s", bench::Median(tasks),
              bench::Median(limit), ">= 0.5");
    table.Add("each a job of its own, " + what, "tasks/s", bench::Median(jobs),
              bench::Median(limit), "");
  }
  // Scenario 43 by its own numbers.
  const std::string comm = noop == nullptr ? "true" : "noop";
  const auto whole = [&](const std::string& what, auto run) {
    const double before = fleet.CpuSeconds();
    const double per_second = run(10'000);
    table.Add(absl::StrCat("mcfeely 43: ", what), "tasks/s", per_second, 0, "");
    table.Add(absl::StrCat("mcfeely 43: ", what, ", processor time"), "ms/task",
              (fleet.CpuSeconds() - before) / 10, 0, "");
  };
  whole("10000 jobs of one task",
        [&](int n) { return JobsPerSecond(fleet, comm, n); });
  whole("a job of 10000 tasks",
        [&](int n) { return TasksPerSecond(fleet, comm, n); });
  whole("a chain of 10000",
        [&](int n) { return ChainPerSecond(fleet, comm, n); });
  const std::vector<double> ms = StartLatencies(fleet);
  table.Add("inject to start, idle server, p50", "ms",
            std::max(0.0, ms[ms.size() / 2]), 0, "");
  table.Add("inject to start, idle server, p99", "ms",
            std::max(0.0, ms[ms.size() * 99 / 100]), 10, "<= 1");
  OpenTasks(bin, 100'000, table);
  OpenTasks(bin, 1'000'000, table);
  return table.Finish(argc, argv);
}
