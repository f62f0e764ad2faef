// The priority and the resource limits of tasks: --nice and --limit.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <vector>

#include "sys/child.h"

namespace fanout {

struct TaskLimits {
  int nice = 0;  // added to ours
  std::vector<sys::ResourceLimit> resources;

  // `options` borrows from this.
  void ApplyTo(sys::SpawnOptions* options) const {
    options->nice = nice;
    options->limits = resources;
  }
};

// From -20 to 19; a negative one works for the superuser only. InvalidArgument.
absl::StatusOr<int> ParseNice(absl::string_view text);

// "nofile:1024", "core:0", "as:2g", "cpu:5m", "stack:unlimited". Names are
// those of prlimit(1); both the soft and the hard limit are set. Memory and
// files are bytes and take the suffixes of sizes, cpu is seconds and takes
// those of times. A later limit of a resource replaces an earlier one.
// InvalidArgument; PermissionDenied when it is above the hard limit that we
// have ourselves and may not raise.
absl::Status AddLimit(absl::string_view text, TaskLimits* limits);

}  // namespace fanout
