#include "power/redactor.h"

#include <catch2/catch.hpp>

#include "power/limits.h"

namespace {

TEST_CASE("redaction: a secret that comes in pieces is never shown",
          "[power]") {
  const keys::Secret secret("abab c");
  const std::string all = "x abab c y ababab cab aba";
  for (size_t first = 0; first <= all.size(); first++) {
    for (size_t second = first; second <= all.size(); second++) {
      power::Redactor redactor(&secret);
      std::string out = redactor.Feed(all.substr(0, first));
      out += redactor.Feed(all.substr(first, second - first));
      out += redactor.Feed(all.substr(second));
      out += redactor.Flush();
      REQUIRE(out == "x *** y ab***ab aba");
    }
  }
  CHECK(power::Redacted("abab c", nullptr) == "abab c");
  const keys::Secret none("");
  CHECK(power::Redacted("abab c", &none) == "abab c");
}

TEST_CASE("redaction: what a device printed last is shown without colours",
          "[power]") {
  const keys::Secret secret("pass word");
  power::RecentText recent(&secret);
  CHECK(recent.Text() == "");
  recent.Append("\033[1mhello\033[0m\r\n\r\n  you \xff pa\033[0mss word\r\n> ");
  CHECK(recent.Text() == "hello you *** >");
  recent.Append(std::string(10'000, 'x'));
  CHECK(recent.Text() == std::string(power::kRecentBytes, 'x'));
}

TEST_CASE("redaction: several secrets, of which short ones only where sent",
          "[power]") {
  const keys::Secret secret("open sesame");
  const std::vector<std::string> words = {"swordfish", "sword", "pm"};
  const power::Hidden hidden(&secret, &words);
  CHECK(power::Redacted("a sword, a swordfish, pm: open sesame", hidden) ==
        "a ***, a ***, pm: ***");
  CHECK(power::RedactedSend("pm\r\n", hidden) == "***\r\n");
  CHECK(power::RedactedSend("pm 1\r\n", hidden) == "pm 1\r\n");
  CHECK(power::RedactedSend("say sword\n", hidden) == "say ***\n");
  CHECK(power::RedactedSend("\n", hidden) == "\n");
  const std::string all = "x swordopen sesame swo pm";
  for (size_t cut = 0; cut <= all.size(); cut++) {
    power::Redactor redactor(hidden);
    std::string out = redactor.Feed(all.substr(0, cut));
    out += redactor.Feed(all.substr(cut));
    REQUIRE(out + redactor.Flush() == "x ****** swo pm");
  }
}

}  // namespace
