// A program that is measured from outside: one of ours, or a peer's.
#pragma once

#include <absl/status/statusor.h>
#include <signal.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/child.h"

namespace bench {

class Process {
 public:
  // Its errors go to the end of the file `log`. With `ready`, waits for what it
  // first writes to its standard output: ten minutes at most. It does not
  // outlive us, however we end.
  static absl::StatusOr<Process> Start(std::vector<std::string> argv,
                                       const std::string& log, bool ready);
  Process(Process&& other)
      : child_(std::exchange(other.child_, std::nullopt)),
        said_(std::move(other.said_)) {}
  Process& operator=(Process&& other);
  ~Process() { End(); }

  // Asks it to end and waits; after half a minute it is killed.
  void End(int signal = SIGTERM);
  // Waits until it has ended by itself; DeadlineExceeded, and it is killed.
  absl::StatusOr<sys::Ended> Wait(absl::Duration longest);

  int pid() const { return child_->pid(); }
  const std::string& said() const { return said_; }  // when it was ready
  double ResidentBytes() const { return StatusBytes("VmRSS:"); }
  double PeakBytes() const { return StatusBytes("VmHWM:"); }
  // Of all its threads, not of its children.
  double CpuSeconds() const;

 private:
  explicit Process(sys::Child child) : child_(std::move(child)) {}
  double StatusBytes(absl::string_view name) const;

  std::optional<sys::Child> child_;
  std::string said_;
};

// Ends with us, whichever way: the script that started us kills what is left in
// $SCRATCH/daemons. For a process that is not our child.
class Daemon {
 public:
  explicit Daemon(int pid);
  Daemon(Daemon&& other) : pid_(std::exchange(other.pid_, 0)) {}
  ~Daemon();

 private:
  std::string path() const;
  int pid_;
};

}  // namespace bench
