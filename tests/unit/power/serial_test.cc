// Serial lines, at the other side of which a pseudo terminal is.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>

#include "power/serial_flags.h"
#include "power/serial_transport.h"
#include "sys/file.h"
#include "sys/pty.h"
#include "unit/power/programs.h"

namespace {

using power::FailureClass;
using power_test::Await;

TEST_CASE("serial: flags are a rate and a frame", "[power]") {
  CHECK(power::ParseSerialFlags("")->baud == 9600);
  CHECK(power::ParseSerialFlags("115200")->baud == 115200);
  const auto flags = power::ParseSerialFlags("1200,7E2");
  REQUIRE(flags.ok());
  CHECK(flags->baud == 1200);
  CHECK(flags->data_bits == 7);
  CHECK(flags->parity == 'e');
  CHECK(flags->stop_bits == 2);
  for (const char* wrong :
       {"9601", "9600,", "9600,9n1", "9600,8x1", "9600,8n3", "9600,8n11",
        ",8n1", "-9600,8n1", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(power::ParseSerialFlags(wrong).ok());
  }
}

struct SerialBench {
  SerialBench()
      : folder(sys::TemporaryFolder::Make("locks").value()),
        pty(sys::OpenPty(80, 24).value()),
        name(sys::PathOf(pty.theirs.get()).value()) {}
  std::string LockFile() const {
    return absl::StrCat(folder.path(), "/LCK..",
                        name.substr(name.rfind('/') + 1));
  }
  std::unique_ptr<power::SerialTransport> Open(const std::string& flags) {
    auto line = std::make_unique<power::SerialTransport>(loop, name, flags,
                                                         folder.path());
    line->Start({.connected = [this] { connected = true; },
                 .received =
                     [this](absl::string_view b) {
                       received.append(b.data(), b.size());
                     },
                 .ended = [this](const auto& why) { failure = why; }});
    Await(loop, [&] { return connected || failure.has_value(); });
    return line;
  }
  sys::Loop loop;
  sys::TemporaryFolder folder;
  sys::Pty pty;
  std::string name;
  bool connected = false;
  std::string received;
  std::optional<power::Failure> failure;
};

TEST_CASE("serial: a line carries bytes both ways, and is set back",
          "[power]") {
  SerialBench bench;
  termios before = {}, during = {}, after = {};
  tcgetattr(bench.pty.theirs.get(), &before);
  auto line = bench.Open("1200,7e2");
  REQUIRE(bench.connected);
  tcgetattr(bench.pty.theirs.get(), &during);
  CHECK(cfgetospeed(&during) == B1200);
  CHECK((during.c_lflag & (ICANON | ECHO)) == 0);
  CHECK((during.c_cflag & CSTOPB) != 0);
  CHECK(sys::ReadFile(bench.LockFile()).value() ==
        absl::StrFormat("%10d\n", getpid()));
  REQUIRE(write(bench.pty.ours.get(), "hello\r\n", 7) == 7);
  Await(bench.loop, [&] { return bench.received == "hello\r\n"; });
  line->Send("on 1\r");
  std::string got;
  Await(bench.loop, [&] {
    char bytes[64];
    const ssize_t n = read(bench.pty.ours.get(), bytes, sizeof bytes);
    if (n > 0) got.append(bytes, static_cast<size_t>(n));
    return got == "on 1\r";
  });
  line.reset();
  tcgetattr(bench.pty.theirs.get(), &after);
  CHECK(after.c_lflag == before.c_lflag);
  CHECK(cfgetospeed(&after) == cfgetospeed(&before));
  CHECK(sys::ReadFile(bench.LockFile()).status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("serial: one line has one user", "[power]") {
  SerialBench bench;
  auto line = bench.Open("");
  REQUIRE(bench.connected);
  bench.connected = false;
  auto second = bench.Open("");
  REQUIRE(bench.failure.has_value());
  CHECK(bench.failure->failure_class == FailureClass::kBusy);
  second.reset();
  line.reset();

  // Of another program that knows nothing of flock.
  bench.failure.reset();
  bench.connected = false;
  REQUIRE(
      sys::ReplaceFile(bench.LockFile(), absl::StrFormat("%10d\n", 1)).ok());
  second = bench.Open("");
  REQUIRE(bench.failure.has_value());
  CHECK(bench.failure->text ==
        absl::StrCat(bench.name, ": is in use by process 1"));
  CHECK(sys::ReadFile(bench.LockFile()).ok());  // it is not ours to remove

  // Of one that has ended.
  bench.failure.reset();
  REQUIRE(sys::ReplaceFile(bench.LockFile(), absl::StrFormat("%10d\n", 1 << 30))
              .ok());
  second = bench.Open("");
  CHECK(bench.connected);
}

TEST_CASE("serial: what is no line is told", "[power]") {
  SerialBench bench;
  bench.name = "/dev/null";
  bench.Open("");
  REQUIRE(bench.failure.has_value());
  CHECK(bench.failure->failure_class == FailureClass::kConfig);
  bench.failure.reset();
  bench.name = "/dev/no-such-line";
  bench.Open("");
  CHECK(bench.failure->failure_class == FailureClass::kUnreachable);
}

}  // namespace
