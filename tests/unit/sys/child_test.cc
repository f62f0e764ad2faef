#include "sys/child.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "sys/file.h"
#include "sys/spare_descriptors.h"

namespace {

using Argv = std::vector<std::string>;

// What a child prints until it and all that hold its output have ended.
std::string Output(const Argv& argv, sys::SpawnOptions options = {},
                   sys::Ended* end = nullptr) {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  options.out = pipe->second.get();
  auto child = sys::Child::Spawn(argv, options);
  INFO(child.status().message());
  REQUIRE(child.ok());
  pipe->second.Reset();
  auto text = sys::ReadFd(pipe->first.get());
  REQUIRE(text.ok());
  const sys::Ended ended = child->Wait();
  if (end != nullptr) *end = ended;
  return *text;
}

int OpenDescriptors() {
  return static_cast<int>(sys::ListFolder("/proc/self/fd")->size());
}

struct InFolder {
  InFolder() : folder(*sys::TemporaryFolder::Make("child-test-")) {}
  std::string Script(const std::string& name, absl::string_view text,
                     int mode = 0755) {
    const std::string path = dir + "/" + name;
    REQUIRE(sys::ReplaceFile(path, text).ok());
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path;
  }
  sys::TemporaryFolder folder;
  const std::string& dir = folder.path();
};

bool Exists(int pid) { return kill(pid, 0) == 0; }

// A killed process that is nobody's child any more is gone only once its new
// parent has seen it; a zombie counts as gone.
bool GoneSoon(int pid) {
  for (int i = 0; i < 3000 && Exists(pid); i++) {
    auto stat = sys::ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    if (!stat.ok() || absl::StrContains(*stat, ") Z ")) return true;
    poll(nullptr, 0, 10);
  }
  return !Exists(pid);
}

}  // namespace

TEST_CASE("child: one that waits at a gate is executed when that opens",
          "[sys]") {
  InFolder in;
  const std::string mark = in.dir + "/mark";
  sys::Gate gate;
  absl::StatusOr<sys::Child> child = absl::UnknownError("not spawned");
  std::thread spawns([&] {
    child = sys::Child::Spawn(Argv{"touch", mark}, {.gate = &gate});
  });
  absl::SleepFor(absl::Milliseconds(30));
  CHECK_FALSE(sys::Stat(mark)->exists);
  const bool opens = GENERATE(true, false);
  opens ? gate.Open() : gate.Shut();
  spawns.join();
  if (opens) {
    REQUIRE(child.ok());
    CHECK(child->Wait().code == 0);
  } else {
    CHECK(absl::IsCancelled(child.status()));
  }
  CHECK(sys::Stat(mark)->exists == opens);
}

TEST_CASE("child: one that waits at a gate ends with whoever spawns it",
          "[sys]") {
  auto pipe = sys::Pipe();  // held by all that live
  REQUIRE(pipe.ok());
  const pid_t parent = fork();
  if (parent == 0) {
    sys::Gate gate;
    (void)sys::Child::Spawn(Argv{"true"},
                            {.out = pipe->second.get(), .gate = &gate});
    _exit(0);
  }
  pipe->second.Reset();
  // Until it waits at the gate there is nobody to be killed with its parent.
  const std::string children =
      absl::StrCat("/proc/", parent, "/task/", parent, "/children");
  while (sys::ReadFile(children)->empty())
    absl::SleepFor(absl::Milliseconds(1));
  absl::SleepFor(absl::Milliseconds(20));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  pollfd end = {pipe->first.get(), POLLIN, 0};
  CHECK(poll(&end, 1, 5000) == 1);
}

TEST_CASE("child: gets its arguments byte for byte, empty ones too", "[sys]") {
  CHECK(Output({"printf", "<%s>", "", "a b", "$x'\"\\\n", ""}) ==
        "<><a b><$x'\"\\\n><>");
}

TEST_CASE("child: its end is told as exit code or signal", "[sys]") {
  sys::Ended end;
  Output({"sh", "-c", "exit 7"}, {}, &end);
  CHECK((end.code == 7 && end.signal == 0));
  Output({"sh", "-c", "kill -TERM $$"}, {}, &end);
  CHECK((end.code == 0 && end.signal == SIGTERM));
}

TEST_CASE("child: its pidfd becomes readable when it ends", "[sys]") {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  auto child = sys::Child::Spawn(Argv{"cat"}, {.in = pipe->first.get()});
  REQUIRE(child.ok());
  pollfd p = {child->pidfd(), POLLIN, 0};
  CHECK(poll(&p, 1, 0) == 0);
  pipe->second.Reset();
  CHECK(poll(&p, 1, 30'000) == 1);
  CHECK((fcntl(child->pidfd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(child->Wait().code == 0);
  CHECK(child->Signal(SIGTERM).ok());
}

TEST_CASE("child: its environment is ours, or all of what is given", "[sys]") {
  setenv("CHILD_TEST", "ours", 1);
  CHECK(Output({"sh", "-c", "printf %s \"$CHILD_TEST\""}) == "ours");
  const std::vector<std::string> given = {"A=1", "B=two words", "EMPTY="};
  CHECK(Output({"env"}, {.environment = &given}) ==
        "A=1\nB=two words\nEMPTY=\n");
  const std::vector<std::string> none;
  CHECK(Output({"env"}, {.environment = &none}) == "");
  unsetenv("CHILD_TEST");
}

TEST_CASE("child: unnamed descriptors are /dev/null", "[sys]") {
  CHECK(Output({"sh", "-c", "readlink /proc/self/fd/0 /proc/self/fd/2"}) ==
        "/dev/null\n/dev/null\n");
}

TEST_CASE("child: no other descriptor of ours is open in it", "[sys]") {
  // One that is not close-on-exec, as a library might leave it, and a high one.
  const int low = open("/dev/null", O_RDONLY);
  const int high = fcntl(low, F_DUPFD, 200);
  REQUIRE(high >= 200);
  // 3 is the folder that ls reads.
  CHECK(Output({"ls", "/proc/self/fd"}) == "0\n1\n2\n3\n");
  close(low);
  close(high);
}

TEST_CASE("child: descriptors may come crosswise out of 0, 1 and 2", "[sys]") {
  // The parent's own 0, 1 and 2 are changed, so it is a process of its own.
  auto in = sys::Pipe();
  auto out = sys::Pipe();
  auto err = sys::Pipe();
  REQUIRE((in.ok() && out.ok() && err.ok()));
  fflush(nullptr);  // ThreadSanitizer's _exit would write it there
  const pid_t pid = fork();
  if (pid == 0) {
    // Its input lies at 2, its output at 0, its errors at 1.
    dup2(in->first.get(), 2);
    dup2(out->second.get(), 0);
    dup2(err->second.get(), 1);
    auto child = sys::Child::Spawn(
        Argv{"sh", "-c", "read x; echo out-$x; echo err-$x >&2"},
        {.in = 2, .out = 0, .err = 1});
    _exit(child.ok() && child->Wait().code == 0 ? 0 : 1);
  }
  in->first.Reset();
  out->second.Reset();
  err->second.Reset();
  REQUIRE(sys::WriteAll(in->second.get(), "hello\n").ok());
  CHECK(*sys::ReadFd(out->first.get()) == "out-hello\n");
  CHECK(*sys::ReadFd(err->first.get()) == "err-hello\n");
  int status;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("child: one descriptor may serve twice, and 0, 1, 2 may be closed",
          "[sys]") {
  auto out = sys::Pipe();
  REQUIRE(out.ok());
  const pid_t pid = fork();
  if (pid == 0) {
    const int write_end = fcntl(out->second.get(), F_DUPFD_CLOEXEC, 50);
    for (int fd = 0; fd < 50; fd++) close(fd);
    auto child = sys::Child::Spawn(
        Argv{"sh", "-c",
             "echo out; echo err >&2; readlink /proc/self/fd/0; "
             "exec ls /proc/self/fd"},
        {.out = write_end, .err = write_end});
    _exit(child.ok() && child->Wait().code == 0 ? 0 : 1);
  }
  out->second.Reset();
  CHECK(*sys::ReadFd(out->first.get()) == "out\nerr\n/dev/null\n0\n1\n2\n3\n");
  int status;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("child: signals are unblocked and at their defaults in it", "[sys]") {
  sigset_t some, before;
  sigemptyset(&some);
  sigaddset(&some, SIGTERM);
  sigaddset(&some, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &some, &before);
  const auto old_pipe = signal(SIGPIPE, SIG_IGN);
  const auto old_usr = signal(SIGUSR2, [](int) {});
  const std::string whole = Output({"cat", "/proc/self/status"});
  signal(SIGPIPE, old_pipe);
  signal(SIGUSR2, old_usr);
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, &before, &now);
  CHECK(absl::StrContains(whole,
                          "SigBlk:\t0000000000000000\n"
                          "SigIgn:\t0000000000000000\n"
                          "SigCgt:\t0000000000000000\n"));
  // And ours are as they were.
  CHECK(sigismember(&now, SIGTERM) == 1);
  CHECK(sigismember(&now, SIGUSR1) == 1);
  CHECK(sigismember(&now, SIGINT) == 0);
}

TEST_CASE_METHOD(InFolder, "child: begins in the folder it is given", "[sys]") {
  CHECK(Output({"pwd"}, {.folder = dir}) == dir + "\n");
  const absl::Status status =
      sys::Child::Spawn(Argv{"pwd"}, {.folder = dir + "/none"}).status();
  CHECK(absl::IsNotFound(status));
  CHECK(status.message() == dir + "/none: No such file or directory");
}

TEST_CASE("child: a group of its own is signalled as a whole", "[sys]") {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  auto child =
      sys::Child::Spawn(Argv{"sh", "-c", "sleep 1000 & echo $!; wait"},
                        {.out = pipe->second.get(), .own_group = true});
  REQUIRE(child.ok());
  pipe->second.Reset();
  char text[32];
  const ssize_t n = read(pipe->first.get(), text, sizeof text);
  REQUIRE(n > 0);
  int grandchild;
  REQUIRE(absl::SimpleAtoi(absl::string_view(text, static_cast<size_t>(n)),
                           &grandchild));
  CHECK(Exists(grandchild));
  CHECK(getpgid(child->pid()) == child->pid());
  CHECK(getpgid(grandchild) == child->pid());
  CHECK(child->SignalGroup(SIGTERM).ok());
  CHECK(child->Wait().signal == SIGTERM);
  CHECK(GoneSoon(grandchild));
}

TEST_CASE("child: a leader that has ended still stands for its group",
          "[sys]") {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  auto child =
      sys::Child::Spawn(Argv{"sh", "-c", "sleep 1000 & echo $!"},
                        {.out = pipe->second.get(), .own_group = true});
  REQUIRE(child.ok());
  pipe->second.Reset();
  char text[32];
  const ssize_t n = read(pipe->first.get(), text, sizeof text);
  int grandchild = 0;
  REQUIRE(n > 0);
  REQUIRE(absl::SimpleAtoi(absl::string_view(text, static_cast<size_t>(n)),
                           &grandchild));
  pollfd p = {child->pidfd(), POLLIN, 0};
  REQUIRE(poll(&p, 1, 30'000) == 1);
  CHECK(child->SignalGroup(SIGKILL).ok());
  CHECK(GoneSoon(grandchild));
  CHECK(child->Wait().code == 0);
  CHECK(child->SignalGroup(SIGKILL).ok());  // nobody is left: ok
}

TEST_CASE("child: is killed and reaped by its owner's end", "[sys]") {
  int pid, replaced;
  {
    auto child = sys::Child::Spawn(Argv{"sleep", "1000"}, {});
    REQUIRE(child.ok());
    sys::Child moved = *std::move(child);
    replaced = moved.pid();
    auto other = sys::Child::Spawn(Argv{"sleep", "1000"}, {});
    REQUIRE(other.ok());
    moved = *std::move(other);
    CHECK_FALSE(Exists(replaced));
    pid = moved.pid();
    CHECK(Exists(pid));
  }
  CHECK_FALSE(Exists(pid));
}

TEST_CASE_METHOD(InFolder, "child: is looked up on PATH", "[sys]") {
  Script("fleetbox-test-program", "#!/bin/sh\necho \"$0\"\n");
  Script("fleetbox-test-plain", "x", 0644);
  REQUIRE(sys::MakeFolders(dir + "/sub/fleetbox-test-program").ok());
  const std::string path = getenv("PATH");
  // A folder of the name, and a file in place of a folder, are passed over.
  setenv("PATH",
         absl::StrCat(dir, "/sub:", dir, "/fleetbox-test-plain:", dir).c_str(),
         1);
  CHECK(Output({"fleetbox-test-program"}) == dir + "/fleetbox-test-program\n");
  const auto plain = sys::Child::Spawn(Argv{"fleetbox-test-plain"}, {});
  const auto missing = sys::Child::Spawn(Argv{"fleetbox-test-none"}, {});
  // An empty part is the working folder; not so when the child has another.
  setenv("PATH", "", 1);
  const auto moved =
      sys::Child::Spawn(Argv{"fleetbox-test-program"}, {.folder = dir});
  setenv("PATH", path.c_str(), 1);
  CHECK(absl::IsPermissionDenied(plain.status()));
  CHECK(plain.status().message() == "fleetbox-test-plain: Permission denied");
  CHECK(absl::IsNotFound(missing.status()));
  CHECK(missing.status().message() ==
        "fleetbox-test-none: No such file or directory");
  CHECK(absl::IsNotFound(moved.status()));
}

TEST_CASE_METHOD(InFolder, "child: what cannot be executed says why", "[sys]") {
  const auto fails = [&](const std::string& path) {
    return sys::Child::Spawn(Argv{path}, {}).status();
  };
  CHECK(absl::IsNotFound(fails(dir + "/none")));
  CHECK(absl::IsNotFound(fails("")));
  CHECK(absl::IsPermissionDenied(fails(dir)));
  CHECK(absl::IsPermissionDenied(fails(Script("plain", "x", 0644))));
  CHECK(absl::IsPermissionDenied(fails(Script("text", "just text\n"))));
  CHECK(absl::IsPermissionDenied(fails(Script("empty", ""))));
  CHECK(absl::IsNotFound(fails(dir + "/text/below")));
  const absl::Status lost = fails(Script("lost", "#!/no/such/interpreter\n"));
  CHECK(absl::IsNotFound(lost));
  CHECK(lost.message() ==
        dir + "/lost: interpreter or loader: No such file or directory");
  REQUIRE(symlink("loop", (dir + "/loop").c_str()) == 0);
  CHECK(absl::IsPermissionDenied(fails(dir + "/loop")));
  CHECK(absl::IsInvalidArgument(fails(std::string("a\0b", 3))));
  CHECK(absl::IsInvalidArgument(
      sys::Child::Spawn(std::vector<std::string>(), {}).status()));
  const std::vector<std::string> forged = {std::string("A=1\0B=2", 7)};
  CHECK(absl::IsInvalidArgument(
      sys::Child::Spawn(Argv{"true"}, {.environment = &forged}).status()));
  CHECK_FALSE(
      sys::Child::Spawn(Argv{"true", std::string(4 << 20, 'x')}, {}).ok());
}

TEST_CASE_METHOD(InFolder, "child: a file that is being written is Unavailable",
                 "[sys]") {
  const std::string path = Script("busy", "#!/bin/sh\n");
  auto copy = sys::ReadFile("/bin/true");
  REQUIRE(copy.ok());
  REQUIRE(sys::ReplaceFile(path, *copy).ok());
  REQUIRE(chmod(path.c_str(), 0755) == 0);
  auto writer = sys::Open(path, O_WRONLY);
  REQUIRE(writer.ok());
  const absl::Status status = sys::Child::Spawn(Argv{path}, {}).status();
  CHECK(absl::IsUnavailable(status));
  writer->Reset();
  CHECK(sys::Child::Spawn(Argv{path}, {}).ok());
}

TEST_CASE_METHOD(InFolder, "child: executes an open file, whatever its name",
                 "[sys]") {
  auto program = sys::Open("/bin/echo", O_RDONLY);
  REQUIRE(program.ok());
  CHECK(Output({"no-such-name", "hello"}, {.executable = program->get()}) ==
        "hello\n");
  // Gone from its folder meanwhile.
  const std::string path = Script("script", "#!/bin/sh\necho script \"$@\"\n");
  auto script = sys::Open(path, O_RDONLY);
  REQUIRE(script.ok());
  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(Output({"anything", "a", "b c"}, {.executable = script->get()}) ==
        "script a b c\n");
  CHECK((fcntl(script->get(), F_GETFD) & FD_CLOEXEC) != 0);
  // 0, 1, 2, the script, and the folder that ls reads; nothing else.
  const std::string listing =
      Script("list", "#!/bin/sh\nexec ls /proc/self/fd\n");
  auto list = sys::Open(listing, O_RDONLY);
  REQUIRE(list.ok());
  const std::string open_there = Output({"x"}, {.executable = list->get()});
  CHECK(std::count(open_there.begin(), open_there.end(), '\n') == 5);
}

TEST_CASE_METHOD(InFolder, "child: an open file that is no program is refused",
                 "[sys]") {
  const auto fails = [&](const std::string& path, int flags = O_RDONLY) {
    auto fd = sys::Open(path, flags);
    REQUIRE(fd.ok());
    return sys::Child::Spawn(Argv{"x"}, {.executable = fd->get()}).status();
  };
  CHECK(absl::IsPermissionDenied(fails(Script("plain", "x", 0644))));
  CHECK(absl::IsPermissionDenied(fails(Script("text", "just text\n"))));
  CHECK(absl::IsPermissionDenied(fails(dir, O_RDONLY | O_DIRECTORY)));
  CHECK(absl::IsNotFound(fails(Script("lost", "#!/no/such/thing\n"))));
  CHECK(fails(Script("good", "#!/bin/sh\n")).ok());
}

TEST_CASE_METHOD(InFolder, "child: an open file may itself be 0, 1 or 2",
                 "[sys]") {
  const std::string path = Script("script", "#!/bin/sh\necho script\n");
  auto out = sys::Pipe();
  REQUIRE(out.ok());
  const pid_t pid = fork();
  if (pid == 0) {
    close(0);
    if (open(path.c_str(), O_RDONLY) != 0) _exit(2);
    auto child = sys::Child::Spawn(Argv{"x"},
                                   {.out = out->second.get(), .executable = 0});
    _exit(child.ok() && child->Wait().code == 0 ? 0 : 1);
  }
  out->second.Reset();
  CHECK(*sys::ReadFd(out->first.get()) == "script\n");
  int status;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("child: ends are known even where SIGCHLD was ignored", "[sys]") {
  const auto before = signal(SIGCHLD, SIG_IGN);
  sys::Ended end;
  Output({"sh", "-c", "exit 3"}, {}, &end);
  CHECK(end.code == 3);
  signal(SIGCHLD, before);
}

TEST_CASE("child: two thousand leave nothing open behind", "[sys]") {
  const int before = OpenDescriptors();
  for (int i = 0; i < 1000; i++) {
    REQUIRE(
        sys::Child::Spawn(Argv{"/nonexistent/program"}, {}).status().code() ==
        absl::StatusCode::kNotFound);
    auto child = sys::Child::Spawn(Argv{"/bin/true"}, {});
    REQUIRE(child.ok());
    REQUIRE(child->Wait().code == 0);
  }
  CHECK(OpenDescriptors() == before);
  siginfo_t info;
  CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("program: its input goes in and its output comes back", "[sys]") {
  auto out =
      sys::RunProgram(Argv{"tr", "a-z", "A-Z"}, "hello", absl::Seconds(30));
  REQUIRE(out.ok());
  CHECK(*out == "HELLO");
  const std::string much(900'000, 'm');
  CHECK(*sys::RunProgram(Argv{"cat"}, much, absl::Seconds(30)) == much);
  // A program that does not read it, or is gone before, does no harm.
  CHECK(sys::RunProgram(Argv{"true"}, much, absl::Seconds(30)).ok());
}

TEST_CASE("program: a failure has its last words as the reason", "[sys]") {
  const auto run = [](const std::string& script) {
    return std::string(
        sys::RunProgram(Argv{"sh", "-c", script}, "", absl::Seconds(30))
            .status()
            .message());
  };
  CHECK(run("echo first >&2; echo 'last one' >&2; exit 3") == "sh: last one");
  CHECK(run("echo; exit 3") == "sh: exit 3");
  CHECK(run("kill -KILL $$") == "sh: ended by SIGKILL");
  CHECK(run("printf 'bad\\033[2J\\r\\n\\n' >&2; exit 1") == "sh: bad\\x1b[2J");
  CHECK(run("yes | head -c 300000 >&2; printf 'the end' >&2; exit 1") ==
        "sh: the end");
  CHECK(absl::IsNotFound(
      sys::RunProgram(Argv{"/none"}, "", absl::Seconds(30)).status()));
}

TEST_CASE("program: one that takes too long is killed with its group",
          "[sys]") {
  auto folder = sys::TemporaryFolder::Make("program-");
  REQUIRE(folder.ok());
  const std::string file = folder->path() + "/pid";
  const absl::Status status =
      sys::RunProgram(
          Argv{"sh", "-c", "sleep 1000 & echo $! >\"$0\"; wait", file}, "",
          absl::Milliseconds(500))
          .status();
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(status.message() == "sh: not done after 500ms");
  auto text = sys::ReadFile(file);
  int pid;
  if (text.ok() && absl::SimpleAtoi(*text, &pid)) CHECK(GoneSoon(pid));
}

TEST_CASE("program: too much output is refused, and ends it", "[sys]") {
  const absl::Status status =
      sys::RunProgram(Argv{"yes"}, "", absl::Seconds(30), 10'000).status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(sys::RunProgram(Argv{"sh", "-c", "yes | head -c 10000"}, "",
                        absl::Seconds(30), 10'000)
            ->size() == 10'000);
  CHECK(absl::IsResourceExhausted(
      sys::RunProgram(Argv{"sh", "-c", "yes | head -c 10001"}, "",
                      absl::Seconds(30), 10'000)
          .status()));
}

TEST_CASE("program: what it leaves behind does not keep us waiting", "[sys]") {
  auto out = sys::RunProgram(Argv{"sh", "-c", "sleep 1000 & echo $!"}, "",
                             absl::Seconds(30));
  REQUIRE(out.ok());
  int pid;
  REQUIRE(absl::SimpleAtoi(*out, &pid));
  CHECK(Exists(pid));
  kill(pid, SIGKILL);
}

TEST_CASE("child: another user has none of our groups, and no way back",
          "[sys]") {
  const sys::Credentials nobody = {
      .uid = 65534, .gid = 65533, .groups = {65532}};
  sys::SpawnOptions options;
  options.credentials = &nobody;
  const Argv argv = {"sh", "-c",
                     "id -u; id -g; id -G; grep ^Cap /proc/self/status | grep "
                     "-v CapBnd | grep -vc 0000000000000000"};
  if (getuid() != 0) {
    CHECK(absl::IsPermissionDenied(sys::Child::Spawn(argv, options).status()));
    return;
  }
  CHECK(Output(argv, options) == "65534\n65533\n65533 65532\n0\n");
  // We are who we were.
  CHECK(getuid() == 0);
  CHECK(setresuid(0, 0, 0) == 0);
}

TEST_CASE("child: a start loses no end of another child", "[sys]") {
  sigset_t set, before, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  REQUIRE(sigprocmask(SIG_BLOCK, &set, &before) == 0);
  REQUIRE(raise(SIGCHLD) == 0);
  Output({"true"});
  CHECK(sigpending(&pending) == 0);
  CHECK(sigismember(&pending, SIGCHLD) == 1);
  timespec at_once = {};
  sigtimedwait(&set, nullptr, &at_once);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("child: spare descriptors change nothing but the cost", "[sys]") {
  const sys::SpareDescriptors spare;
  REQUIRE(spare.numbers()->size() > 2);
  std::vector<sys::Fd> many;
  for (int i = 0; i < 100; i++) many.emplace_back(dup(0));
  auto in = sys::MemoryFile("in");
  auto given = sys::MemoryFile("given");
  const int before = OpenDescriptors();
  sys::ChildSetup setup;
  setup.spare = spare.numbers();
  // Their new places are among the spare ones, or between them.
  for (int as : {3, 5, 77}) setup.descriptors.push_back({given->get(), as});
  sys::SpawnOptions options;
  options.in = in->get();
  options.setup = &setup;
  CHECK(
      Output({"sh", "-c",
              "cat; cat /proc/self/fd/77; for f in 0 1 2 3 4 5 76 77 78; do [ "
              "-e /proc/$$/fd/$f ] && echo -n $f' '; done"},
             options) == "ingiven0 1 2 3 5 77 ");
  CHECK(OpenDescriptors() == before);
  // What was put there is closed: whoever reads hears of the end.
  auto pipe = sys::Pipe();
  setup.descriptors = {{pipe->second.get(), 4}};
  CHECK(Output({"sh", "-c", "echo x >&4"}, options) == "");
  pipe->second.Reset();
  CHECK(*sys::ReadFd(pipe->first.get()) == "x\n");
  // More than there are spare ones: as without.
  setup.descriptors.clear();
  for (int i = 0; i < 30; i++)
    setup.descriptors.push_back({many[i].get(), 40 + i});
  // The shell's own look at the folder is one more.
  CHECK(Output({"sh", "-c", "set -- /proc/$$/fd/*; echo $#"}, options) ==
        "34\n");
  CHECK(absl::IsNotFound(sys::Child::Spawn({"/no/such"}, options).status()));
  CHECK(OpenDescriptors() == before + 1);
}

TEST_CASE("child: for the reaper it is started without a descriptor", "[sys]") {
  const int before = OpenDescriptors();
  const auto pid = sys::Child::SpawnForReaper({"sh", "-c", "exit 7"}, {});
  REQUIRE(pid.ok());
  CHECK(OpenDescriptors() == before);
  int how = 0;
  REQUIRE(waitpid(*pid, &how, 0) == *pid);
  CHECK((WIFEXITED(how) && WEXITSTATUS(how) == 7));
  // One that could not be executed is nobody's to wait for.
  CHECK(
      absl::IsNotFound(sys::Child::SpawnForReaper({"/no/such"}, {}).status()));
  CHECK(waitpid(-1, nullptr, WNOHANG) < 0);
  CHECK(OpenDescriptors() == before);
}
