// Models of web servers behind TLS and what asks them, on real sockets.
#pragma once

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fakes/web_server.h"
#include "power/controller.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "unit/power/programs.h"
#include "unit/power/sim.h"

namespace power_test {

// Turns the loop until it is so; models answer meanwhile.
inline void Pass(sys::Loop& loop, const std::function<bool()>& ready) {
  const absl::Time until = sys::SteadyNow() + absl::Seconds(20);
  while (!ready()) {
    REQUIRE(sys::SteadyNow() < until);
    loop.After(absl::Milliseconds(20), [] {});
    loop.Turn(absl::Milliseconds(20));
  }
}

struct TlsFrontOptions {
  bool has_expired = false;
  bool is_old = false;  // TLS 1.0 alone
};
class TlsFront {
 public:
  TlsFront(sys::Loop& loop, int behind, TlsFrontOptions options = {})
      : loop_(loop) {
    const std::string made = RunBeside(
        loop, {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
               "-keyout", program_.Path("key"), "-out", program_.Path("crt"),
               "-days", "30", "-subj", "/CN=bmc1", "-addext",
               "subjectAltName=DNS:bmc1.example.org,IP:127.0.0.1"});
    REQUIRE(made.find("[exit 0]") != std::string::npos);
    if (options.has_expired) {
      RunBeside(loop, {"openssl", "x509", "-in", program_.Path("crt"),
                       "-signkey", program_.Path("key"), "-days", "-1", "-out",
                       program_.Path("crt")});
    }
    std::vector<std::string> words = {"python3", "tests/fakes/tls_front.py"};
    if (options.is_old) words.push_back("--old");
    words.insert(words.end(), {program_.Path("crt"), program_.Path("key"),
                               absl::StrCat(behind), program_.Path("port")});
    program_.Start(words);
    Pass(loop,
         [&] { return access(program_.Path("port").c_str(), R_OK) == 0; });
    REQUIRE(absl::SimpleAtoi(program_.Read("port"), &port_));
  }
  int port() const { return port_; }
  std::string certificate() const { return program_.Path("crt"); }
  std::string Pin() {
    return RunBeside(loop_,
                     {"sh", "-c",
                      absl::StrCat("openssl x509 -in ", certificate(),
                                   " -pubkey -noout | openssl pkey -pubin "
                                   "-outform der | openssl dgst -sha256 -r")})
        .substr(0, 64);
  }

 private:
  sys::Loop& loop_;
  Program program_;
  int port_ = 0;
};

// One batch; the results in its order.
inline std::vector<power::PlugResult> Carry(sys::Loop& loop,
                                            power::Controller& controller,
                                            power::Batch batch) {
  std::vector<std::optional<power::PlugResult>> got(batch.orders.size());
  size_t left = got.size();
  controller.Start(std::move(batch),
                   [&](size_t order, const power::PlugResult& result) {
                     CHECK_FALSE(got[order].has_value());
                     got[order] = result;
                     --left;
                   });
  CHECK(left == got.size());
  Pass(loop, [&] { return left == 0; });
  std::vector<power::PlugResult> results;
  for (auto& result : got) results.push_back(*result);
  return results;
}

inline std::string TextOf(const power::PlugResult& result) {
  return result.failure.has_value()
             ? absl::StrCat(power::Word(result.failure->failure_class), ": ",
                            result.failure->text)
             : std::string(power::Word(*result.outcome));
}

}  // namespace power_test
