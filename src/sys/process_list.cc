#include "sys/process_list.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "sys/fd.h"
#include "sys/file.h"

namespace sys {
namespace {

constexpr size_t kMostEnvironmentBytes = 8 << 20;

// Into a buffer that the caller keeps: thousands of them are read in a row.
absl::string_view ReadShort(const char* path, char* buffer, size_t bytes) {
  const Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return "";
  const ssize_t n = read(fd.get(), buffer, bytes);
  return absl::string_view(buffer, n > 0 ? static_cast<size_t>(n) : 0);
}

absl::string_view NextField(absl::string_view* rest) {
  while (!rest->empty() && rest->front() == ' ') rest->remove_prefix(1);
  const size_t end = std::min(rest->find(' '), rest->size());
  const absl::string_view field = rest->substr(0, end);
  rest->remove_prefix(end);
  return field;
}

}  // namespace

std::optional<ProcessInfo> ReadProcess(int pid) {
  char path[32], buffer[1024];
  absl::SNPrintF(path, sizeof path, "/proc/%d/stat", pid);
  absl::string_view rest = ReadShort(path, buffer, sizeof buffer);
  // "pid (name) state parent group session ...": the name may hold anything.
  const size_t end = rest.rfind(')');
  if (end == absl::string_view::npos) return std::nullopt;
  rest.remove_prefix(end + 1);
  ProcessInfo info;
  info.pid = pid;
  const absl::string_view state = NextField(&rest);
  info.ended = state == "Z" || state == "X";
  bool ok = absl::SimpleAtoi(NextField(&rest), &info.parent) &&
            absl::SimpleAtoi(NextField(&rest), &info.group) &&
            absl::SimpleAtoi(NextField(&rest), &info.session);
  // proc(5) counts from 1; the session is the 6th, the start the 22nd.
  for (int field = 7; field < 22; field++) NextField(&rest);
  ok = ok && absl::SimpleAtoi(NextField(&rest), &info.start_ticks);
  if (!ok) return std::nullopt;
  return info;
}

uint64_t TicksNow() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t hz = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  return static_cast<uint64_t>(now.tv_sec) * hz +
         static_cast<uint64_t>(now.tv_nsec) * hz / 1'000'000'000;
}

bool IsSameStart(uint64_t ticks, uint64_t others) {
  return std::max(ticks, others) - std::min(ticks, others) <= 2;
}

std::vector<ProcessInfo> AllProcesses() {
  std::vector<ProcessInfo> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (folder == nullptr) return all;
  while (const dirent* entry = readdir(folder.get())) {
    int pid;
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
        !absl::SimpleAtoi(entry->d_name, &pid)) {
      continue;
    }
    if (std::optional<ProcessInfo> info = ReadProcess(pid)) {
      all.push_back(*info);
    }
  }
  return all;
}

std::vector<int> OwnChildren() {
  std::vector<int> children;
  const auto threads = ListFolder("/proc/self/task");
  if (!threads.ok()) return children;
  bool listed = false;
  for (const std::string& thread : *threads) {
    const auto text =
        ReadFile(absl::StrCat("/proc/self/task/", thread, "/children"));
    if (!text.ok()) continue;
    listed = true;
    for (absl::string_view word :
         absl::StrSplit(*text, ' ', absl::SkipEmpty())) {
      int pid;
      if (absl::SimpleAtoi(word, &pid)) children.push_back(pid);
    }
  }
  if (listed) return children;
  // A kernel without that list (CONFIG_PROC_CHILDREN).
  for (const ProcessInfo& info : AllProcesses()) {
    if (info.parent == getpid()) children.push_back(info.pid);
  }
  return children;
}

std::vector<std::string> EnvironmentOf(int pid) {
  const auto text =
      ReadFile(absl::StrCat("/proc/", pid, "/environ"), kMostEnvironmentBytes);
  if (!text.ok()) return {};
  return absl::StrSplit(*text, '\0', absl::SkipEmpty());
}

std::string CgroupOf(int pid) {
  char path[32], buffer[4096];
  absl::SNPrintF(path, sizeof path, "/proc/%d/cgroup", pid);
  for (absl::string_view line :
       absl::StrSplit(ReadShort(path, buffer, sizeof buffer), '\n')) {
    if (absl::StartsWith(line, "0::")) return std::string(line.substr(3));
  }
  return "";
}

}  // namespace sys
