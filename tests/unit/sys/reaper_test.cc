#include "sys/reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/clock.h"
#include "sys/process_list.h"

namespace {

bool Until(sys::Loop& loop, const std::function<bool()>& is_so) {
  const absl::Time deadline = sys::SteadyNow() + absl::Seconds(10);
  while (!is_so()) {
    if (sys::SteadyNow() > deadline) return false;
    loop.Turn(absl::Milliseconds(5));
  }
  return true;
}

int Start(const std::string& script) {
  auto child = sys::Child::Spawn({"/bin/sh", "-c", script},
                                 sys::SpawnOptions{.own_session = true});
  REQUIRE(child.ok());
  child->LetGo();
  return child->pid();
}

}  // namespace

TEST_CASE("reaper: tells of each expected end, once, as it was", "[sys]") {
  sys::Loop loop;
  sys::Reaper reaper(loop);
  int told = 0;
  const int one = Start("exit 3");
  reaper.Expect(one, [&](const sys::Ended& ended) {
    told++;
    CHECK(ended.code == 3);
    CHECK(ended.signal == 0);
    CHECK_FALSE(reaper.Expects(one));
  });
  const int two = Start("exec sleep 1000");
  reaper.Expect(two, [&](const sys::Ended& ended) {
    told++;
    CHECK(ended.signal == SIGTERM);
  });
  const int three = Start("exec sleep 1000");
  reaper.Expect(three, [&](const sys::Ended&) { FAIL("was to be forgotten"); });
  reaper.Forget(three);
  CHECK(reaper.Expects(two));
  REQUIRE(reaper.Signal(two, SIGTERM).ok());
  REQUIRE(reaper.SignalGroup(three, SIGKILL).ok());
  REQUIRE(Until(loop, [&] { return reaper.reaped() == 3; }));
  CHECK(told == 2);
  // Nobody's number any more.
  CHECK(reaper.Signal(two, SIGKILL).ok());
}

TEST_CASE("reaper: a callback may start the next one, and be the end of it",
          "[sys]") {
  sys::Loop loop;
  auto reaper = std::make_unique<sys::Reaper>(loop);
  int ends = 0;
  std::function<void()> again = [&] {
    reaper->Expect(Start("exit 0"), [&](const sys::Ended&) {
      if (++ends < 20) return again();
      reaper.reset();
    });
  };
  again();
  REQUIRE(Until(loop, [&] { return ends == 20; }));
  CHECK(reaper == nullptr);
}

TEST_CASE("reaper: what ended before it listened is reaped, too", "[sys]") {
  sys::Loop loop;
  const int pid = Start("exit 0");
  siginfo_t info;
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  sys::Reaper reaper(loop);
  REQUIRE(Until(loop, [&] { return reaper.reaped() == 1; }));
}

TEST_CASE("isinit 40: orphans by the thousand are reaped", "[sys]") {
  sys::Loop loop;
  sys::Reaper reaper(loop);
  REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
  int before = 0, after = 0;
  bool ended = false;
  reaper.Around([&] { before++; }, [&] { after++; });
  // Each is an orphan, and ends without anybody of its own to ask for it.
  reaper.Expect(Start("i=0; while [ $i -lt 1000 ]; do (: &); i=$((i+1)); done"),
                [&](const sys::Ended&) { ended = true; });
  CHECK(Until(loop, [&] { return ended && reaper.reaped() == 1001; }));
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  CHECK(sys::OwnChildren().empty());
  CHECK(before > 0);
  CHECK(before == after);
}
