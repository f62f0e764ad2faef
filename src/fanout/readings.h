// Reads what fanout/gauges.h decides about, from /proc and the cgroups (version
// 2) that we are in.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "fanout/gauges.h"

namespace fanout {

// How many tasks can work at the same moment: the processors we may run on, or
// fewer where a cgroup allows less time. At least 1.
int Processors();

// Where things are; another place in tests.
struct HostRoots {
  std::string proc = "/proc", cgroups = "/sys/fs/cgroup";
};

class HostReader {
 public:
  // Reads once what `limits` need, and says with Unimplemented (69) which
  // option cannot be honoured here: an old kernel, or one without PSI.
  static absl::StatusOr<HostReader> Open(const GaugeLimits& limits,
                                         const HostRoots& roots = {});
  // A file that cannot be read now leaves its reading empty. Takes 6 to 30
  // microseconds for each option.
  Readings Read() const;

 private:
  HostReader(const GaugeLimits& limits, const HostRoots& roots);
  std::optional<int64_t> Available() const;

  GaugeLimits limits_;
  HostRoots roots_;
  std::vector<std::string> cgroups_;  // ours and those above it
};

// The folders of our cgroup and of those above it, ours first; none where there
// is no version 2 tree.
std::vector<std::string> CgroupFolders(const HostRoots& roots);
// What they allow, in processors; none for no limit.
std::optional<double> CgroupProcessorLimit(
    const std::vector<std::string>& folders);

}  // namespace fanout
