#include "bench/mcfeely/fleet.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "bench/environment.h"
#include "bench/need.h"
#include "keys/openssh_key.h"
#include "sys/clock.h"
#include "wire/sshsig.h"

namespace bench {
namespace {

double SecondsSince(absl::Time begin) {
  return absl::ToDoubleSeconds(sys::SteadyNow() - begin);
}

// `then` is told the number of the last job of each caller.
void InjectByAll(
    const Fleet& fleet, const mcfeely::Job& job, int jobs,
    const std::function<void(mcfeely::Client&, uint64_t last)>& then) {
  constexpr int kCallers = 16;
  std::atomic<int> left = jobs;
  const auto message = mcfeely::ToMessage(job);
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; c++) {
    callers.emplace_back([&] {
      auto client = fleet.NewClient();
      uint64_t last = 0;
      while (left-- > 0) {
        last = Need(client->Deliver(Need(client->SealJob(message))));
      }
      if (last != 0) then(*client, last);
    });
  }
  for (std::thread& t : callers) t.join();
}

}  // namespace

std::string Executable() { return Variable("BIN", "build/release/fleetbox"); }

Fleet::Fleet(const FleetOptions& options)
    : folder_(Need(sys::TemporaryFolder::Make("bench-"))) {
  const keys::KeyPair hub = keys::NewKeyPair("hub");
  Need(keys::WriteKeyFiles(path("hub"), hub, false));
  Need(keys::WriteKeyFiles(path("h1"), keys::NewKeyPair("h1"), false));
  std::string listen = absl::StrCat("listen ", address(), "\n");
  if (!options.trust.empty()) {
    absl::StrAppend(&listen, "listen tcp:127.0.0.1:0\n");
    Need(sys::ReplaceFile(
        path("trust"),
        absl::StrCat("server:mcfeely ", wire::SshLine(hub.public_key()), "\n",
                     options.trust)));
  }
  Need(sys::ReplaceFile(
      path("conf"),
      absl::StrCat("queue ", path("queue"), "\n", listen, "identity ",
                   path("hub"), "\ntrust ", path("trust"), "\nhost ",
                   absl::StrJoin(options.hosts, "\nhost "),
                   "\nmax-per-host 512\n")));
  StartServer();
}

double Fleet::StartServer() {
  const absl::Time begin = sys::SteadyNow();
  server_ = Need(Process::Start(
      {Executable(), "mcfeely-server", "-c", path("conf"), "--ready-fd", "1"},
      path("log"), /*ready=*/true));
  return SecondsSince(begin);
}

void Fleet::StartAgent() {
  agent_ = Need(Process::Start(
      {Executable(), "mcfeely-agent", "-H", "h1", "-C", path("comm"), "-J",
       path("journal"), "-i", path("h1"), "-S", address(), "--trust",
       path("trust"), "--ready-fd", "1"},
      path("log"), /*ready=*/true));
}

void Fleet::AddComm(const std::string& name, const std::string& program) {
  Need(sys::MakeFolders(path("comm")));
  Need(sys::ReplaceFile(path("comm/") + name, Need(sys::ReadFile(program)),
                        0755));
}

std::string Fleet::tcp_address() const {
  for (absl::string_view line : absl::StrSplit(server_->said(), '\n')) {
    if (absl::StartsWith(line, "tcp:")) return std::string(line);
  }
  Die(absl::InternalError("the server does not say its port"));
}

std::unique_ptr<mcfeely::Client> Fleet::NewClient() const {
  return Need(mcfeely::Client::Make(
      {.server = address(), .identity = path("hub"), .trust = path("trust")}));
}

mcfeely::Job Tasks(int count, const std::string& comm,
                   const std::vector<std::string>& hosts) {
  mcfeely::Job job;
  for (int i = 0; i < count; i++) {
    mcfeely::Task task;
    task.name = absl::StrCat("t", i);
    task.host = hosts[i % hosts.size()];
    task.comm = comm;
    job.tasks.push_back(std::move(task));
  }
  return job;
}

mcfeely::Job Chain(int count, const std::string& comm) {
  mcfeely::Job job = Tasks(count, comm);
  for (uint32_t t = 1; t < static_cast<uint32_t>(count); t++) {
    job.requirements.push_back({{t}, {t - 1}});
  }
  return job;
}

void Inject(const Fleet& fleet, const mcfeely::Job& job, int jobs) {
  InjectByAll(fleet, job, jobs, [](mcfeely::Client&, uint64_t) {});
}

double SecondsToEnd(const Fleet& fleet, const mcfeely::Job& job) {
  auto client = fleet.NewClient();
  const absl::Time begin = sys::SteadyNow();
  const std::string parcel = Need(client->SealJob(mcfeely::ToMessage(job)));
  const uint64_t number = Need(client->Deliver(parcel));
  bool done = false;
  Need(client->Follow(number, absl::Minutes(5),
                      [&](const fleetbox::wire::JobView* view) {
                        if (view != nullptr) {
                          done = view->state() == fleetbox::wire::JOB_DONE;
                        }
                        return true;
                      }));
  if (!done) Die(absl::InternalError("the job did not succeed"));
  return SecondsSince(begin);
}

double JobsPerSecond(const Fleet& fleet, const std::string& comm, int jobs) {
  const absl::Time begin = sys::SteadyNow();
  InjectByAll(
      fleet, Tasks(1, comm), jobs, [](mcfeely::Client& client, uint64_t last) {
        // First in, first out: when the last is done, all are.
        Need(
            client.Follow(last, absl::Minutes(5),
                          [](const fleetbox::wire::JobView*) { return true; }));
      });
  return jobs / SecondsSince(begin);
}

std::vector<double> StartLatencies(const Fleet& fleet, const std::string& comm,
                                   int callers, int jobs) {
  const auto message = mcfeely::ToMessage(Tasks(1, comm));
  std::atomic<int> left = jobs;
  std::mutex mutex;
  std::vector<double> all;
  std::vector<std::thread> threads;
  for (int c = 0; c < callers; c++) {
    threads.emplace_back([&] {
      auto client = fleet.NewClient();
      while (left-- > 0) {
        const absl::Time begin = sys::WallNow();
        const uint64_t job =
            Need(client->Deliver(Need(client->SealJob(message))));
        Need(client->Follow(
            job, absl::Minutes(1),
            [](const fleetbox::wire::JobView*) { return true; }));
        fleetbox::wire::Query query;
        query.mutable_show()->set_job(job);
        const auto reply = Need(client->Ask(query));
        const std::string printed(reply.job(0).task(0).head());
        int64_t ns = 0;
        if (!absl::SimpleAtoi(printed, &ns)) {
          Die(absl::InternalError("no time: " + printed));
        }
        const std::lock_guard<std::mutex> lock(mutex);
        all.push_back(
            absl::ToDoubleMilliseconds(absl::FromUnixNanos(ns) - begin));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  return all;
}

}  // namespace bench
