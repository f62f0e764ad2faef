#include "msrc/host_facts.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

TEST_CASE("host facts: what no table says is as usual", "[msrc]") {
  const auto facts = msrc::ReadFacts("\x1e\x1e\x1e\x1e");
  REQUIRE(facts.ok());
  CHECK(facts->login.empty());
  CHECK(facts->ssh == std::vector<std::string>{"ssh"});
  CHECK(facts->defs.empty());
  CHECK(facts->shell.empty());
}

TEST_CASE("host facts: SSH is split as a shell would", "[msrc]") {
  const auto facts =
      msrc::ReadFacts("ops\x1essh -F 'a file' -p 22\x1e~/defs\x1e/bin/ksh\x1e");
  REQUIRE(facts.ok());
  CHECK(facts->login == "ops");
  CHECK(facts->ssh ==
        std::vector<std::string>{"ssh", "-F", "a file", "-p", "22"});
  CHECK(facts->defs == "~/defs");
  CHECK(facts->shell == "/bin/ksh");
  CHECK_FALSE(msrc::ReadFacts("\x1essh 'x\x1e\x1e\x1e").ok());
}

TEST_CASE("host facts: a value cannot pass for two", "[msrc]") {
  CHECK_FALSE(msrc::ReadFacts("a\x1e"
                              "b\x1e\x1e\x1e\x1e")
                  .ok());
  CHECK_FALSE(msrc::ReadFacts("").ok());
}
