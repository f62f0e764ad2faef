// What it costs isinit to start many entries: against vfork and exec of the
// same program and nothing else, which no supervisor can do without.
#include <absl/strings/str_split.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "isinit/entry_process.h"
#include "isinit/log_writer.h"
#include "isinit/tracking.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/reaper.h"

namespace {

double MsSince(int64_t begin) {
  return (absl::GetCurrentTimeNanos() - begin) / 1e6;
}

pid_t Start(char* const* argv) {
  const pid_t pid = vfork();
  if (pid == 0) {
    execv(argv[0], argv);
    _exit(127);
  }
  return pid;
}

double Floor(int count, const std::string& command) {
  std::vector<pid_t> pids;
  std::vector<std::string> words = absl::StrSplit(command, ' ');
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int64_t begin = absl::GetCurrentTimeNanos();
  for (int i = 0; i < count; i++) {
    pids.push_back(Start(argv.data()));
  }
  const double took = MsSince(begin);
  for (pid_t pid : pids) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  return took;
}

struct Took {
  double first = HUGE_VAL, again = HUGE_VAL, stop = HUGE_VAL;
  void Best(const Took& other) {
    first = std::min(first, other.first);
    again = std::min(again, other.again);
    stop = std::min(stop, other.stop);
  }
};

// With sessions, log pipes and `kind` of tracking: all for the first time, and
// all once more.
Took Ours(int count, const std::string& command, isinit::Tracking::Kind kind,
          const std::string& folder) {
  sys::Loop loop;
  sys::Reaper reaper(loop);
  size_t empty = 0, ended = 0;
  auto tracking = isinit::Tracking::Make(
      loop, reaper,
      {.name = "isinit-bench", .socket = "/run/bench", .kind = kind},
      [&](const std::string&) { empty++; });
  if (!tracking.ok()) return {};
  isinit::LogWriter::Options options;
  options.folder = folder + "/logs";
  isinit::LogWriter logs(loop, options);
  const isinit::EntryProcesses processes("/run/bench");
  std::vector<isinit::Entry> entries(count);
  for (int i = 0; i < count; i++) {
    entries[i].group = "g";
    entries[i].tag = "e" + std::to_string(i);
    entries[i].command = command;
  }
  const auto start = [&] {
    const int64_t begin = absl::GetCurrentTimeNanos();
    for (const isinit::Entry& entry : entries) {
      auto place =
          (*tracking)->FolderFor(entry.tag, entry.attributes.surroundings);
      const auto ends = logs.EndsFor(entry);
      if (!place.ok() || !ends.ok()) exit(1);
      isinit::ProcessGifts gifts;
      gifts.out = ends->out;
      gifts.err = ends->err;
      gifts.cgroup = place->get();
      const auto pid = processes.Start(entry, "1", gifts);
      if (!pid.ok()) {
        fprintf(stderr, "%s\n", std::string(pid.status().message()).c_str());
        exit(1);
      }
      (*tracking)->Added(entry.tag, *pid);
      reaper.Expect(*pid, [&, tag = entry.tag](const sys::Ended&) {
        ended++;
        if ((*tracking)->NothingLeft(tag)) empty++;
      });
    }
    return MsSince(begin);
  };
  const auto stop = [&] {
    const size_t done = empty + static_cast<size_t>(count);
    const int64_t begin = absl::GetCurrentTimeNanos();
    for (const isinit::Entry& entry : entries) {
      (*tracking)->Signal(entry.tag, SIGTERM);
    }
    while (empty < done) loop.Turn(absl::Milliseconds(100));
    return MsSince(begin);
  };
  Took took;
  took.first = start();
  took.stop = stop();
  took.again = start();
  stop();
  return took;
}

}  // namespace

// COUNT entries (500) of COMMAND.
int main(int argc, char** argv) {
  const char* wanted = getenv("COUNT");
  const int count = wanted != nullptr ? atoi(wanted) : 500;
  wanted = getenv("COMMAND");
  const std::string command =
      wanted != nullptr ? wanted : "/bin/busybox sleep 1000";
  if (count < 1) return 64;
  sys::RaiseDescriptorLimit();
  auto folder = sys::TemporaryFolder::Make("isinit-bench-");
  if (!folder.ok()) return 1;
  // In turns, so that all meet the same weather; of each the best.
  double floor = HUGE_VAL;
  Took cgroup, walk;
  for (int i = 0; i < 5; i++) {
    floor = std::min(floor, Floor(count, command));
    cgroup.Best(
        Ours(count, command, isinit::Tracking::Kind::kCgroup, folder->path()));
    walk.Best(Ours(count, command, isinit::Tracking::Kind::kSubreaper,
                   folder->path()));
  }
  bench::Table table(absl::StrCat("starting ", count,
                                  " entries (limit: vfork and exec alone)"));
  for (const auto& [name, took] :
       {std::pair("cgroup", &cgroup), std::pair("subreaper", &walk)}) {
    if (took->first == HUGE_VAL) continue;  // not to be had here
    table.Add(absl::StrCat(name, ": all for the first time"), "ms", took->first,
              floor, "<= 1.3");
    table.Add(absl::StrCat(name, ": once more"), "ms", took->again, floor,
              "<= 1.3");
    table.Add(absl::StrCat(name, ": until all are gone"), "ms", took->stop, 0,
              "");
  }
  return table.Finish(argc, argv);
}
