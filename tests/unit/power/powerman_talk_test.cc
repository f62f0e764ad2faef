#include "power/powerman_talk.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "power/powerman_client.h"
#include "sys/socket.h"
#include "unit/power/programs.h"

namespace {

using power::PowermanTalk;
using power::PowermanWish;

std::string Commands(std::vector<PowermanWish> wishes,
                     const std::vector<std::string>& more = {}) {
  const auto lines = power::PowermanCommands(std::move(wishes), more);
  return lines.ok() ? absl::StrJoin(*lines, "|")
                    : std::string(lines.status().message());
}

TEST_CASE("powerman client: options become commands", "[power]") {
  CHECK(Commands({{"on", "t[3,1]"}}, {"t2", "a b"}) == "on t[3,1-2],a,b");
  CHECK(Commands({{"status"}}, {"x", "y"}) == "status x,y");
  CHECK(Commands({{"temp", "a"}, {"telemetry", {}, true}, {"beacon"}},
                 {"f g"}) == "telemetry|temp a|beacon f,g");
  CHECK(
      Commands({{"exprange", {}, true}, {"telemetry", {}, true}, {"nodes"}}) ==
      "telemetry|exprange|nodes");
  CHECK(Commands({{"on", ""}}) == "on ");
  CHECK(Commands({{"nodes"}}, {"x"}) == "option takes no arguments");
  CHECK(Commands({{"on", ","}}) == "hostlist error");
  CHECK(Commands({{"on", "t[3-1]"}}).find("hostlist error: ") == 0);
  CHECK(Commands({{"on", "t[1-99999]"}}).find("hostlist error: ") == 0);
}

// What it says, shows and ends with when a server says this, in pieces of so
// many bytes.
struct Heard {
  std::string sent, shown, end;
};
Heard Hear(absl::string_view text, std::vector<std::string> commands,
           size_t piece = 1, bool goes_on = false) {
  PowermanTalk talk(std::move(commands), goes_on);
  Heard heard;
  const auto take = [&](PowermanTalk::Effects effects) {
    heard.sent += effects.send;
    heard.shown += effects.print;
    if (!effects.end) return;
    REQUIRE(heard.end.empty());
    heard.end = effects.end->ok()
                    ? absl::StrCat(**effects.end)
                    : std::string(effects.end->status().message());
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    take(talk.Received(text.substr(at, piece)));
  }
  take(talk.Closed());
  return heard;
}

TEST_CASE("powerman client: answers are shown, and the end is their number",
          "[power]") {
  for (const size_t piece : {1, 2, 7, 1000}) {
    const Heard fine = Hear(
        "001 2.3.27\r\npowerman> 105 Hostrange expansion ON\r\npowerman> "
        "303 t1: on\r\n103 Query complete\r\npowerman> 101 Goodbye\r\n",
        {"exprange", "status t1"}, piece);
    CHECK(fine.sent == "exprange\r\nstatus t1\r\nquit\r\n");
    CHECK(fine.shown == "t1: on\n");
    CHECK(fine.end == "0");
    const Heard failed = Hear(
        "001 2.4\r\npowerman> 308 v0: connect timeout\r\n"
        "210 Command completed with errors\r\npowerman> 101 Goodbye\r\n",
        {"on t1", "on t2"}, piece);
    CHECK(failed.sent == "on t1\r\nquit\r\n");
    CHECK(failed.shown ==
          "v0: connect timeout\nCommand completed with errors\n");
    CHECK(failed.end == "210");
  }
  const Heard goes_on = Hear(
      "001 2.4\r\npowerman> 209 No such nodes: x\r\npowerman> "
      "102 Command completed successfully\r\npowerman> 101 Goodbye\r\n",
      {"on x", "on t1"}, 1, true);
  CHECK(goes_on.sent == "on x\r\non t1\r\nquit\r\n");
  CHECK(goes_on.end == "0");
}

TEST_CASE("powerman client: what is no powerman server is found out",
          "[power]") {
  const std::string unexpected = "unexpected response from server";
  CHECK(Hear("SSH-2.0-OpenSSH\r\n", {"nodes"}).end == unexpected);
  CHECK(Hear("001 2.3\r\nlogin: ", {"nodes"}).end == unexpected);
  CHECK(Hear("001 2.3\r\npowerman> what?\r\n", {"nodes"}).end == unexpected);
  CHECK(Hear("001 2.3\r\npowerman> 103\r\n", {"nodes"}).end == unexpected);
  CHECK(Hear("001 2.3\r\npowerman> 999 no\r\n", {"nodes"}).end == unexpected);
  CHECK(Hear("001 2.3\r\npowerman> -12 no\r\n", {"nodes"}).end == unexpected);
  const std::string lost = "lost connection with server";
  CHECK(Hear("", {"nodes"}).end == lost);
  CHECK(Hear("001 2.3\r\npowerman> 306 t1\r\n", {"nodes"}).end == lost);
  CHECK(Hear("001 2.3\r\npowerman> 306 t1\r\n103 Query complete\r\npowerman> ",
             {"nodes"})
            .end == lost);
}

TEST_CASE("powerman client: a line without an end is not kept for ever",
          "[power]") {
  PowermanTalk talk({"nodes"}, false);
  talk.Received("001 2.3\r\npowerman> 306 ");
  const std::string much(1 << 20, 'x');
  std::optional<absl::StatusOr<int>> end;
  for (int i = 0; i < 6 && !end; i++) end = talk.Received(much).end;
  REQUIRE(end);
  CHECK(end->status().message() == "a line of the server's is too long");
}

TEST_CASE("powerman client: what a server says cannot move a cursor",
          "[power]") {
  CHECK(Hear("001 2.3\r\npowerman> 306 \x1b[2Jt1\r\n", {"nodes"})
            .shown.find('\x1b') == std::string::npos);
}

int FreeTcpPort() {
  const sys::Fd fd = sys::ListenTcp("127.0.0.1", 0).value();
  return sys::LocalPort(fd.get()).value();
}

TEST_CASE("power 30: the client against the real powermand", "[power]") {
  if (!power_test::Have("powerman") || !power_test::Have("powermand") ||
      !power_test::Have("vpcd")) {
    return;
  }
  sys::Loop loop;
  power_test::Program powermand;
  const std::string server = absl::StrCat("127.0.0.1:", FreeTcpPort());
  powermand.Write(
      "powerman.conf",
      absl::StrCat("listen \"", server, "\"\n",
                   "include \"/etc/powerman/vpc.dev\"\n"
                   "specification \"mute\" {\n timeout 0.3\n"
                   " script login { expect \"hello\" }\n"
                   " script status { send \"x\" expect \"y\" }\n"
                   " script on { send \"x\" expect \"y\" }\n}\n"
                   "device \"v0\" \"vpc\" \"/usr/sbin/vpcd |&\"\n"
                   "device \"m0\" \"mute\" \"/bin/cat |&\"\n"
                   "node \"t[0-15]\" \"v0\"\nnode \"m1\" \"m0\"\n"));
  powermand.Start({"powermand", "-f", "-c", powermand.Path("powerman.conf")});
  const auto ours = [&](std::vector<PowermanWish> wishes) {
    auto fd = power::ConnectToPowerman(server, absl::Seconds(5));
    REQUIRE(fd.ok());
    std::string shown;
    const auto code = power::RunPowermanCommands(
        *std::move(fd), power::PowermanCommands(std::move(wishes), {}).value(),
        false, [&](absl::string_view text) { absl::StrAppend(&shown, text); });
    REQUIRE(code.ok());
    return absl::StrCat(shown, "[exit ", *code, "]");
  };
  const auto theirs = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"powerman", "-h", server});
    return power_test::RunBeside(loop, words);
  };
  power_test::Await(loop, [&] {
    return power::ConnectToPowerman(server, absl::Seconds(1)).ok();
  });
  CHECK(ours({{"nodes"}}) == theirs({"-l"}));
  CHECK(ours({{"on", "t[1-3]"}}) == theirs({"-1", "t[1-3]"}));
  CHECK(ours({{"status"}, {"exprange", {}, true}}) == theirs({"-x", "-q"}));
  CHECK(ours({{"status", "t[1-4]"}}) == theirs({"-Q", "t[1-4]"}));
  CHECK(ours({{"temp", "t1"}}) == theirs({"-P", "t1"}));
  CHECK(ours({{"on", "nosuch"}}) == theirs({"-1", "nosuch"}));
  CHECK(ours({{"cycle", "m1"}}) == theirs({"-c", "m1"}));
  const std::string failed = ours({{"on", "m1"}});
  CHECK(failed == theirs({"-1", "m1"}));
  CHECK(failed.find("[exit 210]") != std::string::npos);
  const std::string unknown = ours({{"status", "m1,t1"}});
  CHECK(unknown == theirs({"-Q", "m1,t1"}));
  CHECK(unknown.find("[exit 211]") != std::string::npos);
}

TEST_CASE("powerman client: nobody is there", "[power]") {
  const std::string server = absl::StrCat("127.0.0.1:", FreeTcpPort());
  CHECK(power::ConnectToPowerman(server, absl::Seconds(5)).status().message() ==
        absl::StrCat("could not connect to address ", server));
  for (const char* wrong : {"host:", "host:x", "host:0", "[::1:10101"}) {
    CHECK(power::ConnectToPowerman(wrong, absl::Seconds(5)).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
