// The ends of all our children: of those we started, and of strangers that have
// become ours because we are process 1 or a subreaper.
//
// It reaps every child of this process, so nobody else may wait for one: a
// sys::Child is let go as soon as it is started. As long as a child is expected
// here and has not been told of, its number is nobody else's, and it can be
// signalled by it.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <cstddef>
#include <functional>
#include <memory>

#include "sys/child.h"
#include "sys/loop.h"
#include "sys/signals.h"

namespace sys {

class Reaper {
 public:
  // Before any other thread is made (sys::Signals). The loop outlives it.
  explicit Reaper(Loop& loop);
  ~Reaper();
  Reaper(const Reaper&) = delete;

  using Told = std::function<void(const Ended& ended)>;
  // `told` comes once, on the loop, when the child has ended and is reaped. To
  // be called in the same turn in which it was started.
  void Expect(int pid, Told told);
  bool Expects(int pid) const { return expected_.contains(pid); }
  // It is reaped all the same; nobody is told.
  void Forget(int pid);
  // Ok and nothing for one that is not expected (any more).
  absl::Status Signal(int pid, int signal);
  // To the process group that it leads.
  absl::Status SignalGroup(int pid, int signal);

  // Called when children have ended: before the first of them is reaped, and
  // after the last.
  void Around(std::function<void()> before, std::function<void()> after);
  // Strangers, too.
  size_t reaped() const { return reaped_; }

 private:
  void Reap();

  Loop& loop_;
  absl::flat_hash_map<int, Told> expected_;
  std::function<void()> before_, after_;
  size_t reaped_ = 0;
  std::shared_ptr<bool> alive_;  // also what is posted looks at it
  Signals signals_;
};

}  // namespace sys
