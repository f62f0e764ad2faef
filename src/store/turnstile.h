// A lock that lets threads through in the order they came. With std::mutex a
// writer that is always busy could keep a reader out for ever.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace store {

class Turnstile {  // for std::lock_guard
 public:
  void lock() {
    std::unique_lock<std::mutex> lock(mutex_);
    const uint64_t mine = next_++;
    turn_.wait(lock, [&] { return mine == serving_; });
  }
  void unlock() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++serving_;
    }
    turn_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t next_ = 0, serving_ = 0;
};

}  // namespace store
