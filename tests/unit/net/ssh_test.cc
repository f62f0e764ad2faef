// The ssh: carrier and the command at its far end.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "fixture.h"
#include "net/connect.h"
#include "net/local_relay.h"
#include "sys/child.h"

using net::Address;
using namespace net_test;

namespace {

Address SshTo(const std::string& host) {
  Address at;
  at.carrier = Address::Carrier::kSsh;
  at.host = host;
  return at;
}

// A stand-in for ssh: notes its words, one a line, and runs `body`.
std::string FakeSsh(const sys::TemporaryFolder& folder,
                    const std::string& body) {
  const std::string path = folder.path() + "/ssh";
  REQUIRE(sys::ReplaceFile(path,
                           absl::StrCat("#!/bin/sh\nfor w; do echo \"$w\"; "
                                        "done >'",
                                        folder.path(), "/words'\n", body, "\n"),
                           0755)
              .ok());
  return path;
}

// Relays on a thread of its own, as the far end's process would.
struct RelayThread {
  RelayThread(int in, int out, const std::string& path)
      : thread([=, this] { status = net::Relay(in, out, path); }) {}
  void Join() { thread.join(); }
  absl::Status status;
  std::thread thread;
};

}  // namespace

TEST_CASE(
    "ssh: its words cannot be mistaken for options, and a remote shell "
    "sees the words it should",
    "[net]") {
  Address at = SshTo("web1");
  at.user = "ops";
  const std::vector<std::string> words = net::SshCommand(
      at, {absl::Seconds(1), "ssh", {}, {"attach", "a b", "it's", "$(x)", ""}});
  CHECK(words == std::vector<std::string>{"ssh", "-T", "-oBatchMode=yes", "-l",
                                          "ops", "--", "web1",
                                          "attach 'a b' 'it'\\''s' '$(x)' ''"});
}

TEST_CASE("ssh: a channel goes through a relay to the server's socket",
          "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  const Address server = fleet.ListenUnix(folder);
  // The stand-in copies its standard input and output to two named pipes, at
  // whose other ends a relay does what it would on the far side.
  const std::string up = folder.path() + "/up", down = folder.path() + "/down";
  REQUIRE(mkfifo(up.c_str(), 0600) == 0);
  REQUIRE(mkfifo(down.c_str(), 0600) == 0);
  sys::Fd in(open(up.c_str(), O_RDWR | O_CLOEXEC));
  sys::Fd out(open(down.c_str(), O_RDWR | O_CLOEXEC));
  fleet.agent.ssh_program = FakeSsh(
      folder, absl::StrCat("cat '", down, "' & cat >'", up, "'; kill $!"));
  fleet.agent.remote_command = {"mcfeely-server", "attach"};
  RelayThread relay(in.get(), out.get(), server.path);
  fleet.Call(SshTo("web1"));
  REQUIRE(fleet.Open());
  CHECK(fleet.here.channel->peer().local == "ssh:web1");
  CHECK(fleet.here.channel->peer().principal == "server:mcfeely");
  CHECK(fleet.there.channel->peer().local == "local:root");
  CHECK(*sys::ReadFile(folder.path() + "/words") ==
        "-T\n-oBatchMode=yes\n--\nweb1\nmcfeely-server attach\n");
  const std::string large = ParcelOf(6 << 20, 'l');
  fleet.here.channel->Send(large);
  fleet.there.channel->Send("back");
  REQUIRE(fleet.Until([&] {
    return fleet.there.parcels.size() == 1 && fleet.here.parcels.size() == 1;
  }));
  CHECK(fleet.there.parcels[0] == large);
  fleet.there.channel->Close("done");
  REQUIRE(fleet.Until([&] { return fleet.here.closed && fleet.there.closed; }));
  relay.Join();
  CHECK(fleet.here.why.ok());
  CHECK(fleet.there.why.ok());
  CHECK(relay.status.ok());
}

TEST_CASE("ssh: what it complains of is the reason", "[net]") {
  const sys::TemporaryFolder folder = Folder();
  Fleet fleet;
  SECTION("it cannot log in") {
    fleet.agent.ssh_program = FakeSsh(
        folder,
        "echo Warning >&2; echo 'ops@web1: Permission denied (publickey).' >&2"
        "; exit 255");
    fleet.Call(SshTo("web1"));
    REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
    CHECK(fleet.here.why.code() == absl::StatusCode::kUnavailable);
    CHECK(std::string(fleet.here.why.message())
              .find("ops@web1: Permission denied (publickey).") !=
          std::string::npos);
  }
  SECTION("it is not there") {
    fleet.agent.ssh_program = folder.path() + "/none";
    fleet.Call(SshTo("web1"));
    REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
    CHECK(fleet.here.why.code() == absl::StatusCode::kNotFound);
  }
  SECTION("it says something else first") {
    fleet.agent.ssh_program = FakeSsh(folder, "echo Welcome to web1; cat");
    fleet.Call(SshTo("web1"));
    REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
    CHECK(fleet.here.why.code() == absl::StatusCode::kInvalidArgument);
  }
  SECTION("it hangs") {
    fleet.agent.ssh_program = FakeSsh(folder, "exec cat >/dev/null");
    fleet.agent.connect_time = absl::Milliseconds(50);
    fleet.agent.handshake_time = absl::Milliseconds(50);
    fleet.Call(SshTo("web1"));
    REQUIRE(fleet.Until([&] { return fleet.here.closed; }));
    CHECK(fleet.here.why.code() == absl::StatusCode::kDeadlineExceeded);
  }
  CHECK(fleet.here.opened == 0);
}

TEST_CASE("relay: an end of input is passed on, and the answer still comes",
          "[net]") {
  const sys::TemporaryFolder folder = Folder();
  const std::string path = folder.path() + "/socket";
  auto listening = sys::ListenUnix(path);
  REQUIRE(listening.ok());
  auto in = sys::Pipe(), out = sys::Pipe();
  const int flags = fcntl(out->second.get(), F_GETFL);
  RelayThread relay(in->first.get(), out->second.get(), path);
  sys::Loop loop;
  sys::Fd server;
  REQUIRE(TurnUntil(loop, [&] {
    server = *sys::Accept(listening->get(), nullptr);
    return static_cast<bool>(server);
  }));
  REQUIRE(sys::WriteAll(in->second.get(), "question").ok());
  in->second.Reset();
  bool ended = false;
  std::string question;
  REQUIRE(TurnUntil(loop, [&] {
    question += RawRead(server.get(), &ended);
    return ended;
  }));
  CHECK(question == "question");
  RawSend(server.get(), "answer");
  server.Reset();
  relay.Join();
  CHECK(relay.status.ok());
  CHECK(fcntl(out->second.get(), F_GETFL) == flags);
  out->second.Reset();
  CHECK(*sys::ReadFd(out->first.get()) == "answer");
}

TEST_CASE("relay: when nobody reads its output it ends, what came in delivered",
          "[net]") {
  sys::IgnoreSigpipe();
  const sys::TemporaryFolder folder = Folder();
  const std::string path = folder.path() + "/socket";
  auto listening = sys::ListenUnix(path);
  auto in = sys::Pipe(), out = sys::Pipe();
  REQUIRE(sys::WriteAll(in->second.get(), "last words").ok());
  in->second.Reset();
  out->first.Reset();
  RelayThread relay(in->first.get(), out->second.get(), path);
  relay.Join();  // though the server has not so much as accepted
  CHECK(relay.status.ok());
  sys::Fd server = *sys::Accept(listening->get(), nullptr);
  REQUIRE(server);
  bool ended = false;
  CHECK(RawRead(server.get(), &ended) == "last words");
}

TEST_CASE("relay: nobody at the socket is unavailable", "[net]") {
  const sys::TemporaryFolder folder = Folder();
  CHECK(net::Relay(0, 1, folder.path() + "/none").code() ==
        absl::StatusCode::kUnavailable);
}

TEST_CASE("ssh: a channel opens through a real sshd", "[net]") {
  if (access("/usr/sbin/sshd", X_OK) != 0 ||
      access("/usr/bin/ssh-keygen", X_OK) != 0 || sys::MyUid() != 0) {
    WARN("skipped: needs sshd, ssh-keygen and root");
    return;
  }
  const sys::TemporaryFolder folder = Folder();
  const std::string& f = folder.path();
  Fleet fleet;
  const Address server = fleet.ListenUnix(folder);
  for (const char* name : {"host", "user"}) {
    REQUIRE(sys::RunProgram({"ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                             "-f", absl::StrCat(f, "/", name)},
                            "", absl::Seconds(20))
                .ok());
  }
  // sshd has its own ideas of port 0: take a free one and give it back.
  auto chosen = sys::ListenTcp("127.0.0.1", 0);
  const int port = *sys::LocalPort(chosen->get());
  chosen->Reset();
  mkdir("/run/sshd", 0755);
  const std::string settings =
      absl::StrCat("ListenAddress 127.0.0.1\nPort ", port, "\nHostKey ", f,
                   "/host\nAuthorizedKeysFile ", f,
                   "/user.pub\nStrictModes no\nUsePAM no\nPidFile none\n");
  REQUIRE(sys::ReplaceFile(f + "/sshd_config", settings, 0600).ok());
  // The far end's command copies to named pipes, which lead to a relay of ours.
  const std::string up = f + "/up", down = f + "/down";
  REQUIRE(mkfifo(up.c_str(), 0600) == 0);
  REQUIRE(mkfifo(down.c_str(), 0600) == 0);
  sys::Fd in(open(up.c_str(), O_RDWR | O_CLOEXEC));
  sys::Fd out(open(down.c_str(), O_RDWR | O_CLOEXEC));
  RelayThread relay(in.get(), out.get(), server.path);
  sys::SpawnOptions quiet;
  auto sshd = sys::Child::Spawn(
      {"/usr/sbin/sshd", "-D", "-f", f + "/sshd_config"}, quiet);
  REQUIRE(sshd.ok());
  REQUIRE(fleet.Until([&] {
    sys::Fd probe = *sys::BeginConnectTcp("127.0.0.1", port);
    fleet.loop.Turn(absl::Milliseconds(5));
    char c;
    pollfd p = {probe.get(), POLLIN, 0};
    return poll(&p, 1, 100) == 1 && recv(probe.get(), &c, 1, 0) == 1;
  }));
  const std::string config = absl::StrCat(
      "Host web1\n HostName 127.0.0.1\n Port ", port, "\n IdentityFile ", f,
      "/user\n IdentitiesOnly yes\n StrictHostKeyChecking no\n "
      "UserKnownHostsFile ",
      f, "/known\n");
  REQUIRE(sys::ReplaceFile(f + "/ssh_config", config, 0600).ok());
  REQUIRE(sys::ReplaceFile(f + "/ssh-wrapper",
                           absl::StrCat("#!/bin/sh\nexec ssh -F '", f,
                                        "/ssh_config' \"$@\"\n"),
                           0755)
              .ok());
  fleet.agent.ssh_program = f + "/ssh-wrapper";
  fleet.agent.remote_command = {
      "sh", "-c", absl::StrCat("cat '", down, "' & cat >'", up, "'; kill $!")};
  fleet.Call(SshTo("web1"));
  const bool opened = fleet.Open();
  INFO(fleet.here.why.ToString());
  CHECK(opened);
  if (opened) {
    CHECK(fleet.here.channel->peer().local == "ssh:web1");
    fleet.here.channel->Send(ParcelOf(300'000));
    REQUIRE(fleet.Until([&] { return fleet.there.parcels.size() == 1; }));
    fleet.there.channel->Close("done");
    CHECK(fleet.Until([&] { return fleet.here.closed && fleet.there.closed; }));
    CHECK(fleet.here.why.ok());
  }
  fleet.here.channel.reset();
  fleet.there.channel.reset();
  fleet.listener.reset();
  relay.Join();
}
