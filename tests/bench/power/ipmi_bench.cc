// ipmi_bench BMC: time, processor time and memory of asking many controllers
// at once, beside ipmipower. BMC is tests/fakes/bmc as it was built; it serves
// all of them, on port 623 of 127.0.10.1 and the addresses behind it, so this
// wants root. What one run gives is printed, a line for each.
//
//   BENCH_PORT=623      another port, without ipmipower
//   BENCH_ROUNDS=3      of each line; the median is shown
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/environment.h"
#include "bench/need.h"
#include "keys/secret.h"
#include "power/ipmi_client.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"

namespace {

struct Course {
  std::string name;
  int count = 100;
  std::vector<std::string> bmc = {};
  int dead = 0;
};

std::string AddressOf(int n) {
  const uint32_t number = (127u << 24 | 10u << 8 | 1) + n;
  return absl::StrCat(number >> 24, ".", number >> 16 & 255, ".",
                      number >> 8 & 255, ".", number & 255);
}

// What is measured: a process of its own that asks once for each.
int AskAll(int count, int port) {
  sys::Loop loop;
  power::IpmiClient client(loop);
  power::IpmiAccount account = {
      .user = "admin",
      .password = std::make_shared<const keys::Secret>("secret")};
  const absl::Time began = sys::SteadyNow();
  absl::Time last_good = began;
  int ended = 0, good = 0;
  for (int i = 0; i < count; ++i) {
    client.Start({.address = AddressOf(i), .port = port, .account = account},
                 [&](const power::PlugResult& result) {
                   if (result.after == power::PlugState::kOn) {
                     ++good;
                     last_good = sys::SteadyNow();
                   }
                   if (++ended == count) loop.Stop();
                 });
  }
  loop.Run();
  absl::PrintF("%d %f\n", good, absl::ToDoubleSeconds(last_good - began));
  return 0;
}

struct Run {
  double seconds = 0, cpu_seconds = 0, megabytes = 0;
  int good = 0;
  double last_good_seconds = 0;  // ours says so
};

Run Measure(const std::vector<std::string>& argv) {
  sys::TemporaryFolder folder =
      bench::Need(sys::TemporaryFolder::Make("bench"));
  const std::string path = folder.path() + "/out";
  sys::Fd out(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const absl::Time began = sys::SteadyNow();
  sys::Child child = bench::Need(
      sys::Child::Spawn(argv, {.out = out.get(), .death_signal = SIGKILL}));
  sys::Usage usage;
  child.Wait(&usage);
  Run run;
  run.seconds = absl::ToDoubleSeconds(sys::SteadyNow() - began);
  run.cpu_seconds = absl::ToDoubleSeconds(usage.user + usage.system);
  run.megabytes = usage.max_resident_bytes / 1e6;
  const std::string text = bench::Need(sys::ReadFile(path));
  size_t at = 0;
  while ((at = text.find(": on\n", at)) != std::string::npos) {
    ++run.good;
    ++at;
  }
  if (run.good == 0) {
    sscanf(text.c_str(), "%d %lf", &run.good, &run.last_good_seconds);
  }
  return run;
}

sys::Child Serve(const std::string& program, const Course& course, int port,
                 int round) {
  auto pipe = bench::Need(sys::Pipe());
  std::vector<std::string> argv = {program,
                                   absl::StrCat("--port=", port),
                                   absl::StrCat("--count=", course.count),
                                   absl::StrCat("--dead=", course.dead),
                                   absl::StrCat("--seed=", 1000 * round),
                                   "--ready-fd=1"};
  argv.insert(argv.end(), course.bmc.begin(), course.bmc.end());
  sys::Child child = bench::Need(sys::Child::Spawn(
      argv, {.out = pipe.second.get(), .death_signal = SIGKILL}));
  pipe.second.Reset();
  char byte;
  if (read(pipe.first.get(), &byte, 1) != 1) {
    bench::Die(absl::UnavailableError("the controllers could not be served"));
  }
  return child;
}

void Print(const Course& course, const char* who, std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(),
            [](const Run& a, const Run& b) { return a.seconds < b.seconds; });
  const Run& run = runs[runs.size() / 2];
  absl::PrintF("%-24s %-10s %4d of %4d  %7.3f s  cpu %6.3f s  %6.1f MB",
               course.name, who, run.good, course.count - course.dead,
               run.seconds, run.cpu_seconds, run.megabytes);
  if (run.last_good_seconds > 0) {
    absl::PrintF("  last answer %.3f s", run.last_good_seconds);
  }
  absl::PrintF("\n");
  fflush(stdout);
}

void Do(const std::string& bmc, const Course& course, int port, int rounds) {
  std::vector<std::string> peer = {
      "ipmipower", "-D",    "LAN_2_0", "-I",     "17", "-l", "admin",
      "-u",        "admin", "-p",      "secret", "-s", "-h"};
  std::string hosts;
  for (int i = 0; i < course.count; ++i) {
    absl::StrAppend(&hosts, i == 0 ? "" : ",", AddressOf(i));
  }
  peer.push_back(hosts);
  const std::vector<std::string> ours = {sys::OwnExecutable(), "--client",
                                         absl::StrCat(course.count),
                                         absl::StrCat(port)};
  std::vector<Run> our_runs, peer_runs;
  for (int i = 0; i < (course.dead > 0 ? 1 : rounds); ++i) {
    {
      sys::Child server = Serve(bmc, course, port, i);
      our_runs.push_back(Measure(ours));
    }
    if (port != power::kIpmiPort) continue;
    sys::Child server = Serve(bmc, course, port, i);
    peer_runs.push_back(Measure(peer));
  }
  Print(course, "ours", our_runs);
  if (!peer_runs.empty()) Print(course, "ipmipower", peer_runs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--client") {
    int count = 0, port = 0;
    if (!absl::SimpleAtoi(argv[2], &count) ||
        !absl::SimpleAtoi(argv[3], &port)) {
      return 64;
    }
    return AskAll(count, port);
  }
  if (argc != 2) {
    fprintf(stderr, "usage: ipmi_bench BMC\n");
    return 64;
  }
  const int port = bench::Number("BENCH_PORT", "623");
  const int rounds = bench::Number("BENCH_ROUNDS", "3");
  const Course courses[] = {
      {.name = "one", .count = 1},
      {.name = "100"},
      {.name = "100, 20 ms", .bmc = {"--delay=20ms"}},
      {.name = "100, 5 % lost", .bmc = {"--loss=0.05"}},
      {.name = "1000", .count = 1000},
      {.name = "100, of which 5 dead", .dead = 5},
  };
  for (const Course& course : courses) Do(argv[1], course, port, rounds);
  return 0;
}
