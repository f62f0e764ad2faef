// The client on real sockets, with models of controllers beside it.
#include "power/ipmi_client.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <dirent.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/bmc_server.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "unit/power/sim.h"

namespace {

using fakes::BmcServer;
using power::Action;
using power::FailureClass;
using power::IpmiClient;
using power::IpmiTask;
using power::Outcome;
using power::PlugResult;
using power::PlugState;
using power_test::SecretOf;

struct Bench {
  sys::Loop loop;
  std::vector<std::unique_ptr<BmcServer>> servers;
  IpmiClient client{loop};

  BmcServer& Serve(fakes::BmcOptions options = {},
                   fakes::BmcNetwork network = {}) {
    servers.push_back(BmcServer::Make(loop, "127.0.0.1", 0, std::move(options),
                                      network, servers.size() + 1)
                          .value());
    return *servers.back();
  }
  static IpmiTask TaskFor(int port, Action action = Action::kStatus) {
    return {.address = "127.0.0.1",
            .port = port,
            .action = action,
            .account = power_test::Sim::Admin()};
  }
  void Await(const std::function<bool()>& ready) {
    const absl::Time until = sys::SteadyNow() + absl::Seconds(30);
    while (!ready()) {
      REQUIRE(sys::SteadyNow() < until);
      loop.Turn(absl::Seconds(1));
    }
  }
  PlugResult Run(IpmiTask task) {
    std::optional<PlugResult> got;
    client.Start(std::move(task), [&](const PlugResult& r) { got = r; });
    CHECK_FALSE(got.has_value());
    Await([&] { return got.has_value(); });
    return *got;
  }
};

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

}  // namespace

TEST_CASE("ipmi client: statuses and switchings over sockets", "[power]") {
  Bench bench;
  BmcServer& bmc = bench.Serve({.suites = {3}, .refuses_shortly = true});
  const int port = bmc.address().port();
  PlugResult result = bench.Run(Bench::TaskFor(port));
  CHECK(result.after == PlugState::kOn);
  CHECK(result.attempts == 2);
  // The suite is remembered.
  CHECK(bench.Run(Bench::TaskFor(port)).attempts == 1);
  CHECK(bmc.model().counts().opens == 3);
  result = bench.Run(Bench::TaskFor(port, Action::kOff));
  CHECK(result.outcome == Outcome::kDone);
  CHECK_FALSE(bmc.model().IsOn(sys::SteadyNow()));
}

TEST_CASE("ipmi client: a controller of IPv6", "[power]") {
  Bench bench;
  auto server = BmcServer::Make(bench.loop, "::1", 0, {}, {}, 1);
  if (!server.ok()) {
    WARN("skipped: there is no IPv6 here");
    return;
  }
  IpmiTask task = Bench::TaskFor((*server)->address().port());
  task.address = "::1";
  CHECK(bench.Run(task).after == PlugState::kOn);
  // Both families beside each other.
  CHECK(bench.Run(Bench::TaskFor(bench.Serve().address().port())).after ==
        PlugState::kOn);
}

TEST_CASE("ipmi client: what cannot be asked for is told as a failure",
          "[power]") {
  Bench bench;
  IpmiTask task = Bench::TaskFor(623);
  task.account.password = SecretOf(std::string(21, 'x'));
  CHECK(bench.Run(task).failure->failure_class == FailureClass::kConfig);
  task = Bench::TaskFor(623);
  task.address = "some.name";
  CHECK(bench.Run(task).failure->failure_class == FailureClass::kConfig);
}

TEST_CASE("ipmi client: a port that nobody listens on is unreachable at once",
          "[power]") {
  Bench bench;
  int port = 0;
  {
    sys::Loop other;
    port = BmcServer::Make(other, "127.0.0.1", 0, {}, {}, 1)
               .value()
               ->address()
               .port();
  }
  const absl::Time before = sys::SteadyNow();
  const PlugResult result = bench.Run(Bench::TaskFor(port));
  REQUIRE(result.failure.has_value());
  CHECK(result.failure->failure_class == FailureClass::kUnreachable);
  CHECK(result.failure->text == "connect: Connection refused");
  CHECK(sys::SteadyNow() - before < absl::Seconds(5));
}

TEST_CASE("power 40: dead controllers do not delay the others", "[power]") {
  Bench bench;
  constexpr int kAlive = 200, kDead = 10;
  for (int i = 0; i < kAlive; ++i) {
    bench.Serve({}, {.delay = absl::Milliseconds(20)});
  }
  for (int i = 0; i < kDead; ++i) bench.Serve({}, {.is_dead = true});
  const int descriptors = OpenDescriptors();
  int good = 0, dead = 0, least_good = kAlive;
  for (auto& server : bench.servers) {
    IpmiTask task = Bench::TaskFor(server->address().port());
    task.options.limit = absl::Seconds(3);
    bench.client.Start(std::move(task), [&](const PlugResult& result) {
      if (result.after == PlugState::kOn) {
        ++good;
        return;
      }
      ++dead;
      least_good = std::min(least_good, good);
      CHECK(result.failure->failure_class == FailureClass::kTimeout);
    });
  }
  bench.Await([&] { return good + dead == kAlive + kDead; });
  CHECK(good == kAlive);
  CHECK(dead == kDead);
  CHECK(least_good == kAlive);  // all were told before the first dead one
  CHECK(OpenDescriptors() - descriptors < 3);
}

TEST_CASE("ipmi client: only so many are under way at once", "[power]") {
  Bench bench;
  IpmiClient few(bench.loop, 3);
  for (int i = 0; i < 10; ++i) {
    bench.Serve({}, {.delay = absl::Milliseconds(5)});
  }
  int done = 0;
  size_t most = 0;
  for (auto& server : bench.servers) {
    few.Start(Bench::TaskFor(server->address().port()),
              [&](const PlugResult& result) {
                CHECK(result.outcome == Outcome::kDone);
                most = std::max(most, few.under_way() + 1);
                ++done;
              });
  }
  bench.Await([&] { return done == 10; });
  CHECK(most == 3);
}

TEST_CASE(
    "ipmi client: one that is cancelled is not told, and its session "
    "is closed",
    "[power]") {
  Bench bench;
  BmcServer& bmc = bench.Serve({.is_stubborn = true});
  bool told = false;
  IpmiClient::Ticket ticket =
      bench.client.Start(Bench::TaskFor(bmc.address().port(), Action::kOff),
                         [&](const PlugResult&) { told = true; });
  bench.Await([&] { return bmc.model().counts().off == 1; });
  bench.client.Cancel(ticket);
  bench.client.Cancel(ticket);
  bench.Await([&] { return bmc.model().counts().closes == 1; });
  CHECK(bench.client.under_way() == 0);
  CHECK_FALSE(told);
  // Before its turn has come, too.
  ticket = bench.client.Start(Bench::TaskFor(bmc.address().port()),
                              [&](const PlugResult&) { told = true; });
  bench.client.Cancel(ticket);
  CHECK(bench.Run(Bench::TaskFor(bmc.address().port())).outcome ==
        Outcome::kDone);
  CHECK_FALSE(told);
}

TEST_CASE("power 37: what comes from another address is nobody's", "[power]") {
  Bench bench;
  sys::UdpSocket tap =
      sys::UdpSocket::Bind(sys::UdpAddress::Parse("127.0.0.1", 0).value())
          .value();
  // The answers are right in every bit but for where they come from.
  fakes::BmcModel model({}, 1);
  IpmiTask task = Bench::TaskFor(tap.LocalAddress()->port());
  task.options.limit = absl::Seconds(1);
  std::optional<PlugResult> got;
  bench.client.Start(task, [&](const PlugResult& r) { got = r; });
  std::string buffer(2048, '\0');
  sys::UdpSocket other = sys::UdpSocket::Open(false, 1 << 16).value();
  int answered = 0;
  bench.Await([&] {
    while (const auto arrived = tap.Receive(buffer)) {
      for (const std::string& answer :
           model.Receive(arrived->datagram, sys::SteadyNow())) {
        CHECK(other.Send(arrived->from, answer).ok());
        ++answered;
      }
    }
    bench.loop.Turn(absl::Milliseconds(10));
    return got.has_value();
  });
  CHECK(answered > 0);
  REQUIRE(got->failure.has_value());
  CHECK(got->failure->failure_class == FailureClass::kTimeout);
  CHECK(model.counts().rakp1s == 0);
}
