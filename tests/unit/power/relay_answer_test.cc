#include "power/relay_answer.h"

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "wire/message.h"

namespace {

using fleetbox::wire::PowerAnswer;
using power::Action;
using power::HostOutcome;
using power::HostResult;
using power::RelayTally;

PowerAnswer Hosts(const std::vector<std::string>& names) {
  PowerAnswer answer;
  for (const std::string& name : names) {
    answer.add_host()->set_name(name);
    answer.mutable_host(answer.host_size() - 1)->set_feeds("a/" + name);
  }
  answer.set_planned(true);
  return answer;
}

PowerAnswer Result(size_t host) {
  PowerAnswer answer;
  HostResult result;
  result.outcome = HostOutcome::kDone;
  *answer.mutable_result() = power::EncodeResult(host, result);
  return answer;
}

PowerAnswer Last(int code) {
  PowerAnswer answer;
  answer.set_last(true);
  answer.set_exit_code(static_cast<uint32_t>(code));
  return answer;
}

}  // namespace

TEST_CASE("power 50: a result says here what it says there", "[power]") {
  HostResult result;
  result.host = "web1";
  result.action = Action::kVerify;
  result.outcome = HostOutcome::kFailed;
  result.failure_class = power::FailureClass::kHostKey;
  result.detail = "the key has changed";
  result.feeds = "rack3-a/3 rack3-b/3";
  result.before = power::PlugState::kOn;
  result.after = power::PlugState::kPending;
  result.verified = power::VerifyLevel::kLogin;
  result.transport = "ssh";
  result.attempts = 3;
  result.journal = "0123-abcd";
  result.started = absl::FromUnixMillis(1'700'000'000'123);
  result.took = absl::Milliseconds(9412);
  result.was_interrupted = true;
  auto read = power::ReadResult(power::EncodeResult(0, result));
  REQUIRE(read.ok());
  read->host = result.host;
  read->action = result.action;
  CHECK(power::ResultJson(*read) == power::ResultJson(result));
  CHECK(power::ResultLine(*read) == power::ResultLine(result));
  CHECK(read->was_interrupted);
  for (const HostOutcome outcome :
       {HostOutcome::kDone, HostOutcome::kAlready, HostOutcome::kAccepted,
        HostOutcome::kPlanned, HostOutcome::kSkipped, HostOutcome::kManual,
        HostOutcome::kUnknown}) {
    result.outcome = outcome;
    CHECK(power::ReadResult(power::EncodeResult(0, result))->outcome ==
          outcome);
  }
}

TEST_CASE("power 50: results are told as they come, each of its host",
          "[power]") {
  RelayTally tally(Action::kOff, "hub");
  PowerAnswer first = Hosts({"web1"});
  first.set_planned(false);
  CHECK_FALSE(tally.Take(first)->has_hosts);
  CHECK(tally.Take(Hosts({"web2"}))->has_hosts);
  REQUIRE(tally.hosts().size() == 2);
  const auto news = tally.Take(Result(1));
  REQUIRE(news.ok());
  REQUIRE(news->results.size() == 1);
  CHECK(power::ResultLine(news->results[0].second) == "web2: off");
  CHECK(tally.Take(Result(0)).ok());
  const auto last = tally.Take(Last(0));
  REQUIRE(last.ok());
  CHECK(last->is_last);
  CHECK(tally.is_over());
  CHECK(tally.Lost("the line broke").empty());
}

TEST_CASE("power 50: of hosts without a result it is not known what happened",
          "[power]") {
  RelayTally tally(Action::kCycle, "hub");
  REQUIRE(tally.Take(Hosts({"web1", "web2", "web3"})).ok());
  REQUIRE(tally.Take(Result(1)).ok());
  const auto lost = tally.Lost("the connection broke");
  REQUIRE(lost.size() == 2);
  CHECK(lost[1].first == 2);
  const HostResult& result = lost[1].second;
  CHECK(result.outcome == HostOutcome::kUnknown);
  CHECK_FALSE(power::IsSuccess(result.outcome));
  CHECK(power::ResultLine(result) ==
        "web3: UNKNOWN: hub: the connection broke; may have been executed "
        "a/web3");
  CHECK(power::ResultJson(result).find("\"outcome\":\"unknown\"") !=
        std::string::npos);
  CHECK(power::ResultJson(result).find("\"class\":null") != std::string::npos);
  CHECK(power::ExitCodeOf({result}) == 75);
  HostResult good, bad;
  good.outcome = HostOutcome::kDone;
  bad.failure_class = power::FailureClass::kAuth;
  CHECK(power::ExitCodeOf({good, result}) == 75);
  CHECK(power::ExitCodeOf({bad, result}) == 1);
}

TEST_CASE("power 50: a state that was not told is not switched by asking",
          "[power]") {
  RelayTally tally(Action::kStatus, "hub");
  REQUIRE(tally.Take(Hosts({"web1"})).ok());
  const auto lost = tally.Lost("it hung up");
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].second.detail == "hub: it hung up");
}

TEST_CASE("power 50: answers that do not fit together are not believed",
          "[power]") {
  const auto refused = [](const std::vector<PowerAnswer>& answers) {
    RelayTally tally(Action::kOff, "hub");
    for (size_t i = 0; i + 1 < answers.size(); ++i) {
      REQUIRE(tally.Take(answers[i]).ok());
    }
    return absl::IsInvalidArgument(tally.Take(answers.back()).status());
  };
  const PowerAnswer hosts = Hosts({"web1", "web2"});
  CHECK(refused({Result(0)}));
  CHECK(refused({hosts, Result(2)}));
  CHECK(refused({hosts, Result(1), Result(1)}));
  CHECK(refused({hosts, hosts}));
  CHECK(refused({hosts, Result(0), Last(0)}));
  CHECK(refused({Last(0)}));
  CHECK(refused({hosts, Result(0), Result(1), Last(0), Last(0)}));
  PowerAnswer odd = Result(0);
  odd.mutable_result()->set_outcome("excellent");
  CHECK(refused({hosts, odd}));
  odd = Result(0);
  odd.mutable_result()->set_before("");
  CHECK(refused({hosts, odd}));
  odd = Result(0);
  odd.mutable_result()->set_outcome("failed");
  CHECK(refused({hosts, odd}));
  odd = Result(0);
  odd.mutable_result()->set_took_ms(UINT64_MAX);
  CHECK(refused({hosts, odd}));
  odd = Result(0);
  odd.mutable_result()->set_started_ms(UINT64_MAX);
  CHECK(refused({hosts, odd}));
  PowerAnswer many;
  for (size_t i = 0; i <= power::kMaxTargets; ++i) many.add_host();
  CHECK(refused({many}));
  PowerAnswer code = Last(0);
  code.set_error("no");
  code.set_exit_code(256);
  CHECK(refused({code}));
}

TEST_CASE("power 50: nothing another host says can move a cursor", "[power]") {
  RelayTally tally(Action::kOff, "hub");
  PowerAnswer answer = Hosts({"we\x1b[2Jb1"});
  answer.set_note("a\nb\x07");
  answer.set_plan("pcu a\n\tb\x9b");
  answer.set_trace("\x1b]0;x");
  answer.set_trace_pcu("\r");
  const auto news = tally.Take(answer);
  REQUIRE(news.ok());
  CHECK(tally.hosts()[0].name == "we?[2Jb1");
  CHECK(news->notes[0] == "a?b?");
  CHECK(news->plan == "pcu a\n?b\x9b");
  CHECK(news->traces[0].first == "?");
  CHECK(news->traces[0].second == "?]0;x");
  CHECK(power::Harmless(std::string(1 << 20, 'x')).size() ==
        power::kMaxRelayTextBytes);
}

TEST_CASE("power 50: nothing was done is an answer of its own", "[power]") {
  RelayTally tally(Action::kOff, "hub");
  PowerAnswer answer = Last(66);
  answer.set_error("web9: no such host");
  const auto news = tally.Take(answer);
  REQUIRE(news.ok());
  CHECK(news->is_last);
  CHECK(news->exit_code == 66);
  CHECK(news->error == "web9: no such host");
}
