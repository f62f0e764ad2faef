#include "power/host_result.h"

#include <catch2/catch.hpp>

namespace {

using power::Action;
using power::FailureClass;
using power::HostOutcome;
using power::HostResult;
using power::PlugState;

HostResult Of(HostOutcome outcome,
              FailureClass failure_class = FailureClass::kInternal) {
  HostResult result;
  result.host = "web1";
  result.outcome = outcome;
  result.failure_class = failure_class;
  result.detail = "why";
  return result;
}

}  // namespace

TEST_CASE("host_result: a cycle says what the host was", "[power]") {
  HostResult result;
  result.host = "web3";
  result.action = Action::kCycle;
  result.outcome = HostOutcome::kDone;
  result.before = PlugState::kOn;
  result.feeds = "rack3-a/3";
  result.transport = "ssh";
  result.attempts = 1;
  result.took = absl::Milliseconds(9400);
  CHECK(power::ResultLine(result) ==
        "web3: cycled (was on) rack3-a/3 ssh 9.4s");
  result.before = PlugState::kOff;
  result.detail = "was off";
  CHECK(power::ResultLine(result) ==
        "web3: cycled (was off) rack3-a/3 ssh 9.4s");
}

TEST_CASE("host_result: a failure has its class in front", "[power]") {
  HostResult result = Of(HostOutcome::kFailed, FailureClass::kAuth);
  result.detail = "password refused";
  result.feeds = "rack3-a/7";
  result.transport = "ssh";
  CHECK(power::ResultLine(result) ==
        "web1: FAILED auth: password refused rack3-a/7 ssh");
}

TEST_CASE("host_result: the exit code is that of all failures, or 1",
          "[power]") {
  const HostResult good = Of(HostOutcome::kDone);
  const HostResult auth = Of(HostOutcome::kFailed, FailureClass::kAuth);
  const HostResult state = Of(HostOutcome::kFailed, FailureClass::kState);
  const HostResult gone = Of(HostOutcome::kFailed, FailureClass::kUnreachable);
  const HostResult skipped = Of(HostOutcome::kSkipped);
  CHECK(power::ExitCodeOf({good, good}) == 0);
  CHECK(power::ExitCodeOf({good, auth}) == 3);
  CHECK(power::ExitCodeOf({auth, state}) == 1);
  CHECK(power::ExitCodeOf({gone, gone}) == 4);
  CHECK(power::ExitCodeOf({state}) == 5);
  CHECK(power::ExitCodeOf({skipped}) == 6);
  CHECK(power::ExitCodeOf({skipped, good}) == 1);
  CHECK(power::ExitCodeOf({Of(HostOutcome::kManual)}) == 7);
  const std::pair<FailureClass, int> codes[] = {
      {FailureClass::kAuth, 3},        {FailureClass::kPrivilege, 3},
      {FailureClass::kUnreachable, 4}, {FailureClass::kTimeout, 4},
      {FailureClass::kClosed, 4},      {FailureClass::kState, 5},
      {FailureClass::kBusy, 6},        {FailureClass::kLocked, 6},
      {FailureClass::kUnsupported, 7}, {FailureClass::kPrompt, 1},
      {FailureClass::kDevice, 1},      {FailureClass::kPlug, 1},
      {FailureClass::kTls, 1},         {FailureClass::kHostKey, 1},
      {FailureClass::kConfig, 1},      {FailureClass::kInternal, 1}};
  for (const auto& [failure_class, code] : codes) {
    INFO(power::Word(failure_class));
    const HostResult one = Of(HostOutcome::kFailed, failure_class);
    CHECK(power::ExitCodeOf({one, good, one}) == code);
  }
  HostResult interrupted = skipped;
  interrupted.was_interrupted = true;
  CHECK(power::ExitCodeOf({good, interrupted}) == 8);
}

TEST_CASE("power 1: the summary folds hosts by state", "[power]") {
  std::vector<HostResult> results;
  for (const char* name : {"web3", "web1", "web2"}) {
    results.push_back(Of(HostOutcome::kDone));
    results.back().host = name;
    results.back().after =
        results.size() == 1 ? PlugState::kOff : PlugState::kOn;
  }
  CHECK(power::StateSummary(results) ==
        "on:      web[1-2]\noff:     web3\nunknown: \n");
}
