#include "sys/process.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sys/child.h"
#include "sys/file.h"

namespace {

// Receives what a supervisor would, at a path or under an abstract name.
class Supervisor {
 public:
  explicit Supervisor(const std::string& name) {
    fd_.Reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                        name.size())) == 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Supervisor() { unsetenv("NOTIFY_SOCKET"); }
  std::string Message() {
    char text[64];
    const ssize_t n = recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return n < 0 ? "none" : std::string(text, static_cast<size_t>(n));
  }

 private:
  sys::Fd fd_;
};

}  // namespace

TEST_CASE("process: random bytes are as many as asked, and differ", "[sys]") {
  CHECK(sys::RandomBytes(0).empty());
  CHECK(sys::RandomBytes(100'000).size() == 100'000);
  std::set<std::string> seen;
  std::set<uint64_t> seeds;
  for (int i = 0; i < 100; i++) {
    seen.insert(sys::RandomBytes(16));
    seeds.insert(sys::RandomSeed());
  }
  CHECK(seen.size() == 100);
  CHECK(seeds.size() == 100);
}

TEST_CASE("process: raises its limit of descriptors as far as it may",
          "[sys]") {
  rlimit before, after;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 64;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  sys::RaiseDescriptorLimit();
  REQUIRE(getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == before.rlim_max);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("process: makes room for descriptors that are opened later",
          "[sys]") {
  // In a process of its own, as a table never shrinks.
  const pid_t pid = fork();
  if (pid == 0) {
    const int free = dup(0);
    close(free);
    sys::MakeRoomForDescriptors(700);
    const std::string status = sys::ReadFile("/proc/self/status").value_or("");
    const size_t at = status.find("FDSize:");
    const bool room =
        at != std::string::npos && atoi(status.c_str() + at + 7) >= 700;
    _exit(room && dup(0) == free ? 0 : 1);
  }
  int how = -1;
  REQUIRE(waitpid(pid, &how, 0) == pid);
  CHECK(how == 0);
}

TEST_CASE("process: tells a supervisor that it is ready, by path and by name",
          "[sys]") {
  auto folder = sys::TemporaryFolder::Make("notify-");
  REQUIRE(folder.ok());
  for (const std::string& name :
       {folder->path() + "/notify",
        absl::StrCat("@fleetbox-test-", base::Hex(sys::RandomBytes(8)))}) {
    INFO(name);
    Supervisor supervisor(name);
    sys::NotifySupervisor();
    CHECK(supervisor.Message() == "READY=1");
  }
  unsetenv("NOTIFY_SOCKET");
  sys::NotifySupervisor();
  for (const std::string& bad : {std::string("x"), std::string("/none/there"),
                                 std::string(200, '/'), std::string("@")}) {
    setenv("NOTIFY_SOCKET", bad.c_str(), 1);
    sys::NotifySupervisor();  // no harm
  }
  unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("process: tells who waits on a descriptor, and closes it", "[sys]") {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  sys::TellReady(pipe->second.Release(), "\n");
  CHECK(*sys::ReadFd(pipe->first.get()) == "\n");
}

TEST_CASE("process: kills exactly those that bear the mark", "[sys]") {
  const std::string id = base::Hex(sys::RandomBytes(8));
  const std::string mark = absl::StrCat("FLEETBOX_TEST=", id);
  const auto start = [](const std::string& entry) {
    const std::vector<std::string> environment = {"A=1", entry, "Z=1"};
    auto child = sys::Child::Spawn(
        std::vector<std::string>{"/bin/sh", "-c", "exec /bin/sleep 1000"},
        {.environment = &environment});
    REQUIRE(child.ok());
    return *std::move(child);
  };
  sys::Child a = start(mark);
  const std::string second = base::Hex(sys::RandomBytes(8));
  sys::Child b = start(absl::StrCat("FLEETBOX_TEST=", second));
  // Longer, shorter, and the mark inside of another entry.
  std::vector<sys::Child> others;
  others.push_back(start(mark + "0"));
  others.push_back(start(mark.substr(0, mark.size() - 1)));
  others.push_back(start("X" + mark));
  CHECK(sys::KillMarked("FLEETBOX_TEST", {id, second, "0"}) == 2);
  CHECK(a.Wait().signal == SIGKILL);
  CHECK(b.Wait().signal == SIGKILL);
  for (sys::Child& other : others) {
    pollfd p = {other.pidfd(), POLLIN, 0};
    CHECK(poll(&p, 1, 0) == 0);
  }
  CHECK(sys::KillMarked("FLEETBOX_TEST", {id}) == 0);
  CHECK(sys::KillMarked("", {id}) == 0);
  CHECK(sys::KillMarked("FLEETBOX_TEST", {}) == 0);
}

TEST_CASE("process: kills those too that the marked ones start meanwhile",
          "[sys]") {
  const std::string id = base::Hex(sys::RandomBytes(8));
  const std::string mark = absl::StrCat("FLEETBOX_TEST=", id);
  const std::vector<std::string> environment = {mark, "PATH=/bin:/usr/bin"};
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  auto child = sys::Child::Spawn(
      std::vector<std::string>{
          "/bin/sh", "-c",
          "i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); "
          "[ $i = 20 ] && echo go; done; wait"},
      {.out = pipe->second.get(), .environment = &environment});
  REQUIRE(child.ok());
  pipe->second.Reset();
  char c;
  REQUIRE(read(pipe->first.get(), &c, 1) == 1);
  CHECK(sys::KillMarked("FLEETBOX_TEST", {id}) >= 20);
  CHECK(child->Wait().signal == SIGKILL);
  // All held the pipe: its end is the end of the last of them.
  CHECK(sys::ReadFd(pipe->first.get()).ok());
  CHECK(sys::KillMarked("FLEETBOX_TEST", {id}) == 0);
}

TEST_CASE("process: knows its own executable and size", "[sys]") {
  CHECK(absl::StartsWith(sys::OwnExecutable(), "/"));
  CHECK(sys::Stat(sys::OwnExecutable())->inode ==
        sys::Stat("/proc/self/exe")->inode);
  CHECK(sys::ResidentBytes() > 100'000);
  CHECK(sys::MyPid() == getpid());
  CHECK(sys::MyUid() == getuid());
}

TEST_CASE("process: closed standard descriptors are filled for every main",
          "[sys]") {
  auto out = sys::Pipe();
  REQUIRE(out.ok());
  const pid_t pid = fork();
  if (pid == 0) {
    close(0);
    close(2);
    sys::FillStandardDescriptors();
    const int next = open("/dev/null", O_RDONLY);
    _exit(next > 2 && fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0 ? 0 : 1);
  }
  int status;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}
