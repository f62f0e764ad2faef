#include "isinit/tracking.h"

#include <absl/strings/match.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>

#include "sys/file.h"
#include "sys/other_process.h"
#include "sys/process.h"
#include "sys/process_list.h"
#include "unit/isinit/processes.h"

using isinit::EntryProcesses;
using isinit::IsGone;
using isinit::MakeEntry;
using isinit::Processes;
using isinit::Tracking;

namespace {

constexpr char kSocket[] = "/run/tracking-test";

// One tracking of each kind that this machine has, and an entry in it.
struct World : Processes {
  explicit World(Tracking::Kind kind, std::string former = "") {
    options.name = absl::StrCat("isinit-test-", getpid());
    options.socket = kSocket;
    options.kind = kind;
    options.former = std::move(former);
    Begin();
  }
  ~World() {
    if (tracking != nullptr) {
      for (const char* tag : {"a", "b"}) {
        tracking->Kill(tag);
        Until([&] { return tracking->Processes(tag).empty(); });
      }
    }
    tracking.reset();
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }
  void Begin() {
    auto made = Tracking::Make(
        loop, reaper, options,
        [this](const std::string& tag) { empty.push_back(tag); });
    if (made.ok()) {
      tracking = *std::move(made);
    } else {
      why = std::string(made.status().message());
    }
  }

  struct Main {
    int pid = 0;
    bool ended = false, nothing_left = false;
  };
  std::shared_ptr<Main> Start(const std::string& tag,
                              const std::string& command) {
    auto main = std::make_shared<Main>();
    auto entry = MakeEntry(tag, command);
    auto folder = tracking->FolderFor(tag, entry->attributes.surroundings);
    REQUIRE(folder.ok());
    isinit::ProcessGifts gifts;
    gifts.cgroup = folder->get();
    const auto pid = processes.Start(*entry, "1", gifts);
    INFO(pid.status().message());
    REQUIRE(pid.ok());
    main->pid = *pid;
    tracking->Added(tag, *pid);
    reaper.Expect(*pid, [this, tag, main](const sys::Ended&) {
      main->ended = true;
      if (tracking != nullptr) main->nothing_left = tracking->NothingLeft(tag);
    });
    return main;
  }
  std::vector<int> Pids(const std::string& file, size_t count) {
    std::vector<int> pids;
    REQUIRE(Until([&] {
      pids.clear();
      for (absl::string_view line :
           absl::StrSplit(Content(file), '\n', absl::SkipEmpty())) {
        pids.push_back(std::stoi(std::string(line)));
      }
      return pids.size() == count;
    }));
    return pids;
  }
  bool IsEmpty(const std::string& tag) const {
    return std::find(empty.begin(), empty.end(), tag) != empty.end();
  }

  EntryProcesses processes{kSocket};
  Tracking::Options options;
  std::unique_ptr<Tracking> tracking;
  std::string why;
  std::vector<std::string> empty;
};

constexpr Tracking::Kind kTreeKinds[] = {Tracking::Kind::kCgroup,
                                         Tracking::Kind::kSubreaper};
constexpr Tracking::Kind kAllKinds[] = {Tracking::Kind::kCgroup,
                                        Tracking::Kind::kSubreaper,
                                        Tracking::Kind::kSession};

bool Have(const World& world) {
  if (world.tracking != nullptr) return true;
  WARN("skipped: " << world.why);
  return false;
}

}  // namespace

TEST_CASE("tracking: an entry of one process is empty with its end",
          "[isinit]") {
  for (Tracking::Kind kind : kAllKinds) {
    World world(kind);
    if (!Have(world)) continue;
    CHECK(world.tracking->kind() == kind);
    CHECK_FALSE(world.tracking->Describe().empty());
    const auto main = world.Start("a", "sleep 1000");
    CHECK(world.tracking->Processes("a") == std::vector<int>{main->pid});
    CHECK(world.tracking->Owns("a", main->pid));
    CHECK_FALSE(world.tracking->Owns("a", getpid()));
    CHECK_FALSE(world.tracking->Owns("b", main->pid));
    world.tracking->Signal("a", SIGTERM);
    REQUIRE(world.Until([&] { return main->ended; }));
    if (!main->nothing_left) {
      REQUIRE(world.Until([&] { return world.IsEmpty("a"); }));
    }
    CHECK(world.tracking->Processes("a").empty());
    // Once is enough.
    world.For(absl::Milliseconds(30));
    CHECK(world.empty.size() == (main->nothing_left ? 0 : 1));
  }
}

TEST_CASE("isinit 25: a signal reaches the whole tree", "[isinit]") {
  for (Tracking::Kind kind : kTreeKinds) {
    World world(kind);
    if (!Have(world)) continue;
    const std::string pids = world.Path("pids");
    const auto main = world.Start("a", "sleep 1000 & echo $! >>" + pids +
                                           "; setsid sh -c 'echo $$ >>" + pids +
                                           "; exec sleep 1000' & wait");
    std::vector<int> all = world.Pids("pids", 2);
    all.push_back(main->pid);
    const auto other = world.Start("b", "sleep 1000");
    REQUIRE(world.Until(
        [&] { return world.tracking->Processes("a").size() == 3; }));
    for (int pid : all) CHECK(world.tracking->Owns("a", pid));
    world.tracking->Signal("a", SIGTERM);
    REQUIRE(world.Until([&] {
      return main->ended && (main->nothing_left || world.IsEmpty("a"));
    }));
    for (int pid : all) CHECK(IsGone(pid));
    CHECK_FALSE(other->ended);
    CHECK_FALSE(world.IsEmpty("b"));
  }
}

TEST_CASE("isinit 26: an entry that daemonizes itself is followed",
          "[isinit]") {
  for (Tracking::Kind kind : kTreeKinds) {
    World world(kind);
    if (!Have(world)) continue;
    const std::string pids = world.Path("pids");
    // Two forks and a session of its own; both parents end.
    const auto main = world.Start(
        "a", "setsid sh -c '(echo $(exec sh -c \"echo \\$PPID\") >>" + pids +
                 "; exec sleep 1000) & exit' & exit 0");
    const std::vector<int> server = world.Pids("pids", 1);
    REQUIRE(world.Until([&] { return main->ended; }));
    CHECK_FALSE(main->nothing_left);
    world.For(absl::Milliseconds(30));
    CHECK(world.empty.empty());
    CHECK(world.tracking->Processes("a") == server);
    CHECK(world.tracking->Owns("a", server[0]));
    world.tracking->Signal("a", SIGTERM);
    REQUIRE(world.Until([&] { return world.IsEmpty("a"); }));
    CHECK(IsGone(server[0]));
    CHECK(world.empty.size() == 1);
  }
}

TEST_CASE("isinit 26: an entry that overwrites its environment is followed",
          "[isinit]") {
  for (Tracking::Kind kind : kTreeKinds) {
    World world(kind);
    if (!Have(world)) continue;
    // No ISINIT_TAG to know it by; it leaves its session only when its parent
    // has ended.
    const std::string go = world.Path("go");
    REQUIRE(mkfifo(go.c_str(), 0600) == 0);
    const auto gate = sys::Open(go, O_RDWR);
    REQUIRE(gate.ok());
    const auto main =
        world.Start("a", "env -i /bin/sh -c 'read x <" + go +
                             "; exec setsid sleep 1000' & exit 0");
    REQUIRE(world.Until([&] { return main->ended; }));
    REQUIRE_FALSE(main->nothing_left);
    REQUIRE(sys::WriteAll(gate->get(), "\n").ok());
    CHECK(world.Until([&] {
      const std::vector<int> all = world.tracking->Processes("a");
      if (all.size() != 1) return false;
      const auto info = sys::ReadProcess(all[0]);
      return info.has_value() && info->session == all[0];
    }));
    world.tracking->Kill("a");
    REQUIRE(world.Until([&] { return world.IsEmpty("a"); }));
  }
}

TEST_CASE("tracking: by session, the session is what is followed", "[isinit]") {
  World world(Tracking::Kind::kSession);
  const std::string pids = world.Path("pids");
  const auto main =
      world.Start("a", "sleep 1000 & echo $! >>" + pids + "; exit 0");
  const int left = world.Pids("pids", 1)[0];
  REQUIRE(world.Until([&] { return main->ended; }));
  CHECK_FALSE(main->nothing_left);
  CHECK(world.tracking->Processes("a") == std::vector<int>{left});
  world.tracking->Kill("a");
  REQUIRE(world.Until([&] { return world.IsEmpty("a"); }));
  CHECK(IsGone(left));
}

TEST_CASE("tracking: killing ends who forks all the time", "[isinit]") {
  for (Tracking::Kind kind : kTreeKinds) {
    World world(kind);
    if (!Have(world)) continue;
    const auto main = world.Start(
        "a",
        "trap '' TERM; while :; do (trap '' TERM; sleep 0.01; sleep 1000) "
        "& sleep 0.01; done");
    REQUIRE(
        world.Until([&] { return world.tracking->Processes("a").size() > 5; }));
    world.tracking->Kill("a");
    REQUIRE(world.Until([&] {
      if (world.tracking->Processes("a").empty()) return true;
      world.tracking->Kill("a");
      return false;
    }));
    REQUIRE(world.Until([&] { return main->ended; }));
  }
}

TEST_CASE("isinit 28: what has ended gets no signal", "[isinit]") {
  for (Tracking::Kind kind : kAllKinds) {
    World world(kind);
    if (!Have(world)) continue;
    INFO("kind " << static_cast<int>(kind));
    const auto main = world.Start("a", "exit 0");
    REQUIRE(world.Until([&] {
      return main->ended && (main->nothing_left || world.IsEmpty("a"));
    }));
    // Somebody else has its number now.
    const int last = main->pid - 1;
    const sys::Fd next(open("/proc/sys/kernel/ns_last_pid", O_WRONLY));
    const std::string text = absl::StrCat(last);
    if (!next || write(next.get(), text.data(), text.size()) < 0) {
      WARN("skipped: the number of the next process cannot be chosen");
      return;
    }
    const auto stranger =
        sys::Child::Spawn({"sleep", "1000"}, sys::SpawnOptions());
    REQUIRE(stranger.ok());
    if (stranger->pid() != main->pid) continue;  // another was quicker
    world.tracking->Signal("a", SIGKILL);
    world.tracking->Kill("a");
    world.For(absl::Milliseconds(20));
    CHECK_FALSE(IsGone(stranger->pid()));
    CHECK_FALSE(world.tracking->Owns("a", stranger->pid()));
    // It reaps all children, this one too.
    kill(stranger->pid(), SIGKILL);
    const_cast<sys::Child&>(*stranger).LetGo();
  }
}

TEST_CASE("isinit 35: a later life adopts what still runs, and nothing else",
          "[isinit]") {
  for (Tracking::Kind kind : kAllKinds) {
    World world(kind);
    if (!Have(world)) continue;
    const auto main = world.Start("a", "sleep 1000");
    const auto other = world.Start("b", "sleep 1000");
    const uint64_t ticks = sys::ReadProcess(main->pid)->start_ticks;
    world.options.former = world.tracking->Place();
    world.reaper.Forget(main->pid);
    world.tracking.reset();
    world.Begin();
    REQUIRE(world.tracking != nullptr);
    Tracking& tracking = *world.tracking;
    CHECK(absl::IsFailedPrecondition(
        tracking.Adopt("a", main->pid, ticks + 100)));
    CHECK(absl::IsFailedPrecondition(tracking.Adopt("a", 0x3fffff, ticks)));
    if (kind == Tracking::Kind::kCgroup) {
      CHECK(absl::IsFailedPrecondition(tracking.Adopt("b", main->pid, ticks)));
    }
    const absl::Status adopted = tracking.Adopt("a", main->pid, ticks);
    INFO(adopted.message());
    REQUIRE(adopted.ok());
    CHECK(tracking.Processes("a") == std::vector<int>{main->pid});
    bool nothing_left = false;
    world.reaper.Expect(main->pid, [&](const sys::Ended&) {
      nothing_left = tracking.NothingLeft("a");
    });
    tracking.Signal("a", SIGTERM);
    REQUIRE(world.Until([&] { return nothing_left || world.IsEmpty("a"); }));
    CHECK(IsGone(main->pid));
    CHECK_FALSE(IsGone(other->pid));
    REQUIRE(
        tracking
            .Adopt("b", other->pid, sys::ReadProcess(other->pid)->start_ticks)
            .ok());
  }
}

TEST_CASE("tracking: without a controller limits are said not to be there",
          "[isinit]") {
  World world(Tracking::Kind::kCgroup);
  if (!Have(world)) return;
  isinit::Surroundings surroundings;
  CHECK(world.tracking->FolderFor("a", surroundings).ok());
  CHECK_FALSE(absl::StrContains(world.tracking->Describe(), "no limits"));
  surroundings.memory_bytes = 64 << 20;
  REQUIRE(world.tracking->FolderFor("a", surroundings).ok());
  const std::string place = world.tracking->Place();
  const auto limit = sys::ReadFile(place + "/e-a/memory.max");
  if (limit.ok()) {
    CHECK(*limit == "67108864\n");
  } else {
    CHECK(absl::StrContains(world.tracking->Describe(), "no limits"));
    CHECK(absl::StrContains(world.tracking->Describe(), "memory"));
  }
}

TEST_CASE("tracking: cgroups go with their entries, and the rest with us",
          "[isinit]") {
  World world(Tracking::Kind::kCgroup);
  if (!Have(world)) return;
  const std::string place = world.tracking->Place();
  const auto main = world.Start("..", "sleep 1000");
  CHECK(sys::Stat(place + "/e-..")->exists);
  world.tracking->Kill("..");
  REQUIRE(world.Until([&] {
    return main->ended && (main->nothing_left || world.IsEmpty(".."));
  }));
  world.tracking->Forget("..");
  CHECK_FALSE(sys::Stat(place + "/e-..")->exists);
  world.tracking.reset();
  CHECK_FALSE(sys::Stat(place)->exists);
}

TEST_CASE("tracking: what a former life removes is not what we have made",
          "[isinit]") {
  World world(Tracking::Kind::kCgroup);
  if (!Have(world)) return;
  const std::string place = world.tracking->Place();
  // So many that they are removed by a child, after the end.
  const auto make_all = [&] {
    for (int i = 0; i < 60; i++) {
      REQUIRE(world.tracking->FolderFor(absl::StrCat("t", i), {}).ok());
    }
  };
  for (int life = 0; life < 5; life++) {
    make_all();
    world.tracking.reset();
    world.Begin();
    REQUIRE(world.tracking != nullptr);
    CHECK_FALSE(sys::Stat(place + "/e-t59")->exists);
  }
  make_all();
  // One that comes before the other has ended.
  auto former = std::move(world.tracking);
  world.Begin();
  REQUIRE(world.tracking != nullptr);
  former.reset();
  CHECK(sys::Stat(place + "/e-t59")->exists);
}

TEST_CASE("tracking: places are there before their entries start", "[isinit]") {
  World world(Tracking::Kind::kCgroup);
  if (!Have(world)) return;
  const std::string place = world.tracking->Place();
  std::vector<std::string> tags;
  for (int i = 0; i < 60; i++) tags.push_back(absl::StrCat("t", i));
  world.tracking->Prepare(tags);
  tags.push_back("late");
  world.tracking->Prepare(tags);  // the first may not be done
  world.tracking->AwaitPrepared();
  CHECK(sys::Stat(place + "/e-t0")->exists);
  CHECK(sys::Stat(place + "/e-t59")->exists);
  // One that is gone again, and one that nobody has made.
  REQUIRE(rmdir((place + "/e-t7").c_str()) == 0);
  CHECK(world.tracking->FolderFor("t7", {}).ok());
  CHECK(world.tracking->FolderFor("late", {}).ok());
  world.tracking->Prepare({"other"});
}

TEST_CASE("tracking: a process that makes cgroups in its own is still found",
          "[isinit]") {
  World world(Tracking::Kind::kCgroup);
  if (!Have(world)) return;
  const std::string inner = world.tracking->Place() + "/e-a/inner";
  const auto main =
      world.Start("a", "mkdir " + inner + "; sleep 1000 & echo $! >" + inner +
                           "/cgroup.procs; wait");
  REQUIRE(world.Until([&] {
    return world.tracking->Processes("a").size() == 2 &&
           !sys::ReadFile(inner + "/cgroup.procs").value_or("").empty();
  }));
  world.tracking->Signal("a", SIGTERM);
  REQUIRE(world.Until([&] {
    return main->ended && (main->nothing_left || world.IsEmpty("a"));
  }));
  world.tracking->Forget("a");
  CHECK_FALSE(sys::Stat(inner)->exists);
}
