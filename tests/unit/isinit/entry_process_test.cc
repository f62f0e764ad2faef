#include "isinit/entry_process.h"

#include <absl/strings/match.h>
#include <absl/strings/str_join.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "sys/users.h"
#include "unit/isinit/processes.h"

using isinit::Entry;
using isinit::EntryProcesses;
using isinit::MakeEntry;
using isinit::Processes;
using isinit::ProcessGifts;

namespace {

// What it prints until it has ended.
std::string Output(Processes& world, const Entry& entry,
                   ProcessGifts gifts = {}, sys::Ended* how = nullptr) {
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  gifts.out = gifts.err = pipe->second.get();
  EntryProcesses processes("/run/s");
  const auto pid = processes.Start(entry, "1", gifts);
  INFO(pid.status().message());
  REQUIRE(pid.ok());
  const auto watched = world.Watch(*pid);
  pipe->second.Reset();
  const auto text = sys::ReadFd(pipe->first.get());
  REQUIRE(text.ok());
  REQUIRE(world.Until([&] { return watched->ended; }));
  if (how != nullptr) *how = watched->how;
  return *text;
}

std::string Status(Processes& world, Entry entry, const std::string& pattern) {
  entry.command = "sed -nE '/" + pattern + "/p' /proc/self/status";
  return Output(world, entry);
}

bool IsRoot() { return getuid() == 0; }

}  // namespace

TEST_CASE("entry process: has what the table says and nothing of ours",
          "[isinit]") {
  Processes world;
  setenv("ISINIT_TEST_OURS", "1", 1);
  const std::string text = Output(world, *MakeEntry("web", "/usr/bin/env"));
  unsetenv("ISINIT_TEST_OURS");
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  std::sort(lines.begin(), lines.end());
  CHECK(absl::StrJoin(lines, "\n") ==
        "\nISINIT_GROUP=g\nISINIT_LEVEL=1\nISINIT_SOCKET=/run/s\n"
        "ISINIT_TAG=web\n"
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

TEST_CASE("entry process: leads a session, in / with umask 022", "[isinit]") {
  Processes world;
  const std::string text =
      Output(world, *MakeEntry("a",
                               "read pid rest </proc/self/stat; umask; pwd; "
                               "cut -d' ' -f5,6 /proc/$$/stat; echo $$"));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "0022");
  CHECK(lines[1] == "/");
  CHECK(lines[2] == lines[3] + " " + lines[3]);
}

TEST_CASE("entry process: signals are at their defaults and unblocked",
          "[isinit]") {
  Processes world;  // has SIGCHLD blocked
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  const std::string text =
      Status(world, *MakeEntry("a", ""), "^Sig(Blk|Ign|Cgt)");
  sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(text ==
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
        "SigCgt:\t0000000000000000\n");
}

TEST_CASE("entry process: has no descriptors but 0, 1 and 2", "[isinit]") {
  Processes world;
  const sys::Fd extra(open("/dev/null", O_RDONLY));  // not close-on-exec
  const std::string text = Output(
      world, *MakeEntry("a", "ls /proc/self/fd; readlink /proc/$$/fd/0"));
  // ls has the folder open.
  CHECK(text == "0\n1\n2\n3\n/dev/null\n");
}

TEST_CASE("entry process: only what needs a shell has one", "[isinit]") {
  using List = std::vector<std::string>;
  const auto ArgumentsOf = [](absl::string_view command, bool shell) {
    return isinit::ArgumentsOf(command, false, [=] { return shell; });
  };
  CHECK(ArgumentsOf("/bin/sleep 9001", true) == List{"/bin/sleep", "9001"});
  CHECK(ArgumentsOf("exec sleep '1 2'", true) == List{"sleep", "1 2"});
  CHECK(ArgumentsOf("A=1 sleep 1", true) ==
        List{"/bin/sh", "-c", "A=1 sleep 1"});
  CHECK(ArgumentsOf("sleep 1 &", true) == List{"/bin/sh", "-c", "sleep 1 &"});
  // "true" may be the shell's own; without a shell it can only be a program.
  CHECK(ArgumentsOf("true", true) == List{"/bin/sh", "-c", "true"});
  CHECK(ArgumentsOf("true", false) == List{"true"});
}

TEST_CASE("isinit 29: entry process: what cannot be executed says why",
          "[isinit]") {
  Processes world;
  EntryProcesses processes("");
  const auto pid = processes.Start(*MakeEntry("a", "/no/such"), "1", {});
  CHECK(absl::IsNotFound(pid.status()));
  CHECK(pid.status().message() == "/no/such: No such file or directory");
  // No second copy of us, and no zombie.
  CHECK(waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == -1);
  CHECK(errno == ECHILD);
  const std::string file = world.Path("plain");
  REQUIRE(sys::ReplaceFile(file, "x", 0644).ok());
  CHECK(absl::IsPermissionDenied(
      processes.Start(*MakeEntry("a", file), "1", {}).status()));
  auto entry = MakeEntry("a", "/bin/true");
  entry->attributes.surroundings.folder = "/no/folder";
  CHECK(processes.Start(*entry, "1", {}).status().message() ==
        "/no/folder: No such file or directory");
  entry->attributes.surroundings.folder = "/";
  entry->attributes.surroundings.user = "nobody-of-that-name";
  CHECK(absl::IsNotFound(processes.Start(*entry, "1", {}).status()));
}

TEST_CASE("entry process: a program is looked up on its own PATH", "[isinit]") {
  Processes world;
  REQUIRE(sys::ReplaceFile(world.Path("mine"), "#!/bin/sh\necho here\n").ok());
  REQUIRE(chmod(world.Path("mine").c_str(), 0755) == 0);
  auto entry = MakeEntry("a", "mine");
  entry->attributes.surroundings.environment = {"PATH=" + world.folder.path()};
  CHECK(Output(world, *entry) == "here\n");
}

TEST_CASE("entry process: folder, umask, limits, priority, oom", "[isinit]") {
  Processes world;
  auto entry = MakeEntry("a",
                         "pwd; umask; ulimit -Sn; ulimit -Hn; nice; "
                         "cat /proc/self/oom_score_adj");
  isinit::Surroundings& s = entry->attributes.surroundings;
  s.folder = world.folder.path();
  s.umask = 077;
  s.limits = {{RLIMIT_NOFILE, 55, 66}};
  s.nice = 3;
  s.out_of_memory = 500;
  const int nice = std::min(getpriority(PRIO_PROCESS, 0) + 3, 19);
  CHECK(Output(world, *entry) ==
        absl::StrCat(world.folder.path(), "\n0077\n55\n66\n", nice, "\n500\n"));
}

TEST_CASE("entry process: has the limit of descriptors we were started with",
          "[isinit]") {
  Processes world;
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const EntryProcesses processes("");
  rlimit raised = before;
  raised.rlim_cur = before.rlim_cur - 1;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &raised) == 0);
  const auto pid = processes.Start(
      *MakeEntry("a", "ulimit -Sn >" + world.Path("limit")), "1", {});
  setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(pid.ok());
  const auto watched = world.Watch(*pid);
  REQUIRE(world.Until([&] { return watched->ended; }));
  CHECK(world.Content("limit") == absl::StrCat(before.rlim_cur, "\n"));
}

TEST_CASE("entry process: runs as its user with all its groups", "[isinit]") {
  if (!IsRoot()) {
    WARN("skipped: needs root");
    return;
  }
  Processes world;
  auto entry = MakeEntry("a", "id -u; id -g; id -G; echo $USER $LOGNAME");
  entry->attributes.surroundings.user = "nobody";
  const std::string gid = absl::StrCat(*sys::FindGroup("nogroup"));
  CHECK(Output(world, *entry) ==
        absl::StrCat("65534\n", gid, "\n", gid, "\nnobody nobody\n"));
  entry->attributes.surroundings.group = "daemon";
  CHECK(Output(world, *entry) ==
        absl::StrCat("65534\n1\n1 ", gid, "\nnobody nobody\n"));
  // Numbers need no account.
  entry->attributes.surroundings.user = "54321";
  entry->attributes.surroundings.group = "";
  CHECK(Output(world, *entry) == "54321\n54321\n54321\n\n");
}

TEST_CASE(
    "entry process: keeps capabilities over the change of user, and "
    "no others",
    "[isinit]") {
  if (!IsRoot()) {
    WARN("skipped: needs root");
    return;
  }
  Processes world;
  auto entry = MakeEntry("a", "");
  entry->attributes.surroundings.user = "nobody";
  entry->attributes.surroundings.capabilities = {10};  // net_bind_service
  CHECK(Status(world, *entry, "^Cap") ==
        "CapInh:\t0000000000000400\nCapPrm:\t0000000000000400\n"
        "CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\n"
        "CapAmb:\t0000000000000400\n");
  // Root, too, has only these.
  entry->attributes.surroundings.user = "";
  CHECK(
      absl::StrContains(Status(world, *entry, "^CapEff"), "0000000000000400"));
  entry->attributes.surroundings.capabilities = std::vector<int>();
  CHECK(
      absl::StrContains(Status(world, *entry, "^CapEff"), "0000000000000000"));
}

TEST_CASE("entry process: no-new-privs is the kernel's flag", "[isinit]") {
  Processes world;
  auto entry = MakeEntry("a", "");
  CHECK(Status(world, *entry, "^NoNewPrivs") == "NoNewPrivs:\t0\n");
  entry->attributes.surroundings.no_new_privileges = true;
  CHECK(Status(world, *entry, "^NoNewPrivs") == "NoNewPrivs:\t1\n");
}

TEST_CASE("entry process: held sockets are 3 and on, and named", "[isinit]") {
  Processes world;
  const auto first = sys::MemoryFile("one");
  const auto second = sys::MemoryFile("two");
  REQUIRE(lseek(first->get(), 0, SEEK_SET) == 0);
  REQUIRE(lseek(second->get(), 0, SEEK_SET) == 0);
  ProcessGifts gifts;
  // Theirs are the places of each other.
  gifts.listen = {{second->get(), "web"}, {first->get(), "stored"}};
  auto entry =
      MakeEntry("web",
                "cat <&3; cat <&4; echo; echo $LISTEN_FDS $LISTEN_FDNAMES; "
                "test $LISTEN_PID = $$ && echo mine; ls /proc/$$/fd");
  CHECK(Output(world, *entry, gifts) ==
        "twoone\n2 web:stored\nmine\n0\n1\n2\n3\n4\n");
}

TEST_CASE("entry process: the descriptor of ready=fd:N is N", "[isinit]") {
  Processes world;
  auto pipe = sys::Pipe();
  ProcessGifts gifts;
  gifts.ready = pipe->second.get();
  auto entry = MakeEntry("a", "echo up >&9");
  entry->attributes.ready.kind = isinit::Readiness::Kind::kDescriptor;
  entry->attributes.ready.number = 9;
  CHECK(Output(world, *entry, gifts) == "");
  pipe->second.Reset();
  CHECK(*sys::ReadFd(pipe->first.get()) == "up\n");
}

TEST_CASE("entry process: a socket and ready=fd:N cannot share a number",
          "[isinit]") {
  Processes world;
  const auto file = sys::MemoryFile("x");
  ProcessGifts gifts;
  gifts.ready = gifts.in = file->get();
  gifts.listen = {{file->get(), "a"}};
  auto entry = MakeEntry("a", "/bin/true");
  entry->attributes.ready.number = 3;
  EntryProcesses processes("");
  CHECK(processes.Start(*entry, "1", gifts).status().message() ==
        "ready=fd:3: is one of its sockets");
}

TEST_CASE("entry process: a secret is a descriptor its user may read",
          "[isinit]") {
  if (!IsRoot()) {
    WARN("skipped: needs root");
    return;
  }
  Processes world;
  REQUIRE(sys::ReplaceFile(world.Path("key"), "geheim", 0600).ok());
  auto entry = MakeEntry(
      "a", "cat <&$KEY; cat " + world.Path("key") + " 2>/dev/null || echo :no");
  entry->attributes.surroundings.user = "nobody";
  entry->attributes.surroundings.secrets = {{"KEY", world.Path("key")}};
  CHECK(Output(world, *entry) == "geheim:no\n");
}

TEST_CASE("entry process: env-file is read anew, and never waited for",
          "[isinit]") {
  Processes world;
  auto entry = MakeEntry("a", "echo $A");
  entry->attributes.surroundings.environment_file = world.Path("env");
  EntryProcesses processes("");
  CHECK(absl::IsNotFound(processes.Start(*entry, "1", {}).status()));
  REQUIRE(sys::ReplaceFile(world.Path("env"), "A='b c'\n").ok());
  CHECK(Output(world, *entry) == "b c\n");
  REQUIRE(sys::RemoveFile(world.Path("env")).ok());
  REQUIRE(mkfifo(world.Path("env").c_str(), 0600) == 0);
  CHECK_FALSE(processes.Start(*entry, "1", {}).ok());
}

TEST_CASE("entry process: tty= is its controlling terminal", "[isinit]") {
  Processes world;
  const sys::Fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(master);
  REQUIRE(grantpt(master.get()) == 0);
  REQUIRE(unlockpt(master.get()) == 0);
  auto entry = MakeEntry("a",
                         "tty; test -t 1 && test -t 2 && echo all; "
                         "echo controls >/dev/tty");
  entry->attributes.surroundings.terminal = ptsname(master.get());
  EntryProcesses processes("");
  const auto pid = processes.Start(*entry, "1", {});
  INFO(pid.status().message());
  REQUIRE(pid.ok());
  const auto watched = world.Watch(*pid);
  REQUIRE(world.Until([&] { return watched->ended; }));
  CHECK(watched->how.code == 0);
  // A terminal gives what it holds in pieces, and an error once nobody has it.
  std::string shown;
  char piece[256];
  for (ssize_t n; (n = read(master.get(), piece, sizeof piece)) > 0;)
    shown.append(piece, static_cast<size_t>(n));
  CHECK(shown ==
        entry->attributes.surroundings.terminal + "\r\nall\r\ncontrols\r\n");
}
