#include "unit/power/programs.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/udp_socket.h"

namespace power_test {

bool Have(const std::string& program) {
  for (const char* folder : {"/usr/bin/", "/usr/sbin/"}) {
    if (access(absl::StrCat(folder, program).c_str(), X_OK) == 0) return true;
  }
  WARN("skipped: " << program << " is not installed");
  return false;
}

void Await(sys::Loop& loop, const std::function<bool()>& ready) {
  const absl::Time until = sys::SteadyNow() + absl::Seconds(30);
  while (!ready()) {
    REQUIRE(sys::SteadyNow() < until);
    loop.Turn(absl::Milliseconds(100));
  }
}

std::string RunBeside(sys::Loop& loop, const std::vector<std::string>& argv) {
  sys::TemporaryFolder folder = sys::TemporaryFolder::Make("beside").value();
  const std::string path = folder.path() + "/out";
  sys::Fd out(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  REQUIRE(out);
  absl::StatusOr<sys::Child> child =
      sys::Child::Spawn(argv, {.out = out.get(), .err = out.get()});
  REQUIRE(child.ok());
  bool has_ended = false;
  REQUIRE(loop.Watch(child->pidfd(), EPOLLIN,
                     [&](uint32_t) {
                       has_ended = true;
                       loop.Unwatch(child->pidfd());
                     })
              .ok());
  Await(loop, [&] { return has_ended; });
  const sys::Ended ended = child->Wait();
  return absl::StrCat(sys::ReadFile(path).value(), "[exit ",
                      ended.signal != 0 ? 128 + ended.signal : ended.code, "]");
}

Program::Program() : folder_(sys::TemporaryFolder::Make("program").value()) {}

std::string Program::Path(const std::string& name) const {
  return absl::StrCat(folder_.path(), "/", name);
}

void Program::Write(const std::string& name, const std::string& text,
                    int mode) {
  REQUIRE(sys::ReplaceFile(Path(name), text).ok());
  chmod(Path(name).c_str(), mode);
}

std::string Program::Read(const std::string& name) const {
  return sys::ReadFile(Path(name)).value_or("");
}

void Program::Start(const std::vector<std::string>& argv) {
  sys::Fd out(open(Path("log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(
      argv, {.out = out.get(), .err = out.get(), .death_signal = SIGKILL});
  REQUIRE(child.ok());
  child_ = *std::move(child);
}

int FreeUdpPort(const std::string& address) {
  return sys::UdpSocket::Bind(sys::UdpAddress::Parse(address, 0).value())
      .value()
      .LocalAddress()
      ->port();
}

}  // namespace power_test
