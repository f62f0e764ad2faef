// A service over an inventory, against devices on real ports.
#include "power/service_run.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>

#include "power/inventory_reader.h"
#include "power/service_plan.h"
#include "power/service_resume.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit/power/device_server.h"
#include "unit/power/programs.h"

namespace {

using power::FailureClass;
using power::Outcome;
using power::PlugState;
using power::ServiceOrder;
using power::ServiceResult;
using power::ServiceRun;
using power::Verb;
using power_test::Await;

constexpr char kModel[] = R"(language 2
specification "lines" {
  timeout 2  transport telnet
  plug name { "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" }
  script login { expect "> " }
  script logout { send "quit\n" }
  script status_all {
    send "status\n"
    foreachplug { expect "([0-9]+) (on|off)\n" setplugstate $1 $2 on="on" off="off" }
    expect "> "
  }
  script on { send "on %s\n" expect "> " }
  script off { send "off %s\n" expect "> " }
  script cycle { send "cycle %s\n" expect "> " }
}
)";

// A strip of 16 outlets with a prompt.
class Outlets : public power_test::FakeDevice {
 public:
  Outlets() {
    for (int i = 0; i < 16; ++i) is_on[i] = true;
  }
  std::string Connect(const std::vector<std::string>&) override { return "> "; }
  std::string Receive(absl::string_view bytes) override {
    absl::StrAppend(&line_, bytes);
    std::string out;
    for (size_t end; (end = line_.find('\n')) != line_.npos;) {
      out += Line(line_.substr(0, end));
      line_.erase(0, end + 1);
    }
    return is_mute ? "" : out;
  }

  bool is_on[16];
  bool is_mute = false, is_stuck = false;
  std::vector<std::string> commands;

 private:
  std::string Line(const std::string& line) {
    commands.push_back(line);
    std::string out;
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "status") {
      for (int i = 0; i < 16; ++i) {
        absl::StrAppend(&out, i + 1, is_on[i] ? " on\n" : " off\n");
      }
    } else if (words.size() == 2 && !is_stuck) {
      is_on[std::stoi(words[1]) - 1] = words[0] != "off";
      ++switched;
    }
    return out + "> ";
  }
  std::string line_;
};

struct Device {
  explicit Device(sys::Loop& loop)
      : server(loop, [this] { return &outlets; }) {}
  Outlets outlets;
  power_test::DeviceServer server;
};

power::Inventory Read(const std::string& text) {
  power::InventoryReading reading = power::ReadInventoryText("pcu.conf", text);
  for (const auto& problem : reading.problems) {
    UNSCOPED_INFO(power::ProblemText(problem));
  }
  REQUIRE(reading.ok());
  return std::move(reading.inventory);
}

// So many strips; host hI-P hangs on plug P of strip dI.
struct Site {
  explicit Site(size_t count, const std::string& more = "",
                const std::string& model = kModel)
      : folder(*sys::TemporaryFolder::Make("service")) {
    for (size_t i = 0; i < count; ++i) {
      devices.push_back(std::make_unique<Device>(loop));
    }
    options.run_folder = folder.path() + "/run";
    options.state_folder = folder.path() + "/state";
    options.note = [this](const std::string& line) { notes.push_back(line); };
    Open(more, model);
  }
  void Open(const std::string& more = "", const std::string& model = kModel) {
    text = model;
    for (size_t i = 0; i < devices.size(); ++i) {
      absl::StrAppend(&text, "pcu \"d", i,
                      "\" { model \"lines\" ip \"127.0.0.1\" ports telnet ",
                      devices[i]->server.port(), " node \"h", i,
                      "-[1-16]\" \"[1-16]\" }\n");
    }
    absl::StrAppend(&text, more);
    service.emplace(loop, Read(text), options);
  }
  ~Site() {
    if (service.has_value()) power::StopAndWait(loop, *service);
  }

  std::vector<ServiceResult> Do(ServiceOrder order) {
    std::vector<ServiceResult> results;
    bool is_over = false;
    service->Start(
        std::move(order),
        {.result = [&](const ServiceResult& r) { results.push_back(r); },
         .ended = [&] { is_over = true; },
         .telemetry =
             [&](absl::string_view line) { telemetry.emplace_back(line); }});
    CHECK(results.empty());
    Await(loop, [&] { return is_over; });
    REQUIRE(is_over);
    return results;
  }
  ServiceResult One(Verb verb, const std::string& host) {
    const std::vector<ServiceResult> results =
        Do({.verb = verb, .hosts = {host}});
    REQUIRE(results.size() == 1);
    return results[0];
  }

  sys::Loop loop;
  sys::TemporaryFolder folder;
  std::string text;
  std::vector<std::unique_ptr<Device>> devices;
  ServiceRun::Options options;
  std::vector<std::string> notes, telemetry;
  std::optional<ServiceRun> service;
};

}  // namespace

TEST_CASE("service_run: connections stay open between orders", "[power]") {
  Site site(1);
  Device& device = *site.devices[0];
  CHECK(site.service->Devices()[0].link ==
        power::ServiceDevice::Link::kDisconnected);
  CHECK(site.One(Verb::kStatus, "h0-1").result.after == PlugState::kOn);
  CHECK(site.One(Verb::kOff, "h0-1").result.outcome == Outcome::kDone);
  CHECK(site.One(Verb::kStatus, "h0-1").result.after == PlugState::kOff);
  CHECK(site.One(Verb::kOff, "h0-1").result.outcome == Outcome::kAlready);
  CHECK(device.server.connections == 1);
  CHECK(device.server.open() == 1);
  const power::ServiceDevice seen = site.service->Devices()[0];
  CHECK(seen.link == power::ServiceDevice::Link::kConnected);
  CHECK(seen.reconnects == 0);
  CHECK(seen.actions == 7);  // a login, five readings, a switching
  CHECK(seen.hosts.size() == 16);
  power::StopAndWait(site.loop, *site.service);
  CHECK(device.outlets.commands.back() == "quit");
  CHECK(device.server.open() == 0);
  CHECK(site.notes.empty());
}

TEST_CASE("service_run: orders for one controller go one after the other",
          "[power]") {
  Site site(2);
  size_t over = 0;
  std::vector<std::string> order;
  for (const std::string host : {"h0-1", "h0-2", "h1-1"}) {
    site.service->Start(
        {.verb = Verb::kCycle,
         .hosts = {host},
         .off_time = absl::Milliseconds(host == "h0-1" ? 200 : 1)},
        {.result =
             [&](const ServiceResult& r) {
               CHECK(r.result.outcome == Outcome::kDone);
               order.push_back(r.host);
             },
         .ended = [&] { ++over; }});
  }
  Await(site.loop, [&] { return over == 3; });
  CHECK(order == std::vector<std::string>{"h1-1", "h0-1", "h0-2"});
  CHECK(site.devices[0]->server.connections == 1);
  CHECK(site.devices[0]->outlets.switched == 4);
}

TEST_CASE("service_run: telemetry is told in powerman's words", "[power]") {
  Site site(1);
  site.Do({.verb = Verb::kStatus, .hosts = {"h0-1"}, .telemetry = true});
  REQUIRE(site.telemetry.size() > 2);
  const auto has = [&](const std::string& line) {
    return std::count(site.telemetry.begin(), site.telemetry.end(), line) == 1;
  };
  CHECK(has("send(d0): 'status\\n'"));
  CHECK(has("recv(d0): '1 on\\n'"));
}

TEST_CASE("service_run: the device's own cycle only where that is wanted",
          "[power]") {
  std::string model = kModel;
  model.replace(model.find("timeout 2"), 9, "timeout 2 native-cycle safe");
  Site site(1, "", model);
  Outlets& outlets = site.devices[0]->outlets;
  CHECK(site.One(Verb::kCycle, "h0-1").result.failure.has_value() == false);
  CHECK(std::count(outlets.commands.begin(), outlets.commands.end(),
                   "cycle 1") == 1);
  const std::vector<ServiceResult> results =
      site.Do({.verb = Verb::kCycle,
               .hosts = {"h0-1"},
               .off_time = absl::ZeroDuration(),
               .no_native_cycle = true});
  CHECK(results[0].result.outcome == Outcome::kDone);
  CHECK(std::count(outlets.commands.begin(), outlets.commands.end(),
                   "cycle 1") == 1);
  CHECK(std::count(outlets.commands.begin(), outlets.commands.end(), "off 1") ==
        1);
}

TEST_CASE("service_run: protected hosts and others' plugs are left alone",
          "[power]") {
  Site site(1,
            "protect \"h0-3\"\n"
            "pcu \"s\" { model \"lines\" ip \"127.0.0.2\" ports telnet 1 "
            "shared \"1\" node \"a,b\" \"1,1\" }\n");
  ServiceResult result = site.One(Verb::kOff, "h0-3");
  CHECK_FALSE(result.result.outcome.has_value());
  CHECK_FALSE(result.result.failure.has_value());
  CHECK(result.result.remark == "protected");
  result = site.One(Verb::kOff, "a");
  CHECK_FALSE(result.result.failure.has_value());
  CHECK(result.result.remark == "b would be switched, too, by the same plug");
  CHECK(site.devices[0]->server.connections == 0);
  CHECK(site.service->Can(Verb::kCycle, {"h0-1", "a"}));
  CHECK_FALSE(site.service->Can(Verb::kReset, {"h0-1"}));
  CHECK_FALSE(site.service->Can(Verb::kBeaconOn, {"h0-1"}));
  CHECK_FALSE(site.service->Can(Verb::kStatusTemp, {"h0-1"}));
  CHECK_FALSE(site.service->Can(Verb::kStatusBeacon, {"h0-1"}));
}

TEST_CASE("power 33: a mute device holds up nobody, and is well again later",
          "[power]") {
  constexpr size_t kDevices = 64;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr absl::Duration kSoon = absl::Seconds(1);  // half of its limit
#else
  constexpr absl::Duration kSoon = absl::Milliseconds(50);
#endif
  Site site(kDevices);
  site.devices[7]->outlets.is_mute = true;
  absl::Duration best = absl::InfiniteDuration();
  for (int round = 0; round < 3; ++round) {
    const absl::Time begun = sys::SteadyNow();
    size_t known = 0, unknown = 0;
    absl::Duration others = absl::InfiniteDuration();
    bool is_over = false;
    site.service->Start({.verb = Verb::kStatus, .hosts = site.service->Hosts()},
                        {.result =
                             [&](const ServiceResult& r) {
                               if (r.result.outcome.has_value()) {
                                 CHECK(r.result.after == PlugState::kOn);
                                 ++known;
                               } else {
                                 CHECK(r.device == "d7");
                                 CHECK(r.result.failure->failure_class ==
                                       FailureClass::kTimeout);
                                 ++unknown;
                               }
                               if (known == (kDevices - 1) * 16) {
                                 others =
                                     std::min(others, sys::SteadyNow() - begun);
                               }
                             },
                         .ended = [&] { is_over = true; }});
    Await(site.loop, [&] { return is_over; });
    CHECK(known == (kDevices - 1) * 16);
    CHECK(unknown == 16);
    best = std::min(best, others);
  }
  INFO(best);
  CHECK(best < kSoon);
  site.devices[7]->outlets.is_mute = false;
  CHECK(site.One(Verb::kStatus, "h7-3").result.after == PlugState::kOn);
}

TEST_CASE("service_run: a new inventory holds for orders from then on",
          "[power]") {
  Site site(1);
  bool is_over = false;
  site.service->Start({.verb = Verb::kCycle,
                       .hosts = {"h0-1"},
                       .off_time = absl::Milliseconds(100)},
                      {.result =
                           [&](const ServiceResult& r) {
                             CHECK(r.result.outcome == Outcome::kDone);
                           },
                       .ended = [&] { is_over = true; }});
  Outlets& outlets = site.devices[0]->outlets;
  Await(site.loop, [&] { return !outlets.is_on[0]; });
  std::string renamed = site.text;
  renamed.replace(renamed.find("h0-["), 4, "new[");
  site.service->SetInventory(Read(renamed));
  CHECK_FALSE(site.service->HasHost("h0-1"));
  Await(site.loop, [&] { return is_over; });
  CHECK(outlets.is_on[0]);
  CHECK(site.One(Verb::kStatus, "new1").result.after == PlugState::kOn);
}

TEST_CASE(
    "service_run: a query that nobody waits for ends, a switching goes on",
    "[power]") {
  Site site(1);
  const auto never = [](const ServiceResult&) { FAIL_CHECK("told"); };
  const auto off = site.service->Start({.verb = Verb::kOff, .hosts = {"h0-1"}},
                                       {.result = never});
  const auto query = site.service->Start(
      {.verb = Verb::kStatus, .hosts = {"h0-2"}}, {.result = never});
  site.service->Abandon(off);
  site.service->Abandon(query);
  site.service->Abandon(99);
  Await(site.loop, [&] { return site.service->orders() == 0; });
  CHECK_FALSE(site.devices[0]->outlets.is_on[0]);
}

TEST_CASE("service_run: stopping brings to its end what has begun", "[power]") {
  Site site(1);
  std::vector<ServiceResult> results;
  Outlets& outlets = site.devices[0]->outlets;
  const auto keep = [&](const ServiceResult& r) { results.push_back(r); };
  site.service->Start({.verb = Verb::kCycle,
                       .hosts = {"h0-1"},
                       .off_time = absl::Milliseconds(100)},
                      {.result = keep});
  site.service->Start({.verb = Verb::kOff, .hosts = {"h0-2"}},
                      {.result = keep});
  Await(site.loop, [&] { return !outlets.is_on[0]; });
  power::StopAndWait(site.loop, *site.service);
  CHECK(outlets.is_on[0]);
  CHECK(outlets.is_on[1]);
  REQUIRE(results.size() == 2);
  const ServiceResult& untried =
      results[0].host == "h0-2" ? results[0] : results[1];
  CHECK_FALSE(untried.result.outcome.has_value());
  CHECK_FALSE(untried.result.failure.has_value());
  CHECK(site.devices[0]->server.open() == 0);
}

TEST_CASE("service_run: nobody waits for the journal to have the end",
          "[power]") {
  Site site(1);
  std::optional<bool> was_written;
  site.service->Start({.verb = Verb::kOff, .hosts = {"h0-1"}}, {.ended = [&] {
                        was_written = site.service->journal().is_idle();
                      }});
  Await(site.loop, [&] { return was_written.has_value(); });
  CHECK(was_written == false);
  // A service that stops does.
  power::StopAndWait(site.loop, *site.service);
  CHECK(site.service->journal().is_idle());
}

TEST_CASE("service_run: nothing goes on before what it hangs on", "[power]") {
  Site site(1, "parent \"h0-1\" \"h0-[2-3]\"\n");
  Outlets& outlets = site.devices[0]->outlets;
  for (int i = 0; i < 3; ++i) outlets.is_on[i] = false;
  const std::vector<ServiceResult> alone =
      site.Do({.verb = Verb::kOn, .hosts = {"h0-3"}});
  REQUIRE(alone.size() == 1);
  CHECK_FALSE(alone[0].result.outcome.has_value());
  CHECK_FALSE(outlets.is_on[2]);
  const std::vector<ServiceResult> both =
      site.Do({.verb = Verb::kOn, .hosts = {"h0-2", "h0-1"}});
  REQUIRE(both.size() == 2);
  for (const ServiceResult& result : both) {
    CHECK(result.result.outcome == Outcome::kDone);
    CHECK(result.host == (result.place == 0 ? "h0-2" : "h0-1"));
  }
  const auto at = [&](const char* command) {
    return std::find(outlets.commands.begin(), outlets.commands.end(),
                     command) -
           outlets.commands.begin();
  };
  CHECK(at("on 1") < at("on 2"));
  CHECK(outlets.is_on[1]);
}

namespace {

// As it is after a server was killed in the middle.
void LeaveUnfinished(Site& site, const std::string& host,
                     const std::string& action) {
  bool is_done = false;
  // Another process 1.
  site.service->journal().Begin(
      {.at = sys::WallNow(), .verb = action, .pid = 1, .start_ticks = 1},
      {{.name = host}}, [&](const power::Journal::Begun&) { is_done = true; });
  Await(site.loop,
        [&] { return is_done && !site.service->journal().is_open(); });
}

std::vector<std::string> Unfinished(Site& site) {
  Await(site.loop, [&] { return !site.service->journal().is_open(); });
  std::vector<std::string> hosts;
  REQUIRE(power::Journal::Scan(site.options.state_folder,
                               [&](const power::JournalRecord& record) {
                                 if (!record.end.has_value()) {
                                   hosts.push_back(record.host.name);
                                 }
                               })
              .ok());
  return hosts;
}

}  // namespace

TEST_CASE("power 34: what a killed server left off is looked at, and told",
          "[power]") {
  Site site(1);
  Outlets& outlets = site.devices[0]->outlets;
  outlets.is_on[0] = outlets.is_on[1] = false;
  LeaveUnfinished(site, "h0-1", "cycle");
  LeaveUnfinished(site, "h0-2", "off");
  LeaveUnfinished(site, "gone", "cycle");
  const bool switches_on = GENERATE(false, true);
  power::ServiceResume resume(*site.service, switches_on);
  resume.Start();
  CHECK(outlets.commands.empty());
  Await(site.loop, [&] {
    return site.service->orders() == 0 && site.service->journal().is_idle() &&
           !outlets.commands.empty();
  });
  CHECK(outlets.is_on[0] == switches_on);
  CHECK_FALSE(outlets.is_on[1]);
  CHECK(outlets.switched == (switches_on ? 1 : 0));
  CHECK(Unfinished(site) == std::vector<std::string>{"gone"});
}

TEST_CASE("power 34: a host that does not answer stays unfinished", "[power]") {
  Site site(1);
  site.devices[0]->outlets.is_mute = true;
  LeaveUnfinished(site, "h0-1", "cycle");
  power::ServiceResume resume(*site.service, true);
  resume.Start();
  Await(site.loop, [&] { return site.service->orders() == 0; });
  CHECK(Unfinished(site) == std::vector<std::string>{"h0-1"});
}
