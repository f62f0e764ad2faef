// Debian's vpc.dev against powerman's own simulator, vpcd.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>

#include "power/device_parser.h"
#include "power/session.h"
#include "sys/child.h"
#include "sys/file.h"
#include "unit/power/fake_device.h"

namespace {

using power::PlugState;
using power::Session;
using power::Verb;

constexpr char kVpcd[] = "/usr/sbin/vpcd";

// Time is the dialogue's alone: a pause is over as soon as nothing else is to
// be done.
class Vpcd {
 public:
  explicit Vpcd(const power::DialogueDevice& device)
      : device_(device), session_(device, {}) {}

  power::RunEnded Do(Verb verb, std::vector<std::string> plugs) {
    ended_.reset();
    Take(session_.Ask(1, power_test::RunsOf(device_, verb, std::move(plugs)),
                      now_));
    while (!ended_) Step();
    REQUIRE(ended_->runs.size() == 1);
    if (ended_->runs[0].failure) FAIL(ended_->runs[0].failure->text);
    return ended_->runs[0];
  }
  PlugState State(Verb query, const std::string& plug) {
    for (const auto& report : Do(query, {plug}).plugs) {
      if (report.plug == plug) return report.state;
    }
    return PlugState::kUnknown;
  }

 private:
  void Start() {
    auto in = sys::Pipe(), out = sys::Pipe();
    REQUIRE((in.ok() && out.ok()));
    auto child =
        sys::Child::Spawn({std::string(kVpcd)},
                          {.in = in->first.get(), .out = out->second.get()});
    REQUIRE(child.ok());
    child_.emplace(*std::move(child));
    to_ = std::move(in->second);
    from_ = std::move(out->first);
    Take(session_.Connected(now_));
  }
  void Step() {
    pollfd ready = {from_.get(), POLLIN, 0};
    const bool waits = session_.wake_at() - now_ < absl::Seconds(2);
    if (poll(&ready, 1, waits ? 20 : 5000) == 0) {
      now_ = session_.wake_at();
      return Take(session_.Woken(now_));
    }
    char bytes[4096];
    const ssize_t got = read(from_.get(), bytes, sizeof bytes);
    REQUIRE(got > 0);
    Take(session_.Received({bytes, static_cast<size_t>(got)}, now_));
  }
  void Take(const Session::Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        REQUIRE(sys::WriteAll(to_.get(), text->bytes).ok());
      } else if (const auto* ended =
                     std::get_if<power::RequestEnded>(&effect)) {
        ended_ = *ended;
      } else if (std::holds_alternative<power::Connect>(effect)) {
        Start();
      }
    }
  }

  power::DialogueDevice device_;
  Session session_;
  std::optional<sys::Child> child_;
  sys::Fd to_, from_;
  absl::Time now_ = absl::UnixEpoch();
  std::optional<power::RequestEnded> ended_;
};

TEST_CASE("power 29: powerman's own simulator obeys its device file",
          "[power]") {
  const auto text = sys::ReadFile("/etc/powerman/vpc.dev");
  if (!text.ok() || access(kVpcd, X_OK) != 0) {
    WARN("skipped: powerman is not installed");
    return;
  }
  const power::DeviceFile file = power::ReadDeviceFile("vpc.dev", *text).file;
  REQUIRE(file.specifications.size() == 1);
  const power::DialogueDevice device =
      power_test::DeviceOf(file.specifications[0]);
  Vpcd vpcd(device);
  CHECK(vpcd.State(Verb::kStatus, "3") == PlugState::kOff);
  vpcd.Do(Verb::kOn, {"3"});
  CHECK(vpcd.State(Verb::kStatus, "3") == PlugState::kOn);
  CHECK(vpcd.State(Verb::kStatus, "4") == PlugState::kOff);
  vpcd.Do(Verb::kCycle, {"4"});
  CHECK(vpcd.State(Verb::kStatus, "4") == PlugState::kOn);
  vpcd.Do(Verb::kOff, {"3"});
  CHECK(vpcd.State(Verb::kStatus, "3") == PlugState::kOff);
  CHECK(vpcd.State(Verb::kStatusBeacon, "5") == PlugState::kOff);
  vpcd.Do(Verb::kBeaconOn, {"5"});
  CHECK(vpcd.State(Verb::kStatusBeacon, "5") == PlugState::kOn);
  std::vector<std::string> all;
  for (const auto& plug : device.plugs) all.push_back(plug.name);
  vpcd.Do(Verb::kOn, all);
  CHECK(vpcd.State(Verb::kStatus, "15") == PlugState::kOn);
}

}  // namespace
