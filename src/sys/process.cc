#include "sys/process.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

// glibc 2.36 forgets to say that these are C.
extern "C" {
#include <sys/pidfd.h>
}

#include "base/status.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/users.h"

namespace sys {
namespace {

constexpr size_t kMostEnvironmentBytes = 8 << 20;
constexpr int kMostPasses = 20;
constexpr size_t kManyDescriptors = 32;
constexpr absl::Duration kKillTime = absl::Seconds(5);

bool IsMarked(int pid, absl::string_view variable,
              const absl::flat_hash_set<std::string>& values) {
  const absl::StatusOr<std::string> environment =
      ReadFile(absl::StrCat("/proc/", pid, "/environ"), kMostEnvironmentBytes);
  if (!environment.ok() || !absl::StrContains(*environment, variable)) {
    return false;
  }
  for (absl::string_view e : absl::StrSplit(*environment, '\0')) {
    if (absl::ConsumePrefix(&e, variable) && absl::ConsumePrefix(&e, "=") &&
        values.contains(e)) {
      return true;
    }
  }
  return false;
}

std::vector<int> AllPids() {
  std::vector<int> pids;
  const absl::StatusOr<std::vector<std::string>> names = ListFolder("/proc");
  if (!names.ok()) return pids;
  for (const std::string& name : *names) {
    int pid;
    if (absl::SimpleAtoi(name, &pid) && pid > 0 && pid != getpid()) {
      pids.push_back(pid);
    }
  }
  return pids;
}

// The Unix datagram socket of a supervisor. A name that begins with '@' is
// abstract: it has no file, and a zero byte stands for the '@'.
void Notify(const std::string& name, absl::string_view message) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path ||
      (name[0] != '/' && name[0] != '@')) {
    return;
  }
  memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const size_t bytes =
      offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '/' ? 1 : 0);
  Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  while (sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address),
                static_cast<socklen_t>(bytes)) < 0 &&
         errno == EINTR) {
    continue;
  }
}

}  // namespace

std::string RandomBytes(size_t n) {
  std::string bytes(n, '\0');
  for (size_t have = 0; have < n;) {
    const ssize_t got = getrandom(&bytes[have], n - have, 0);
    MUST(got > 0 || errno == EINTR);
    if (got > 0) have += static_cast<size_t>(got);
  }
  return bytes;
}

uint64_t RandomSeed() {
  uint64_t seed;
  memcpy(&seed, RandomBytes(sizeof seed).data(), sizeof seed);
  return seed;
}

void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void MakeRoomForDescriptors(size_t more) {
  if (more < kManyDescriptors) return;
  // One far behind the first that is free. Where the limit forbids that, some
  // of those to come will meet it, too.
  const Fd first(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!first) return;
  const Fd last(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC,
                      first.get() + static_cast<int>(more)));
}

uint64_t DescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

int MyPid() { return getpid(); }

uint32_t MyUid() { return getuid(); }

void NotifySupervisor() {
  const std::string name = EnvironmentVariable("NOTIFY_SOCKET");
  if (!name.empty()) Notify(name, "READY=1");
}

void TellReady(int fd, absl::string_view text) {
  if (fd < 0) return;
  WriteAll(fd, text).IgnoreError();
  close(fd);
}

// Goes through /proc until a pass finds nobody new, since those it looks for
// may start others behind its back. A process that has been sent SIGKILL
// starts no more, so the last pass sees all there are. At least two passes: in
// the middle of an exec a process shows no environment for a moment.
int KillMarked(absl::string_view variable,
               const absl::flat_hash_set<std::string>& values) {
  if (variable.empty() || values.empty()) return 0;
  const absl::Time deadline = SteadyNow() + kKillTime;
  int count = 0;
  bool found = true;
  for (int pass = 0; pass < 2 || (found && pass < kMostPasses); pass++) {
    found = false;
    std::vector<Fd> dying;
    for (int pid : AllPids()) {
      if (!IsMarked(pid, variable, values)) continue;
      // The number may have gone to somebody else since, so that what the
      // pidfd stands for is looked at again before it is killed.
      Fd pidfd(pidfd_open(pid, 0));
      if (!pidfd || !IsMarked(pid, variable, values) ||
          pidfd_send_signal(pidfd.get(), SIGKILL, nullptr, 0) != 0) {
        continue;
      }
      found = true;
      count++;
      dying.push_back(std::move(pidfd));
    }
    // One that is still dying would be counted again.
    for (const Fd& pidfd : dying) {
      pollfd ended = {pidfd.get(), POLLIN, 0};
      const absl::Duration left = deadline - SteadyNow();
      if (poll(&ended, 1,
               static_cast<int>(std::max<int64_t>(
                   absl::ToInt64Milliseconds(left), 0))) <= 0) {
        return count;
      }
    }
  }
  return count;
}

void ReleaseCode() {
  const absl::StatusOr<std::string> maps = ReadFile("/proc/self/maps");
  if (!maps.ok()) return;
  for (absl::string_view line : absl::StrSplit(*maps, '\n')) {
    // 7f0c0000-7f0c1000 r-xp 00001000 fd:00 1234   /bin/fleetbox
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 6 || words[1] != "r-xp" || words[4] == "0") continue;
    const std::vector<absl::string_view> ends = absl::StrSplit(words[0], '-');
    uintptr_t from = 0, to = 0;
    if (ends.size() != 2 || !absl::SimpleHexAtoi(ends[0], &from) ||
        !absl::SimpleHexAtoi(ends[1], &to) || to <= from) {
      continue;
    }
    madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
}

size_t ResidentBytes() {
  const absl::StatusOr<std::string> text = ReadFile("/proc/self/statm");
  if (!text.ok()) return 0;
  // Pages in all, then pages resident.
  const std::vector<absl::string_view> fields = absl::StrSplit(*text, ' ');
  size_t pages = 0;
  if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &pages)) return 0;
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void KeepFreedMemory(size_t bytes) {
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(bytes));
  mallopt(M_TOP_PAD, static_cast<int>(bytes / 8));
}

void HideMemory() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

std::string Platform() {
  utsname names;
  if (uname(&names) != 0) return "";
  return absl::StrCat(names.sysname, " ", names.machine);
}

std::string OwnExecutable() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<size_t>(n)) : "";
}

absl::Status Become(const std::string& program,
                    const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  execve(program.c_str(), words.data(), environ);
  return base::SysError(absl::StrCat("execute ", program));
}

absl::Status ErrorsToOutput() {
  if (dup2(1, 2) >= 0) return absl::OkStatus();
  return base::SysError("dup2");
}

void SignalDescendants(int pid, int signal) {
  constexpr size_t kMost = 100'000;
  std::vector<int> found = {pid};
  for (size_t at = 0; at < found.size() && found.size() < kMost; at++) {
    const std::string tasks = absl::StrCat("/proc/", found[at], "/task");
    const auto threads = ListFolder(tasks);
    if (!threads.ok()) continue;
    for (const std::string& thread : *threads) {
      const auto children =
          ReadFile(absl::StrCat(tasks, "/", thread, "/children"));
      if (!children.ok()) continue;
      for (absl::string_view child :
           absl::StrSplit(*children, ' ', absl::SkipEmpty())) {
        int number;
        if (absl::SimpleAtoi(child, &number)) found.push_back(number);
      }
    }
  }
  for (size_t at = found.size(); at-- > 1;) kill(found[at], signal);
}

// Whoever waits for the ended ones may take its time: process 1 of a container
// often does.
bool IsGroupAlive(int group) {
  if (kill(-group, 0) != 0) return errno != ESRCH;
  const auto processes = ListFolder("/proc");
  if (!processes.ok()) return true;
  for (const std::string& name : *processes) {
    if (name[0] < '0' || name[0] > '9') continue;
    const auto stat = ReadFile(absl::StrCat("/proc/", name, "/stat"));
    if (!stat.ok()) continue;
    // "pid (name) state ppid pgrp ...", and the name may hold anything.
    const size_t end = stat->rfind(')');
    if (end == std::string::npos) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(
        absl::string_view(*stat).substr(end + 1), ' ', absl::SkipEmpty());
    int number;
    if (fields.size() > 2 && absl::SimpleAtoi(fields[2], &number) &&
        number == group && fields[0] != "Z" && fields[0] != "X") {
      return true;
    }
  }
  return false;
}

}  // namespace sys
