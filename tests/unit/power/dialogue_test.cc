#include "power/dialogue.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <random>

#include "power/device_parser.h"
#include "power/limits.h"
#include "power/script_choice.h"

namespace {

using power::DeviceReading;
using power::Dialogue;
using power::FailureClass;
using power::PlugState;
using power::Verb;

absl::Time At(double s) { return absl::UnixEpoch() + absl::Seconds(s); }

// A specification, a dialogue, and what came out of it.
class Talk {
 public:
  explicit Talk(const std::string& body, const std::string& head = "",
                std::vector<std::string> plugs = {"1", "2", "3"})
      : reading_(power::ReadDeviceFile(
            "t", absl::StrCat(head, "specification \"s\" { timeout 10\n", body,
                              "\n}"))) {
    for (const auto& problem : reading_.problems) {
      FAIL(power::ProblemText(problem));
    }
    device_.specification = &reading_.file.specifications.at(0);
    for (std::string& plug : plugs) device_.plugs.push_back({plug});
    device_.user = "me";
    device_.secret = &secret_;
  }

  power::DialogueDevice& device() { return device_; }
  // Chooses and starts; the clock is at `now`.
  void Start(Verb verb, std::vector<std::string> plugs, double now = 0) {
    if (!dialogue_) dialogue_ = std::make_unique<Dialogue>(device_);
    if (verb == Verb::kLogin) {
      return Take(
          dialogue_->Start({{device_.specification->Find(verb), {}}}, At(now)));
    }
    auto runs = power::ChooseScripts(device_, verb, plugs);
    if (auto* failure = std::get_if<power::Failure>(&runs)) FAIL(failure->text);
    Take(dialogue_->Start(std::get<std::vector<power::ScriptRun>>(runs),
                          At(now)));
  }
  void Get(absl::string_view bytes, double now = 0) {
    Take(dialogue_->Received(bytes, At(now)));
  }
  void Wake(double now) { Take(dialogue_->Woken(At(now))); }
  void Close(double now = 0) { Take(dialogue_->Closed(At(now))); }
  void Connect(double now = 0) { Take(dialogue_->Connected(At(now))); }
  double WakeAt() {
    return absl::ToDoubleSeconds(dialogue_->wake_at() - At(0));
  }
  bool busy() const { return dialogue_->busy(); }
  // What was sent since the last call.
  std::string Sent() { return std::exchange(sent_, ""); }
  const std::vector<power::RunEnded>& ended() const { return ended_; }
  // "auth", "" for well, "-" while it runs
  std::string End() const {
    if (ended_.empty()) return "-";
    return ended_[0].failure
               ? std::string(power::Word(ended_[0].failure->failure_class))
               : "";
  }
  std::string Why() const {
    return ended_.empty() || !ended_[0].failure ? "" : ended_[0].failure->text;
  }
  // "1=on 2=off"
  std::string States() const {
    std::vector<std::string> states;
    for (const auto& run : ended_) {
      for (const auto& plug : run.plugs) {
        states.push_back(absl::StrCat(plug.plug, "=", power::Word(plug.state)));
      }
    }
    return absl::StrJoin(states, " ");
  }

 private:
  void Take(const Dialogue::Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        sent_ += text->bytes;
      } else if (std::holds_alternative<power::SendSecret>(effect)) {
        sent_ += "***";
      } else if (const auto* net = std::get_if<power::Reconnect>(&effect)) {
        absl::StrAppend(&sent_, "<connect ", absl::ToDoubleSeconds(net->after),
                        " ", absl::StrJoin(net->program, " "), ">");
      } else if (!std::holds_alternative<power::Pause>(effect)) {
        ended_.push_back(std::get<power::RunEnded>(effect));
      }
    }
  }

  DeviceReading reading_;
  keys::Secret secret_{absl::string_view("hunter2")};
  power::DialogueDevice device_;
  std::unique_ptr<Dialogue> dialogue_;
  std::string sent_;
  std::vector<power::RunEnded> ended_;
};

constexpr char kTwo[] = "language 2\n";

TEST_CASE("dialogue: expect takes all up to its end, and the rest stays",
          "[power]") {
  Talk talk(
      "script status { send \"q %s%%\\r\" expect \"([a-z]+)=(on|off)\" "
      "setplugstate $2 on=\"on\" off=\"off\" expect \">\" } ");
  talk.Start(Verb::kStatus, {"2"});
  CHECK(talk.Sent() == "q 2%\r");
  talk.Get("junk\r\n pl");
  talk.Get("ug=o");
  CHECK(talk.busy());
  talk.Get("n rest > more");
  CHECK(talk.End() == "");
  CHECK(talk.States() == "2=on");
  // " more" is there for the next script.
  talk.Start(Verb::kStatus, {"2"});
  talk.Get("s x=off >");
  CHECK(talk.States() == "2=on 2=off");
}

TEST_CASE("dialogue: the limit is that of the whole script", "[power]") {
  Talk talk("script on { expect \"a\" expect \"b\" }");
  talk.Start(Verb::kOn, {"1"});
  CHECK(talk.WakeAt() == 10);
  talk.Get("a", 9);
  CHECK(talk.WakeAt() == 10);
  talk.Wake(9.9);
  CHECK(talk.End() == "-");
  talk.Wake(10);
  CHECK(talk.End() == "timeout");
  CHECK(talk.Why() == "on: no 'b' within 10 s; it printed 'a' (t:2)");
  CHECK_FALSE(talk.busy());
}

TEST_CASE("dialogue: silence is timeout, other words are prompt", "[power]") {
  Talk silent("script on { expect \"a\" }");
  silent.Start(Verb::kOn, {"1"});
  silent.Get("\r\n");
  silent.Wake(10);
  CHECK(silent.End() == "timeout");
  Talk other("script on { expect \"a\" }");
  other.Start(Verb::kOn, {"1"});
  other.Get("\x1b[1mERROR: hunter2 wr\xffong\r\n");
  other.Wake(10);
  CHECK(other.End() == "prompt");
  CHECK(other.Why() ==
        "on: no 'a' within 10 s; it printed 'ERROR: *** wrong' (t:2)");
}

TEST_CASE("dialogue: no time limit means over at once", "[power]") {
  const DeviceReading reading = power::ReadDeviceFile(
      "t", "specification \"s\" { script on { expect \"a\" } }");
  power::DialogueDevice device;
  device.specification = &reading.file.specifications[0];
  device.plugs = {{"1"}};
  Dialogue dialogue(device);
  const auto effects =
      dialogue.Start({{&device.specification->scripts[0], {"1"}}}, At(0));
  REQUIRE(effects.size() == 1);
  CHECK(std::get<power::RunEnded>(effects[0]).failure.has_value());
}

TEST_CASE("dialogue: steps have limits of their own", "[power]") {
  Talk talk(
      "step-timeout 3 script on { expect \"a\" expect \"b\" within 5 "
      "expect \"c\" }",
      kTwo);
  talk.Start(Verb::kOn, {"1"});
  CHECK(talk.WakeAt() == 3);
  talk.Get("a", 2);
  CHECK(talk.WakeAt() == 7);
  talk.Get("b", 6.5);
  CHECK(talk.WakeAt() == 9.5);
  talk.Wake(9.5);
  CHECK(talk.End() == "timeout");
  CHECK_THAT(talk.Why(), Catch::Contains("no 'c' within 3 s"));
  // The caller's limit comes before the model's.
  Talk other("step-timeout 3 script on { expect \"a\" }", kTwo);
  other.device().step_timeout = absl::Seconds(1);
  other.Start(Verb::kOn, {"1"});
  CHECK(other.WakeAt() == 1);
}

TEST_CASE("dialogue: a pause waits, and what comes meanwhile is kept",
          "[power]") {
  Talk talk("script cycle { send \"off\" delay 4 send \"on\" expect \"ok\" }");
  talk.Start(Verb::kCycle, {"1"});
  CHECK(talk.Sent() == "off");
  CHECK(talk.WakeAt() == 4);
  talk.Get("ok", 1);
  CHECK(talk.Sent() == "");
  talk.Wake(4);
  CHECK(talk.Sent() == "on");
  CHECK(talk.End() == "");
  Talk late("script cycle { delay 20 }");
  late.Start(Verb::kCycle, {"1"});
  CHECK(late.WakeAt() == 10);
  late.Wake(10);
  CHECK(late.Why() == "cycle: the script took more than 10 s (t:2)");
}

TEST_CASE("power 31: ifon and ifoff ask for what the same run has seen",
          "[power]") {
  const std::string body =
      "script off { send \"?\" expect \"(0|1|x)\" setplugstate $1 on=\"1\" "
      "off=\"0\" ifon { send \"T\" expect \"k\" } ifoff { send \"already\" } }";
  Talk on(body);
  on.Start(Verb::kOff, {"2"});
  on.Get("1k");
  CHECK(on.Sent() == "?T");
  CHECK(on.End() == "");
  Talk off(body);
  off.Start(Verb::kOff, {"2"});
  off.Get("0");
  CHECK(off.Sent() == "?already");
  Talk unknown(body);
  unknown.Start(Verb::kOff, {"2"});
  unknown.Get("x");
  CHECK(unknown.Sent() == "?");
  CHECK(unknown.End() == "device");
  // Not what an earlier run has seen.
  Talk earlier(
      "script status { expect \"(1)\" setplugstate $1 on=\"1\" } "
      "script off { ifon { send \"T\" } }");
  earlier.Start(Verb::kStatus, {"1"});
  earlier.Get("1");
  earlier.Start(Verb::kOff, {"1"});
  REQUIRE(earlier.ended().size() == 2);
  CHECK(earlier.ended()[1].failure.has_value());
}

TEST_CASE("power 31: foreachplug is all plugs, foreachnode those with a host",
          "[power]") {
  const std::string body =
      "script cycle_all { foreachplug { send \"off %s,\" } delay 1 "
      "foreachnode { send \"on %s,\" } }";
  Talk talk(body);
  talk.Start(Verb::kCycle, {"1", "2", "3"});
  talk.Wake(1);
  CHECK(talk.Sent() == "off 1,off 2,off 3,on 1,on 2,on 3,");
  Talk some(body);
  some.device().plugs[1].has_host = false;
  const auto* all =
      some.device().specification->Find(Verb::kCycle, power::Form::kAll);
  Dialogue dialogue(some.device());
  std::string sent;
  const auto take = [&](const Dialogue::Effects& effects) {
    for (const auto& effect : effects) {
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        sent += text->bytes;
      }
    }
  };
  take(dialogue.Start({{all, {}}}, At(0)));
  take(dialogue.Woken(At(1)));
  CHECK(sent == "off 1,off 2,off 3,on 1,on 3,");
}

TEST_CASE("power 31: a ranged script gets all plugs folded, and in turn",
          "[power]") {
  Talk talk(
      "script on_ranged { send \"on %s\\n\" foreachplug { "
      "expect \"([0-9]+): ([^\\n]*)\\n\" setresult $1 $2 success=\"^ok$\" "
      "success=\"done\" } }",
      "", {"1", "2", "3", "5", "7"});
  talk.Start(Verb::kOn, {"3", "1", "7", "2"});
  CHECK(talk.Sent() == "on [1-3,7]\n");
  talk.Get("1: done\n2: fire hunter2\n3: ok\n");
  CHECK(talk.busy());
  talk.Get("9: whatever\n");
  CHECK(talk.End() == "");
  const auto& plugs = talk.ended()[0].plugs;
  REQUIRE(plugs.size() == 3);
  CHECK_FALSE(plugs[0].failure.has_value());
  REQUIRE(plugs[1].failure.has_value());
  CHECK(plugs[1].failure->text == "the device says 'fire ***'");
  CHECK(plugs[1].failure->failure_class == FailureClass::kDevice);
  CHECK(plugs[1].failure->maybe_executed);
  CHECK_FALSE(plugs[2].failure.has_value());
  Talk one("script on_ranged { send \"on %s\\n\" }");
  one.Start(Verb::kOn, {"2"});
  CHECK(one.Sent() == "on 2\n");
}

TEST_CASE("dialogue: whose state it is, and what it means", "[power]") {
  Talk talk(
      "script status_all { expect \"(.) (.) (.)(q)?;\" "
      "setplugstate \"1\" $1 off=\"0\" on=\"1|0\" "
      "setplugstate $2 $3 on=\"1\" "
      "setplugstate \"9\" $1 on=\"1\" setplugstate \"3\" $4 on=\"1\" }");
  talk.Start(Verb::kStatus, {"1", "2", "3"});
  talk.Get("0 2 7;");
  // In their order; none fits; unknown plug; a group that took no part.
  CHECK(talk.States() == "1=off 2=unknown");
  CHECK(talk.ended()[0].plugs[1].value == "7");
  Talk map(
      "state \"warm\" = pending state \"1\" = on script status { "
      "expect \"<(.*)>\" setplugstate $1 }",
      kTwo);
  map.Start(Verb::kStatus, {"1"});
  map.Get("<warm 1>");
  CHECK(map.States() == "1=pending");
}

TEST_CASE("dialogue: of alternatives the earliest, then the first, wins",
          "[power]") {
  const std::string body =
      "script on { expectany { \"b+\" { send \"B\" again } \"ab\" { send \"A\" "
      "again } \"a\" { send \"a\" again } \"end\" { } } expect \"x\" }";
  Talk talk(body, kTwo);
  talk.Start(Verb::kOn, {"1"});
  talk.Get("--bb--ab--a-");
  CHECK(talk.Sent() == "BAa");
  talk.Get("endx");
  CHECK(talk.End() == "");
}

TEST_CASE("dialogue: again max runs what is behind it instead", "[power]") {
  const std::string body =
      "script login { expectany { \"user:\" { send-user \"\\r\" again } "
      "\"pass:\" { send-secret \"\\r\" again max 2 fail auth \"asked for $0\" "
      "} "
      "\">\" { } closed { fail busy } after 3 { fail prompt \"no menu\" } } }";
  Talk talk(body, kTwo);
  talk.Start(Verb::kLogin, {});
  talk.Get("user:pass:pass:");
  CHECK(talk.Sent() == "me\r***\r***\r");
  CHECK(talk.WakeAt() == 3);
  talk.Get("pass:", 1);
  CHECK(talk.Sent() == "");
  CHECK(talk.End() == "auth");
  CHECK(talk.Why() == "login: asked for pass: (t:3)");
  Talk good(body, kTwo);
  good.Start(Verb::kLogin, {});
  good.Get("pass:", 2);
  CHECK(good.WakeAt() == 5);  // armed anew
  good.Get(">", 4);
  CHECK(good.End() == "");
  Talk mute(body, kTwo);
  mute.Start(Verb::kLogin, {});
  mute.Wake(3);
  CHECK(mute.End() == "prompt");
  CHECK(mute.Why() == "login: no menu (t:3)");
  Talk gone(body, kTwo);
  gone.Start(Verb::kLogin, {});
  gone.Close();
  CHECK(gone.End() == "busy");
  Talk forever("script login { expectany { \"x\" { again } } }", kTwo);
  forever.Start(Verb::kLogin, {});
  forever.Get(std::string(2000, 'x'));
  CHECK(forever.End() == "prompt");
  CHECK_THAT(forever.Why(), Catch::Contains("printed 'x' 1001 times"));
}

TEST_CASE("dialogue: a confirmation is where it begins to be carried out",
          "[power]") {
  const std::string body =
      "script cycle { send \"r %s\" expect \"sure\" confirm \"Y%s\" \"N\" "
      "expect \">\" } script verify { send \"r %s\" expect \"sure\" "
      "confirm \"Y%s\" \"N\" expect \">\" } script on { send \"on\" "
      "expect \">\" }";
  Talk before(body, kTwo);
  before.Start(Verb::kCycle, {"2"});
  before.Close();
  CHECK(before.End() == "closed");
  CHECK_FALSE(before.ended()[0].failure->maybe_executed);
  CHECK_FALSE(before.ended()[0].confirmation_reached);
  Talk after(body, kTwo);
  after.Start(Verb::kCycle, {"2"});
  after.Get("sure");
  CHECK(after.Sent() == "r 2Y2");
  after.Close();
  CHECK(after.ended()[0].failure->maybe_executed);
  Talk verify(body, kTwo);
  verify.Start(Verb::kVerify, {"2"});
  verify.Get("sure");
  CHECK(verify.Sent() == "r 2N");
  verify.Close();
  CHECK_FALSE(verify.ended()[0].failure->maybe_executed);
  CHECK(verify.ended()[0].confirmation_reached);
  // Without a question, the first byte may be the one.
  Talk plain(body, kTwo);
  plain.Start(Verb::kOn, {"2"});
  plain.Close();
  CHECK(plain.ended()[0].failure->maybe_executed);
}

TEST_CASE("power 27: closed tells the phase and what was waited for",
          "[power]") {
  Talk talk("script login { expect \"Password:\" } script on { expect \">\" }");
  talk.Start(Verb::kLogin, {});
  talk.Get("Too many users");
  talk.Close();
  CHECK(talk.End() == "closed");
  CHECK(talk.Why() ==
        "login: the connection was closed before 'Password:'; it printed "
        "'Too many users' (t:2)");
  // What had come before counts.
  Talk enough("script on { expect \"a\" expect \"b\" }");
  enough.Start(Verb::kOn, {"1"});
  enough.Close();
  CHECK(enough.End() == "closed");
  Talk both("script on { delay 1 expect \"ab\" }");
  both.Start(Verb::kOn, {"1"});
  both.Get("ab");
  both.Close();
  CHECK(both.End() == "-");
  both.Wake(1);
  CHECK(both.End() == "");
  Talk sends("script on { expect \"a\" send \"b\" }");
  sends.Start(Verb::kOn, {"1"});
  sends.Close();
  CHECK(sends.End() == "closed");
}

TEST_CASE("dialogue: reconnecting drops what was printed before", "[power]") {
  Talk talk(
      "script login { expect \"x\" reconnect 1.5 expect \">\" } "
      "script on { run \"prog\" \"-h\" address \"%s\" expect \"k\" }",
      kTwo);
  talk.device().address = "10.0.0.1";
  talk.Start(Verb::kLogin, {});
  talk.Get("x>");
  CHECK(talk.Sent() == "<connect 1.5 >");
  talk.Get(">");
  talk.Close();
  CHECK(talk.End() == "-");
  CHECK(talk.WakeAt() == 10);
  talk.Connect(2);
  CHECK(talk.End() == "-");
  talk.Get(">");
  CHECK(talk.End() == "");
  talk.Start(Verb::kOn, {"2"});
  CHECK(talk.Sent() == "<connect 0 prog -h 10.0.0.1 2>");
  talk.Connect();
  talk.Get("k");
  REQUIRE(talk.ended().size() == 2);
  CHECK_FALSE(talk.ended()[1].failure.has_value());
}

TEST_CASE("dialogue: one plug after the other, and the first failure ends all",
          "[power]") {
  const std::string body = "script cycle { send \"%s-\" expect \"ok\" }";
  Talk talk(body);
  talk.Start(Verb::kCycle, {"1", "2", "3"});
  CHECK(talk.Sent() == "1-");
  talk.Get("ok");
  CHECK(talk.Sent() == "2-");
  talk.Close();
  REQUIRE(talk.ended().size() == 3);
  CHECK_FALSE(talk.ended()[0].failure.has_value());
  CHECK(talk.ended()[1].failure->maybe_executed);
  CHECK_FALSE(talk.ended()[2].failure->maybe_executed);
  CHECK_THAT(talk.ended()[2].failure->text,
             Catch::Contains("an earlier script failed"));
}

TEST_CASE("dialogue: while one pauses another goes on, if the model says so",
          "[power]") {
  const std::string body =
      "script cycle { send \"%s off,\" expect \"k\" delay 4 "
      "send \"%s on,\" expect \"k\" }";
  Talk slow(body);
  slow.Start(Verb::kCycle, {"1", "2"});
  slow.Get("k");
  CHECK(slow.Sent() == "1 off,");
  slow.Wake(4);
  slow.Get("k", 4);
  CHECK(slow.Sent() == "1 on,2 off,");
  Talk quick("interleave yes\n" + body, kTwo);
  quick.Start(Verb::kCycle, {"1", "2", "3"});
  CHECK(quick.Sent() == "1 off,");
  quick.Get("k", 0);
  CHECK(quick.Sent() == "2 off,");
  quick.Get("k", 1);
  CHECK(quick.Sent() == "3 off,");
  // 1 is due, but 3 waits for an answer: it is not disturbed.
  quick.Wake(4);
  CHECK(quick.Sent() == "");
  CHECK(quick.WakeAt() > 4);
  quick.Get("k", 4.5);
  CHECK(quick.Sent() == "1 on,");
  quick.Get("k", 4.6);
  CHECK(quick.Sent() == "");
  CHECK(quick.WakeAt() == 5);
  quick.Wake(5);
  CHECK(quick.Sent() == "2 on,");
  quick.Get("k", 5);
  CHECK(quick.WakeAt() == 8.5);
  quick.Wake(8.5);
  quick.Get("k", 8.5);
  CHECK(quick.Sent() == "3 on,");
  CHECK(quick.ended().size() == 3);
  CHECK_FALSE(quick.busy());
}

TEST_CASE("dialogue: what is sent of a match, and of a failure", "[power]") {
  Talk talk(
      "script on { expect \"([0-9])- On\" send-match $1 \"\\r\" "
      "send-match $7 \".\" expect \"E: ([^\\n]*)\\n\" "
      "fail device \"it says $1, $19 and $\" }",
      kTwo);
  talk.Start(Verb::kOn, {"1"});
  talk.Get("4- On");
  CHECK(talk.Sent() == "4\r.");
  talk.Get("E: hunter2 \x1b[31mred\x1b[0m\n");
  CHECK(talk.Why() == "on: it says *** red,  and $ (t:3)");
}

TEST_CASE("dialogue: a script without an end comes to one", "[power]") {
  // 4096 plugs in each of 4096 of each: more than a million statements.
  std::vector<std::string> plugs;
  for (int i = 0; i < 4096; i++) plugs.push_back(absl::StrCat(i));
  Talk talk("script on_all { foreachplug { foreachplug { setplugstate $1 } } }",
            "", plugs);
  talk.Start(Verb::kOn, plugs);
  CHECK(talk.End() == "config");
  Talk sends("script on_all { foreachplug { send \"" + std::string(8000, 'x') +
                 "\" } }",
             "", plugs);
  sends.Start(Verb::kOn, plugs);
  CHECK(sends.End() == "config");
  CHECK(sends.Sent().size() <= power::kMaxSentBytes);
}

// Any bytes, cuts, times and closes: it ends, in the time it has, with one
// result for each run, and never sends after it has ended.
TEST_CASE("dialogue: hostile devices only make it fail", "[power][sim]") {
  const unsigned seed = Catch::rngSeed();
  INFO("SEED=" << seed);
  std::mt19937 random(seed);
  const char* const pieces[] = {"User:",  "pass:",       ">",        "k",
                                "(Y/N)?", "1: on\n",     "2: off\n", "\0",
                                "\r\n",   "\x1b[1m",     "hunter2",  "x",
                                "busy",   "\xff\xfd\x01"};
  const std::string body =
      "interleave yes step-timeout 4 script login { expectany { \"User:\" { "
      "send-user \"\\r\" again max 3 } \"pass:\" { send-secret \"\\r\" again "
      "max 2 fail auth } \"busy\" { fail busy } \">\" { } } } "
      "script status_all { send \"?\" expectany { \"([0-9]): (on|off)\" { "
      "setplugstate $1 $2 on=\"on\" off=\"off\" again } \">\" { } } } "
      "script cycle { send \"%s\" expect \"Y/N\" confirm \"Y\" \"N\" delay 2 "
      "expect \"k\" }";
  int well = 0;
  for (int run = 0; run < 3000; run++) {
    Talk talk(body, kTwo);
    double now = 0;
    const Verb verbs[] = {Verb::kLogin, Verb::kStatus, Verb::kCycle};
    const Verb verb = verbs[random() % 3];
    talk.Start(verb, {"1", "2", "3"}, now);
    const size_t runs = verb == Verb::kCycle ? 3 : 1;
    for (int step = 0; talk.busy(); step++) {
      REQUIRE(step < 10'000);
      if (random() % 4 == 0) {
        now = std::max(now, talk.WakeAt());
        talk.Wake(now);
      } else if (random() % 60 == 0) {
        talk.Close(now);
      } else {
        now += (random() % 100) / 100.0;
        now = std::min(now, std::max(now - 1, talk.WakeAt()));
        talk.Get(pieces[random() % std::size(pieces)], now);
      }
    }
    REQUIRE(talk.ended().size() == runs);
    for (const auto& ended : talk.ended()) {
      if (ended.failure) {
        CHECK(ended.failure->text.find("hunter2") == std::string::npos);
      } else {
        well++;
      }
    }
    CHECK(now <= 45);
    talk.Sent();
    talk.Get("User:>k", now);
    talk.Wake(now + 100);
    CHECK(talk.Sent() == "");
    CHECK(talk.ended().size() == runs);
  }
  CHECK(well > 100);
}

}  // namespace
