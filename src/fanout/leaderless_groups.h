// Process groups that are to go and whose leader is gone already: it is looked
// every 10 ms whether the others are, too, and at last they are killed.
//
// The number of a group is not given to a new process as long as one member of
// it is there.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <map>

#include "sys/loop.h"

namespace fanout {

class LeaderlessGroups {
 public:
  // `gone` comes, on the loop, when the last of them has gone.
  LeaderlessGroups(sys::Loop& loop, std::function<void()> gone)
      : loop_(loop), gone_(std::move(gone)) {}
  ~LeaderlessGroups() { loop_.Cancel(timer_); }
  LeaderlessGroups(const LeaderlessGroups&) = delete;

  // Kills what is left of it after `patience`. Nothing, if nothing is left.
  void Watch(int leader, absl::Duration patience);
  void Signal(int signal);
  bool empty() const { return deadlines_.empty(); }

 private:
  void Look();

  sys::Loop& loop_;
  std::function<void()> gone_;
  std::map<int, absl::Time> deadlines_;
  sys::Loop::Timer timer_ = 0;
};

}  // namespace fanout
