#include "mcfeely/job.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>
#include <functional>

#include "base/limits.h"

namespace {

namespace wire = fleetbox::wire;
using mcfeely::CheckComm;
using mcfeely::CheckHost;
using mcfeely::Job;

Job Example() {
  Job job;
  job.description = "line one\nSubject: no \x04 \xff header";
  job.success = {"ops@example.com", "exec:notify"};
  job.failure = {"root"};
  job.key.Edit() = "k\n1";
  job.allow_unknown_hosts = true;
  job.tasks = {{"a", "h1", "ok_comm", {"x", "y z", "", "\xfe\n"}, {}},
               {"b", "2001:db8::7", "test_comm", {}, {}},
               {"c", "web_1.example.com", "rm_homedir", {}, {}}};
  job.tasks[1].options =
      mcfeely::TaskOptions{.delay = absl::Minutes(10),
                           .timeout = absl::Milliseconds(1),
                           .step = 1000,
                           .retry_max = absl::Seconds(60),
                           .retry_for = absl::InfiniteDuration(),
                           .safe_to_repeat = false};
  job.requirements = {{{1, 2}, {0}}, {{2}, {1}}};
  return job;
}

TEST_CASE("job: a job survives its message", "[mcfeely]") {
  const auto back = mcfeely::FromMessage(ToMessage(Example()));
  REQUIRE(back.ok());
  CHECK(*back == Example());
}

TEST_CASE("job: the defaults travel as absent fields", "[mcfeely]") {
  const wire::Job m = ToMessage(Example());
  CHECK_FALSE(m.task(0).has_options());
  wire::Job bare;
  wire::Task* t = bare.add_task();
  t->set_name("t");
  t->set_host("h");
  t->set_comm("c");
  t->mutable_options();
  const auto job = mcfeely::FromMessage(bare);
  REQUIRE(job.ok());
  CHECK(job->tasks[0].options == mcfeely::TaskOptions());
}

TEST_CASE("job: a job without tasks is one the injector may allow",
          "[mcfeely]") {
  CHECK(mcfeely::FromMessage(wire::Job()).ok());
}

TEST_CASE("job: each field of a hostile message is refused by name",
          "[mcfeely]") {
  struct Case {
    const char* told;  // part of the message
    std::function<void(wire::Job&)> spoil;
  };
  const Case cases[] = {
      {"NUL", [](wire::Job& m) { m.set_description(std::string(1, '\0')); }},
      {"65536",
       [](wire::Job& m) { m.set_description(std::string(65537, 'x')); }},
      {"512", [](wire::Job& m) { m.set_key(std::string(513, 'x')); }},
      {"success: the address '-oX/x' begins with '-'",
       [](wire::Job& m) { m.add_success("-oX/x"); }},
      {"control", [](wire::Job& m) { m.add_failure("a\nBcc: b"); }},
      {"control", [](wire::Job& m) { m.add_failure("a\x7f"); }},
      {"empty", [](wire::Job& m) { m.add_failure(""); }},
      {"1024", [](wire::Job& m) { m.add_failure(std::string(1025, 'a')); }},
      {"at most 100 are allowed",
       [](wire::Job& m) {
         for (int i = 0; i < 101; i++) m.add_failure("a");
       }},
      {"task 1 'a' has the name of another task",
       [](wire::Job& m) { m.mutable_task(1)->set_name("a"); }},
      {"task 1 '../x': the name",
       [](wire::Job& m) { m.mutable_task(1)->set_name("../x"); }},
      {"task 1 '\\x04': the name",
       [](wire::Job& m) { m.mutable_task(1)->set_name("\x04"); }},
      {"64 bytes",
       [](wire::Job& m) { m.mutable_task(1)->set_name(std::string(65, 'a')); }},
      {"the host '-h'",
       [](wire::Job& m) { m.mutable_task(0)->set_host("-h"); }},
      {"the host 'a b'",
       [](wire::Job& m) { m.mutable_task(0)->set_host("a b"); }},
      {"253",
       [](wire::Job& m) {
         m.mutable_task(0)->set_host(std::string(254, 'a'));
       }},
      {"the comm '../sh'",
       [](wire::Job& m) { m.mutable_task(0)->set_comm("../sh"); }},
      {"1024 are allowed",
       [](wire::Job& m) {
         for (int i = 0; i < 1025; i++) m.mutable_task(2)->add_argument("");
       }},
      {"131072",
       [](wire::Job& m) {
         m.mutable_task(2)->add_argument(std::string(131072, 'a'));
       }},
      {"argument 2 holds a NUL",
       [](wire::Job& m) {
         m.mutable_task(2)->add_argument("a");
         m.mutable_task(2)->add_argument(std::string("a\0b", 3));
       }},
      {"step",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_step(1001);
       }},
      {"step",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_step(UINT32_MAX);
       }},
      {"delay is longer than 100 years",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_delay_ms(INT64_MAX);
       }},
      {"timeout is longer",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_timeout_ms(UINT64_MAX);
       }},
      {"retry-max is longer",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_retry_max_ms(UINT64_MAX);
       }},
      {"retry-for is longer",
       [](wire::Job& m) {
         m.mutable_task(1)->mutable_options()->set_retry_for_ms(UINT64_MAX);
       }},
      {"names task 3 of 3",
       [](wire::Job& m) { m.mutable_requirement(0)->add_needs(3); }},
      {"names task 4294967295 of 3",
       [](wire::Job& m) { m.mutable_requirement(0)->add_task(UINT32_MAX); }},
      {"empty side",
       [](wire::Job& m) { m.mutable_requirement(0)->clear_needs(); }},
      {"requires itself",
       [](wire::Job& m) { m.mutable_requirement(0)->add_needs(2); }},
  };
  for (const Case& c : cases) {
    wire::Job message = ToMessage(Example());
    c.spoil(message);
    const absl::Status status = mcfeely::FromMessage(message).status();
    INFO(c.told << " / " << std::string(status.message()));
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StrContains(status.message(), c.told));
  }
}

TEST_CASE("mcfeely 6: a comm is a name, never a path or an option",
          "[mcfeely]") {
  for (const char* good : {"ok_comm", "a", "9", "a..b", "virtdom+1.sh-x"}) {
    CHECK(CheckComm(good).ok());
  }
  for (const char* bad : {"", ".", "..", "-x", "a/b", "/bin/sh", "../x", "_a",
                          ".hidden", "a b", "a\n", "\xc3\xa9"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(CheckComm(bad)));
  }
  CHECK(CheckComm(std::string(255, 'a')).ok());
  CHECK_FALSE(CheckComm(std::string(256, 'a')).ok());
}

TEST_CASE("job: a host is a name or an address", "[mcfeely]") {
  for (const char* good : {"h1", "ns1.example.com", "10.0.0.1", "::1", "a_b"}) {
    CHECK(CheckHost(good).ok());
  }
  for (const char* bad : {"", "-h", "h/x", "h x", "h\n", "a@b", "h\xff"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(CheckHost(bad)));
  }
}

TEST_CASE("job: arguments of exactly the limit are taken", "[mcfeely]") {
  CHECK(mcfeely::CheckArguments({std::string(base::kMaxTaskBytes - 1, 'a')})
            .ok());
  CHECK_FALSE(
      mcfeely::CheckArguments({std::string(base::kMaxTaskBytes, 'a')}).ok());
  CHECK(
      mcfeely::CheckArguments(std::vector<std::string>(base::kMaxTaskArguments))
          .ok());
}

TEST_CASE("job: options out of range are refused", "[mcfeely]") {
  mcfeely::TaskOptions o;
  CHECK(CheckOptions(o).ok());
  o.step = 0;
  CHECK_FALSE(CheckOptions(o).ok());
  o = {.delay = -absl::Seconds(1)};
  CHECK_FALSE(CheckOptions(o).ok());
  o = {.delay = absl::InfiniteDuration()};
  CHECK_FALSE(CheckOptions(o).ok());
  o = {.retry_for = absl::ZeroDuration()};
  CHECK_FALSE(CheckOptions(o).ok());
  o = {.retry_max = absl::ZeroDuration()};
  CHECK_FALSE(CheckOptions(o).ok());
}

}  // namespace
