#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msrc/receiver.h"
#include "net/channel.h"
#include "unit/msrc/controller.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

// A receiver on two pipes, in a process of its own as ssh starts it, and the
// calling end of a channel to it.
struct Wired : Talk {
  pid_t child = 0;
  std::unique_ptr<net::Channel> channel;
  bool closed = false;
  absl::Status why;

  void Connect() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      setenv("XDG_CACHE_HOME", world.cache.c_str(), 1);
      setenv("HOME", config.home.c_str(), 1);
      dup2(ends[1], 0);
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
      const absl::StatusOr<int> code =
          msrc::ServeStdio({.admission = config.admission});
      _exit(code.ok() ? *code : 99);
    }
    close(ends[1]);
    net::Connection connection;
    connection.fd = sys::Fd(ends[0]);
    REQUIRE(sys::SetNonBlocking(connection.fd.get()).ok());
    net::ChannelEvents events;
    events.data = [this](net::Channel&, absl::string_view data) {
      const auto message = wire::Parse<pb::FromReceiver>(data);
      REQUIRE(message.ok());
      Hear(*message);
    };
    events.closed = [this](net::Channel&, const absl::Status& status) {
      closed = true;
      why = status;
    };
    net::Address address;
    address.carrier = net::Address::Carrier::kSsh;
    address.host = "web1";
    channel = net::Channel::Adopt(loop, address, std::move(connection), "", {},
                                  std::move(events));
    Until([this] { return hello.has_value(); });
    delivery.set_nonce(hello->nonce());
  }
  int Exit() {
    int how = 0;
    REQUIRE(waitpid(child, &how, 0) == child);
    return how;
  }
};

}  // namespace

TEST_CASE_METHOD(Wired, "receiver on stdio: a whole exchange over a channel",
                 "[msrc]") {
  world.File("a", "hello\n");
  world.File("big", Noise(3 << 20));
  Run("cat a; cat; seq 100000 | tail -1; exit 6");
  delivery.mutable_utility()->set_input(true);
  Connect();
  channel->Send(Delivery());
  Until([this] { return need.has_value(); });
  for (const std::string& frame : wire_test::Frames(
           manifest, *wire::Need::FromMessage(manifest, *need), world.sent)) {
    pb::FromController message;
    message.mutable_content()->set_bytes(frame);
    channel->SendData(wire::Serialize(message));
  }
  pb::FromController input;
  input.mutable_input()->set_bytes("from here\n");
  input.mutable_input()->set_end(true);
  Until([this] { return applied.has_value(); });
  channel->SendData(wire::Serialize(input));
  Until([this] { return closed; });
  CHECK(why.ok());
  CHECK(applied->outcome() == pb::Applied::APPLIED);
  CHECK(out == "hello\nfrom here\n100000\n");
  REQUIRE(ended);
  CHECK(ended->exit_code() == 6);
  CHECK(Exit() == 0);
  CHECK(world.Read("big") == Noise(3 << 20));
}

TEST_CASE_METHOD(Wired, "receiver on stdio: a lot of output does not pile up",
                 "[msrc]") {
  Run("head -c 30000000 /dev/zero; echo end >&2");
  Connect();
  channel->Send(Delivery());
  Until([this] { return closed; });
  CHECK(out.size() == 30'000'000);
  CHECK(err == "end\n");
  CHECK(Exit() == 0);
}

TEST_CASE_METHOD(Wired, "receiver on stdio: it does not outlive its controller",
                 "[msrc]") {
  world.File("a", Noise(100));
  SECTION("before a delivery") {
    Connect();
    channel.reset();
    CHECK(Exit() == 0);
  }
  SECTION("amid the contents") {
    Connect();
    channel->Send(Delivery());
    Until([this] { return need.has_value(); });
    channel.reset();
    CHECK(Exit() == 0);
    CHECK(!sys::Stat(world.into)->exists);
  }
  SECTION("amid the utility") {
    world.Clear();
    Run("echo $$; trap 'rm up; exit' HUP; touch up; while :; do sleep 0.1; "
        "done");
    Connect();
    channel->Send(Delivery());
    Until([this] { return world.Info("up").exists; });
    channel.reset();
    CHECK(Exit() == 0);
    CHECK(!world.Info("up").exists);
  }
}

TEST_CASE_METHOD(Wired, "receiver on stdio: a utility that runs on lets it go",
                 "[msrc]") {
  Run("sleep 0.3; echo late; touch done");
  delivery.mutable_utility()->set_detach(true);
  Connect();
  channel->Send(Delivery());
  Until([this] { return closed; });
  REQUIRE(ended);
  CHECK(ended->detached());
  CHECK(!world.Info("done").exists);
  CHECK(Exit() == 0);
  CHECK(world.Info("done").exists);
  const std::string kept =
      absl::StrCat(world.cache, "/fleetbox/runs/", base::Hex(delivery.run()));
  CHECK(*sys::ReadFile(kept + "/out") == "late\n");
  CHECK(sys::Stat(kept + "/ended")->exists);
}
