#include "fanout/readings.h"

#include <absl/strings/str_cat.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace fanout {
namespace {

constexpr size_t kMostBytes = 1 << 20;

// What `parse` makes of a file; none when there is no file.
template <typename Parse>
auto ReadAs(const std::string& path, Parse parse) -> decltype(parse("")) {
  const absl::StatusOr<std::string> content = sys::ReadFile(path, kMostBytes);
  if (!content.ok()) return {};
  return parse(*content);
}

absl::Status Missing(absl::string_view option, absl::string_view path) {
  return absl::UnimplementedError(
      absl::StrCat(option, ": this system has no ", path));
}

}  // namespace

std::vector<std::string> CgroupFolders(const HostRoots& roots) {
  std::vector<std::string> folders;
  const std::optional<std::string> path =
      ReadAs(roots.proc + "/self/cgroup", CgroupPath);
  if (!path.has_value()) return folders;
  std::string root = roots.cgroups;
  const auto is_root = [&] {
    const absl::StatusOr<sys::FileInfo> info =
        sys::Stat(root + "/cgroup.controllers");
    return info.ok() && info->exists;
  };
  // Beside controllers of version 1, systemd keeps the tree there.
  if (!is_root()) root += "/unified";
  if (!is_root()) return folders;
  std::string below = *path == "/" ? "" : *path;
  // Folders that we cannot see, as from within some containers, limit nothing.
  for (;;) {
    folders.push_back(root + below);
    if (below.empty()) return folders;
    below.resize(below.rfind('/'));
  }
}

std::optional<double> CgroupProcessorLimit(
    const std::vector<std::string>& folders) {
  std::optional<double> least;
  for (const std::string& folder : folders) {
    const std::optional<double> here =
        ReadAs(folder + "/cpu.max", CgroupProcessors);
    if (here.has_value()) least = std::min(*here, least.value_or(*here));
  }
  return least;
}

int Processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // More processors than a cpu_set_t has: then all that are there.
  int count = sched_getaffinity(0, sizeof set, &set) == 0
                  ? CPU_COUNT(&set)
                  : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const std::optional<double> limit = CgroupProcessorLimit(CgroupFolders({}));
  if (limit.has_value() && *limit < count) {
    count = static_cast<int>(std::ceil(*limit));
  }
  return std::max(count, 1);
}

HostReader::HostReader(const GaugeLimits& limits, const HostRoots& roots)
    : limits_(limits), roots_(roots) {
  if (limits.free_bytes.has_value()) cgroups_ = CgroupFolders(roots);
}

absl::StatusOr<HostReader> HostReader::Open(const GaugeLimits& limits,
                                            const HostRoots& roots) {
  HostReader reader(limits, roots);
  const Readings now = reader.Read();
  const std::string& proc = roots.proc;
  if (limits.load.has_value() && !now.load.has_value()) {
    return Missing("--load", proc + "/loadavg");
  }
  if (limits.free_bytes.has_value() && !now.available_bytes.has_value()) {
    return Missing("--memfree",
                   absl::StrCat("MemAvailable in ", proc, "/meminfo"));
  }
  if (limits.no_swap && !now.swapped.has_value()) {
    return Missing("--noswap", absl::StrCat("pswpin in ", proc, "/vmstat"));
  }
  if (limits.cpu_pressure.has_value() && !now.cpu_pressure.has_value()) {
    return Missing("--pressure", proc + "/pressure/cpu");
  }
  if (limits.memory_pressure.has_value() && !now.memory_pressure.has_value()) {
    return Missing("--pressure", proc + "/pressure/memory");
  }
  if (limits.io_pressure.has_value() && !now.io_pressure.has_value()) {
    return Missing("--pressure", proc + "/pressure/io");
  }
  return reader;
}

std::optional<int64_t> HostReader::Available() const {
  std::optional<int64_t> least =
      ReadAs(roots_.proc + "/meminfo", MemoryAvailable);
  if (!least.has_value()) return least;
  for (const std::string& folder : cgroups_) {
    const std::optional<int64_t> most =
        ReadAs(folder + "/memory.max", CgroupBytes);
    const std::optional<int64_t> used =
        ReadAs(folder + "/memory.current", CgroupBytes);
    if (!most.has_value() || !used.has_value()) continue;
    const int64_t reclaimable =
        ReadAs(folder + "/memory.stat", CgroupReclaimable);
    const int64_t needed =
        std::max<int64_t>(0, *used - std::min(reclaimable, *used));
    least = std::min(*least, std::max<int64_t>(0, *most - needed));
  }
  return least;
}

Readings HostReader::Read() const {
  Readings now;
  now.at = sys::SteadyNow();
  const std::string& proc = roots_.proc;
  if (limits_.load.has_value()) {
    now.load = ReadAs(proc + "/loadavg", LoadAverage);
  }
  if (limits_.free_bytes.has_value()) now.available_bytes = Available();
  if (limits_.no_swap) now.swapped = ReadAs(proc + "/vmstat", Swapped);
  if (limits_.cpu_pressure.has_value()) {
    now.cpu_pressure = ReadAs(proc + "/pressure/cpu", Pressure);
  }
  if (limits_.memory_pressure.has_value()) {
    now.memory_pressure = ReadAs(proc + "/pressure/memory", Pressure);
  }
  if (limits_.io_pressure.has_value()) {
    now.io_pressure = ReadAs(proc + "/pressure/io", Pressure);
  }
  return now;
}

}  // namespace fanout
