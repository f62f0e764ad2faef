#include "mcfeely/policy.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

namespace mcfeely {
namespace {

Policy Rules(absl::string_view text) {
  Policy::Parsed parsed = Policy::Parse(text, "policy");
  INFO(absl::StrJoin(parsed.errors, "\n"));
  REQUIRE(parsed.errors.empty());
  return std::move(parsed.policy);
}

RunRequest Ask(absl::string_view host, absl::string_view comm,
               std::vector<absl::string_view> arguments = {}) {
  RunRequest request;
  request.host = host;
  request.comm = comm;
  request.arguments = std::move(arguments);
  return request;
}

std::string Answer(const Policy& policy, const RunRequest& request,
                   absl::string_view who = "ops") {
  const PolicyAnswer answer = policy.RightsOf(who).MayRun(request);
  return absl::StrCat(answer.allowed ? "yes " : "no ", answer.why);
}

Job OneTask(absl::string_view host, absl::string_view comm,
            std::vector<std::string> arguments = {}) {
  Job job;
  job.tasks.push_back({"web", std::string(host), std::string(comm),
                       std::move(arguments), TaskOptions()});
  return job;
}

}  // namespace

TEST_CASE("mcfeely 36: who may run hup on web* runs nothing else, elsewhere",
          "[mcfeely]") {
  const Policy policy = Rules("allow ops run hup on web*\n");
  CHECK(CheckJobPolicy(policy, "ops", OneTask("web1", "hup")).ok());
  const auto why = [&](absl::string_view who, const Job& job) {
    const absl::Status status = CheckJobPolicy(policy, who, job);
    CHECK(absl::IsPermissionDenied(status));
    return std::string(status.message());
  };
  CHECK(why("ops", OneTask("web1", "reboot")) ==
        "task 'web': refused by policy: policy:1: the comm 'reboot' is not "
        "allowed");
  CHECK(why("ops", OneTask("db1", "hup")) ==
        "task 'web': refused by policy: policy:1: the host 'db1' is not "
        "allowed");
  CHECK(why("ops", OneTask("web1", "hup", {"now"})) ==
        "task 'web': refused by policy: policy:1: argument 1 'now' is not "
        "allowed");
  CHECK(why("eve", OneTask("web1", "hup")) ==
        "task 'web': refused by policy: policy: no rule lets 'eve' run "
        "anything");
}

TEST_CASE(
    "policy: without a file everything is allowed, with an empty one "
    "nothing",
    "[mcfeely]") {
  CHECK(Policy().RightsOf("x").MayRun(Ask("h", "c")).allowed);
  CHECK(Policy().RightsOf("x").MayOperate().allowed);
  CHECK(CheckJobPolicy(Policy(), "x", OneTask("h", "c")).ok());
  const Policy none = Rules("# nothing\n");
  CHECK(!none.RightsOf("x").MayRun(Ask("h", "c")).allowed);
  CHECK(!none.RightsOf("x").MayOperate().allowed);
  CHECK(!none.RightsOf("x").MayRead().allowed);
}

TEST_CASE("policy: arguments are matched one by one", "[mcfeely]") {
  const Policy policy = Rules(
      "allow ops run restart nginx\n"
      "allow ops run add user-* ?? ...\n"
      "allow ops run log ...\n"
      "allow ops run say 'on' \"as\" '...'\n");
  CHECK(Answer(policy, Ask("h", "restart", {"nginx"})) == "yes policy:1");
  CHECK(Answer(policy, Ask("h", "restart")) ==
        "no policy:1: argument 1 is missing");
  CHECK(Answer(policy, Ask("h", "restart", {"nginx", "-f"})) ==
        "no policy:1: argument 2 '-f' is not allowed");
  CHECK(Answer(policy, Ask("h", "add", {"user-1", "ab"})) == "yes policy:2");
  CHECK(Answer(policy, Ask("h", "add", {"user-1", "ab", "c", ""})) ==
        "yes policy:2");
  CHECK(Answer(policy, Ask("h", "add", {"user-1", "abc"})) ==
        "no policy:2: argument 2 'abc' is not allowed");
  CHECK(Answer(policy, Ask("h", "log")) == "yes policy:3");
  CHECK(Answer(policy, Ask("h", "say", {"on", "as", "..."})) == "yes policy:4");
  CHECK(Answer(policy, Ask("h", "say", {"on", "as", "x"})) ==
        "no policy:4: argument 3 'x' is not allowed");
}

TEST_CASE("policy: a user, variables, input and detach each need a word",
          "[mcfeely]") {
  const Policy policy = Rules(
      "allow ops run c\n"
      "allow ops run d as www-* with stdin env=LANG env=X_* detach\n");
  RunRequest request = Ask("h", "c");
  request.user = "root";
  CHECK(Answer(policy, request) ==
        "no policy:1: the user 'root' is not "
        "allowed");
  request = Ask("h", "c");
  request.variables = {"LD_PRELOAD"};
  CHECK(Answer(policy, request) ==
        "no policy:1: the variable 'LD_PRELOAD' is not allowed");
  request = Ask("h", "c");
  request.input = true;
  CHECK(Answer(policy, request) ==
        "no policy:1: standard input is not allowed");
  request = Ask("h", "c");
  request.detach = true;
  CHECK(Answer(policy, request) == "no policy:1: detach is not allowed");
  request = Ask("h", "d");
  CHECK(Answer(policy, request) == "no policy:2: a user must be named");
  request.user = "www-data";
  request.variables = {"LANG", "X_1"};
  request.input = request.detach = true;
  CHECK(Answer(policy, request) == "yes policy:2");
  request.variables.push_back("PATH");
  CHECK(Answer(policy, request) ==
        "no policy:2: the variable 'PATH' is not allowed");
}

TEST_CASE("policy: any rule will do, whatever stands before it", "[mcfeely]") {
  const Policy policy = Rules(
      "allow ops run hup on db*\n"
      "allow *@example.com ops run hup on web1 web2\n");
  CHECK(Answer(policy, Ask("web2", "hup")) == "yes policy:2");
  CHECK(Answer(policy, Ask("web2", "hup"), "a@example.com") == "yes policy:2");
  CHECK(Answer(policy, Ask("db7", "hup")) == "yes policy:1");
  CHECK(Answer(policy, Ask("x", "hup")) ==
        "no policy:1: the host 'x' is not allowed");
}

TEST_CASE("policy: who may operate may read, and runs nothing by that",
          "[mcfeely]") {
  const Policy policy = Rules("allow boss operate\nallow * read\n");
  CHECK(policy.RightsOf("boss").MayOperate().allowed);
  CHECK(policy.RightsOf("boss").MayRead().why == "policy:1");
  CHECK(!policy.RightsOf("boss").MayRun(Ask("h", "c")).allowed);
  CHECK(policy.RightsOf("x").MayRead().allowed);
  CHECK(policy.RightsOf("x").MayOperate().why ==
        "policy: no rule lets 'x' operate");
}

TEST_CASE("policy: whoever injected a job may look at it, and no more",
          "[mcfeely]") {
  const Policy policy = Rules("allow boss operate\nallow eye read\n");
  const auto may = [&](absl::string_view who,
                       const fleetbox::wire::Query& query) {
    return CheckQueryPolicy(policy, who, query,
                            [&](uint64_t job) { return who == "own" && job; })
        .ok();
  };
  fleetbox::wire::Query status, of_one, show, follow, release;
  status.mutable_status();
  of_one.mutable_status()->add_job(1);
  show.mutable_show()->set_job(1);
  follow.mutable_follow()->set_job(1);
  release.mutable_release()->set_job(1);
  for (const auto& query : {status, of_one, show, follow}) {
    CHECK(may("boss", query));
    CHECK(may("eye", query));
    CHECK(!may("x", query));
  }
  CHECK(!may("own", status));
  CHECK(may("own", of_one));
  CHECK(may("own", show));
  CHECK(may("own", follow));
  of_one.mutable_status()->add_job(0);
  CHECK(!may("own", of_one));
  for (absl::string_view who : {"own", "eye", "x"}) CHECK(!may(who, release));
  CHECK(may("boss", release));
}

TEST_CASE("policy: every error is told at once, with its line", "[mcfeely]") {
  const Policy::Parsed parsed = Policy::Parse(
      "deny x run y\n"
      "allow run x\n"
      "allow a\n"
      "allow a run\n"
      "allow a run /bin/sh\n"
      "allow a run x ... y\n"
      "allow a run x on w on v\n"
      "allow a run x with foo\n"
      "allow a run x as 'a b'\n"
      "allow a read all\n"
      "allow \"x\n"
      "allow ${a} read\n"
      "allow a run x on\n"
      "allow good read\n",
      "p");
  std::vector<std::string> lines;
  for (const std::string& e : parsed.errors) {
    lines.push_back(e.substr(0, e.find(':', 2)));
  }
  CHECK(lines == std::vector<std::string>{"p:1", "p:2", "p:3", "p:4", "p:5",
                                          "p:6", "p:7", "p:8", "p:9", "p:10",
                                          "p:11", "p:12", "p:13"});
  CHECK(parsed.errors[0] ==
        "p:1: unknown directive 'deny': a rule begins with 'allow'");
  // Half a policy is none.
  CHECK(parsed.policy.rules().empty());
  CHECK(!parsed.policy.everything());
  CHECK(!Policy::Parse(std::string(2 << 20, ' '), "p").errors.empty());
}

TEST_CASE("policy: a rule's text means the same rule", "[mcfeely]") {
  const Policy policy = Rules(
      "allow 'a b' c* run co?m 'on' \"x\\n\" ... on h* as u with env=A "
      "stdin\nallow x operate\n");
  for (const PolicyRule& rule : policy.rules()) {
    Policy again = Rules(rule.text);
    REQUIRE(again.rules().size() == 1);
    PolicyRule same = again.rules()[0];
    same.line = rule.line;
    CHECK(same == rule);
  }
}

}  // namespace mcfeely
