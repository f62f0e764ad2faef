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
  bench::Table table("start and size");
  sys::Fd null(dup(1));
  auto dev_null = sys::Open("/dev/null", O_WRONLY);
  if (!dev_null.ok()) return 1;
  dup2(dev_null->get(), 1);
  // Both as an installer leaves them: written in one go. What a linker wrote
  // in pieces lies in the page cache in pieces, too, and starts 60 us later.
  auto folder = sys::TemporaryFolder::Make("start-");
  if (!folder.ok()) return 1;
  const std::string copy = folder->path() + "/fleetbox";
  const std::string busybox = folder->path() + "/busybox";
  for (const auto& [from, to] :
       {std::pair(std::string(bin), copy),
        std::pair(std::string("/bin/busybox"), busybox)}) {
    const auto content = sys::ReadFile(from);
    if (!content.ok() || !sys::CreateFile(to, *content, 0755).ok()) return 1;
  }
  std::vector<double> ours_all, limit_all;
  for (int round = 0; round < 5; round++) {
    std::vector<double> ours, limit;
    for (int i = 0; i < 1000; i++) {  // in turns: both meet the same weather
      Start({copy.c_str(), "--version"}, ours);
      Start({busybox.c_str(), "true"}, limit);
    }
    ours_all.push_back(P10(ours));
    limit_all.push_back(P10(limit));
  }
  dup2(null.get(), 1);
  table.Add("start (limit: busybox true)", "us", bench::Median(ours_all),
            bench::Median(limit_all), "<= 1.15");
  const auto info = sys::Stat(std::string(bin));
  table.Add("size", "bytes", info.ok() ? info->bytes : 0, 6e6, "<= 1");
  return table.Finish(argc, argv);
}
