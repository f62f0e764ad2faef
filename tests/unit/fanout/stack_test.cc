#include "fanout/stack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/file.h"

namespace {

using fanout::Announce;
using fanout::Place;
using fanout::ReadStack;
using fanout::Stack;

sys::Environment In(const sys::TemporaryFolder& folder) {
  sys::Environment environment;
  environment.Set("TMPDIR", folder.path());
  return environment;
}

}  // namespace

TEST_CASE("stack: without a wrapper there is nobody to talk to", "[fanout]") {
  const Stack stack = *ReadStack("xcl", {});
  CHECK(stack.depth == 0);
  CHECK(absl::IsNotFound(stack.Target().status()));
}

TEST_CASE("stack: clients reach the innermost, and -depth further out",
          "[fanout]") {
  sys::Environment environment;
  environment.Set("xcl_link", "2");
  environment.Set("xcl_0", "/zero");
  environment.Set("xcl_1", "/one");
  environment.Set("xcl_2", "/two");
  const Stack stack = *ReadStack("xcl", environment);
  CHECK(*stack.Target() == "/two");
  CHECK(*stack.Target(1) == "/one");
  CHECK(*stack.Target(2) == "/zero");
  CHECK(stack.Target(7).status() ==
        absl::InvalidArgumentError(
            "requested depth of -7 is too large for current stack of 2"));
}

TEST_CASE("stack: the letter d leads to the detached one", "[fanout]") {
  sys::Environment environment;
  environment.Set("ptbw_link", "d");
  environment.Set("ptbw_d", "/detached");
  CHECK(*ReadStack("ptbw", environment)->Target() == "/detached");
  for (const char* wrong : {"x", "-1", "99999999999", "1 "}) {
    environment.Set("ptbw_link", wrong);
    const auto stack = ReadStack("ptbw", environment);
    if (stack.ok()) {
      CHECK(stack->depth == 1);  // "1 " is a number to some
    } else {
      CHECK(absl::IsInvalidArgument(stack.status()));
    }
  }
}

TEST_CASE("stack: a manager is announced one level deeper, and its options go",
          "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  sys::Environment environment = In(folder);
  environment.Set("XCLATE", "-s");
  environment.Set("XCLATE_2", "-T inner");
  std::string first_path, folder_path;
  {
    const Place first =
        *Place::Make(*ReadStack("xcl", environment), false, environment);
    first_path = first.path();
    Announce(*ReadStack("xcl", environment), first.path(), false, "XCLATE",
             &environment);
    CHECK(environment.Get("xcl_link") == "1");
    CHECK(environment.Get("xcl_1") == first.path());
    CHECK_FALSE(environment.Get("XCLATE"));
    folder_path = first_path.substr(0, first_path.rfind('/'));
    struct stat info;
    REQUIRE(stat(folder_path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);

    const Place second =
        *Place::Make(*ReadStack("xcl", environment), false, environment);
    Announce(*ReadStack("xcl", environment), second.path(), false, "XCLATE",
             &environment);
    CHECK(second.path() == folder_path + "/2");
    CHECK(environment.Get("XCLATE") == "-T inner");
    // A pool inside a stream is beside it; one inside a pool is not.
    const Place pool =
        *Place::Make(*ReadStack("ptbw", environment), false, environment);
    CHECK(pool.path() == folder_path + "/sta0");
    const Place detached =
        *Place::Make(*ReadStack("xcl", environment), true, environment);
    CHECK(detached.path() == folder_path + "/3_0");
  }
  CHECK(access(first_path.c_str(), F_OK) != 0);
  CHECK(access(folder_path.c_str(), F_OK) != 0);
}

TEST_CASE("xapply K15: a living manager's socket is not taken", "[fanout]") {
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string path = folder.path() + "/pool";
  {
    const Place first = *Place::At(path);
    CHECK(absl::IsResourceExhausted(Place::At(path).status()));
    CHECK(access(path.c_str(), F_OK) == 0);
    CHECK(fanout::ConnectManager(path).ok());
  }
  CHECK(access(path.c_str(), F_OK) != 0);
  CHECK(absl::IsNotFound(fanout::ConnectManager(path).status()));
}

TEST_CASE("stack: a folder that is not there, or too deep, is an error",
          "[fanout]") {
  sys::Environment environment;
  environment.Set("TMPDIR", "/nonexistent/folder");
  CHECK_FALSE(
      Place::Make(*ReadStack("xcl", environment), false, environment).ok());
  const auto folder = *sys::TemporaryFolder::Make("stack-");
  const std::string deep = folder.path() + "/" + std::string(100, 'd');
  REQUIRE(sys::MakeFolders(deep).ok());
  environment.Set("TMPDIR", deep);
  const auto place =
      Place::Make(*ReadStack("xcl", environment), false, environment);
  CHECK_FALSE(place.ok());
  CHECK(sys::ListFolder(deep)->empty());
}
