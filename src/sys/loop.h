// One loop per process: descriptors, moments, and calls from other threads.
//
// Callbacks are short; one that would block is a bug. A callback may add and
// remove watches and timers, its own included. Everything but Post is for the
// loop's own thread.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "sys/fd.h"

namespace sys {

class Loop {
 public:
  Loop();  // ends the process when the system has no epoll left to give
  ~Loop();
  Loop(const Loop&) = delete;

  // What a watched descriptor is ready for (EPOLLIN, EPOLLOUT, EPOLLHUP ...).
  using Ready = std::function<void(uint32_t events)>;
  // Watches `fd`, which must stay open until Unwatch. `events` as in epoll(7),
  // level-triggered. AlreadyExists when it is watched; FailedPrecondition for a
  // plain file, which is always ready and needs no waiting.
  absl::Status Watch(int fd, uint32_t events, Ready ready);
  // Changes what is watched for; the descriptor must be watched. 0 pauses it:
  // not even an error or a hang-up is told then.
  void Rewatch(int fd, uint32_t events);
  // No callback of `fd` runs after this, even if it was ready already. What the
  // callback owns lives until the turn ends. Harmless for one not watched.
  void Unwatch(int fd);

  using Timer = uint64_t;  // never 0
  // Calls `f` once, at or as soon as possible after `when` (SteadyNow's time).
  // Timers due at the same moment run in the order they were made.
  Timer At(absl::Time when, std::function<void()> f);
  Timer After(absl::Duration d, std::function<void()> f);
  void Cancel(Timer timer);  // harmless for one that has run, and for 0

  // Calls `f` on the loop's thread, soon, in order. From any thread.
  void Post(std::function<void()> f);
  // Calls `f` once, after all callbacks of this turn and before the loop waits
  // again: where what a turn gathered is sent off in one go.
  void AtEndOfTurn(std::function<void()> f);
  // Deletes it then: whoever called its owner may still look at it.
  template <typename T>
  void DeleteAtEndOfTurn(std::unique_ptr<T> object) {
    AtEndOfTurn([gone = std::shared_ptr<T>(std::move(object))] {});
  }

  // While held, Run waits for a Post even with nothing else to wait for. For
  // whoever has work under way on another thread.
  void Hold();
  void LetGo();

  // Runs until Stop, or until there is nothing left to wait for: no watch, no
  // timer, nothing posted, not held. Stop lets the turn come to its end;
  // without a Run it ends the next one at once.
  void Run();
  void Stop();
  // One turn: waits at most `longest`, runs what is due. False when there is
  // nothing left to wait for. For tests and for waiting on one answer; never
  // from a callback. Descriptors come first, then timers, then what was posted.
  bool Turn(absl::Duration longest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sys
