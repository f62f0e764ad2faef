#include "bench/isinit/offspring.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "sys/file.h"
#include "sys/process_list.h"

namespace bench {
namespace {

constexpr int kMostWaits = 100;

std::string Text(const std::string& path) {
  return sys::ReadFile(path).value_or("");  // it may have ended
}

// The numbers behind `name` in a file of lines "name: number unit", summed.
double Sum(const std::string& text, absl::string_view name) {
  double sum = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t number = 0;
    if (!absl::ConsumePrefix(&line, name)) continue;
    absl::ConsumeSuffix(&line, "kB");
    if (absl::SimpleAtoi(line, &number)) sum += static_cast<double>(number);
  }
  return sum;
}

// The child is killed when we end in whatever way, and its children with it.
[[noreturn]] void Work(const std::function<int()>& work, pid_t keeper) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (getppid() != keeper) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int code = work();
  EndOffspring();
  exit(code);
}

}  // namespace

int WithOffspring(const std::function<int()>& work) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t heard;
  sigemptyset(&heard);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
    sigaddset(&heard, signal);
  }
  sigprocmask(SIG_BLOCK, &heard, nullptr);
  const pid_t keeper = getpid(), worker = fork();
  if (worker < 0) return 1;
  if (worker == 0) Work(work, keeper);
  int signal = 0, status = 0;
  do {
    sigwait(&heard, &signal);
  } while (signal == SIGCHLD && waitpid(worker, &status, WNOHANG) == 0);
  EndOffspring();
  if (signal != SIGCHLD) return 128 + signal;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void EndOffspring() {
  // Who is about to end anyhow may: isinit's last child removes cgroups.
  for (int i = 0; i < kMostWaits && !sys::OwnChildren().empty(); ++i) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(10'000);
  }
  // Who is not reaped keeps its number: nobody else is hit.
  for (;;) {
    for (int pid : sys::OwnChildren()) kill(pid, SIGKILL);
    pid_t reaped = waitpid(-1, nullptr, 0);
    if (reaped < 0) return;
    while (reaped > 0) reaped = waitpid(-1, nullptr, WNOHANG);
  }
}

std::vector<pid_t> Tree(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  for (const sys::ProcessInfo& p : sys::AllProcesses()) {
    if (!p.ended) children.emplace(p.parent, p.pid);
  }
  std::vector<pid_t> tree = {root};
  for (size_t i = 0; i < tree.size(); i++) {
    const auto [begin, end] = children.equal_range(tree[i]);
    for (auto child = begin; child != end; ++child) {
      tree.push_back(child->second);
    }
  }
  return tree;
}

std::map<int64_t, pid_t> Outside(const std::vector<pid_t>& tree) {
  std::map<int64_t, pid_t> outside;
  for (pid_t pid : tree) {
    for (absl::string_view line :
         absl::StrSplit(Text(absl::StrCat("/proc/", pid, "/status")), '\n')) {
      int64_t inside = 0;
      if (absl::ConsumePrefix(&line, "NSpid:") &&
          absl::SimpleAtoi(line.substr(line.find_last_of("\t ") + 1),
                           &inside)) {
        outside[inside] = pid;
      }
    }
  }
  return outside;
}

Memory MemoryOf(const std::vector<pid_t>& processes) {
  Memory memory;
  for (pid_t pid : processes) {
    const std::string text = Text(absl::StrCat("/proc/", pid, "/smaps_rollup"));
    memory.resident += Sum(text, "Rss:") * 1024;
    memory.own +=
        (Sum(text, "Private_Clean:") + Sum(text, "Private_Dirty:")) * 1024;
  }
  return memory;
}

double SleepsOf(const std::vector<pid_t>& processes) {
  double sleeps = 0;
  for (pid_t pid : processes) {
    const std::string tasks = absl::StrCat("/proc/", pid, "/task/");
    const auto names = sys::ListFolder(tasks);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      sleeps += Sum(Text(absl::StrCat(tasks, name, "/status")),
                    "voluntary_ctxt_switches:");
    }
  }
  return sleeps;
}

}  // namespace bench
