// Children by the thousand, started and reaped on threads of their own, so that
// an exec never holds up the loop.
//
// A vfork stops the thread that calls it until the child's exec is done; two
// threads start twice as many on two processors. Each thread has a loop and
// keeps the children it started: their parent-death signal follows the thread.
// What comes after an end is asked of the caller right there if that can be
// answered (`next`); else the caller's loop is told. Waking another thread
// costs as much as starting a small program.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sys/child.h"
#include "sys/loop.h"

namespace sys {

class Spawner {
 public:
  struct Order {
    std::vector<std::string> argv;
    SpawnOptions options;  // what it points to stays until the report
    std::vector<Fd> held;  // closed once it is started
    // No process: it ends with 0 as soon as it is started.
    bool nothing = false;
  };
  struct Report {
    // If it is not ok, nothing of the rest is known, and `order` is as it was.
    absl::Status started;
    Order order;
    Ended ended;
    Usage usage;
    int pid = 0;
    absl::Time start, end;  // SteadyNow's
  };
  // Comes once for every child, on the loop.
  using Told = std::function<void(size_t slot, Report report)>;
  // Asked first, on the child's thread: true when it has taken the report, and
  // then `order` is what the slot starts next, if anything. May be null.
  using Next = std::function<bool(size_t slot, Report& report,
                                  std::optional<Order>* order)>;

  // `loop` outlives this. The number of children is not limited here; `slot` is
  // the caller's name for one, small, and free again once it is reported.
  Spawner(Loop& loop, int threads, Told told, Next next = nullptr);
  // Kills the children that still run, and waits for them.
  ~Spawner();
  Spawner(const Spawner&) = delete;

  // The loop does not end before the report.
  void Start(size_t slot, Order order);
  // To the child or, if it leads one, its process group. One that is about to
  // be started gets it as soon as it runs. Harmless once it has ended.
  void Signal(size_t slot, int signal);
  // Children that run are left to themselves when this ends.
  void LeaveChildren();
  // 0 when it does not run.
  int Pid(size_t slot) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sys
