// One task of a run, from the items it is made of to the end of its output.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fanout/items.h"
#include "fanout/task_record.h"
#include "sys/loop.h"
#include "sys/spawner.h"

namespace fanout {

struct Task {
  int64_t id = 0;
  Group group;
  bool otherwise = false;
  std::vector<std::string> tokens;
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> environment;  // with the variables
  sys::Spawner::Order order;             // until it is started
  TaskRecord record;
  bool direct = false;
  bool fixed = false;         // its command is given
  bool shown = false;         // on the way to its first start
  bool starved = false;       // waits in its slot for room
  bool looked_again = false;  // for its program
  bool put_back = false;      // its end does not count
  bool again = false;         // it has ended and is to be tried again
  bool has_slot = false, has_output = false;
  absl::Time begin;
  sys::Loop::Timer timeout = 0, kill = 0;
};

}  // namespace fanout
