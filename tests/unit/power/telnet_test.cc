#include "power/telnet.h"

#include <catch2/catch.hpp>

#include "power/limits.h"

namespace {

TEST_CASE("telnet options: powerman's answers, and nothing else is answered",
          "[power]") {
  power::TelnetFilter filter;
  std::string reply;
  CHECK(filter.Receive("a\xff\xfd\x03"
                       "b\xff\xfd\x18\xff\xfd\x06",
                       &reply) == "ab");
  CHECK(reply == "\xff\xfb\x03\xff\xfc\x18\xff\xfb\x06");
  for (const int wont : {0, 1, 24, 31, 32, 33, 35, 36, 39}) {
    reply.clear();
    const std::string ask = {'\xff', '\xfd', static_cast<char>(wont)};
    CHECK(filter.Receive(ask, &reply) == "");
    CHECK(reply == std::string({'\xff', '\xfc', static_cast<char>(wont)}));
  }
  reply.clear();
  // WILL, WONT, DONT, unknown options, other commands: silence.
  CHECK(filter.Receive("\xff\xfb\x01\xff\xfc\x01\xff\xfe\x01\xff\xfd\x63"
                       "x\xff\xf1y",
                       &reply) == "xy");
  CHECK(reply == "");
}

TEST_CASE("telnet options: cut anywhere, doubled bytes, endless parameters",
          "[power]") {
  const std::string all =
      "a\xff\xff"
      "b\xff\xfa\x18\x01xyz\xff\xf0"
      "c\xff\xfd\x03"
      "d";
  for (size_t cut = 0; cut <= all.size(); cut++) {
    power::TelnetFilter filter;
    std::string reply;
    std::string data = filter.Receive(all.substr(0, cut), &reply);
    data += filter.Receive(all.substr(cut), &reply);
    CHECK(data ==
          "a\xff"
          "bcd");
    CHECK(reply == "\xff\xfb\x03");
  }
  CHECK(power::TelnetFilter::Send("a\xff"
                                  "b") ==
        "a\xff\xff"
        "b");
  power::TelnetFilter filter;
  std::string reply;
  const std::string data = filter.Receive(
      "\xff\xfa" + std::string(power::kMaxTelnetOptionBytes + 100, 'x'),
      &reply);
  CHECK(data.size() == 99);
}

}  // namespace
