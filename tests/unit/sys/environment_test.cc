#include "sys/environment.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

TEST_CASE("environment: variables are set, replaced and taken away", "[sys]") {
  sys::Environment environment;
  CHECK_FALSE(environment.Get("A"));
  environment.Set("A", "1");
  environment.Set("AB", "2");
  environment.Set("A", "x=y");
  CHECK(environment.Get("A") == "x=y");
  CHECK(environment.Get("AB") == "2");
  CHECK_FALSE(environment.Get("B"));
  CHECK(environment.entries() == std::vector<std::string>{"A=x=y", "AB=2"});
  environment.Unset("A");
  environment.Unset("A");
  CHECK(environment.entries() == std::vector<std::string>{"AB=2"});
}

TEST_CASE("environment: ours has what we were given", "[sys]") {
  const sys::Environment ours = sys::Environment::Ours();
  REQUIRE(ours.Get("PATH"));
  CHECK(*ours.Get("PATH") == getenv("PATH"));
}

TEST_CASE("environment: the first locale variable that is set counts",
          "[sys]") {
  sys::Environment e;
  CHECK_FALSE(e.IsUtf8());
  e.Set("LANG", "de_DE.UTF-8");
  CHECK(e.IsUtf8());
  e.Set("LC_CTYPE", "C");
  CHECK_FALSE(e.IsUtf8());
  e.Set("LC_ALL", "");
  CHECK_FALSE(e.IsUtf8());
  e.Set("LC_ALL", "en_US.utf8");
  CHECK(e.IsUtf8());
}
