#include "cli/report.h"

#include <catch2/catch.hpp>

#include "base/status.h"
#include "cli/args.h"

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

TEST_CASE("report: a message is one clean line", "[cli]") {
  CHECK(cli::MessageText("hxmd",
                         absl::InvalidArgumentError("site.cf: line 12: bad")) ==
        "hxmd: site.cf: line 12: bad\n");
  CHECK(cli::MessageText("a\x1b", absl::NotFoundError("'\x1b[2J\r\xFF'")) ==
        "a\\x1b: '\\x1b[2J\\x0d\\xff'\n");
  CHECK(cli::MessageText("m4", absl::NotFoundError("one\ntwo")) ==
        "m4: one\n  two\n");
}
