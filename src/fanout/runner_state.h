// What the files of a Runner share; for runner*.cc alone. runner.cc begins it
// and takes up what is to be run, runner_start.cc starts it, runner_end.cc is
// about ends: of tasks and of the run.
#pragma once

#include <string>
#include <vector>

#include "fanout/runner.h"

namespace fanout {

// Exit codes (exit-codes(7)).
inline constexpr int kUsage = 64, kBadInput = 65, kNoCounter = 66, kSystem = 71,
                     kOutputLost = 74, kCannotExecute = 126, kNotFound = 127;

struct Runner::Slot {
  std::vector<std::string> tokens;
  Task* task = nullptr;
  bool released = false;
};

}  // namespace fanout
