#include "cli/report.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "base/status.h"
#include "cli/args.h"

namespace {

// What `run` prints on standard error.
template <typename Run>
std::string ErrorOf(const Run& run) {
  FILE* file = tmpfile();
  REQUIRE(file != nullptr);
  const int kept = dup(2);
  dup2(fileno(file), 2);
  run();
  dup2(kept, 2);
  close(kept);
  rewind(file);
  char text[4096];
  std::string out(text, fread(text, 1, sizeof text, file));
  fclose(file);
  return out;
}

}  // namespace

TEST_CASE("report: each status has the exit code sysexits gives it", "[cli]") {
  using absl::StatusCode;
  const std::pair<StatusCode, int> table[] = {
      {StatusCode::kInvalidArgument, 65},
      {StatusCode::kNotFound, 66},
      {StatusCode::kUnimplemented, 69},
      {StatusCode::kInternal, 70},
      {StatusCode::kUnknown, 70},
      {StatusCode::kResourceExhausted, 71},
      {StatusCode::kAlreadyExists, 73},
      {StatusCode::kDataLoss, 74},
      {StatusCode::kOutOfRange, 74},
      {StatusCode::kUnavailable, 75},
      {StatusCode::kDeadlineExceeded, 75},
      {StatusCode::kAborted, 75},
      {StatusCode::kCancelled, 75},
      {StatusCode::kPermissionDenied, 77},
      {StatusCode::kUnauthenticated, 77},
      {StatusCode::kFailedPrecondition, 78},
  };
  for (const auto& [status, code] : table) {
    CHECK(cli::ExitCode(absl::Status(status, "x")) == code);
  }
  CHECK(cli::ExitCode(absl::OkStatus()) == 0);
}

TEST_CASE("report: a usage error and a code of one's own come first", "[cli]") {
  CHECK(cli::ExitCode(cli::UsageError("x")) == 64);
  CHECK(cli::ExitCode(cli::FailWith(126, "x")) == 126);
  CHECK(cli::FailWith(99, "later").message() == "later");
  // What is no usage error any more is read as what it was.
  CHECK(cli::ExitCode(base::Context(cli::UsageError("x"), "a")) == 65);
}

TEST_CASE("report: an applet may have another code for usage errors", "[cli]") {
  CHECK(cli::ExitCode(cli::UsageError("x"), 1) == 1);
  CHECK(cli::ExitCode(cli::FailWith(126, "x"), 1) == 126);
  CHECK(cli::ExitCode(absl::InvalidArgumentError("x"), 1) == 65);
  CHECK(cli::ExitCode(absl::OkStatus(), 1) == 0);
}

TEST_CASE("report: the head's code is what a wrong line ends with", "[cli]") {
  static constexpr auto kFails = [](const cli::Call& call) {
    return absl::StatusOr<int>(call.Has("usage")
                                   ? cli::UsageError("not like this")
                                   : absl::InvalidArgumentError("no"));
  };
  static constexpr auto kOptions = cli::Options([] {
    return std::to_array<cli::Option>(
        {{'u', "usage", "", ""}, {'n', "number", "N", ""}});
  });
  static constexpr cli::Applet kOld = {
      .name = "old",
      .summary = "",
      .options = kOptions,
      .usage_exit = 1,
      .run = kFails,
  };
  static constexpr cli::Applet kNew = {
      .name = "new", .summary = "", .options = kOptions, .run = kFails};
  const auto ends = [](const cli::Applet& applet,
                       const std::vector<std::string>& words, int code,
                       absl::string_view said) {
    int ended = -1;
    CHECK(ErrorOf([&] { ended = cli::Main(applet, applet.name, words); }) ==
          said);
    CHECK(ended == code);
  };
  ends(kOld, {"-Q"}, 1, "old: -Q: no such option\nusage: old\n");
  ends(kNew, {"-Q"}, 64, "new: -Q: no such option\nusage: new\n");
  ends(kOld, {"-n"}, 1, "old: --number: N is missing\nusage: old\n");
  ends(kNew, {"-n"}, 64, "new: --number: N is missing\nusage: new\n");
  ends(kOld, {"-u"}, 1, "old: not like this\nusage: old\n");
  ends(kNew, {"-u"}, 64, "new: not like this\nusage: new\n");
  ends(kOld, {}, 65, "old: no\n");
}

TEST_CASE("report: a message is one clean line", "[cli]") {
  CHECK(cli::MessageText("hxmd",
                         absl::InvalidArgumentError("site.cf: line 12: bad")) ==
        "hxmd: site.cf: line 12: bad\n");
  CHECK(cli::MessageText("a\x1b", absl::NotFoundError("'\x1b[2J\r\xFF'")) ==
        "a\\x1b: '\\x1b[2J\\x0d\\xff'\n");
  CHECK(cli::MessageText("m4", absl::NotFoundError("one\ntwo")) ==
        "m4: one\n  two\n");
}

namespace {

bool g_insists = false;

// What `words` end a command with that says 7 when it is run, and 8 for its
// verb.
int EndOf(std::vector<std::string> words) {
  static constexpr cli::Verb kVerbs[] = {
      {"verb", "", "a verb", {}, [](const cli::Call&) -> absl::StatusOr<int> {
         return 8;
       }}};
  static constexpr cli::Applet kApplet = {
      .name = "first",
      .summary = "be there",
      .verbs = kVerbs,
      .run = [](const cli::Call&) -> absl::StatusOr<int> { return 7; },
      .insists = [] { return g_insists; },
  };
  return cli::Main(kApplet, "first", words);
}

}  // namespace

TEST_CASE("report: who insists is run, whatever the command line says",
          "[cli]") {
  g_insists = false;
  CHECK(EndOf({"verb"}) == 8);
  CHECK(ErrorOf([] { CHECK(EndOf({"--nonsense"}) == 64); }) != "");
  g_insists = true;
  CHECK(EndOf({}) == 7);
  CHECK(EndOf({"verb"}) == 7);
  CHECK(EndOf({"--help"}) == 7);
  CHECK(ErrorOf([] { CHECK(EndOf({"--nonsense"}) == 7); }).find("--nonsense") !=
        std::string::npos);
  g_insists = false;
}
