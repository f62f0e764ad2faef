// How a comm is to be run: from the job file to the message and back.
#include <absl/strings/str_cat.h>

#include <map>

#include "base/limits.h"
#include "jobfile_example.h"
#include "mcfeely/job.h"

namespace mcfeely {
namespace {

namespace wire = fleetbox::wire;

JobOptions WithFiles(std::map<std::string, std::string> files) {
  JobOptions options;
  options.read_input =
      [files = std::move(files)](
          const std::string& name) -> absl::StatusOr<std::string> {
    const auto found = files.find(name);
    if (found == files.end()) {
      return absl::NotFoundError(absl::StrCat(name, ": not there"));
    }
    return found->second;
  };
  return options;
}

constexpr char kText[] =
    "default env=LANG=C output=1k\n"
    "task a h c : user=www-data env=LANG=de \"env=X=y z\" stdin=@in.txt "
    "detach=yes timeout-result=fail\n"
    "task b h c : stdin=@in.txt output=0\n"
    "task d h c : env=Y=1\n";

}  // namespace

TEST_CASE("jobfile: how a comm is run is said by options", "[mcfeely]") {
  const Job job = Right(kText, WithFiles({{"in.txt", "hello\n"}}));
  RunOptions a;
  a.fail_on_timeout = a.detach = true;
  a.output_bytes = 1024;
  a.user = "www-data";
  a.environment = {"LANG=de", "X=y z"};
  a.input = "in.txt";
  CHECK(job.tasks[0].options->run == a);
  CHECK(job.tasks[1].options->run.output_bytes == 0);
  CHECK(job.tasks[2].options->run.environment ==
        std::vector<std::string>{"LANG=C", "Y=1"});
  // Two tasks are given it; it is there once.
  CHECK(job.inputs == std::vector<Input>{{"in.txt", "hello\n"}});

  const auto back = FromMessage(ToMessage(job));
  REQUIRE(back.ok());
  CHECK(*back == job);
  const JobOptions same = WithFiles({{"in.txt", "hello\n"}});
  CHECK(Right(FormatJobFile(job), same) == job);
  CHECK(Right(FormatJson(job), same) == job);
}

TEST_CASE("jobfile: of a subset only what its tasks are given is read",
          "[mcfeely]") {
  JobOptions options = WithFiles({{"in.txt", "hello\n"}});
  options.subset.only = {"d"};
  CHECK(Right(kText, options).inputs.empty());
}

TEST_CASE("jobfile: options of a comm that are wrong are told with their line",
          "[mcfeely]") {
  CHECK(Wrong("task a h c : user=-x\n"
              "task b h c : env=X\n"
              "task d h c : env=MCFEELY_JOB=1\n"
              "task e h c : env=A=1 env=A=2\n"
              "task f h c : stdin=in\n"
              "task g h c : stdin=@in\n"
              "task i h c : output=1g\n"
              "task j h c : detach=maybe\n"
              "task k h c : timeout-result=explode\n",
              WithFiles({})) ==
        "x.job:1: task: the user '-x' is not letters, digits, '.', '_' and "
        "'-', a letter or '_' first\n"
        "x.job:2: task: env: 'X' has no =VALUE\n"
        "x.job:3: task: env: the variable 'MCFEELY_JOB' tells a comm about "
        "its task\n"
        "x.job:4: task: the option env=A is given twice\n"
        "x.job:5: task: stdin: 'in' is not @FILE\n"
        "x.job:6: stdin: in: not there\n"
        "x.job:7: task: output: '1g' is not a size such as 0, 512 or 64k, at "
        "most 128k\n"
        "x.job:8: task: detach: 'maybe' is not yes or no\n"
        "x.job:9: task: timeout-result: 'explode' is not defer or fail");
  CHECK(Wrong("task a h c : stdin=@in\n",
              WithFiles({{"in", std::string((1 << 20) + 1, 'x')}})) ==
        "x.job:1: stdin: 'in' takes 1048577 bytes; at most 1048576 are "
        "allowed");
}

TEST_CASE("job: what a hostile message says of a comm is checked",
          "[mcfeely]") {
  Job good = Right("task a h c : stdin=@in\n", WithFiles({{"in", "x"}}));
  const auto why = [&](const std::function<void(wire::Job&)>& spoil) {
    wire::Job m = ToMessage(good);
    spoil(m);
    return std::string(FromMessage(m).status().message());
  };
  const auto options = [](wire::Job& m) {
    return m.mutable_task(0)->mutable_options();
  };
  CHECK(why([&](auto& m) { options(m)->set_input("other"); }) ==
        "task 0 'a' is given 'other', which the job does not hold");
  CHECK(why([&](auto& m) { *m.add_input() = m.input(0); }) ==
        "the input 'in' is there twice, or has no name");
  CHECK(why([&](auto& m) {
          m.mutable_input(0)->set_content(
              std::string(base::kMaxInputBytes + 1, 'x'));
        }) ==
        "the input 'in' takes 1048577 bytes; at most 1048576 are allowed");
  CHECK(why([&](auto& m) {
          for (int i = 0; i < 1001; i++) m.add_input()->set_name("x");
        }) == "the job holds 1002 inputs; at most 1000 are allowed");
  CHECK(why([&](auto& m) {
          options(m)->set_user("a/b");
        }).find("the user 'a/b'") != std::string::npos);
  CHECK(why([&](auto& m) {
          options(m)->add_environment("=x");
        }).find("has no name") != std::string::npos);
  CHECK(why([&](auto& m) {
          options(m)->add_environment(std::string("A=\0", 3));
        }).find("NUL") != std::string::npos);
  CHECK(why([&](auto& m) {
          for (int i = 0; i < 101; i++) {
            options(m)->add_environment(absl::StrCat("A", i, "="));
          }
        }).find("at most 100") != std::string::npos);
  CHECK(why([&](auto& m) {
          options(m)->add_environment("A=" + std::string(40'000, 'x'));
        }).find("at most 32768") != std::string::npos);
  CHECK(why([&](auto& m) {
          options(m)->set_output_bytes(1 << 30);
        }).find("at most 131072") != std::string::npos);
}

}  // namespace mcfeely
