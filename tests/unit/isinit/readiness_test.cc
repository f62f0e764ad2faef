#include "isinit/readiness.h"

#include <absl/strings/match.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <optional>

#include "sys/pass_fd.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "unit/isinit/processes.h"

using isinit::Entry;
using isinit::MakeEntry;
using isinit::Processes;
using isinit::Readiness;
using isinit::ReadinessWatch;
using isinit::Run;
using isinit::Tracking;

namespace {

constexpr char kSocket[] = "/run/readiness-test";

struct World : Processes {
  World() {
    Tracking::Options options;
    options.socket = kSocket;
    options.kind = Tracking::Kind::kSession;
    tracking =
        *Tracking::Make(loop, reaper, options, [](const std::string&) {});
    ReadinessWatch::Told told;
    told.ready = [this](Run run) { ready.push_back(run); };
    told.hung = [this](Run, const std::string& why) { hung.push_back(why); };
    told.main_pid = [this](Run, int pid) { main_pid = pid; };
    told.said = [this](Run, const isinit::NotifyMessage&) { said++; };
    watch = std::make_unique<ReadinessWatch>(loop, reaper, *tracking,
                                             Path("notify"), told);
  }
  ~World() {
    for (int pid : started) reaper.SignalGroup(pid, SIGKILL).IgnoreError();
    Until([&] { return sys::OwnChildren().empty(); });
  }
  // Starts it as the server does.
  int Begin(const std::shared_ptr<Entry>& entry, Run run) {
    const auto prepared = watch->Prepare(*entry);
    INFO(prepared.status().message());
    REQUIRE(prepared.ok());
    gifts = *prepared;
    isinit::ProcessGifts given;
    given.ready = gifts.ready;
    given.notify_socket = gifts.notify_socket;
    given.listen = gifts.stored;
    const auto pid = processes.Start(*entry, "1", given);
    INFO(pid.status().message());
    REQUIRE(pid.ok());
    Watch(*pid);
    tracking->Added(entry->tag, *pid);
    watch->Started(run, entry, *pid, [this, entry](const std::string& command) {
      return processes.StartCommand(*entry, command, "1", {});
    });
    return *pid;
  }
  // A message of our own, which is one of root or of the same user.
  void Send(const std::string& text, int fd = -1) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    gifts.notify_socket.copy(address.sun_path, sizeof address.sun_path - 1);
    const sys::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    REQUIRE(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof address) == 0);
    REQUIRE(sys::SendWithFd(socket.get(), text, fd).ok());
  }

  isinit::EntryProcesses processes{kSocket};
  std::unique_ptr<Tracking> tracking;
  std::unique_ptr<ReadinessWatch> watch;
  ReadinessWatch::Gifts gifts;
  std::vector<Run> ready;
  std::vector<std::string> hung;
  std::optional<int> main_pid;
  int said = 0;
};

std::shared_ptr<Entry> Make(Readiness::Kind kind, std::string command,
                            int number = 0, std::string text = "") {
  auto entry = MakeEntry("a", std::move(command));
  entry->attributes.ready = {kind, number, std::move(text)};
  return entry;
}

// A process that says what is in the file to its socket, and stays.
std::string Speaker(const std::string& text) {
  return "exec python3 -c '\nimport os, socket, sys, time\n"
         "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
         "s.connect(os.environ[\"NOTIFY_SOCKET\"])\n" +
         text + "\ntime.sleep(1000)'";
}

}  // namespace

TEST_CASE("readiness: a newline on its descriptor", "[isinit]") {
  World world;
  world.Begin(Make(Readiness::Kind::kDescriptor,
                   "printf starting >&5; until test -e " + world.Path("go") +
                       "; do sleep 0.01; done; echo >&5; sleep 1000",
                   5),
              7);
  world.For(absl::Milliseconds(30));
  CHECK(world.ready.empty());
  REQUIRE(sys::ReplaceFile(world.Path("go"), "").ok());
  REQUIRE(world.Until([&] { return !world.ready.empty(); }));
  CHECK(world.ready == std::vector<Run>{7});
}

TEST_CASE("readiness: a descriptor that is closed is not ready", "[isinit]") {
  World world;
  world.Begin(Make(Readiness::Kind::kDescriptor, "printf x >&5; exit 0", 5), 1);
  REQUIRE(world.Until([&] { return sys::OwnChildren().empty(); }));
  world.For(absl::Milliseconds(20));
  CHECK(world.ready.empty());
}

TEST_CASE("readiness: READY=1 from a process of the entry", "[isinit]") {
  World world;
  auto entry = Make(Readiness::Kind::kNotify,
                    Speaker("s.send(b\"STATUS=all well\\nREADY=1\\nMAINPID=%d\""
                            " % os.getpid())"));
  const int pid = world.Begin(entry, 3);
  REQUIRE(world.Until([&] { return !world.ready.empty(); }));
  CHECK(world.ready == std::vector<Run>{3});
  CHECK(world.main_pid == pid);
  CHECK(world.watch->StatusOf("a") == "all well");
  // The socket stays over restarts; what comes for no run says nothing.
  world.watch->Ended("a");
  world.Send("READY=1");
  world.For(absl::Milliseconds(20));
  CHECK(world.ready.size() == 1);
  const std::string name = world.gifts.notify_socket;
  CHECK(world.watch->Prepare(*entry)->notify_socket == name);
  world.watch->Forget("a");
  CHECK_FALSE(sys::Stat(name)->exists);
}

TEST_CASE("readiness: a stranger's word does not count", "[isinit]") {
  World world;
  world.Begin(Make(Readiness::Kind::kNotify, "sleep 1000"), 3);
  // We are root, or of the same user, but no process of the entry.
  world.Send("READY=1");
  world.For(absl::Milliseconds(20));
  CHECK(world.ready.empty());
  CHECK(world.said == 0);
  // Nor does the word of another user, who has ended.
  if (getuid() != 0) return;
  REQUIRE(chmod(world.gifts.notify_socket.c_str(), 0777) == 0);
  REQUIRE(chmod(world.folder.path().c_str(), 0755) == 0);
  auto other =
      MakeEntry("b",
                "exec python3 -c 'import socket; socket.socket(socket.AF_UNIX, "
                "socket.SOCK_DGRAM).sendto(b\"READY=1\", \"" +
                    world.gifts.notify_socket + "\")'");
  other->attributes.surroundings.user = "nobody";
  const auto pid = world.processes.Start(*other, "1", {});
  REQUIRE(pid.ok());
  const auto watched = world.Watch(*pid);
  REQUIRE(world.Until([&] { return watched->ended; }));
  CHECK(watched->how.code == 0);
  world.For(absl::Milliseconds(20));
  CHECK(world.ready.empty());
}

TEST_CASE("readiness: a watchdog that is not fed is told of", "[isinit]") {
  World world;
  world.Begin(Make(Readiness::Kind::kNotify,
                   Speaker("s.send(b\"READY=1\\nWATCHDOG_USEC=100000\")\n"
                           "for i in range(10): time.sleep(0.03); "
                           "s.send(b\"WATCHDOG=1\")\n"
                           "open(\"" +
                           world.Path("fed") + "\", \"w\").close()")),
              3);
  REQUIRE(world.Until([&] { return sys::Stat(world.Path("fed"))->exists; }));
  CHECK(world.hung.empty());
  REQUIRE(world.Until([&] { return !world.hung.empty(); }));
  CHECK(world.hung ==
        std::vector<std::string>{"has not fed its watchdog for 100ms"});
}

TEST_CASE("readiness: what it stores it is given again", "[isinit]") {
  World world;
  auto entry =
      Make(Readiness::Kind::kNotify,
           Speaker("if \"LISTEN_FDS\" in os.environ:\n"
                   "  os.write(3, b\"second\"); s.send(b\"READY=1\")\n"
                   "else:\n"
                   "  f = os.open(\"" +
                   world.Path("kept") +
                   "\", os.O_CREAT | os.O_WRONLY)\n"
                   "  os.write(f, b\"first,\")\n"
                   "  socket.send_fds(s, [b\"FDSTORE=1\\nFDNAME=f\"], [f])\n"
                   "  s.send(b\"READY=1\")"));
  const int pid = world.Begin(entry, 1);
  REQUIRE(world.Until([&] { return world.ready.size() == 1; }));
  world.watch->Ended("a");
  REQUIRE(world.reaper.Signal(pid, SIGKILL).ok());
  REQUIRE(world.Until([&] { return !world.reaper.Expects(pid); }));
  world.Begin(entry, 2);
  REQUIRE(world.gifts.stored.size() == 1);
  CHECK(world.gifts.stored[0].second == "f");
  REQUIRE(world.Until([&] { return world.ready.size() == 2; }));
  CHECK(world.Content("kept") == "first,second");
}

TEST_CASE("readiness: somebody listens, or the file is there", "[isinit]") {
  World world;
  // A port nobody listens on, until we do.
  auto listener = sys::ListenTcp("127.0.0.1", 0);
  const int port = *sys::LocalPort(listener->get());
  listener->Reset();
  world.Begin(Make(Readiness::Kind::kTcp, "sleep 1000", port), 1);
  world.For(absl::Milliseconds(50));
  CHECK(world.ready.empty());
  listener = sys::ListenTcp("127.0.0.1", port);
  REQUIRE(listener.ok());
  REQUIRE(world.Until([&] { return world.ready.size() == 1; }));
  world.watch->Ended("a");

  world.Begin(Make(Readiness::Kind::kUnix, "sleep 1000", 0, world.Path("s")),
              2);
  world.For(absl::Milliseconds(30));
  CHECK(world.ready.size() == 1);
  const auto unix_listener = sys::ListenUnix(world.Path("s"));
  REQUIRE(unix_listener.ok());
  REQUIRE(world.Until([&] { return world.ready.size() == 2; }));
  world.watch->Ended("a");

  world.Begin(Make(Readiness::Kind::kFile,
                   "sleep 0.05; echo >" + world.Path("f") + "; sleep 1000", 0,
                   world.Path("f")),
              3);
  REQUIRE(world.Until([&] { return world.ready.size() == 3; }));
  CHECK(world.ready == std::vector<Run>{1, 2, 3});
}

TEST_CASE("readiness: a command says so, and is ended with its entry",
          "[isinit]") {
  World world;
  const std::string looks = world.Path("looks");
  world.Begin(Make(Readiness::Kind::kCommand, "sleep 1000", 0,
                   "echo $ISINIT_TAG >>" + looks + "; test $(wc -l <" + looks +
                       ") -ge 3"),
              1);
  REQUIRE(world.Until([&] { return world.ready.size() == 1; }));
  CHECK(world.Content("looks") == "a\na\na\n");
  world.watch->Ended("a");

  world.Begin(Make(Readiness::Kind::kCommand, "sleep 1000", 0,
                   "echo $$ >" + world.Path("pid") + "; sleep 1000"),
              2);
  REQUIRE(world.Until([&] { return !world.Content("pid").empty(); }));
  const int pid = std::stoi(world.Content("pid"));
  world.watch->Ended("a");
  REQUIRE(world.Until([&] { return isinit::IsGone(pid); }));
}

TEST_CASE("readiness: after its timeout nobody looks any more", "[isinit]") {
  World world;
  auto entry = Make(Readiness::Kind::kCommand, "sleep 1000", 0,
                    "echo >>" + world.Path("looks") + "; exit 1");
  entry->attributes.ready_timeout = absl::Milliseconds(60);
  world.Begin(entry, 1);
  world.For(absl::Milliseconds(150));
  const std::string looks = world.Content("looks");
  CHECK(looks.size() >= 1);
  world.For(absl::Milliseconds(300));
  CHECK(world.Content("looks") == looks);
}
