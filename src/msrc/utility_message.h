// A utility as the command line has it, as what is said to a receiver. Pure.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>

#include "msrc/script.h"
#include "wire/messages.pb.h"

namespace msrc {

// What is the same for every host.
struct UtilityPlan {
  const Utility* utility = nullptr;  // borrowed
  absl::Duration time = absl::InfiniteDuration();
  std::string input;  // a file; "" for none
  bool detach = false;
  std::optional<fleetbox::wire::Terminal> terminal;
};

// `shell` and `defs` are the host's: REMOTE_SHELL and ENTRY_DEFS, or "".
fleetbox::wire::Utility UtilityMessage(const UtilityPlan& plan,
                                       const std::string& shell,
                                       const std::string& defs);

}  // namespace msrc
