// Carries out what a FenceRun decides, over a Service.
#pragma once

#include <absl/strings/string_view.h>

#include <functional>

#include "power/fence_options.h"
#include "power/service.h"
#include "sys/loop.h"

namespace power {

struct FenceOutput {
  std::function<void(absl::string_view text)> print;
  std::function<void(absl::string_view line)> complain;
};

// Turns the loop until it is over; the exit code. The loop must have no end of
// its own meanwhile.
int RunFence(sys::Loop& loop, Service& service, const FenceOptions& options,
             const FenceOutput& output);

}  // namespace power
