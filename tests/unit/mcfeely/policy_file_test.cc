#include "mcfeely/policy_file.h"

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace mcfeely {
namespace {

bool MayRead(PolicyFile& file) {
  const auto rules = file.Now();
  REQUIRE(rules.ok());
  return (*rules)->RightsOf("x").MayRead().allowed;
}

}  // namespace

TEST_CASE("policy: a file that changes is read again", "[mcfeely]") {
  const auto folder = sys::TemporaryFolder::Make("policy-");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/policy";
  REQUIRE(sys::ReplaceFile(path, "allow y read\n").ok());
  PolicyFile file(path);
  REQUIRE(file.Open().ok());
  CHECK(!MayRead(file));
  REQUIRE(sys::ReplaceFile(path, "allow x read\n").ok());
  CHECK(MayRead(file));
  // While it is wrong or missing it says neither yes nor no.
  REQUIRE(sys::ReplaceFile(path, "allow x\n").ok());
  CHECK(absl::IsUnavailable(file.Now().status()));
  CHECK(absl::IsUnavailable(file.Now().status()));
  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(absl::IsUnavailable(file.Now().status()));
  REQUIRE(sys::ReplaceFile(path, "allow x read\n").ok());
  CHECK(MayRead(file));
}

TEST_CASE(
    "policy: a server does not start with a file that is missing or "
    "wrong",
    "[mcfeely]") {
  const auto folder = sys::TemporaryFolder::Make("policy-");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/policy";
  CHECK(absl::IsNotFound(PolicyFile(path).Open()));
  REQUIRE(sys::ReplaceFile(path, "deny\nallow\n").ok());
  const absl::Status wrong = PolicyFile(path).Open();
  CHECK(absl::IsInvalidArgument(wrong));
  CHECK(wrong.message().find(":2: ") != absl::string_view::npos);
}

}  // namespace mcfeely
