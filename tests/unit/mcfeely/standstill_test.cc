// A server and an agent as processes that are stopped for longer than the other
// side waits, and go on as if nothing had been.
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "base/status.h"
#include "keys/openssh_key.h"
#include "mcfeely/agent.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "mcfeely/server.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace {

namespace pb = fleetbox::wire;

constexpr absl::Duration kDeadAfter = absl::Milliseconds(500);

// A process of our own, until this is destroyed.
class Process {
 public:
  explicit Process(const std::function<void()>& run) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    run();
    _exit(0);
  }
  ~Process() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  // On any thread: Catch's own checks are for one at a time.
  void StandStill(absl::Duration d) {
    MUST(kill(pid_, SIGSTOP) == 0);
    absl::SleepFor(d);
    MUST(kill(pid_, SIGCONT) == 0);
  }

 private:
  const pid_t pid_;
};

struct Pair {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("standstill-");
  std::unique_ptr<Process> server, agent;
  std::unique_ptr<mcfeely::Client> client;

  Pair() {
    for (const char* name : {"hub", "h1"}) {
      const auto key = keys::NewKeyPair(name);
      REQUIRE(keys::WriteKeyFiles(Path(name), key, false).ok());
    }
    REQUIRE(sys::MakeFolders(Path("comm")).ok());
    REQUIRE(sys::ReplaceFile(Path("comm/slow"),
                             "#!/bin/sh\necho ran >>$MCFEELY_COMM_DIR/ran\n"
                             "while [ ! -e $MCFEELY_COMM_DIR/go ]; do "
                             "sleep 0.02; done\n",
                             0755)
                .ok());
    server = std::make_unique<Process>([this] {
      sys::Loop loop;
      mcfeely::ServerConfig config;
      config.queue = Path("queue");
      config.listen = {"unix:" + Path("sock")};
      config.identity = Path("hub");
      config.trust = Path("none");
      config.hosts = {"h1"};
      config.dead_after = kDeadAfter;
      const auto opened = mcfeely::Server::Open(loop, config);
      loop.Run();
    });
    agent = std::make_unique<Process>([this] {
      sys::Loop loop;
      mcfeely::AgentConfig config;
      config.host = "h1";
      config.servers = {"unix:" + Path("sock")};
      config.comm_folder = Path("comm");
      config.journal = Path("journal");
      config.identity = Path("h1");
      config.trust = Path("none");
      config.dead_after = kDeadAfter;
      const auto opened = mcfeely::Agent::Open(loop, config);
      loop.Run();
    });
    auto made = mcfeely::Client::Make({.server = "unix:" + Path("sock"),
                                       .identity = Path("hub"),
                                       .trust = Path("none"),
                                       .patience = absl::Seconds(10)});
    REQUIRE(made.ok());
    client = *std::move(made);
  }
  std::string Path(const std::string& name) const {
    return absl::StrCat(folder.path(), "/", name);
  }
  uint64_t Inject() {
    mcfeely::Job job;
    job.tasks.push_back({"a", "h1", "slow", {}, {}});
    job.tasks[0].options.Edit().safe_to_repeat = false;
    const auto parcel = client->SealJob(ToMessage(job));
    REQUIRE(parcel.ok());
    const auto number = client->Deliver(*parcel);
    INFO(number.status());
    REQUIRE(number.ok());
    return *number;
  }
  pb::TaskView Until(uint64_t job, pb::TaskState state) {
    pb::Query query;
    query.mutable_show()->set_job(job);
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(10);
    for (;;) {
      const auto reply = client->Ask(query);
      INFO(reply.status());
      REQUIRE(reply.ok());
      if (reply->job(0).task(0).state() == state) return reply->job(0).task(0);
      INFO(reply->job(0).task(0).why());
      REQUIRE(sys::SteadyNow() < deadline);
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  void Go() { REQUIRE(sys::ReplaceFile(Path("comm/go"), "").ok()); }
  size_t Ran() const { return sys::ReadFile(Path("comm/ran"))->size() / 4; }
};

}  // namespace

TEST_CASE("mcfeely 29: a side that stands still for a while loses nothing",
          "[mcfeely]") {
  Pair pair;
  const uint64_t job = pair.Inject();
  pair.Until(job, pb::TASK_RUNNING);
  const absl::Duration longer = 3 * kDeadAfter;

  SECTION("the server, while the comm runs") {
    pair.server->StandStill(longer);
    pair.Go();
  }
  SECTION("the server, while the comm ends") {
    pair.Go();
    pair.server->StandStill(longer);
  }
  SECTION("the agent, while the comm runs") {
    pair.agent->StandStill(longer);
    pair.Go();
  }
  SECTION("the agent, while the comm ends") {
    pair.Go();
    pair.agent->StandStill(longer);
  }
  SECTION("one after the other, again and again") {
    for (int n = 0; n < 3; n++) {
      pair.server->StandStill(longer / 2);
      pair.agent->StandStill(longer / 2);
    }
    pair.Go();
  }
  const pb::TaskView task = pair.Until(job, pb::TASK_DONE);
  CHECK(task.attempts() == 1);
  CHECK(pair.Ran() == 1);
}

TEST_CASE("mcfeely 29: what is handed to a server that stands still is queued",
          "[mcfeely]") {
  Pair pair;
  pair.Go();
  pair.Until(pair.Inject(), pb::TASK_DONE);
  std::thread stopping([&] { pair.server->StandStill(3 * kDeadAfter); });
  const uint64_t second = pair.Inject();
  stopping.join();
  CHECK(second == 2);
  pair.Until(second, pb::TASK_DONE);
  CHECK(pair.Ran() == 2);
}
