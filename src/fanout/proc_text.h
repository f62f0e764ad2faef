// What the kernel says in /proc and in a cgroup's files (version 2), as
// numbers. Each takes the content of one file; none for what is not as proc(5),
// PSI (Documentation/accounting/psi.rst) or cgroup-v2.rst has it.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

namespace fanout {

// /proc/loadavg: the average over one minute.
std::optional<double> LoadAverage(absl::string_view text);
// /proc/meminfo: MemAvailable, in bytes.
std::optional<int64_t> MemoryAvailable(absl::string_view text);
// /proc/pressure/*: percent of the last ten seconds in which some task waited.
std::optional<double> Pressure(absl::string_view text);

// /proc/vmstat: pages since the system's start.
struct SwapCounts {
  int64_t in = 0, out = 0;
};
std::optional<SwapCounts> Swapped(absl::string_view text);

// /proc/self/cgroup: our path below the root of the version 2 tree.
std::optional<std::string> CgroupPath(absl::string_view text);
// memory.max, memory.current: bytes; none also for "max".
std::optional<int64_t> CgroupBytes(absl::string_view text);
// memory.stat: what the kernel would give back before it refuses any: the
// caches of files that were not used lately.
int64_t CgroupReclaimable(absl::string_view text);
// cpu.max: how many processors' time; none also for "max".
std::optional<double> CgroupProcessors(absl::string_view text);

}  // namespace fanout
