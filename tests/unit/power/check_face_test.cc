#include "power/check_face.h"

#include <catch2/catch.hpp>

#include "unit/power/fake_service.h"

namespace {

using power::CheckResult;
using power::FailureClass;

power::ServiceResult Failed(FailureClass c, std::string text) {
  power::ServiceResult result = {.host = "t1", .device = "v0"};
  result.result.failure = power::Failure{c, std::move(text)};
  return result;
}

TEST_CASE("check plugin: a host that could be switched", "[power]") {
  power::ServiceResult result = {.host = "t1", .device = "v0"};
  result.result.outcome = power::Outcome::kDone;
  result.result.verified = power::VerifyLevel::kPlug;
  result.result.after = power::PlugState::kOn;
  const auto answer = CheckResult("t1", &result, absl::Milliseconds(1234));
  CHECK(answer.code == 0);
  CHECK(answer.line ==
        "PCU OK - t1 by v0: verified up to plug, is on|time=1.234s");
}

TEST_CASE("check plugin: what went wrong is in the line and in the number",
          "[power]") {
  const auto auth = Failed(FailureClass::kAuth, "password refused");
  CHECK(CheckResult("t1", &auth, {}).code == 1);
  CHECK(CheckResult("t1", &auth, {}).line ==
        "PCU WARNING - t1 by v0: auth: password refused");
  const auto config = Failed(FailureClass::kConfig, "no such model");
  CHECK(CheckResult("t1", &config, {}).code == 3);
  CHECK(CheckResult("t1", nullptr, {}).code == 3);
  const power::ServiceResult untried = {.host = "t1", .device = "v0"};
  CHECK(CheckResult("t1", &untried, {}).code == 3);
}

TEST_CASE("check plugin: a host without a controller", "[power]") {
  sys::Loop loop;
  power_test::FakeService service(loop);
  service.AddStrip("v0", {"t1"});
  CHECK(!power::CheckHost(service, "t1").has_value());
  const auto answer = power::CheckHost(service, "web1");
  REQUIRE(answer.has_value());
  CHECK(answer->code == 2);
  CHECK(answer->line == "PCU CRITICAL - web1: has no controller");
}

TEST_CASE("check plugin: a device cannot write lines or figures of its own",
          "[power]") {
  const auto evil = Failed(FailureClass::kPrompt,
                           "x|load=1\nPCU OK" + std::string(9999, 'y'));
  const std::string line = CheckResult("t1", &evil, {}).line;
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find('|') == std::string::npos);
  CHECK(line.size() < 400);
}

}  // namespace
