#include "sys/signals.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

TEST_CASE("signals: arrive as callbacks of the loop", "[sys]") {
  sys::Loop loop;
  std::vector<int> seen;
  {
    sys::Signals signals(loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
      seen.push_back(signal);
      if (seen.size() == 2) loop.Stop();
    });
    REQUIRE(kill(getpid(), SIGUSR1) == 0);
    REQUIRE(kill(getpid(), SIGUSR2) == 0);
    CHECK(seen.empty());
    loop.Run();
  }
  CHECK(seen == std::vector<int>{SIGUSR1, SIGUSR2});
}

TEST_CASE("signals: the callback may be the end of them", "[sys]") {
  sys::Loop loop;
  int calls = 0;
  std::unique_ptr<sys::Signals> signals;
  signals = std::make_unique<sys::Signals>(
      loop, std::initializer_list<int>{SIGUSR1, SIGUSR2}, [&](int) {
        calls++;
        signals.reset();
      });
  REQUIRE(kill(getpid(), SIGUSR1) == 0);
  REQUIRE(kill(getpid(), SIGUSR2) == 0);
  loop.Run();  // ends: the watch is gone, and the second signal with it
  CHECK(calls == 1);
}

TEST_CASE("signals: the mask is as before when they end", "[sys]") {
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    sys::Loop loop;
    sys::Signals signals(loop, {SIGTERM}, [](int) {});
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    CHECK(sigismember(&after, SIGTERM) == 1);
    REQUIRE(kill(getpid(), SIGTERM) == 0);  // waits, and is forgotten
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CHECK(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
}

TEST_CASE("signals: have names", "[sys]") {
  CHECK(sys::SignalName(15) == std::string("SIGTERM"));
  CHECK(sys::SignalName(SIGKILL) == std::string("SIGKILL"));
  CHECK(sys::SignalName(SIGWINCH) == std::string("SIGWINCH"));
  CHECK(sys::SignalName(SIGRTMIN + 1) == std::string("a signal"));
  CHECK(sys::SignalName(-1) == std::string("a signal"));
}
