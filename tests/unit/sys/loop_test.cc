#include "sys/loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "sys/clock.h"
#include "sys/file.h"

namespace {

struct TestPipe {
  TestPipe() {
    auto p = sys::Pipe(O_NONBLOCK);
    REQUIRE(p.ok());
    read = std::move(p->first);
    write = std::move(p->second);
  }
  void Put(absl::string_view s = "x") {
    REQUIRE(sys::WriteAll(write.get(), s).ok());
  }
  sys::Fd read, write;
};

}  // namespace

TEST_CASE("loop: ends at once when there is nothing to wait for", "[sys]") {
  sys::Loop loop;
  loop.Run();
  CHECK_FALSE(loop.Turn(absl::Hours(1)));
}

TEST_CASE("loop: tells a descriptor's readiness until it is unwatched",
          "[sys]") {
  sys::Loop loop;
  TestPipe pipe;
  int calls = 0;
  REQUIRE(loop.Watch(pipe.read.get(), EPOLLIN,
                     [&](uint32_t events) {
                       CHECK((events & EPOLLIN) != 0);
                       if (++calls == 3) loop.Unwatch(pipe.read.get());
                     })
              .ok());
  CHECK(loop.Turn(absl::ZeroDuration()));
  CHECK(calls == 0);
  pipe.Put();
  loop.Run();  // level-triggered: nobody reads, so it stays ready
  CHECK(calls == 3);
}

TEST_CASE("loop: a descriptor cannot be watched twice", "[sys]") {
  sys::Loop loop;
  TestPipe pipe;
  REQUIRE(loop.Watch(pipe.read.get(), EPOLLIN, [](uint32_t) {}).ok());
  CHECK(absl::IsAlreadyExists(
      loop.Watch(pipe.read.get(), EPOLLIN, [](uint32_t) {})));
  loop.Unwatch(pipe.read.get());
  CHECK(loop.Watch(pipe.read.get(), EPOLLIN, [](uint32_t) {}).ok());
}

TEST_CASE("loop: a plain file and a closed descriptor cannot be watched",
          "[sys]") {
  sys::Loop loop;
  auto file = sys::Open("/proc/self/exe", O_RDONLY);
  REQUIRE(file.ok());
  CHECK(absl::IsFailedPrecondition(
      loop.Watch(file->get(), EPOLLIN, [](uint32_t) {})));
  CHECK_FALSE(loop.Watch(-1, EPOLLIN, [](uint32_t) {}).ok());
  CHECK_FALSE(loop.Watch(1'000'000'000, EPOLLIN, [](uint32_t) {}).ok());
  loop.Run();
}

TEST_CASE("loop: of two that are ready one may unwatch the other", "[sys]") {
  sys::Loop loop;
  TestPipe a, b;
  a.Put();
  b.Put();
  int calls = 0;
  const auto ready = [&](uint32_t) {
    calls++;
    loop.Unwatch(a.read.get());
    loop.Unwatch(b.read.get());
  };
  REQUIRE(loop.Watch(a.read.get(), EPOLLIN, ready).ok());
  REQUIRE(loop.Watch(b.read.get(), EPOLLIN, ready).ok());
  loop.Run();
  CHECK(calls == 1);
}

TEST_CASE("loop: an event of a closed descriptor does not reach its successor",
          "[sys]") {
  sys::Loop loop;
  TestPipe a, b, fresh;
  a.Put();
  b.Put();
  int first_calls = 0, fresh_calls = 0;
  // Whichever of the two comes first puts a pipe without data in the place of
  // both, under the same numbers.
  const auto ready = [&](uint32_t) {
    first_calls++;
    const int mine = a.read.get(), theirs = b.read.get();
    loop.Unwatch(mine);
    loop.Unwatch(theirs);
    for (int fd : {mine, theirs}) {
      REQUIRE(dup2(fresh.read.get(), fd) == fd);
      REQUIRE(loop.Watch(fd, EPOLLIN, [&](uint32_t) { fresh_calls++; }).ok());
    }
  };
  REQUIRE(loop.Watch(a.read.get(), EPOLLIN, ready).ok());
  REQUIRE(loop.Watch(b.read.get(), EPOLLIN, ready).ok());
  CHECK(loop.Turn(absl::ZeroDuration()));
  CHECK(first_calls == 1);
  CHECK(fresh_calls == 0);
  fresh.Put();
  loop.Turn(absl::ZeroDuration());
  CHECK(fresh_calls == 2);
}

TEST_CASE("loop: a callback may add many watches while it runs", "[sys]") {
  sys::Loop loop;
  TestPipe first;
  std::vector<TestPipe> more;
  int calls = 0;
  // Captured by value: must still be whole after the table has grown.
  const std::string kept(100, 'k');
  REQUIRE(loop.Watch(first.read.get(), EPOLLIN,
                     [&, kept](uint32_t) {
                       for (int i = 0; i < 200; i++) {
                         more.emplace_back();
                         more.back().Put();
                         const int fd = more.back().read.get();
                         REQUIRE(loop.Watch(fd, EPOLLIN,
                                            [&, fd](uint32_t) {
                                              calls++;
                                              loop.Unwatch(fd);
                                            })
                                     .ok());
                       }
                       loop.Unwatch(first.read.get());
                       CHECK(kept == std::string(100, 'k'));
                     })
              .ok());
  first.Put();
  loop.Run();
  CHECK(calls == 200);
}

TEST_CASE("loop: a paused descriptor is not told, not even of its end",
          "[sys]") {
  sys::Loop loop;
  TestPipe pipe;
  int calls = 0;
  REQUIRE(
      loop.Watch(pipe.read.get(), EPOLLIN, [&](uint32_t) { calls++; }).ok());
  loop.Rewatch(pipe.read.get(), 0);
  pipe.Put();
  pipe.write.Reset();
  for (int i = 0; i < 3; i++) CHECK(loop.Turn(absl::ZeroDuration()));
  CHECK(calls == 0);
  loop.Rewatch(pipe.read.get(), EPOLLIN);
  loop.Turn(absl::ZeroDuration());
  CHECK(calls == 1);
}

TEST_CASE("loop: what is not wanted any more is not told in the same turn",
          "[sys]") {
  sys::Loop loop;
  TestPipe a, b;
  a.Put();
  b.Put();
  int calls = 0;
  const auto ready = [&](uint32_t) {
    calls++;
    loop.Rewatch(a.read.get(), 0);
    loop.Rewatch(b.read.get(), 0);
  };
  REQUIRE(loop.Watch(a.read.get(), EPOLLIN, ready).ok());
  REQUIRE(loop.Watch(b.read.get(), EPOLLIN, ready).ok());
  loop.Turn(absl::ZeroDuration());
  loop.Turn(absl::ZeroDuration());
  CHECK(calls == 1);
}

TEST_CASE("loop: changes may go to and fro before they take effect", "[sys]") {
  sys::Loop loop;
  TestPipe pipe;
  uint32_t seen = 0;
  const int fd = pipe.write.get();
  REQUIRE(loop.Watch(fd, 0, [&](uint32_t events) { seen |= events; }).ok());
  loop.Rewatch(fd, EPOLLOUT);
  loop.Rewatch(fd, 0);
  loop.Turn(absl::ZeroDuration());
  CHECK(seen == 0);
  loop.Rewatch(fd, EPOLLOUT);
  loop.Unwatch(fd);
  REQUIRE(loop.Watch(fd, 0, [&](uint32_t events) { seen |= events; }).ok());
  loop.Turn(absl::ZeroDuration());
  CHECK(seen == 0);
  loop.Rewatch(fd, EPOLLOUT);
  loop.Turn(absl::ZeroDuration());
  CHECK(seen == EPOLLOUT);
}

TEST_CASE("loop: timers fire in order of time, then of making, never early",
          "[sys]") {
  sys::Loop loop;
  std::string order;
  const absl::Time start = sys::SteadyNow();
  const absl::Time later = start + absl::Milliseconds(20);
  loop.At(later, [&] {
    CHECK(sys::SteadyNow() >= later);
    order += 'c';
  });
  loop.At(later, [&] { order += 'd'; });
  loop.After(absl::Microseconds(300), [&] {
    CHECK(sys::SteadyNow() >= start + absl::Microseconds(300));
    order += 'b';
  });
  loop.At(absl::InfinitePast(), [&] { order += 'a'; });
  loop.At(later, [&] { order += 'e'; });
  loop.Run();
  CHECK(order == "abcde");
}

TEST_CASE("loop: a cancelled timer does not fire, even when it was due",
          "[sys]") {
  sys::Loop loop;
  int calls = 0;
  sys::Loop::Timer second = 0;
  const absl::Time now = sys::SteadyNow();
  loop.At(now, [&] {
    calls++;
    loop.Cancel(second);
  });
  second = loop.At(now, [&] { calls += 100; });
  const sys::Loop::Timer third =
      loop.At(now + absl::Hours(1), [&] { calls += 1000; });
  CHECK(second != 0);
  loop.Cancel(third);
  loop.Cancel(third);
  loop.Cancel(0);
  loop.Run();
  CHECK(calls == 1);
}

TEST_CASE("loop: cancelling a timer that has run spares the one after it",
          "[sys]") {
  sys::Loop loop;
  int calls = 0;
  const sys::Loop::Timer gone = loop.After(absl::ZeroDuration(), [] {});
  loop.Run();
  loop.After(absl::ZeroDuration(), [&] { calls++; });  // the same slot
  loop.Cancel(gone);
  loop.Run();
  CHECK(calls == 1);
}

TEST_CASE("loop: a timer that always sets itself again starves nobody",
          "[sys]") {
  sys::Loop loop;
  TestPipe pipe;
  pipe.Put();
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds < 1000) loop.After(-absl::Seconds(1), again);
  };
  loop.After(absl::ZeroDuration(), again);
  int rounds_at_read = -1;
  REQUIRE(loop.Watch(pipe.read.get(), EPOLLIN,
                     [&](uint32_t) {
                       rounds_at_read = rounds;
                       loop.Unwatch(pipe.read.get());
                     })
              .ok());
  loop.Run();
  CHECK(rounds == 1000);
  CHECK(rounds_at_read < 3);
}

TEST_CASE("loop: what is posted runs in order, from any thread", "[sys]") {
  sys::Loop loop;
  std::vector<int> seen;
  loop.Hold();
  std::thread other([&] {
    for (int i = 0; i < 5000; i++) loop.Post([&seen, i] { seen.push_back(i); });
    loop.Post([&] { loop.LetGo(); });
  });
  loop.Run();
  other.join();
  REQUIRE(seen.size() == 5000);
  for (int i = 0; i < 5000; i++) REQUIRE(seen[i] == i);
}

TEST_CASE("loop: a post wakes a loop that waits", "[sys]") {
  sys::Loop loop;
  TestPipe to_thread;
  int answers = 0;
  loop.Hold();
  // Each post comes only after the last was answered, so the loop waits anew.
  REQUIRE(fcntl(to_thread.read.get(), F_SETFL, 0) == 0);
  std::thread other([&] {
    char c;
    for (int i = 0; i < 500 && read(to_thread.read.get(), &c, 1) == 1; i++) {
      loop.Post([&] {
        answers++;
        to_thread.Put();
      });
    }
    loop.Post([&] { loop.LetGo(); });
  });
  to_thread.Put();
  loop.Run();
  other.join();
  CHECK(answers == 500);
}

TEST_CASE("loop: a post from a post runs in the next turn", "[sys]") {
  sys::Loop loop;
  int depth = 0;
  std::function<void()> deeper = [&] {
    if (++depth < 10) loop.Post(deeper);
  };
  loop.Post(deeper);
  CHECK(loop.Turn(absl::InfiniteDuration()));
  CHECK(depth == 1);
  loop.Run();
  CHECK(depth == 10);
}

TEST_CASE("loop: the end of a turn comes after everything else in it",
          "[sys]") {
  sys::Loop loop;
  std::string order;
  TestPipe pipe;
  pipe.Put();
  REQUIRE(loop.Watch(pipe.read.get(), EPOLLIN,
                     [&](uint32_t) {
                       loop.AtEndOfTurn([&] { order += 'e'; });
                       order += 'r';
                       loop.Unwatch(pipe.read.get());
                     })
              .ok());
  loop.Post([&] { order += 'p'; });
  loop.After(absl::ZeroDuration(), [&] { order += 't'; });
  loop.Turn(absl::InfiniteDuration());
  CHECK(order == "rtpe");
}

TEST_CASE("loop: does not wait while something is left for the end of a turn",
          "[sys]") {
  sys::Loop loop;
  int calls = 0, turns = 0;
  const std::function<void()> again = [&] {
    if (++calls < 20) loop.AtEndOfTurn(again);
  };
  loop.AtEndOfTurn(again);
  loop.After(absl::Hours(1), [] {});
  for (; calls < 20; turns++) CHECK(loop.Turn(absl::InfiniteDuration()));
  CHECK(turns > 1);  // so that nobody is kept waiting
}

TEST_CASE("loop: what the end of a turn leads to is done in it", "[sys]") {
  sys::Loop loop;
  int calls = 0;
  loop.AtEndOfTurn([&] { loop.AtEndOfTurn([&] { calls++; }); });
  CHECK_FALSE(loop.Turn(absl::ZeroDuration()));
  CHECK(calls == 1);
}

TEST_CASE("loop: Stop ends Run after the turn", "[sys]") {
  sys::Loop loop;
  int posted = 0;
  loop.Post([&] {
    posted++;
    loop.Stop();
  });
  loop.Post([&] { posted++; });
  loop.After(absl::Hours(1), [] {});
  loop.Run();
  CHECK(posted == 2);
  loop.Stop();
  loop.Run();  // at once: it was stopped before
}

TEST_CASE("loop: a turn waits no longer than it is told", "[sys]") {
  sys::Loop loop;
  loop.After(absl::Hours(1), [] {});
  const absl::Time start = sys::SteadyNow();
  CHECK(loop.Turn(absl::Milliseconds(5)));
  CHECK(sys::SteadyNow() - start >= absl::Milliseconds(5));
  CHECK(sys::SteadyNow() - start < absl::Seconds(30));
  CHECK(loop.Turn(-absl::InfiniteDuration()));
}

TEST_CASE("loop: what callbacks own may use the loop as it goes", "[sys]") {
  struct Owner {
    sys::Loop& loop;
    int fd;
    sys::Loop::Timer timer;
    ~Owner() {
      loop.Unwatch(fd);
      loop.Cancel(timer);
    }
  };
  TestPipe a, b;
  {
    sys::Loop loop;
    const auto owner = std::make_shared<Owner>(
        Owner{loop, b.read.get(), loop.After(absl::Hours(1), [] {})});
    REQUIRE(loop.Watch(a.read.get(), EPOLLIN, [owner](uint32_t) {}).ok());
    REQUIRE(loop.Watch(b.read.get(), EPOLLIN, [owner](uint32_t) {}).ok());
    loop.After(absl::Hours(1), [owner] {});
    loop.Post([owner] {});
    loop.AtEndOfTurn([owner] {});
  }
  SUCCEED();
}
