#include "sys/pool.h"

#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sys {

struct Pool::State {
  struct Work {
    std::function<void()> work, done;
  };

  State(Loop& l, size_t n, bool children)
      : loop(l), most_threads(n), starts_children(children) {}
  void Thread();
  void StartThread();

  Loop& loop;
  const size_t most_threads;
  const bool starts_children;
  std::vector<std::thread> threads;  // the loop's thread only
  std::mutex mutex;
  std::condition_variable something;
  std::deque<Work> queue;  // this and the rest: guarded by mutex
  size_t idle = 0;
  bool ends = false;
};

void Pool::State::Thread() {
  std::unique_lock lock(mutex);
  for (;;) {
    idle++;
    something.wait(lock, [&] { return ends || !queue.empty(); });
    idle--;
    if (ends) return;
    Work next = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    next.work();
    // What it owns goes here, not while the loop waits for the lock.
    next.work = nullptr;
    loop.Post([&loop = loop, done = std::move(next.done)] {
      loop.LetGo();
      done();
    });
    lock.lock();
  }
}

// Threads take no signals: those are the loop's.
void Pool::State::StartThread() {
  sigset_t all, before;
  sigfillset(&all);
  if (starts_children) sigdelset(&all, SIGCHLD);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads.emplace_back([this] { Thread(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pool::Pool(Loop& loop, int threads, bool starts_children)
    : state_(std::make_unique<State>(loop, std::max(threads, 1),
                                     starts_children)) {}

Pool::~Pool() {
  std::deque<State::Work> dropped;
  {
    std::lock_guard lock(state_->mutex);
    state_->ends = true;
    dropped.swap(state_->queue);
  }
  state_->something.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
  for (size_t i = 0; i < dropped.size(); i++) state_->loop.LetGo();
}

void Pool::Run(std::function<void()> work, std::function<void()> done) {
  State& s = *state_;
  s.loop.Hold();
  bool enough;
  {
    std::lock_guard lock(s.mutex);
    s.queue.push_back({std::move(work), std::move(done)});
    enough = s.idle >= s.queue.size();
  }
  // Made when first needed: most runs of most commands need none.
  if (!enough && s.threads.size() < s.most_threads) s.StartThread();
  s.something.notify_one();
}

}  // namespace sys
