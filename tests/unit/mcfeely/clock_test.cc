// A real server and a real agent while somebody sets the clock.
#include "sys/clock.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <time.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "keys/openssh_key.h"
#include "mcfeely/agent.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "mcfeely/server.h"
#include "sys/file.h"
#include "unit/sys/wall_clock.h"

namespace {

namespace pb = fleetbox::wire;

// A server and the agent of h1 on a thread of their own.
class Pair {
 public:
  Pair() {
    for (const char* name : {"hub", "h1"}) {
      const auto key = keys::NewKeyPair(name);
      REQUIRE(keys::WriteKeyFiles(Path(name), key, false).ok());
    }
    // Prints when it runs, by a clock that nobody sets; its first run is
    // deferred for a second.
    Comm("twice",
         "cut -d' ' -f1 /proc/uptime\n"
         "[ $MCFEELY_ATTEMPT -gt 1 ] && exit 0\n"
         "echo mcfeely: retry-after 1 >&2\nexit 99\n");
    Comm("when", "cut -d' ' -f1 /proc/uptime\n");
    Comm("stuck", "exec sleep 100\n");
    std::atomic<bool> ready = false;
    thread_ = std::thread([this, &ready] { Run(ready); });
    while (!ready) std::this_thread::yield();
  }
  ~Pair() {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }

  uint64_t Inject(const mcfeely::Job& job) {
    auto client = NewClient();
    const auto parcel = client->SealJob(ToMessage(job));
    REQUIRE(parcel.ok());
    const auto number = client->Deliver(*parcel);
    INFO(number.status());
    REQUIRE(number.ok());
    return *number;
  }
  // Until `done`, ten seconds at most.
  pb::JobView Until(uint64_t job,
                    const std::function<bool(const pb::JobView&)>& done) {
    auto client = NewClient();
    pb::Query query;
    query.mutable_show()->set_job(job);
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(100);
    for (;;) {
      const auto reply = client->Ask(query);
      INFO(reply.status());
      REQUIRE(reply.ok());
      if (done(reply->job(0))) return reply->job(0);
      INFO(reply->job(0).task(0).why());
      REQUIRE(sys::SteadyNow() < deadline);
      absl::SleepFor(absl::Milliseconds(20));
    }
  }

 private:
  std::string Path(const std::string& name) const {
    return absl::StrCat(folder_.path(), "/", name);
  }
  void Comm(const std::string& name, const std::string& body) {
    REQUIRE(sys::MakeFolders(Path("comm")).ok());
    REQUIRE(sys::ReplaceFile(Path("comm/") + name, "#!/bin/sh\n" + body, 0755)
                .ok());
  }
  std::unique_ptr<mcfeely::Client> NewClient() {
    auto client = mcfeely::Client::Make({.server = "unix:" + Path("sock"),
                                         .identity = Path("hub"),
                                         .trust = Path("none")});
    REQUIRE(client.ok());
    return *std::move(client);
  }
  void Run(std::atomic<bool>& ready) {
    sys::Loop loop;
    loop_ = &loop;
    mcfeely::ServerConfig server_config;
    server_config.queue = Path("queue");
    server_config.listen = {"unix:" + Path("sock")};
    server_config.identity = Path("hub");
    server_config.trust = Path("none");
    server_config.hosts = {"h1"};
    auto server = mcfeely::Server::Open(loop, server_config);
    mcfeely::AgentConfig agent_config;
    agent_config.host = "h1";
    agent_config.servers = server_config.listen;
    agent_config.comm_folder = Path("comm");
    agent_config.journal = Path("journal");
    agent_config.identity = Path("h1");
    agent_config.trust = Path("none");
    auto agent = mcfeely::Agent::Open(loop, agent_config);
    (*agent)->OnConnected([&ready] { ready = true; });
    loop.Run();
  }

  sys::TemporaryFolder folder_ = *sys::TemporaryFolder::Make("clock-");
  std::thread thread_;
  sys::Loop* loop_ = nullptr;
};

mcfeely::Task NewTask(const std::string& comm) {
  return {comm, "h1", comm, {}, {}};
}

// What a comm printed: seconds since the host was started.
double Uptime(const pb::TaskView& task) {
  return std::stod(std::string(task.head()));
}
double Uptime() { return std::stod(*sys::ReadFile("/proc/uptime")); }

// On a busy host all takes its time, in seconds; but not what a clock is set
// by.
constexpr double kNoHour = 1800;

absl::Duration ProcessorTime() {
  timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

}  // namespace

TEST_CASE("mcfeely 34: whoever sets the clock moves no timer", "[mcfeely]") {
  Pair pair;
  sys_test::WallClock clock;
  // An hour ahead, and from there to an hour behind.
  for (const int hours : {1, -1}) {
    INFO(hours << " h");
    mcfeely::Job job;
    job.tasks = {NewTask("twice"), NewTask("when"), NewTask("stuck")};
    job.tasks[1].options.Edit().delay = absl::Seconds(1);
    job.tasks[2].options.Edit().timeout = absl::Seconds(1);
    job.tasks[2].options.Edit().tries = 1;
    const double begin = Uptime();
    const uint64_t number = pair.Inject(job);
    pair.Until(number, [](const pb::JobView& view) {
      return view.task(0).state() == pb::TASK_DELAYED &&
             view.task(2).state() == pb::TASK_RUNNING;
    });
    const double deferred = Uptime();
    clock.Set(absl::Hours(hours));
    const pb::JobView view = pair.Until(number, [](const pb::JobView& view) {
      return view.state() == pb::JOB_FAILED;
    });
    // Not lost, and not before its time.
    CHECK(view.task(0).state() == pb::TASK_DONE);
    CHECK(Uptime(view.task(0)) - begin >= 1);
    CHECK(Uptime(view.task(0)) - deferred < kNoHour);
    CHECK(view.task(1).state() == pb::TASK_DONE);
    CHECK(Uptime(view.task(1)) - begin >= 0.99);
    CHECK(Uptime(view.task(1)) - begin < kNoHour);
    CHECK(absl::StrContains(view.task(2).why(), "timed out after 1s"));
    CHECK(Uptime() - begin >= 1);
    CHECK(Uptime() - begin < kNoHour);
    // New work is taken, signed with the new time.
    mcfeely::Job next;
    next.tasks = {NewTask("when")};
    pair.Until(pair.Inject(next), [](const pb::JobView& view) {
      return view.state() == pb::JOB_DONE;
    });
    // And nobody is busy with waiting.
    const absl::Duration before = ProcessorTime();
    absl::SleepFor(absl::Milliseconds(500));
    CHECK(ProcessorTime() - before < absl::Milliseconds(100));
  }
}
