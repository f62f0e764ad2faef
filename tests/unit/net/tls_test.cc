// The client of TLS against OpenSSL's server.
#include "net/tls.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "unit/power/programs.h"

namespace {

using net::TlsAuthorities;
using net::TlsClient;
using net::TlsOptions;
using power_test::Program;

// A server that prints a page about the connection, and hangs up.
class Server {
 public:
  explicit Server(std::vector<std::string> options = {},
                  const std::string& subject = "/CN=bmc1.example.org",
                  const std::string& names = "DNS:bmc1.example.org",
                  int bits = 2048) {
    const std::string made = power_test::RunBeside(
        loop_,
        {"openssl", "req", "-x509", "-newkey", absl::StrCat("rsa:", bits),
         "-nodes", "-keyout", program_.Path("key"), "-out",
         program_.Path("crt"), "-days", "30", "-subj", subject, "-addext",
         absl::StrCat("subjectAltName=", names)});
    REQUIRE(absl::EndsWith(made, "[exit 0]"));
    std::vector<std::string> argv = {
        "openssl", "s_server",           "-accept", "127.0.0.1:0",       "-www",
        "-key",    program_.Path("key"), "-cert",   program_.Path("crt")};
    argv.insert(argv.end(), options.begin(), options.end());
    program_.Start(argv);
    power_test::Await(loop_, [&] {
      loop_.After(absl::Milliseconds(5), [] {});  // so that it waits
      const std::string log = program_.Read("log");
      const size_t at = log.find("ACCEPT 127.0.0.1:");
      return at != std::string::npos && log.find('\n', at) != std::string::npos;
    });
    const std::string log = program_.Read("log");
    port_ = std::atoi(log.c_str() + log.find("ACCEPT 127.0.0.1:") + 17);
  }

  std::shared_ptr<const TlsAuthorities> Authority() {
    return TlsAuthorities::Parse(program_.Read("crt")).value();
  }
  std::string Pin() {
    const std::string said = power_test::RunBeside(
        loop_,
        {"sh", "-c",
         absl::StrCat("openssl x509 -in ", program_.Path("crt"),
                      " -pubkey -noout | openssl pkey -pubin -outform der |"
                      " openssl dgst -sha256 -r")});
    return said.substr(0, 64);
  }
  int port() const { return port_; }

 private:
  sys::Loop loop_;
  Program program_;
  int port_ = 0;
};

struct Got {
  std::string text;
  std::string why;  // empty: it went well
  bool opened = false;
};

using OnWay = std::function<void(std::string&)>;

// One connection: asks for a page, reads to the end.
Got Ask(int port, TlsOptions options, absl::Time now = sys::WallNow(),
        const OnWay& on_way = {}) {
  sys::Fd fd = sys::BeginConnectTcp("127.0.0.1", port).value();
  TlsClient client(std::move(options), sys::RandomBytes);
  client.Start(now);
  client.Send("GET / HTTP/1.0\r\n\r\n");
  Got got;
  const absl::Time until = sys::SteadyNow() + absl::Seconds(20);
  while (!client.is_ended()) {
    REQUIRE(sys::SteadyNow() < until);
    pollfd wait = {.fd = fd.get(), .events = POLLIN, .revents = 0};
    const std::string out = client.TakeBytes();
    if (!out.empty()) {
      wait.events = POLLOUT;
      poll(&wait, 1, 1000);
      REQUIRE(send(fd.get(), out.data(), out.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(out.size()));
      wait.events = POLLIN;
    }
    poll(&wait, 1, 1000);
    char buffer[4096];
    const ssize_t n = recv(fd.get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) continue;
    if (n <= 0) {
      client.PeerClosed();
    } else {
      std::string bytes(buffer, static_cast<size_t>(n));
      if (on_way) on_way(bytes);
      client.Receive(bytes, now);
    }
    got.opened = got.opened || client.is_open();
    got.text += client.TakeText();
  }
  got.why = client.failure().value_or("");
  return got;
}

}  // namespace

TEST_CASE(
    "tls: power 19: self-signed is refused, with a pin for those who know it",
    "[net]") {
  if (!power_test::Have("openssl")) return;
  Server server;
  const std::string pin = server.Pin();
  const Got refused = Ask(server.port(), {.server = "bmc1.example.org"});
  CHECK_FALSE(refused.opened);
  CHECK(refused.text.empty());
  CHECK(refused.why == "self-signed certificate; its pin is " + pin);

  const Got pinned = Ask(server.port(), {.server = "another", .pin = pin});
  CHECK(pinned.why.empty());
  CHECK(absl::StartsWith(pinned.text, "HTTP/1.0 200 ok"));

  const std::string other(64, 'a');
  const Got wrong = Ask(server.port(), {.pin = other, .is_insecure = true});
  CHECK(wrong.text.empty());
  CHECK(wrong.why == "another key than the pinned one: its pin is " + pin +
                         ", not " + other);

  const Got insecure = Ask(server.port(), {.is_insecure = true});
  CHECK(insecure.why.empty());
  CHECK(absl::StartsWith(insecure.text, "HTTP/1.0 200 ok"));
}

TEST_CASE("tls: power 19: an authority, the name, and the time decide",
          "[net]") {
  if (!power_test::Have("openssl")) return;
  Server server({}, "/CN=ignored", "DNS:bmc1.example.org,IP:127.0.0.1,IP:::1");
  const auto authority = server.Authority();
  const auto why = [&](const std::string& name,
                       absl::Duration later = absl::ZeroDuration()) {
    const Got got =
        Ask(server.port(), {.server = name, .authorities = authority},
            sys::WallNow() + later);
    CHECK(got.opened == got.why.empty());
    const std::vector<std::string> parts = absl::StrSplit(got.why, "; its pin");
    return parts[0];
  };
  CHECK(why("bmc1.example.org") == "");
  CHECK(why("BMC1.Example.Org") == "");
  CHECK(why("127.0.0.1") == "");
  CHECK(why("::1") == "");
  CHECK(why("bmc2.example.org") ==
        "the certificate is not for 'bmc2.example.org'");
  CHECK(why("127.0.0.2") == "the certificate is not for '127.0.0.2'");
  CHECK(why("ignored") == "the certificate is not for 'ignored'");
  CHECK(why("bmc1.example.org", absl::Hours(24 * 29)) == "");
  CHECK(why("bmc1.example.org", absl::Hours(24 * 31)) ==
        "the certificate has expired");
  CHECK(why("bmc1.example.org", -absl::Hours(24)) ==
        "the certificate is not valid yet");
}

TEST_CASE("tls: power 19: 1.0 and short keys only for those who ask for them",
          "[net]") {
  if (!power_test::Have("openssl")) return;
  Server server({"-tls1", "-cipher", "ALL:@SECLEVEL=0"}, "/CN=old", "DNS:old",
                1024);
  const Got refused = Ask(server.port(), {.is_insecure = true});
  CHECK_FALSE(refused.opened);
  CHECK(absl::EndsWith(refused.why, "(older ones only with legacy-crypto)"));
  const Got taken =
      Ask(server.port(), {.is_insecure = true, .is_legacy = true});
  CHECK(taken.why.empty());
  CHECK(absl::StrContains(taken.text, "Protocol  : TLSv1\n"));
  // It is no less careful about whom it talks to.
  const Got unknown = Ask(server.port(), {.server = "old", .is_legacy = true});
  CHECK(absl::StartsWith(unknown.why, "self-signed certificate"));
  const Got known = Ask(
      server.port(),
      {.server = "old", .is_legacy = true, .authorities = server.Authority()});
  CHECK(known.why == "");
  Server modern({"-cipher", "DEFAULT:@SECLEVEL=0"}, "/CN=old", "DNS:old", 1024);
  const Got weak =
      Ask(modern.port(), {.server = "old", .authorities = modern.Authority()});
  CHECK(absl::StartsWith(weak.why, "the certificate is of an outdated kind"));
}

TEST_CASE("tls: a record that was cut or changed ends it, with nothing of it",
          "[net]") {
  if (!power_test::Have("openssl")) return;
  Server server;
  // What comes before any change; the answers differ in their random bytes, so
  // the change is placed by count.
  size_t whole = 0;
  const Got good = Ask(server.port(), {.is_insecure = true}, sys::WallNow(),
                       [&](std::string& bytes) { whole += bytes.size(); });
  REQUIRE(good.why.empty());
  REQUIRE(whole > 1500);
  for (size_t at = 0; at < whole; at += 149) {
    size_t seen = 0;
    const Got got = Ask(server.port(), {.is_insecure = true}, sys::WallNow(),
                        [&](std::string& bytes) {
                          if (at >= seen && at < seen + bytes.size()) {
                            bytes[at - seen] =
                                static_cast<char>(bytes[at - seen] ^ 0x55);
                          }
                          seen += bytes.size();
                        });
    INFO("byte " << at << ": " << got.why);
    if (seen > at) CHECK(got.why != "");
    CHECK(absl::StartsWith(
        good.text.substr(0, 8),
        got.text.substr(0, std::min<size_t>(8, got.text.size()))));
  }
  TlsClient cut({.is_insecure = true}, sys::RandomBytes);
  cut.Start(sys::WallNow());
  cut.PeerClosed();
  CHECK(cut.failure() == "the server hung up during the handshake");
  TlsClient garbled({.is_insecure = true}, sys::RandomBytes);
  garbled.Start(sys::WallNow());
  garbled.Receive("HTTP/1.1 400 Bad Request\r\n\r\n", sys::WallNow());
  CHECK(garbled.failure() == "what the server sends is no TLS");
  TlsClient empty({}, sys::RandomBytes);
  empty.Start(sys::WallNow());
  empty.Close();
  CHECK(empty.is_ended());
}

TEST_CASE("tls: a list of authorities without a certificate is none", "[net]") {
  CHECK_FALSE(TlsAuthorities::Parse("").ok());
  CHECK_FALSE(TlsAuthorities::Parse("-----BEGIN CERTIFICATE-----\nAAAA\n"
                                    "-----END CERTIFICATE-----\n")
                  .ok());
}
