#include "power/session.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>

#include "power/device_parser.h"
#include "power/script_choice.h"

namespace {

using power::Session;
using power::Verb;

absl::Time At(double s) { return absl::UnixEpoch() + absl::Seconds(s); }

const power::Specification& Spec() {
  static const power::DeviceReading reading = power::ReadDeviceFile(
      "t",
      "specification \"s\" { timeout 5 pingperiod 3\n"
      "script login { expect \"login\" send \"me\" expect \">\" }\n"
      "script logout { send \"bye\" }\n"
      "script ping { send \"ping\" expect \">\" }\n"
      "script on { send \"on %s\" expect \">\" }\n"
      "script status_all { send \"?\" expect \"(.)>\" setplugstate \"1\" $1 "
      "on=\"1\" } }");
  REQUIRE(reading.problems.empty());
  return reading.file.specifications[0];
}

class Watch {
 public:
  explicit Watch(power::SessionOptions options = {})
      : device_{&Spec(), {{"1"}, {"2"}}}, session(device_, options) {}

  void Ask(uint64_t id, Verb verb, std::vector<std::string> plugs,
           double now = 0) {
    auto runs = power::ChooseScripts(device_, verb, plugs);
    Take(session.Ask(id, std::get<std::vector<power::ScriptRun>>(runs),
                     At(now)));
  }
  void Take(const Session::Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        out.push_back(text->bytes);
      } else if (std::holds_alternative<power::Connect>(effect)) {
        out.push_back("CONNECT");
      } else if (std::holds_alternative<power::Disconnect>(effect)) {
        out.push_back("DISCONNECT");
      } else if (const auto* ended =
                     std::get_if<power::RequestEnded>(&effect)) {
        std::string text = absl::StrCat("END ", ended->request);
        for (const auto& run : ended->runs) {
          if (run.failure) {
            absl::StrAppend(&text, " ",
                            power::Word(run.failure->failure_class));
          }
        }
        out.push_back(text);
      }
    }
  }
  std::string Out() {
    const std::string text = absl::StrJoin(out, "|");
    out.clear();
    return text;
  }
  double WakeAt() { return absl::ToDoubleSeconds(session.wake_at() - At(0)); }
  void Login(double now = 0) {
    Take(session.Connected(At(now)));
    Take(session.Received("login>", At(now)));
  }

 private:
  power::DialogueDevice device_;

 public:
  Session session;
  std::vector<std::string> out;
};

TEST_CASE("session: connects at need, shares one login, leaves when idle",
          "[power]") {
  Watch watch;
  CHECK(watch.session.idle());
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Ask(2, Verb::kStatus, {"1", "2"});
  CHECK(watch.Out() == "CONNECT");
  watch.Login();
  CHECK(watch.Out() == "me|on 1");
  watch.Take(watch.session.Received(">", At(1)));
  CHECK(watch.Out() == "END 1|?");
  watch.Take(watch.session.Received("1>", At(2)));
  CHECK(watch.Out() == "END 2");
  CHECK(watch.WakeAt() == 5);  // ping, three seconds later
  watch.Take(watch.session.Woken(At(5)));
  CHECK(watch.Out() == "ping");
  watch.Take(watch.session.Received(">", At(5)));
  // A request in between shares the connection.
  watch.Ask(3, Verb::kOn, {"2"}, 6);
  CHECK(watch.Out() == "on 2");
  watch.Take(watch.session.Received(">", At(6)));
  CHECK(watch.Out() == "END 3");
  CHECK(watch.session.logged_in());
}

TEST_CASE("session: lingers, logs out, and connects anew", "[power]") {
  Watch watch({.linger = absl::Seconds(2)});
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Login();
  watch.Take(watch.session.Received(">", At(1)));
  watch.Out();
  CHECK(watch.WakeAt() == 3);
  watch.Take(watch.session.Woken(At(3)));
  CHECK(watch.Out() == "bye|DISCONNECT");
  CHECK(watch.session.idle());
  watch.Ask(2, Verb::kOn, {"1"}, 9);
  CHECK(watch.Out() == "CONNECT");
  Watch kept({.linger = absl::Seconds(2), .keep = true});
  kept.Ask(1, Verb::kOn, {"1"});
  kept.Login();
  kept.Take(kept.session.Received(">", At(1)));
  CHECK(kept.WakeAt() == 4);
}

TEST_CASE("session: a failure drops the connection and all that waits",
          "[power]") {
  Watch watch;
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Ask(2, Verb::kOn, {"1", "2"});
  watch.Login();
  watch.Out();
  watch.Take(watch.session.Received("what?", At(1)));
  watch.Take(watch.session.Woken(At(5)));
  CHECK(watch.Out() == "END 1 prompt|DISCONNECT|END 2 prompt prompt");
  CHECK(watch.session.idle());
  // The next one starts from the beginning, without what was left over.
  watch.Ask(3, Verb::kOn, {"1"}, 6);
  watch.Login(6);
  CHECK(watch.Out() == "CONNECT|me|on 1");
}

TEST_CASE("power 27: refused connections and logins end every request",
          "[power]") {
  Watch refused;
  refused.Ask(1, Verb::kOn, {"1"});
  refused.Ask(2, Verb::kOn, {"2"});
  refused.Out();
  refused.Take(refused.session.ConnectFailed(
      {power::FailureClass::kUnreachable, "refused"}, At(0)));
  CHECK(refused.Out() == "DISCONNECT|END 1 unreachable|END 2 unreachable");
  Watch closed;
  closed.Ask(1, Verb::kOn, {"1"});
  closed.Take(closed.session.Connected(At(0)));
  closed.Out();
  closed.Take(closed.session.Closed(At(1)));
  CHECK(closed.Out() == "DISCONNECT|END 1 closed");
  Watch known;
  known.Ask(1, Verb::kOn, {"1"});
  known.Take(known.session.Connected(At(0)));
  known.Out();
  known.Take(known.session.Closed(
      At(1), power::Failure{power::FailureClass::kTls, "another key"}));
  CHECK(known.Out() == "DISCONNECT|END 1 tls");
}

TEST_CASE("session: a device that hangs up between requests hurts nobody",
          "[power]") {
  Watch watch;
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Login();
  watch.Take(watch.session.Received(">", At(1)));
  watch.Out();
  watch.Take(watch.session.Closed(At(2)));
  CHECK(watch.Out() == "DISCONNECT");
  watch.Ask(2, Verb::kOn, {"1"}, 3);
  CHECK(watch.Out() == "CONNECT");
}

TEST_CASE("session: cancels what has not begun, and finishes when told",
          "[power]") {
  Watch watch;
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Ask(2, Verb::kOn, {"2"});
  watch.Login();
  watch.Out();
  CHECK_FALSE(watch.session.Cancel(1));
  CHECK(watch.session.Cancel(2));
  CHECK_FALSE(watch.session.Cancel(2));
  watch.Take(watch.session.Finish(At(1)));
  CHECK(watch.Out() == "");
  watch.Take(watch.session.Received(">", At(1)));
  CHECK(watch.Out() == "END 1|bye|DISCONNECT");
}

TEST_CASE("session: telnet options are answered beside the dialogue",
          "[power]") {
  Watch watch({.telnet = true});
  watch.Ask(1, Verb::kOn, {"1"});
  watch.Out();
  watch.Take(watch.session.Connected(At(0)));
  watch.Take(watch.session.Received("lo\xff\xfd\x18gin>", At(0)));
  CHECK(watch.Out() == "\xff\xfc\x18|me|on 1");
}

TEST_CASE("session: nothing to run is a login and no more", "[power]") {
  Watch watch;
  watch.Take(watch.session.Ask(7, {}, At(0)));
  watch.Login();
  CHECK(watch.Out() == "CONNECT|me|END 7");
}

}  // namespace
