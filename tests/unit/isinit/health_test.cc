#include "isinit/health.h"

#include <absl/strings/match.h>

#include "net/http.h"
#include "sys/socket.h"
#include "unit/isinit/processes.h"

using isinit::Entry;
using isinit::Health;
using isinit::HealthWatch;
using isinit::MakeEntry;
using isinit::Processes;
using isinit::Run;

namespace {

struct World : Processes {
  World() {
    HealthWatch::Told told;
    told.failed = [this](Run run, const std::string& why) {
      failed.push_back(absl::StrCat(run, ": ", why));
    };
    told.passed = [this](Run run) { passed.push_back(run); };
    watch = std::make_unique<HealthWatch>(loop, reaper, told);
  }
  std::shared_ptr<Entry> Make(Health::Kind kind, std::string text,
                              int port = 0) {
    auto entry = MakeEntry("a", "");
    Health& health = entry->attributes.health;
    health.kind = kind;
    health.text = std::move(text);
    health.port = port;
    health.every = absl::Milliseconds(20);
    health.timeout = absl::Seconds(2);
    health.fails = 2;
    return entry;
  }
  void Up(const std::shared_ptr<Entry>& entry, Run run) {
    watch->Up(run, entry, [this, entry](const std::string& command) {
      return processes.StartCommand(*entry, command, "1", {});
    });
  }

  isinit::EntryProcesses processes{""};
  std::unique_ptr<HealthWatch> watch;
  std::vector<std::string> failed;
  std::vector<Run> passed;
};

}  // namespace

TEST_CASE("health: so many looks in a row are told of once, and the recovery",
          "[isinit]") {
  World world;
  const std::string flag = world.Path("well");
  auto entry = world.Make(
      Health::Kind::kCommand,
      "echo >>" + world.Path("looks") + "; test -e " + flag + " || exit 3");
  REQUIRE(sys::ReplaceFile(flag, "").ok());
  world.Up(entry, 4);
  REQUIRE(world.Until([&] { return world.Content("looks").size() >= 3; }));
  CHECK(world.failed.empty());
  CHECK(world.passed.empty());
  REQUIRE(sys::RemoveFile(flag).ok());
  REQUIRE(world.Until([&] { return !world.failed.empty(); }));
  CHECK(world.failed[0] == "4: exit 3");
  CHECK(world.watch->TroubleOf("a") == "exit 3");
  const size_t looks = world.Content("looks").size();
  REQUIRE(
      world.Until([&] { return world.Content("looks").size() > looks + 3; }));
  CHECK(world.failed.size() == 1);
  REQUIRE(sys::ReplaceFile(flag, "").ok());
  REQUIRE(world.Until([&] { return !world.passed.empty(); }));
  CHECK(world.passed == std::vector<Run>{4});
  CHECK(world.watch->TroubleOf("a") == "");
  // Its end is the end of the looks.
  world.watch->Ended("a");
  REQUIRE(world.Until([&] { return sys::OwnChildren().empty(); }));
  const std::string before = world.Content("looks");
  world.For(absl::Milliseconds(60));
  CHECK(world.Content("looks") == before);
}

TEST_CASE("health: nobody looks before the grace is over", "[isinit]") {
  World world;
  auto entry = world.Make(Health::Kind::kCommand, "exit 1");
  entry->attributes.health.grace = absl::Seconds(100);
  world.Up(entry, 1);
  world.For(absl::Milliseconds(60));
  CHECK(world.failed.empty());
  CHECK(world.watch->TroubleOf("a") == "");
}

TEST_CASE("health: a look that takes too long has failed, and is ended",
          "[isinit]") {
  World world;
  auto entry =
      world.Make(Health::Kind::kCommand,
                 "echo $$ >>" + world.Path("pids") + "; sleep 1000 & wait");
  entry->attributes.health.timeout = absl::Milliseconds(60);
  world.Up(entry, 1);
  REQUIRE(world.Until([&] { return !world.failed.empty(); }));
  CHECK(world.failed[0] == "1: no answer after 60ms");
  world.watch->Ended("a");
  REQUIRE(world.Until([&] { return sys::OwnChildren().empty(); }));
  for (absl::string_view pid :
       absl::StrSplit(world.Content("pids"), '\n', absl::SkipEmpty())) {
    CHECK(isinit::IsGone(std::stoi(std::string(pid))));
  }
}

TEST_CASE("health: by HTTP, the status decides", "[isinit]") {
  World world;
  int status = 200;
  std::string path;
  auto server = net::HttpServer::Listen(world.loop, "127.0.0.1", 0,
                                        [&](const net::HttpRequest& request) {
                                          path = request.path;
                                          net::HttpResponse response;
                                          response.status = status;
                                          return response;
                                        });
  REQUIRE(server.ok());
  world.Up(world.Make(Health::Kind::kHttp, "/health", (*server)->port()), 1);
  REQUIRE(world.Until([&] { return path == "/health"; }));
  world.For(absl::Milliseconds(60));
  CHECK(world.failed.empty());
  status = 503;
  REQUIRE(world.Until([&] { return !world.failed.empty(); }));
  CHECK(absl::StartsWith(world.failed[0], "1: answers 503"));
  world.watch->Ended("a");
}

TEST_CASE("health: somebody listens, by TCP or at a socket", "[isinit]") {
  World world;
  auto listener = sys::ListenTcp("127.0.0.1", 0);
  auto entry =
      world.Make(Health::Kind::kTcp, "", *sys::LocalPort(listener->get()));
  world.Up(entry, 1);
  world.For(absl::Milliseconds(60));
  CHECK(world.failed.empty());
  listener->Reset();
  REQUIRE(world.Until([&] { return !world.failed.empty(); }));
  CHECK(absl::EndsWith(world.failed[0], "Connection refused"));
  // Up again is another run.
  world.failed.clear();
  world.Up(world.Make(Health::Kind::kUnix, world.Path("s")), 2);
  REQUIRE(world.Until([&] { return !world.failed.empty(); }));
  CHECK(absl::StartsWith(world.failed[0], "2: "));
  const auto unix_listener = sys::ListenUnix(world.Path("s"));
  REQUIRE(world.Until([&] { return !world.passed.empty(); }));
  world.watch->Ended("a");
}
