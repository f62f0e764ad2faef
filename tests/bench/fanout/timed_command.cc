#include "bench/fanout/timed_command.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <absl/time/clock.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include "bench/bench.h"
#include "sys/file.h"

namespace bench {
namespace {

double Seconds(const timeval& t) { return t.tv_sec + t.tv_usec / 1e6; }

// What a command gets instead of our environment: nothing that any of the
// contenders would take for options.
std::vector<std::string> Environment() {
  const char* scratch = getenv("SCRATCH");
  const std::string folder = scratch == nullptr ? "/tmp" : scratch;
  return {absl::StrCat("PATH=", folder, ":/usr/bin:/bin"), "SHELL=/bin/sh",
          "LC_ALL=C", absl::StrCat("HOME=", folder),
          absl::StrCat("TMPDIR=", folder)};
}

// As execve wants them.
std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& w : words) pointers.push_back(w.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The child's words and pointers are made before the vfork: it only calls the
// kernel.
pid_t Start(std::vector<std::string> words, const std::string& path, int out) {
  std::vector<std::string> environment = Environment();
  const std::vector<char*> argv = Pointers(words), envp = Pointers(environment);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t pid = vfork();
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, 0);
    dup2(out < 0 ? null : out, 1);
    dup2(null, 2);
    execve(path.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  close(null);
  return pid;
}

// Watches the memory of a process until told to stop, and ends what hangs.
class Watch {
 public:
  explicit Watch(pid_t pid) : thread_([this, pid] { Run(pid); }) {}
  long Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
    return peak_kb_;
  }

 private:
  void Run(pid_t pid) {
    const std::string path = absl::StrCat("/proc/", pid, "/status");
    const absl::Time begin = absl::Now();
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stop_) {
      const auto status = sys::ReadFile(path);
      if (status.ok()) {
        for (absl::string_view line : absl::StrSplit(*status, '\n')) {
          if (!absl::ConsumePrefix(&line, "VmHWM:")) continue;
          absl::ConsumeSuffix(&line, "kB");
          long kb = 0;
          if (absl::SimpleAtoi(line, &kb)) peak_kb_ = std::max(peak_kb_, kb);
        }
      }
      if (absl::Now() - begin > absl::Seconds(120)) kill(-pid, SIGKILL);
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  long peak_kb_ = 0;
  std::thread thread_;
};

}  // namespace

double TimedCommand::Rate() const {
  std::vector<double> rates;
  for (const Sample& s : samples) {
    rates.push_back((piped ? s.bytes / 1e6 : items) / s.seconds);
  }
  return rates.empty() ? 0 : Median(rates);
}

double TimedCommand::MedianCpu() const {
  std::vector<double> cpu;
  for (const Sample& s : samples) cpu.push_back(s.cpu_seconds);
  return cpu.empty() ? 0 : Median(cpu);
}

long TimedCommand::PeakKb() const {
  long kb = 0;
  for (const Sample& s : samples) kb = std::max(kb, s.peak_kb);
  return kb;
}

int TimedCommand::Failed() const {
  for (const Sample& s : samples) {
    if (s.code != 0) return s.code;
    if (piped && s.bytes < items * per_item) return -1;
  }
  return 0;
}

pid_t Execute(char* const argv[], char* const envp[]) {
  const pid_t pid = vfork();
  if (pid == 0) {
    execve(argv[0], argv, envp);
    _exit(127);
  }
  return pid;
}

Sample RunCommand(const std::string& command, bool piped) {
  int pipe_ends[2] = {-1, -1};
  if (piped && pipe2(pipe_ends, O_CLOEXEC) != 0) exit(1);
  Sample sample;
  const absl::Time begin = absl::Now();
  const pid_t pid = Start({"sh", "-c", command}, "/bin/sh", pipe_ends[1]);
  Watch watch(pid);
  if (piped) {
    close(pipe_ends[1]);
    static char buffer[1 << 20];
    for (;;) {
      const ssize_t n = read(pipe_ends[0], buffer, sizeof buffer);
      if (n <= 0) break;
      sample.bytes += n;
    }
    close(pipe_ends[0]);
  }
  int status = 0;
  rusage used = {};
  wait4(pid, &status, 0, &used);
  sample.seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  sample.peak_kb = watch.Stop();
  sample.cpu_seconds = Seconds(used.ru_utime) + Seconds(used.ru_stime);
  sample.code =
      WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return sample;
}

Sample SpawnOnTwoThreads(const TimedCommand& command) {
  std::vector<std::string> words = absl::StrSplit(command.program, '|');
  std::vector<std::string> environment = Environment();
  const std::vector<char*> argv = Pointers(words), envp = Pointers(environment);
  std::atomic<int> code = 0;
  const auto run = [&](int count, size_t in_flight) {
    std::deque<pid_t> running;
    while (count > 0 || !running.empty()) {
      while (count > 0 && running.size() < in_flight) {
        running.push_back(Execute(argv.data(), envp.data()));
        count--;
      }
      int status = 0;
      waitpid(running.front(), &status, 0);
      if (status != 0) code = 1;
      running.pop_front();
    }
  };
  rusage before = {}, after = {};
  getrusage(RUSAGE_CHILDREN, &before);
  const size_t in_flight = std::max(1, command.parallel / 2);
  const absl::Time begin = absl::Now();
  std::thread other(run, command.items / 2, in_flight);
  run(command.items - command.items / 2, in_flight);
  other.join();
  Sample sample;
  sample.seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  getrusage(RUSAGE_CHILDREN, &after);
  sample.cpu_seconds = Seconds(after.ru_utime) + Seconds(after.ru_stime) -
                       Seconds(before.ru_utime) - Seconds(before.ru_stime);
  sample.code = code;
  return sample;
}

}  // namespace bench
