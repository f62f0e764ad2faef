#include "base/status.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <string>

namespace {

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}
absl::StatusOr<std::string> Quarter(int n) {
  TRY_ASSIGN(const int half, Half(n));
  TRY_ASSIGN(const int quarter, Half(half));
  return std::to_string(quarter);
}
absl::Status BothEven(int a, int b) {
  TRY(Half(a));
  TRY(Half(b).status());
  return absl::OkStatus();
}
absl::StatusOr<std::unique_ptr<int>> Moved() {
  TRY_ASSIGN(std::unique_ptr<int> p,
             absl::StatusOr<std::unique_ptr<int>>(std::make_unique<int>(7)));
  return p;
}

}  // namespace

TEST_CASE("status: context goes in front of the reason", "[base]") {
  const absl::Status inner = absl::NotFoundError("line 12: no such host");
  const absl::Status outer = base::Context(inner, "site.cf");
  CHECK(outer.code() == absl::StatusCode::kNotFound);
  CHECK(outer.message() == "site.cf: line 12: no such host");
  CHECK(base::Context(absl::OkStatus(), "site.cf").ok());
}

TEST_CASE("status: TRY and TRY_ASSIGN pass on the first failure", "[base]") {
  CHECK(*Quarter(12) == "3");
  CHECK(Quarter(6).status().message() == "odd");
  CHECK(BothEven(2, 4).ok());
  CHECK(absl::IsInvalidArgument(BothEven(2, 5)));
  CHECK(absl::IsInvalidArgument(BothEven(1, 4)));
  CHECK(**Moved() == 7);
}

TEST_CASE("status: a failed system call says what and why", "[base]") {
  errno = ENOENT;
  const absl::Status status = base::SysError("site.cf");
  CHECK(absl::IsNotFound(status));
  CHECK(status.message() == "site.cf: No such file or directory");
}

TEST_CASE("status: error numbers lead to the codes that exits rely on",
          "[base]") {
  const auto code = [](int e) { return base::SysError(e, "x").code(); };
  CHECK(code(EINVAL) == absl::StatusCode::kInternal);
  CHECK(code(EIO) == absl::StatusCode::kDataLoss);
  CHECK(code(ENOSPC) == absl::StatusCode::kResourceExhausted);
  CHECK(code(EDQUOT) == absl::StatusCode::kResourceExhausted);
  CHECK(code(EFBIG) == absl::StatusCode::kResourceExhausted);
  CHECK(code(ENOMEM) == absl::StatusCode::kResourceExhausted);
  CHECK(code(EMFILE) == absl::StatusCode::kResourceExhausted);
  CHECK(code(EACCES) == absl::StatusCode::kPermissionDenied);
  CHECK(code(EPERM) == absl::StatusCode::kPermissionDenied);
  CHECK(code(EEXIST) == absl::StatusCode::kAlreadyExists);
  CHECK(code(ECONNREFUSED) == absl::StatusCode::kUnavailable);
  CHECK(code(EHOSTUNREACH) == absl::StatusCode::kUnavailable);
  CHECK(code(ENETUNREACH) == absl::StatusCode::kUnavailable);
  CHECK(code(ETIMEDOUT) == absl::StatusCode::kDeadlineExceeded);
}
