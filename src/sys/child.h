// A child process and its end.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>
#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "sys/child_setup.h"
#include "sys/fd.h"

namespace sys {

// How a process ended. Exactly one of the two.
struct Ended {
  int code = 0;    // exit status, when signal is 0
  int signal = 0;  // the signal that killed it
};

// What it took, its own ended children included.
struct Usage {
  absl::Duration user, system;
  int64_t max_resident_bytes = 0;
};

// A limit of a child: RLIMIT_NOFILE and its kin, soft and hard at once.
struct ResourceLimit {
  int resource = 0;
  rlim_t value = 0;
};

// Whom a child runs as: its user, group, and all its other groups.
struct Credentials {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups = {};
};

// Where a child waits, once all is prepared and before it becomes its program.
// Opened or shut once, by any thread; the one that spawns waits, too.
class Gate {
 public:
  void Open() { Set(kOpen); }
  void Shut() { Set(kShut); }  // the child ends, as if it could not be executed

  bool Pass();  // the child's: waits, and says whether it is open

 private:
  enum : int { kWait, kOpen, kShut };
  void Set(int state);
  std::atomic<int> state_ = kWait;
};

struct SpawnOptions {
  // The descriptors that become 0, 1 and 2; -1 is /dev/null.
  int in = -1, out = -1, err = -1;
  // The whole environment as NAME=VALUE; null keeps ours.
  const std::vector<std::string>* environment = nullptr;
  std::string folder = {};  // working folder; empty keeps ours
  // Executes this open file instead of argv[0]. Of a script it stays open in
  // the child, since its interpreter reads it by the name /proc/self/fd/N.
  int executable = -1;
  bool own_group = false;    // leads a process group of its own
  bool own_session = false;  // and a session: it outlives whoever logs out

  // For commands that run in the place of their caller:
  // argv[0] is only a name, this file is executed, and nothing is looked up.
  std::string program = {};
  // Descriptors that are not close-on-exec stay open. None of ours are so.
  bool keep_descriptors = false;
  // Signals are blocked and ignored as they were when we were started.
  bool keep_signals = false;
  // Comes when the thread that calls Spawn ends; 0 for none.
  int death_signal = 0;
  int nice = 0;  // added to ours
  absl::Span<const ResourceLimit> limits = {};
  // Null: it does not wait. Else Spawn returns when that is open, or with
  // Cancelled when it is shut; a child that waits ends with our thread.
  Gate* gate = nullptr;
  // Null keeps ours. Changed after the working folder is entered, and before
  // the program is looked at: the user must be able to execute it.
  // PermissionDenied for whoever is not root.
  const Credentials* credentials = nullptr;
  // For a service; null changes nothing.
  const ChildSetup* setup = nullptr;
  // Where argv[0] is looked up, in the form of PATH; empty is our PATH.
  std::string path = {};
};

class Child {
 public:
  // Starts argv[0] (looked up on our PATH when it has no '/', unless
  // `executable` is given; with `folder`, only in PATH's absolute parts). No
  // other descriptor of ours is open in it, signals are unblocked
  // and at their defaults. vfork and exec: costs the same however big we are.
  // NotFound, PermissionDenied (also: not a program) when it cannot be
  // executed; Unavailable or ResourceExhausted when the system is short of
  // processes, memory or descriptors, or the file is being written (ETXTBSY).
  static absl::StatusOr<Child> Spawn(absl::Span<const std::string> argv,
                                     const SpawnOptions& options);
  // The same for a child that Reaper waits for: its pid. Without a pidfd, which
  // costs 4 us.
  static absl::StatusOr<int> SpawnForReaper(absl::Span<const std::string> argv,
                                            const SpawnOptions& options);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // kills and reaps it if nobody called Wait

  int pidfd() const { return pidfd_.get(); }  // readable once it has ended
  int pid() const { return pid_; }
  // Ok if it has already ended. SignalGroup reaches its process group, which
  // it must lead; after Wait, a kernel before 6.9 may by then have given the
  // group's number to others.
  absl::Status Signal(int signal);
  absl::Status SignalGroup(int signal);
  // Leaves it alone: it is not ours any more, and nobody waits for it.
  void LetGo() { waited_ = true; }
  Ended Wait(Usage* usage = nullptr);  // blocks until it ended; call once

 private:
  Child() = default;
  // Null for no pidfd.
  static absl::StatusOr<int> Begin(absl::Span<const std::string> argv,
                                   const SpawnOptions& options, Fd* pidfd);
  Fd pidfd_;
  int pid_ = 0;
  bool waited_ = false;
};

// Runs a program to its end: `input` to its stdin, its stdout (at most
// `max_output` bytes, else ResourceExhausted) returned. Fails when it exits
// with anything but 0, with the last line of its stderr as the reason, and
// with DeadlineExceeded (killed) after `longest`.
absl::StatusOr<std::string> RunProgram(absl::Span<const std::string> argv,
                                       absl::string_view input,
                                       absl::Duration longest,
                                       size_t max_output = 1 << 20);

}  // namespace sys
