#include "bench/isinit/course.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include "base/status.h"
#include "bench/environment.h"
#include "bench/isinit/offspring.h"
#include "bench/isinit/records.h"
#include "bench/mcfeely/process.h"
#include "sys/child.h"
#include "sys/file.h"

namespace bench {
namespace {

constexpr absl::Duration kLongest = absl::Minutes(1);
// runit, s6 and supervisord do not start again at once who is younger than a
// second.
constexpr absl::Duration kOldEnough = absl::Milliseconds(1200);
// All kills of those who wait a second before they start again.
constexpr int kFewKills = 5;
constexpr int kStride = 7919;  // prime: visits the services in no order

double Ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

sys::Fd PidFd(pid_t pid) {
  return sys::Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// Processes that are watched for their ends.
class Ends {
 public:
  Ends() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  absl::Status Add(pid_t pid) {
    sys::Fd fd = PidFd(pid);
    epoll_event event = {.events = EPOLLIN, .data = {.fd = fd.get()}};
    if (!fd || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
      return absl::ErrnoToStatus(errno, "a service's process");
    }
    open_[fd.get()] = std::move(fd);
    return absl::OkStatus();
  }
  // When the last of them ended, to half a millisecond: looks seldom, so that
  // the looking costs those that end nothing.
  absl::StatusOr<int64_t> Await() {
    const int64_t until = MonotonicNs() + absl::ToInt64Nanoseconds(kLongest);
    while (!open_.empty()) {
      const int64_t now = MonotonicNs();
      if (now > until) {
        return absl::DeadlineExceededError(
            absl::StrCat(open_.size(), " of them do not end"));
      }
      epoll_event events[256];
      const int n = epoll_wait(epoll_.get(), events, 256, 0);
      for (int i = 0; i < n; i++) open_.erase(events[i].data.fd);
      if (n < 256) absl::SleepFor(absl::Microseconds(500));
      if (n > 0) last_ = now;
    }
    return last_;
  }

 private:
  sys::Fd epoll_;
  std::map<int, sys::Fd> open_;
  int64_t last_ = 0;
};

class Run {
 public:
  Run(const Supervisor& supervisor, const Course& course, Records records,
      sys::TemporaryFolder folder)
      : supervisor_(supervisor),
        course_(course),
        records_(std::move(records)),
        folder_(std::move(folder)),
        all_(course.services) {
    std::iota(all_.begin(), all_.end(), 0);
  }
  ~Run() {
    if (process_.has_value()) process_->End(SIGKILL);
    EndOffspring();
  }

  absl::StatusOr<Values> Measure() {
    Values values;
    TRY(Start(&values));
    TRY(Idle(&values));
    TRY(KillOneByOne(&values));
    TRY(KillAtOnce(&values));
    TRY(Stop(&values));
    return values;
  }

 private:
  absl::Status Start(Values* values) {
    TRY_ASSIGN(commands_,
               supervisor_.prepare({.folder = folder_.path(),
                                    .program = Scratch() + "/service",
                                    .services = course_.services}));
    const int64_t launched = MonotonicNs();
    TRY_ASSIGN(Process process,
               Process::Start(commands_.supervise, folder_.path() + "/errors",
                              /*ready=*/!commands_.begin.empty()));
    process_.emplace(std::move(process));
    int64_t told = launched;
    std::optional<sys::Child> client;
    if (!commands_.begin.empty()) {
      told = MonotonicNs();
      TRY_ASSIGN(client, sys::Child::Spawn(commands_.begin, {}));
    }
    TRY_ASSIGN(const int64_t last,
               records_.AwaitAll(all_, 0, kLongest, absl::Milliseconds(1)));
    values->push_back(Ms(last - told));
    values->push_back(Ms(last - launched));
    return client.has_value() ? Succeeded(*client) : absl::OkStatus();
  }

  static absl::Status Succeeded(sys::Child& client) {
    const sys::Ended how = client.Wait();
    if (how.code == 0 && how.signal == 0) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("the command failed with ", how.code));
  }

  absl::Status Idle(Values* values) {
    absl::SleepFor(absl::Seconds(2));
    const std::vector<pid_t> supervising = Supervising();
    const Memory memory = MemoryOf(supervising);
    values->push_back(memory.resident / (1 << 20));
    values->push_back(memory.own / (1 << 20));
    const double before = SleepsOf(supervising);
    absl::SleepFor(absl::Seconds(course_.idle_seconds));
    values->push_back(SleepsOf(supervising) - before);
    return absl::OkStatus();
  }

  absl::Status KillOneByOne(Values* values) {
    const int kills = supervisor_.immediate
                          ? course_.kills
                          : std::min(course_.kills, kFewKills);
    Values took;
    for (int k = 0; k < kills; k++) {
      TRY_ASSIGN(const int64_t ns,
                 KillAndAwait({k * kStride % course_.services},
                              absl::Microseconds(100)));
      took.push_back(Ms(ns));
      absl::SleepFor(absl::Milliseconds(5));
    }
    std::sort(took.begin(), took.end());
    values->push_back(took[took.size() / 2]);
    values->push_back(took[took.size() * 9 / 10]);
    return absl::OkStatus();
  }

  absl::Status KillAtOnce(Values* values) {
    absl::SleepFor(kOldEnough);
    std::vector<int> which;
    const int stride = std::max(1, course_.services / course_.at_once);
    for (int i = 0; i < course_.at_once; i++) {
      which.push_back(i * stride % course_.services);
    }
    TRY_ASSIGN(const int64_t ns, KillAndAwait(which, absl::Milliseconds(1)));
    values->push_back(Ms(ns));
    return absl::OkStatus();
  }

  // From the first kill until all have begun again.
  absl::StatusOr<int64_t> KillAndAwait(const std::vector<int>& which,
                                       absl::Duration step) {
    std::vector<pid_t> pids;
    const std::map<int64_t, pid_t> outside = Namespace();
    for (int i : which) {
      TRY_ASSIGN(const pid_t pid, PidOf(i, outside));
      pids.push_back(pid);
    }
    const int64_t begin = MonotonicNs();
    for (pid_t pid : pids) kill(pid, SIGKILL);
    TRY_ASSIGN(const int64_t last,
               records_.AwaitAll(which, begin, kLongest, step));
    return last - begin;
  }

  absl::Status Stop(Values* values) {
    Ends services, supervisor;
    const std::map<int64_t, pid_t> outside = Namespace();
    for (int i : all_) {
      TRY_ASSIGN(const pid_t pid, PidOf(i, outside));
      TRY(services.Add(pid));
    }
    for (pid_t pid : Supervising()) TRY(supervisor.Add(pid));
    const int64_t begin = MonotonicNs();
    std::optional<sys::Child> client;
    if (commands_.end.empty()) {
      kill(process_->pid(), commands_.end_signal);
    } else {
      TRY_ASSIGN(client, sys::Child::Spawn(commands_.end, {}));
    }
    TRY_ASSIGN(const int64_t last, services.Await());
    TRY_ASSIGN(const int64_t gone, supervisor.Await());
    values->push_back(Ms(last - begin));
    values->push_back(Ms(std::max<int64_t>(0, gone - last)));
    return client.has_value() ? Succeeded(*client) : absl::OkStatus();
  }

  // Where services have numbers of their own: who they are to us.
  std::map<int64_t, pid_t> Namespace() const {
    if (!commands_.in_namespace) return {};
    return Outside(Tree(process_->pid()));
  }

  absl::StatusOr<pid_t> PidOf(int i,
                              const std::map<int64_t, pid_t>& outside) const {
    const int64_t pid = records_.At(i).pid;
    if (!commands_.in_namespace) return static_cast<pid_t>(pid);
    const auto found = outside.find(pid);
    if (found != outside.end()) return found->second;
    return absl::InternalError("a service is not in the namespace");
  }

  // The tree, without the services.
  std::vector<pid_t> Supervising() const {
    std::vector<pid_t> tree = Tree(process_->pid()), rest;
    std::map<int64_t, pid_t> names = Namespace();
    std::vector<pid_t> services;
    for (int i : all_) {
      const auto pid = PidOf(i, names);
      if (pid.ok()) services.push_back(*pid);
    }
    std::sort(services.begin(), services.end());
    for (pid_t pid : tree) {
      const bool service =
          std::binary_search(services.begin(), services.end(), pid);
      const bool beginner = commands_.in_namespace && pid == tree.front();
      if (!service && !beginner) rest.push_back(pid);
    }
    return rest;
  }

  const Supervisor& supervisor_;
  const Course& course_;
  Records records_;
  sys::TemporaryFolder folder_;
  std::vector<int> all_;
  Commands commands_;
  std::optional<Process> process_;
};

}  // namespace

std::vector<Figure> CourseFigures(const Course& course) {
  const int n = course.services;
  return {
      {absl::StrCat("start of ", n), "ms", {Asked::kRatioToLimit, false, 1.3}},
      {"  the supervisor's own start included", "ms"},
      {absl::StrCat("resident memory with ", n),
       "MiB",
       {Asked::kOurs, false, 3}},
      {"  of it private", "MiB"},
      {absl::StrCat("wake-ups in ", course.idle_seconds, " s without work"),
       "",
       {Asked::kOurs, false, 1}},
      {"respawn after SIGKILL, median",
       "ms",
       {Asked::kRatioToLimit, false, 1.3, /*below_peers=*/true}},
      {"  nine of ten", "ms"},
      {absl::StrCat(course.at_once, " killed at once, all back"),
       "ms",
       {Asked::kPeers, false, 0, /*below_peers=*/true}},
      {absl::StrCat("stop of ", n, ", the last of them ended"), "ms"},
      {"  and the supervisor after it", "ms", {Asked::kOurs, false, 20}},
  };
}

absl::StatusOr<Values> RunCourse(const Supervisor& supervisor,
                                 const Course& course) {
  for (const std::string& program : supervisor.needs) {
    if (access(program.c_str(), X_OK) != 0) {
      return absl::NotFoundError(program + " is not here");
    }
  }
  TRY_ASSIGN(Records records,
             Records::Make(Scratch() + "/records", course.services));
  TRY_ASSIGN(sys::TemporaryFolder folder,
             sys::TemporaryFolder::Make("supervisor-"));
  return Run(supervisor, course, std::move(records), std::move(folder))
      .Measure();
}

}  // namespace bench
