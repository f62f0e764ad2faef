#include "power/powerman_server.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "sys/clock.h"
#include "sys/socket.h"
#include "unit/power/fake_service.h"
#include "unit/power/programs.h"

namespace {

using power::PowermanServer;
using power_test::FakeService;

void Furnish(FakeService& service) {
  std::vector<std::string> hosts;
  for (int i = 0; i < 16; i++) hosts.push_back(absl::StrCat("t", i));
  service.AddStrip("v0", hosts);
  service.AddStrip("v1", {"u08", "u09", "u10", "u11", "x", "z"});
  service.AddGroup("rack", {"t3", "u08"});
}

constexpr char kConfiguration[] =
    "include \"/etc/powerman/vpc.dev\"\n"
    "device \"v0\" \"vpc\" \"/usr/sbin/vpcd |&\"\n"
    "device \"v1\" \"vpc\" \"/usr/sbin/vpcd |&\"\n"
    "node \"t[0-15]\" \"v0\"\n"
    "node \"u[08-11],x,z\" \"v1\" \"[0-5]\"\n"
    "alias \"rack\" \"t3,u08\"\n";

struct Server {
  explicit Server(power::PowermanServerOptions options = {})
      : service(loop), server(loop, service, options) {
    Furnish(service);
    port = server.ListenTcp({"127.0.0.1", 0}).value();
  }
  sys::Loop loop;
  FakeService service;
  PowermanServer server;
  int port = 0;
};

// A client that sends raw bytes.
class Client {
 public:
  Client(sys::Loop& loop, int port) : loop_(loop) {
    fd_ = sys::BeginConnectTcp("127.0.0.1", port).value();
    Await("powerman> ");
  }
  void Send(absl::string_view bytes) {
    REQUIRE(send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // What came, up to and with `end`.
  std::string Await(absl::string_view end) {
    std::string got;
    power_test::Await(loop_, [&] {
      got += Read();
      return absl::EndsWith(got, end) || closed_;
    });
    return got;
  }
  std::string Ask(absl::string_view line) {
    Send(absl::StrCat(line, "\n"));
    return Await("powerman> ");
  }
  bool IsClosed() {
    Read();
    return closed_;
  }
  void Shut() { shutdown(fd_.get(), SHUT_WR); }
  int fd() const { return fd_.get(); }

 private:
  std::string Read() {
    char bytes[4096];
    const ssize_t n = recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) closed_ = true;
    return n > 0 ? std::string(bytes, n) : "";
  }
  sys::Loop& loop_;
  sys::Fd fd_;
  bool closed_ = false;
};

int FreeTcpPort() {
  const sys::Fd fd = sys::ListenTcp("127.0.0.1", 0).value();
  return sys::LocalPort(fd.get()).value();
}

bool Answers(int port) {
  absl::StatusOr<sys::Fd> fd = sys::BeginConnectTcp("127.0.0.1", port);
  if (!fd.ok()) return false;
  absl::SleepFor(absl::Milliseconds(20));
  return sys::ConnectError(fd->get()).ok();
}

TEST_CASE("power 30: powerman's client sees no difference to powermand",
          "[power]") {
  if (!power_test::Have("powerman") || !power_test::Have("powermand") ||
      !power_test::Have("vpcd")) {
    return;
  }
  Server ours;
  power_test::Program theirs;
  const int port = FreeTcpPort();
  theirs.Write("powerman.conf", absl::StrCat("listen \"127.0.0.1:", port,
                                             "\"\n", kConfiguration));
  theirs.Start({"powermand", "-f", "-c", theirs.Path("powerman.conf")});
  power_test::Await(ours.loop, [&] { return Answers(port); });
  const std::vector<std::vector<std::string>> lines = {
      {"-l"},
      {"-x", "-l"},
      {"-T", "-Q", "t1"},
      {"-Q", "t[1-3]"},
      {"-q"},
      {"-1", "t[1-3],z"},
      {"-1", "u08", "t5", "-Q", "rack"},
      {"-T", "-1", "t7"},
      {"-T", "-0", "t7"},
      {"-q"},
      {"-x", "-Q", "t[0-4]"},
      {"-x", "-q"},
      {"-Q", "rack"},
      {"-0", "t2"},
      {"-r", "t2"},
      {"-f", "t2"},
      {"-B", "t[1-2]"},
      {"-b"},
      {"-T", "-b", "t1"},
      {"-u", "t2"},
      {"-t", "t1", "t2"},
      {"-t"},
      {"-x", "-P", "z,x"},
      {"-T", "-P", "z"},
      {"-Q", "t9,t10,t1,t1"},
      {"-D", "t1"},
      {"-d"},
      {"-Q", "nosuch,t1,other[1-2]"},
      {"-1", "nosuch"},
      {"-Q", "t1", "-1", "nosuch", "-Q", "t2"},
      {"-I", "-1", "nosuch", "-Q", "t2"},
  };
  for (const std::vector<std::string>& line : lines) {
    const auto run = [&](int at) {
      std::vector<std::string> argv = {"powerman", "-h",
                                       absl::StrCat("127.0.0.1:", at)};
      argv.insert(argv.end(), line.begin(), line.end());
      return power_test::RunBeside(ours.loop, argv);
    };
    INFO(absl::StrJoin(line, " "));
    CHECK(run(ours.port) == run(port));
  }
}

TEST_CASE("power 30: powerman exits with 210 and 211 after failures",
          "[power]") {
  if (!power_test::Have("powerman")) return;
  Server ours;
  ours.service.Break("t1", {power::FailureClass::kTimeout, "'> ' is missing"});
  const auto run = [&](const std::string& option) {
    return power_test::RunBeside(
        ours.loop, {"powerman", "-h", absl::StrCat("127.0.0.1:", ours.port),
                    option, "t[1-2]"});
  };
  CHECK(run("-1") ==
        "v0: action timed out waiting for expected response\n"
        "Command completed with errors\n[exit 210]");
  CHECK(run("-Q") ==
        "v0: action timed out waiting for expected response\n"
        "on:      t2\noff:     \nunknown: t1\n"
        "Query completed with errors\n[exit 211]");
}

TEST_CASE("powerman server: clients do not wait for each other", "[power]") {
  Server s;
  Client slow(s.loop, s.port), quick(s.loop, s.port);
  s.service.Hold();
  slow.Send("on t1\n");
  power_test::Await(s.loop, [&] { return s.service.waiting() == 1; });
  CHECK(quick.Ask("nodes").find("306 ") == 0);
  s.service.LetGo();
  CHECK(slow.Await("powerman> ").find("102 ") == 0);
}

TEST_CASE("powerman server: a unix socket that only its owner may write to",
          "[power]") {
  Server s;
  const auto folder = sys::TemporaryFolder::Make("pm").value();
  const std::string path = folder.path() + "/socket";
  REQUIRE(s.server.ListenUnix(path).ok());
  struct stat info = {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const sys::Fd fd = sys::ConnectUnix(path).value();
  std::string got(100, '\0');
  ssize_t n = 0;
  power_test::Await(s.loop, [&] {
    n = recv(fd.get(), got.data(), got.size(), MSG_DONTWAIT);
    return n > 0;
  });
  CHECK(got.substr(0, n) == "001 2.3.27\r\npowerman> ");
  s.server.StopListening();
  CHECK(stat(path.c_str(), &info) != 0);
}

TEST_CASE("powerman server: one client too many is not let in", "[power]") {
  Server s({.max_clients = 2});
  Client a(s.loop, s.port), b(s.loop, s.port);
  Client c(s.loop, s.port);
  CHECK(c.IsClosed());
  CHECK(a.Ask("nodes").find("306") == 0);
  a.Send("quit\n");
  CHECK(a.Await("\n") == "101 Goodbye\r\n");
  power_test::Await(s.loop, [&] { return s.server.clients() == 1; });
  Client d(s.loop, s.port);
  CHECK(d.Ask("nodes").find("306") == 0);
}

TEST_CASE("powerman server: who reads nothing is left, others are served",
          "[power]") {
  Server s(
      {.max_unread_bytes = 64 << 10, .stall_time = absl::Milliseconds(300)});
  Client greedy(s.loop, s.port), other(s.loop, s.port);
  const int small = 4096;
  setsockopt(greedy.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::string commands;
  for (int i = 0; i < 20'000; i++) commands += "help\n";
  // It is taken from the client only as long as its answers are.
  size_t sent = 0;
  power_test::Await(s.loop, [&] {
    const ssize_t n = send(greedy.fd(), commands.data() + sent,
                           commands.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += n;
    return s.server.clients() == 1;
  });
  CHECK(other.Ask("nodes").find("306") == 0);
}

TEST_CASE("powerman server: who asks for nothing is left after its time",
          "[power]") {
  Server s({.idle_time = absl::Milliseconds(200)});
  Client idle(s.loop, s.port);
  s.service.Hold();
  Client waits(s.loop, s.port);
  waits.Send("on t1\n");
  power_test::Await(s.loop, [&] { return idle.IsClosed(); });
  // It is we who take our time.
  const absl::Time until = sys::SteadyNow() + absl::Milliseconds(300);
  while (sys::SteadyNow() < until) s.loop.Turn(absl::Milliseconds(50));
  CHECK(s.server.clients() == 1);
  s.service.LetGo();
  CHECK(waits.Await("powerman> ").find("102 ") == 0);
}

TEST_CASE("powerman server: what was asked before the line closed is done",
          "[power]") {
  Server s;
  Client client(s.loop, s.port);
  client.Send("on t1\n");
  client.Shut();
  const std::string answer = client.Await("powerman> ");
  CHECK(answer.find("102 ") == 0);
  power_test::Await(s.loop, [&] { return client.IsClosed(); });
  CHECK(s.service.IsOn("t1"));
}

TEST_CASE("powerman server: nobody listens to the order of who has gone",
          "[power]") {
  Server s;
  s.service.Hold();
  {
    Client client(s.loop, s.port);
    client.Send("status\n");
    power_test::Await(s.loop, [&] { return s.service.waiting() == 1; });
    const linger at_once = {1, 0};
    setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  power_test::Await(s.loop, [&] { return s.server.clients() == 0; });
  CHECK(s.service.abandoned() == 1);
}

TEST_CASE("powerman server: addresses to listen on", "[power]") {
  const auto parse = [](absl::string_view text) {
    const auto a = power::ParseListenAddress(text);
    return a.ok() ? absl::StrCat(a->host, "|", a->port, "|", a->is_loopback())
                  : "wrong";
  };
  CHECK(parse("127.0.0.1:10101") == "127.0.0.1|10101|1");
  CHECK(parse("localhost:1") == "localhost|1|1");
  CHECK(parse("[::1]:10101") == "::1|10101|1");
  CHECK(parse("0.0.0.0:10101") == "0.0.0.0|10101|0");
  CHECK(parse("*:10101") == "|10101|0");
  CHECK(parse("head:10101") == "head|10101|0");
  for (const char* text :
       {"head", "::1:10101", "head:x", "head:65536", "[::1:1", "", "head:-1"}) {
    CHECK(parse(text) == "wrong");
  }
}

}  // namespace
