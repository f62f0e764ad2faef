// The program around an engine, for tests: a thread to call back on, a clock
// that stands still until told, timers.
#pragma once

#include <absl/time/time.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "store/engine.h"
#include "sys/file.h"

namespace store {

class World {
 public:
  Surroundings surroundings() {
    return {
        .post =
            [this](std::function<void()> f) {
              {
                const std::lock_guard<std::mutex> lock(mutex_);
                posted_.push_back(std::move(f));
              }
              arrived_.notify_one();
            },
        .now = [this] { return now_; },
        .at =
            [this](absl::Time when, std::function<void()> f) {
              timers_.emplace(when, std::move(f));
            },
    };
  }

  // Runs what was posted until `done` says so; fails the test after 20 s.
  void Until(const std::function<bool()>& done) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      std::function<void()> f;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!arrived_.wait_until(lock, deadline,
                                 [this] { return !posted_.empty(); })) {
          FAIL("the engine does not answer");
        }
        f = std::move(posted_.front());
        posted_.pop_front();
      }
      f();
    }
  }

  // Moves the clock and fires what is due.
  void Pass(absl::Duration d) {
    const absl::Time until = now_ + d;
    while (!timers_.empty() && timers_.begin()->first <= until) {
      now_ = std::max(now_, timers_.begin()->first);
      const std::function<void()> f = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      f();
    }
    now_ = until;
  }

  // Hands the transaction over and waits for its answer.
  Outcome Commit(Engine& engine, Transaction txn) {
    std::vector<Outcome> got;
    engine.Commit(std::move(txn), [&got](Outcome o) { got.push_back(o); });
    Until([&got] { return !got.empty(); });
    return got[0];
  }
  Outcome Put(Engine& engine, std::string key, std::string value,
              Lease lease = 0) {
    return Commit(engine, {{}, {store::Put(key, value, lease)}});
  }
  // All transactions at once.
  std::vector<Outcome> CommitAll(Engine& engine,
                                 std::vector<Transaction> txns) {
    std::vector<Outcome> got;
    for (Transaction& txn : txns) {
      engine.Commit(std::move(txn), [&got](Outcome o) { got.push_back(o); });
    }
    Until([&] { return got.size() == txns.size(); });
    return got;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> posted_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::multimap<absl::Time, std::function<void()>> timers_;
};

// In memory where there is such a place, for tests that open many stores.
inline sys::TemporaryFolder FastFolder() {
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "/tmp" : before;
  const auto shm = sys::Stat("/dev/shm");
  if (shm.ok() && shm->folder) setenv("TMPDIR", "/dev/shm", 1);
  auto folder = sys::TemporaryFolder::Make("store-test");
  setenv("TMPDIR", kept.c_str(), 1);
  REQUIRE(folder.ok());
  return *std::move(folder);
}

// Nothing of ours on standard error: for tests that make hundreds of failures
// on purpose, each of which is an event worth a line.
class Quiet {
 public:
  Quiet() : kept_(dup(2)) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    close(null);
  }
  ~Quiet() {
    dup2(kept_, 2);
    close(kept_);
  }

 private:
  const int kept_;
};

inline std::vector<std::string> KeysOf(const RangeResult& range) {
  std::vector<std::string> keys;
  for (const Entry& e : range.entries) keys.push_back(e.key);
  return keys;
}

}  // namespace store
