// How long the executable takes to start, and how big it is.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/bench.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace {

// Microseconds from spawn to reaped, the 10th percentile: what others do on
// the machine only ever adds.
void Start(std::vector<const char*> words, std::vector<double>& micros) {
  words.push_back(nullptr);
  const int64_t begin = absl::GetCurrentTimeNanos();
  const pid_t pid = vfork();
  if (pid == 0) {
    execv(words[0], const_cast<char**>(words.data()));
    _exit(127);
  }
  int status;
  waitpid(pid, &status, 0);
  if (status != 0) {
    fprintf(stderr, "start_bench: %s does not run\n", words[0]);
    exit(1);
  }
  micros.push_back((absl::GetCurrentTimeNanos() - begin) / 1e3);
}

double P10(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 10];
}

}  // namespace

int main(int argc, char** argv) {
  const char* bin = getenv("BIN");
  if (bin == nullptr) bin = "build/release/fleetbox";
  const char* few = getenv("FEW");  // with McFeely's core alone
  if (few == nullptr) few = "build/release/few/fleetbox";
  bench::Table table("start and size");
  sys::Fd null(dup(1));
  auto dev_null = sys::Open("/dev/null", O_WRONLY);
  if (!dev_null.ok()) return 1;
  dup2(dev_null->get(), 1);
  // All as an installer leaves them: written in one go. What a linker wrote
  // in pieces lies in the page cache in pieces, too, and starts 60 us later.
  auto folder = sys::TemporaryFolder::Make("start-");
  if (!folder.ok()) return 1;
  struct Program {
    const char *from, *name, *argument;
    std::string copy = {};
    double bytes = 0;
    std::vector<double> rounds = {};
  };
  Program programs[] = {{bin, "fleetbox", "--version"},
                        {few, "few", "--version"},
                        {"/bin/busybox", "busybox", "true"}};
  for (Program& p : programs) {
    const auto content = sys::ReadFile(std::string(p.from));
    p.copy = folder->path() + "/" + p.name;
    if (!content.ok() || !sys::CreateFile(p.copy, *content, 0755).ok()) {
      fprintf(stderr, "start_bench: there is no %s\n", p.from);
      return 1;
    }
    p.bytes = static_cast<double>(content->size());
  }
  for (int round = 0; round < 5; round++) {
    std::vector<double> micros[std::size(programs)];
    for (int i = 0; i < 1000; i++) {  // in turns: all meet the same weather
      for (size_t p = 0; p < std::size(programs); p++) {
        Start({programs[p].copy.c_str(), programs[p].argument}, micros[p]);
      }
    }
    for (size_t p = 0; p < std::size(programs); p++) {
      programs[p].rounds.push_back(P10(micros[p]));
    }
  }
  dup2(null.get(), 1);
  const auto& [all, core, limit] = programs;
  const double least = bench::Median(limit.rounds);
  table.Add("McFeely's core: start (limit: busybox true)", "us",
            bench::Median(core.rounds), least, "<= 1.15");
  table.Add("McFeely's core: size", "bytes", core.bytes, 6e6, "<= 1");
  table.Add("all commands: start", "us", bench::Median(all.rounds), least,
            "<= 1.15");
  table.Add("all commands: size", "bytes", all.bytes, 0, "");
  return table.Finish(argc, argv);
}
