#include "sys/users.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

TEST_CASE("users: an account's own group is among its groups", "[sys]") {
  const auto account = sys::FindAccount(0);
  REQUIRE(account.ok());
  const auto groups = sys::GroupsOf(*account);
  REQUIRE(groups.ok());
  CHECK(std::count(groups->begin(), groups->end(), account->gid) == 1);
}

TEST_CASE("users: accounts are found by name and by number", "[sys]") {
  auto root = sys::FindAccount("root");
  REQUIRE(root.ok());
  CHECK(root->uid == 0);
  CHECK(root->gid == 0);
  CHECK(root->home == "/root");
  CHECK_FALSE(root->shell.empty());
  CHECK(sys::FindAccount(0u)->name == "root");
}

TEST_CASE("users: an unknown account is NotFound", "[sys]") {
  for (const char* name : {"", "no-such-user-here", "root:x", "../root"}) {
    CHECK(absl::IsNotFound(sys::FindAccount(name).status()));
  }
  CHECK(absl::IsNotFound(sys::FindAccount(4'000'000'007u).status()));
}

TEST_CASE("users: members are those of the primary group and of the list",
          "[sys]") {
  CHECK(sys::IsMember(0, "root"));
  CHECK_FALSE(sys::IsMember(0, "no-such-group-here"));
  CHECK_FALSE(sys::IsMember(0, ""));
  CHECK_FALSE(sys::IsMember(4'000'000'007u, "root"));
  auto daemon = sys::FindAccount("daemon");
  if (daemon.ok()) CHECK_FALSE(sys::IsMember(daemon->uid, "root"));
}

TEST_CASE("users: the environment names the home folder first", "[sys]") {
  const std::string kept = sys::EnvironmentVariable("HOME");
  setenv("HOME", "/some/where", 1);
  CHECK(sys::HomeFolder() == "/some/where");
  unsetenv("HOME");
  auto me = sys::FindAccount(getuid());
  if (me.ok()) CHECK(sys::HomeFolder() == me->home);
  CHECK(sys::EnvironmentVariable("HOME") == "");
  if (!kept.empty()) setenv("HOME", kept.c_str(), 1);
}

TEST_CASE("users: the host has a name", "[sys]") {
  char name[256] = "";
  REQUIRE(gethostname(name, sizeof name - 1) == 0);
  CHECK(sys::HostName() == name);
}
