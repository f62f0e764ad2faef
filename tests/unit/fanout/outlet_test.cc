#include "fanout/outlet.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/file.h"
#include "sys/socket.h"

namespace {

struct Ends {
  sys::Fd in, out;
};
Ends Pipe() {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  // The reader is not to hold up a test.
  fcntl(pipe->first.get(), F_SETFL, O_NONBLOCK);
  return {std::move(pipe->first), std::move(pipe->second)};
}
std::string ReadSome(const sys::Fd& fd) {
  std::string text(1 << 20, '\0');
  const ssize_t n = read(fd.get(), text.data(), text.size());
  text.resize(n > 0 ? n : 0);
  return text;
}

TEST_CASE("outlet: a full pipe takes what it has room for, and nobody waits",
          "[fanout]") {
  const Ends pipe = Pipe();
  const std::string much(1 << 20, 'x');
  const auto first = fanout::WriteNow(pipe.out.get(), much);
  REQUIRE(first.ok());
  CHECK(*first > 0);
  CHECK(*first < much.size());
  CHECK(fanout::WriteNow(pipe.out.get(), much).value() == 0);
  // The pipe itself is as it was: others rely on that.
  CHECK((fcntl(pipe.out.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("outlet: a socket that blocks is not waited for either", "[fanout]") {
  auto pair = sys::SocketPair();
  REQUIRE(pair.ok());
  fcntl(pair->first.get(), F_SETFL, 0);
  const std::string much(1 << 20, 'x');
  size_t written = 1;
  for (int i = 0; i < 100 && written > 0; ++i) {
    written = fanout::WriteNow(pair->first.get(), much).value();
  }
  CHECK(written == 0);
}

TEST_CASE("outlet: the reason of a failure is the system's", "[fanout]") {
  signal(SIGPIPE, SIG_IGN);  // as every main of ours has it
  const sys::Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK(fanout::WriteNow(full.get(), "x").status().message() ==
        "No space left on device");
  Ends pipe = Pipe();
  pipe.in.Reset();
  CHECK(fanout::WriteNow(pipe.out.get(), "x").status().message() ==
        "Broken pipe");
}

TEST_CASE("outlet: what does not fit is kept, and goes when there is room",
          "[fanout]") {
  sys::Loop loop;
  const Ends pipe = Pipe();
  int drained = 0;
  auto outlet = fanout::Outlet::Open(
      loop, pipe.out.get(), [&] { ++drained; },
      [](const absl::Status&) { FAIL("it did not fail"); });
  REQUIRE(outlet.ok());
  std::string all;
  for (int i = 0; i < 300; ++i) all += std::string(1000, 'a' + i % 26);
  (*outlet)->Write(all.substr(0, 1000));
  (*outlet)->Write(all.substr(1000));
  CHECK((*outlet)->kept_bytes() > 0);
  CHECK(drained == 0);
  std::string got;
  for (int turn = 0; turn < 1000 && got.size() < all.size(); ++turn) {
    loop.Turn(absl::ZeroDuration());
    got += ReadSome(pipe.in);
  }
  loop.Turn(absl::ZeroDuration());
  CHECK(got == all);
  CHECK(drained == 1);
  CHECK((*outlet)->kept_bytes() == 0);
}

TEST_CASE("outlet: a failure is told once, and nothing is kept", "[fanout]") {
  signal(SIGPIPE, SIG_IGN);
  sys::Loop loop;
  Ends pipe = Pipe();
  int failures = 0;
  auto outlet = fanout::Outlet::Open(loop, pipe.out.get(), nullptr,
                                     [&](const absl::Status&) { ++failures; });
  REQUIRE(outlet.ok());
  pipe.in.Reset();
  for (int i = 0; i < 3; ++i) {
    (*outlet)->Write("x");
    loop.Turn(absl::ZeroDuration());
  }
  CHECK(failures == 1);
  CHECK((*outlet)->kept_bytes() == 0);
}

TEST_CASE("outlet: whoever is told may be its end", "[fanout]") {
  sys::Loop loop;
  const Ends pipe = Pipe();
  std::unique_ptr<fanout::Outlet> outlet;
  auto opened = fanout::Outlet::Open(
      loop, pipe.out.get(), [&] { outlet.reset(); }, nullptr);
  REQUIRE(opened.ok());
  outlet = *std::move(opened);
  outlet->Write(std::string(1 << 17, 'x'));
  for (int turn = 0; turn < 100 && outlet != nullptr; ++turn) {
    ReadSome(pipe.in);
    loop.Turn(absl::ZeroDuration());
  }
  CHECK(outlet == nullptr);
}

TEST_CASE("outlet: a plain file takes everything", "[fanout]") {
  sys::Loop loop;
  const sys::Fd file(open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  REQUIRE(file);
  auto outlet = fanout::Outlet::Open(loop, file.get(), nullptr, nullptr);
  REQUIRE(outlet.ok());
  (*outlet)->Write(std::string(1 << 20, 'x'));
  for (int i = 0; i < 100; ++i) loop.Turn(absl::ZeroDuration());
  CHECK((*outlet)->kept_bytes() == 0);
  CHECK(lseek(file.get(), 0, SEEK_END) == 1 << 20);
}

}  // namespace
