#include "sys/pool.h"

#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <thread>

TEST_CASE("pool: works on threads and is done on the loop's", "[sys]") {
  sys::Loop loop;
  sys::Pool pool(loop, 3);
  const std::thread::id mine = std::this_thread::get_id();
  std::atomic<int> worked = 0, elsewhere = 0;
  int done = 0;
  for (int i = 0; i < 500; i++) {
    pool.Run(
        [&] {
          worked++;
          if (std::this_thread::get_id() != mine) elsewhere++;
        },
        [&] {
          CHECK(std::this_thread::get_id() == mine);
          done++;
        });
  }
  loop.Run();  // ends only when all is done
  CHECK(worked == 500);
  CHECK(elsewhere == 500);
  CHECK(done == 500);
}

TEST_CASE("pool: its threads take no signals, but may let that of children go",
          "[sys]") {
  for (const bool starts_children : {false, true}) {
    sys::Loop loop;
    sys::Pool pool(loop, 1, starts_children);
    sigset_t blocked;
    pool.Run([&] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); }, [] {});
    loop.Run();
    CHECK(sigismember(&blocked, SIGTERM));
    CHECK(sigismember(&blocked, SIGCHLD) == !starts_children);
  }
}

TEST_CASE("pool: what is done may ask for more", "[sys]") {
  sys::Loop loop;
  sys::Pool pool(loop, 2);
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds < 200) pool.Run([] {}, again);
  };
  again();
  loop.Run();
  CHECK(rounds == 200);
}

TEST_CASE("pool: its end finishes what was begun and drops the rest", "[sys]") {
  sys::Loop loop;
  std::atomic<bool> begun = false, go_on = false;
  std::atomic<int> worked = 0;
  int done = 0;
  const auto dropped = std::make_shared<int>(0);
  {
    sys::Pool pool(loop, 1);
    pool.Run(
        [&] {
          begun = true;
          while (!go_on) std::this_thread::yield();
          worked++;
        },
        [&] { done++; });
    while (!begun) std::this_thread::yield();
    for (int i = 0; i < 10; i++) {
      pool.Run([&, dropped] { worked++; }, [&] { done++; });
    }
    CHECK(dropped.use_count() == 11);
    // The first ends while the destructor waits for it, or just before: then
    // a few of the others may be begun too.
    std::thread release([&] { go_on = true; });
    release.join();
  }
  loop.Run();  // nothing dropped keeps it waiting
  CHECK(worked >= 1);
  CHECK(done == worked);
  CHECK(dropped.use_count() == 1);
}

TEST_CASE("pool: uses as many threads as allowed and no more", "[sys]") {
  sys::Loop loop;
  sys::Pool pool(loop, 4);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> inside = 0, most = 0;
  // All four have to be inside at once to get on.
  for (int i = 0; i < 4; i++) {
    pool.Run(
        [&] {
          inside++;
          while (inside < 4) std::this_thread::yield();
          std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        },
        [] {});
  }
  loop.Run();
  CHECK(threads.size() == 4);
  for (int i = 0; i < 100; i++) {
    pool.Run(
        [&] {
          std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        },
        [] {});
  }
  loop.Run();
  CHECK(threads.size() == 4);
}
