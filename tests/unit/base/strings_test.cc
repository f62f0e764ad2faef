#include "base/strings.h"

#include <catch2/catch.hpp>
#include <string>

TEST_CASE("strings: globs know * and ?", "[base]") {
  CHECK(base::GlobMatch("", ""));
  CHECK(base::GlobMatch("*", ""));
  CHECK(base::GlobMatch("**", "anything"));
  CHECK(base::GlobMatch("web*", "web7"));
  CHECK(base::GlobMatch("*.example.org", "a.b.example.org"));
  CHECK(base::GlobMatch("w?b", "web"));
  CHECK(base::GlobMatch("*a*b", "xaxbxab"));
  CHECK(base::GlobMatch("*aab", "aaaab"));
  CHECK(base::GlobMatch("[a]\\", "[a]\\"));
  CHECK_FALSE(base::GlobMatch("", "x"));
  CHECK_FALSE(base::GlobMatch("?", ""));
  CHECK_FALSE(base::GlobMatch("web*", "xweb7"));
  CHECK_FALSE(base::GlobMatch("w?b", "weeb"));
  CHECK_FALSE(base::GlobMatch("a*b", "abc"));
  CHECK_FALSE(base::GlobMatch("[a]", "a"));
}

TEST_CASE("strings: a hostile glob does not take exponential time", "[base]") {
  std::string pattern;
  for (int i = 0; i < 200; i++) pattern += "*a";
  pattern += "b";
  CHECK_FALSE(base::GlobMatch(pattern, std::string(20'000, 'a')));
}

TEST_CASE("strings: the nearest names come best first, three at most",
          "[base]") {
  using Names = std::vector<std::string>;
  const absl::string_view kNames[] = {"status", "start", "stop",   "submit",
                                      "list",   "stat",  "restart"};
  CHECK(base::Nearest("stauts", kNames).front() == "status");
  CHECK(base::Nearest("stp", kNames).front() == "stop");
  CHECK(base::Nearest("sub", kNames) == Names{"submit"});
  CHECK(base::Nearest("sta", kNames).size() == 3);
  CHECK(base::Nearest("xyzzy", kNames).empty());
  CHECK(base::Nearest("start", kNames).front() == "start");
}

TEST_CASE("strings: names begin with a letter or digit and stay plain",
          "[base]") {
  CHECK(base::IsName("a", 64));
  CHECK(base::IsName("0-install_x.y", 64));
  CHECK(base::IsName(std::string(64, 'a'), 64));
  CHECK_FALSE(base::IsName(std::string(65, 'a'), 64));
  for (absl::string_view bad :
       {absl::string_view(""), absl::string_view(".x"), absl::string_view("-x"),
        absl::string_view("a b"), absl::string_view("a/b"),
        absl::string_view("a\n"), absl::string_view("a\0", 2),
        absl::string_view("\xc3\xa9")}) {
    CHECK_FALSE(base::IsName(bad, 64));
  }
}

TEST_CASE("strings: the two kinds of view convert", "[base]") {
  CHECK(base::View(std::string_view("abc")) == "abc");
  CHECK(base::StdView(absl::string_view("abc")) == "abc");
}
