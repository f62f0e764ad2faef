#include "sys/spawner.h"

#include <signal.h>
#include <sys/epoll.h>

#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/status.h"
#include "sys/clock.h"

namespace sys {

struct Spawner::State {
  struct Slot {
    Order order;
    // Guarded by mutex, since signals come from the caller's thread.
    std::optional<Child> child;
    bool about_to_start = false;
    int signal = 0;  // came while it was about to start
    absl::Time start;
  };
  struct Worker {
    Loop loop;
    std::thread thread;
  };

  State(Loop& l, Told t, Next n)
      : loop(l), told(std::move(t)), next(std::move(n)) {}
  Worker& WorkerOf(size_t slot);
  Slot& At(size_t slot);
  // On the slot's thread.
  void Start(Worker& worker, size_t slot);
  void End(Worker& worker, size_t slot);
  absl::Status Spawn(Worker& worker, size_t slot);
  // Whether the slot has something to start now.
  bool Over(size_t slot, Report report);

  Loop& loop;
  Told told;
  Next next;
  std::vector<std::unique_ptr<Worker>> workers;  // null: not started yet
  mutable std::mutex mutex;
  std::deque<Slot> slots;  // grown under mutex; a deque: they stay in place
  size_t running = 0;      // the caller's thread only
  bool leaves = false;     // likewise
  // What was posted to the caller's loop looks whether this is gone.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Spawner::Spawner(Loop& loop, int threads, Told told, Next next)
    : state_(std::make_unique<State>(loop, std::move(told), std::move(next))) {
  MUST(threads > 0);
  state_->workers.resize(threads);
}

void Spawner::LeaveChildren() { state_->leaves = true; }

Spawner::~Spawner() {
  State& s = *state_;
  for (size_t i = 0; i < s.slots.size() && !s.leaves; i++) Signal(i, SIGKILL);
  for (auto& worker : s.workers) {
    if (worker == nullptr) continue;
    worker->loop.Post([&w = *worker] {
      w.loop.LetGo();
      w.loop.Stop();
    });
    worker->thread.join();
  }
  for (State::Slot& slot : s.slots) {
    if (slot.child && s.leaves) slot.child->LetGo();
  }
  s.slots.clear();  // waits for what is left
  for (size_t i = 0; i < s.running; i++) s.loop.LetGo();
}

// Started when first needed. Threads take no signals: those are the caller's
// loop's.
Spawner::State::Worker& Spawner::State::WorkerOf(size_t slot) {
  std::unique_ptr<Worker>& worker = workers[slot % workers.size()];
  if (worker == nullptr) {
    worker = std::make_unique<Worker>();
    worker->loop.Hold();
    sigset_t all, before;
    sigfillset(&all);
    // Discarded, since it has no handler. Blocked, it would be kept, and would
    // wake the caller's thread for nothing at each end of a child.
    sigdelset(&all, SIGCHLD);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    worker->thread = std::thread([w = worker.get()] { w->loop.Run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  return *worker;
}

Spawner::State::Slot& Spawner::State::At(size_t slot) {
  std::lock_guard lock(mutex);
  while (slot >= slots.size()) slots.emplace_back();
  return slots[slot];
}

void Spawner::State::Start(Worker& worker, size_t index) {
  Slot& slot = At(index);
  for (;;) {
    Report report;
    const bool nothing = slot.order.nothing;
    if (nothing) {
      report.start = report.end = SteadyNow();
      slot.order.held.clear();
    } else {
      report.started = Spawn(worker, index);
      if (report.started.ok()) return;
    }
    if (!Over(index, std::move(report))) return;
    // However many come in a row, the ends of others are heard in between.
    if (nothing) {
      return worker.loop.Post([this, &worker, index] { Start(worker, index); });
    }
  }
}

absl::Status Spawner::State::Spawn(Worker& worker, size_t index) {
  Slot& slot = At(index);
  const absl::Time start = SteadyNow();
  TRY_ASSIGN(Child child, Child::Spawn(slot.order.argv, slot.order.options));
  slot.order.held.clear();
  const int pidfd = child.pidfd();
  {
    std::lock_guard lock(mutex);
    slot.start = start;
    slot.about_to_start = false;
    slot.child = std::move(child);
    if (const int signal = std::exchange(slot.signal, 0); signal != 0) {
      (void)slot.child->Signal(signal);
    }
  }
  absl::Status watched = worker.loop.Watch(
      pidfd, EPOLLIN, [this, &worker, index](uint32_t) { End(worker, index); });
  if (watched.ok()) return watched;
  // Nobody would hear of its end.
  std::lock_guard lock(mutex);
  slot.child.reset();
  return watched;
}

void Spawner::State::End(Worker& worker, size_t index) {
  Slot& slot = At(index);
  Report report;
  report.pid = slot.child->pid();
  report.start = slot.start;
  report.end = SteadyNow();
  worker.loop.Unwatch(slot.child->pidfd());
  {
    std::lock_guard lock(mutex);
    report.ended = slot.child->Wait(&report.usage);
    slot.child.reset();
  }
  if (Over(index, std::move(report))) Start(worker, index);
}

bool Spawner::State::Over(size_t index, Report report) {
  Slot& slot = At(index);
  std::optional<Order> order;
  if (next != nullptr && next(index, report, &order) && order) {
    slot.order = *std::move(order);
    return true;
  }
  {
    std::lock_guard lock(mutex);
    slot.about_to_start = false;
    if (!report.started.ok()) report.order = std::move(slot.order);
  }
  // A function of the loop's can be copied, which a report cannot.
  auto shared = std::make_shared<Report>(std::move(report));
  loop.Post([this, index, still = std::weak_ptr<bool>(alive), shared] {
    if (still.expired()) return;
    running--;
    loop.LetGo();
    told(index, std::move(*shared));
  });
  return false;
}

void Spawner::Start(size_t index, Order order) {
  State& s = *state_;
  s.loop.Hold();
  s.running++;
  State::Slot& slot = s.At(index);
  {
    std::lock_guard lock(s.mutex);
    MUST(!slot.about_to_start && !slot.child);
    slot.about_to_start = true;
    slot.signal = 0;
  }
  slot.order = std::move(order);
  State::Worker& worker = s.WorkerOf(index);
  worker.loop.Post([&s, &worker, index] { s.Start(worker, index); });
}

void Spawner::Signal(size_t index, int signal) {
  std::lock_guard lock(state_->mutex);
  if (index >= state_->slots.size()) return;
  State::Slot& slot = state_->slots[index];
  if (slot.child) {
    (void)(slot.order.options.own_group ? slot.child->SignalGroup(signal)
                                        : slot.child->Signal(signal));
  } else if (slot.about_to_start) {
    slot.signal = signal;
  }
}

int Spawner::Pid(size_t index) const {
  std::lock_guard lock(state_->mutex);
  if (index >= state_->slots.size()) return 0;
  const State::Slot& slot = state_->slots[index];
  return slot.child ? slot.child->pid() : 0;
}

}  // namespace sys
