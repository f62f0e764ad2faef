#include "net/address.h"

#include <catch2/catch.hpp>

using net::Address;
using net::FormatAddress;
using net::ParseAddress;

TEST_CASE("address: every carrier is read and written alike", "[net]") {
  for (const char* text :
       {"unix:/run/fleetbox/s", "unix:relative", "tcp:web1.example.com:80",
        "tcp:[::1]:7577", "tcp:[fe80::1%eth0]:1", "tcp:10.0.0.1:65535",
        "tcp::7577", "ssh:web1", "ssh:ops@web1", "ssh:a\\b@web1",
        "ssh:me@realm@web1", "ssh:fe80::1"}) {
    INFO(text);
    const absl::StatusOr<Address> a = ParseAddress(text);
    REQUIRE(a.ok());
    CHECK(FormatAddress(*a) == text);
  }
}

TEST_CASE("address: a port that is not written is 7577", "[net]") {
  CHECK(ParseAddress("tcp:web1")->port == 7577);
  CHECK(ParseAddress("tcp:[::1]")->port == 7577);
  CHECK(ParseAddress("tcp:[::1]")->host == "::1");
}

TEST_CASE("address: a blank ends one where the next begins", "[net]") {
  using Many = std::vector<std::string>;
  CHECK(net::SplitAddresses("tcp:a:1 unix:/a b  ssh:c\ttcp:d") ==
        Many{"tcp:a:1", "unix:/a b", "ssh:c", "tcp:d"});
  CHECK(net::SplitAddresses(" unix:/x ") == Many{"unix:/x"});
  CHECK(net::SplitAddresses("web1 tcp:a") == Many{"web1", "tcp:a"});
  CHECK(net::SplitAddresses("").empty());
  CHECK(net::SplitAddresses(" \n").empty());
}

TEST_CASE("address: the user of ssh ends at the last @", "[net]") {
  const absl::StatusOr<Address> a = ParseAddress("ssh:me@realm@web1");
  REQUIRE(a.ok());
  CHECK(a->user == "me@realm");
  CHECK(a->host == "web1");
}

TEST_CASE("address: what could become an option of ssh is refused", "[net]") {
  for (const char* text :
       {"ssh:-oProxyCommand=touch /tmp/x", "ssh:-oProxyCommand", "ssh:-v",
        "ssh:user@-oProxyCommand=x", "ssh:-l@host", "ssh:-@host"}) {
    INFO(text);
    CHECK(ParseAddress(text).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("address: nonsense is refused", "[net]") {
  const std::string too_long(300, 'a');
  for (const std::string& text :
       std::vector<std::string>{"",
                                "web1",
                                "tcp:",
                                "tcp:web1:",
                                "tcp:web1:65536",
                                "tcp:web1:-1",
                                "tcp:web1:+1",
                                "tcp:web1: 1",
                                "tcp:web1:0x10",
                                "tcp:::1:80",
                                "tcp:[::1",
                                "tcp:[::1]80",
                                "tcp:[web1]:80",
                                "tcp:a b:80",
                                "tcp:a/b:80",
                                "tcp:-web1:80",
                                "tcp:web1:99999999999999999999",
                                "unix:",
                                "unix:" + std::string("/a\0b", 4),
                                "unix:" + too_long,
                                "ssh:",
                                "ssh:@web1",
                                "ssh:a b@web1",
                                "ssh:web1;reboot",
                                "ssh:web1 reboot",
                                "ssh:$(reboot)",
                                "ssh:a;b@web1",
                                "ssh:user@",
                                "tcp:" + too_long + ":1",
                                "ssh:" + too_long,
                                "UNIX:/x",
                                "http://x"}) {
    INFO(text);
    CHECK(ParseAddress(text).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("address: a refusal cannot move a cursor", "[net]") {
  const std::string message(ParseAddress("tcp:\x1b[2Jx").status().message());
  CHECK(message.find('\x1b') == std::string::npos);
}
