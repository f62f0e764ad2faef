// The controller's side of an exchange, with receivers that follow a script,
// honest ones and others.
#include "msrc/exchange.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "msrc/exchange_limits.h"
#include "net/frame.h"
#include "scripted.h"

using namespace msrc;
using namespace msrc_test;

namespace {

// What an effect is, in a word.
std::string Name(const ExchangeEffect& effect) {
  if (auto* e = std::get_if<SendExecutable>(&effect)) {
    return absl::StrCat("executable:", e->need.platform);
  }
  if (std::holds_alternative<EndExecutable>(effect)) return "end";
  if (auto* e = std::get_if<SendDelivery>(&effect)) {
    return absl::StrCat("delivery:", e->nonce.substr(0, 1));
  }
  if (auto* e = std::get_if<SendContents>(&effect)) {
    return absl::StrCat("contents:", e->need.wants().size());
  }
  if (std::holds_alternative<StopContents>(effect)) return "stop";
  if (std::holds_alternative<AskUtility>(effect)) return "ask";
  if (std::holds_alternative<SendUtility>(effect)) return "utility";
  if (auto* e = std::get_if<SendMessage>(&effect)) {
    const auto m = *wire::Parse<FromController>(e->bytes);
    return m.has_cancel() ? absl::StrCat("cancel:", m.cancel().signal())
           : m.done()     ? "done"
                          : "message";
  }
  if (auto* e = std::get_if<PassOutput>(&effect)) {
    return absl::StrCat("output", e->stream, ":", e->bytes.size());
  }
  if (auto* e = std::get_if<PassMessage>(&effect)) {
    return absl::StrCat("pass:", e->bytes);
  }
  if (std::holds_alternative<HangUp>(effect)) return "hang up";
  return "";
}

struct Talk {
  explicit Talk(std::function<void(ExchangePlan&)> change = nullptr) {
    manifest = *wire::Manifest::Make(
        {FileEntry("a", "A"), FileEntry("b", "B"), FileEntry("c", "A")});
    ExchangePlan plan;
    plan.manifest = &manifest;
    plan.runs = true;
    if (change) change(plan);
    exchange.emplace(plan, now);
    for (const auto& e : exchange->Begin()) {
      if (auto* wake = std::get_if<WakeAt>(&e)) wake_at = wake->when;
    }
  }
  // What follows, but for timers.
  std::string On(const ExchangeEvent& event) {
    std::string all;
    for (const ExchangeEffect& e : exchange->On(event, now)) {
      if (auto* wake = std::get_if<WakeAt>(&e)) {
        wake_at = wake->when;
        continue;
      }
      absl::StrAppend(&all, all.empty() ? "" : " ", Name(e));
    }
    return all;
  }
  std::string Says(std::string bytes) {
    return On(MessageCame{std::move(bytes)});
  }
  // As far as the phase.
  void Reach(Phase phase) {
    if (phase == Phase::kBootstrap) {
      On(RemoteAnswered{RemoteNeed{"Linux x86_64", false, "/c"}});
    }
    if (phase < Phase::kTransfer) return;
    On(ChannelOpened{});
    Says(Hello());
    if (phase >= Phase::kApply) Says(NeedOf({}));
    if (phase >= Phase::kRun) Says(AppliedOf(Applied::APPLIED));
    REQUIRE(exchange->phase() == phase);
  }
  const ExchangeResult& Result() {
    REQUIRE(exchange->phase() == Phase::kEnded);
    return exchange->result();
  }
  bool Failed(int status, Phase phase) {
    const ExchangeResult& r = Result();
    UNSCOPED_INFO(r.status << " " << PhaseName(r.failed) << " " << r.error);
    return r.status == status && r.failed == phase;
  }

  wire::Manifest manifest;
  absl::Time now = absl::FromUnixSeconds(1'000'000), wake_at;
  std::optional<Exchange> exchange;
};

}  // namespace

TEST_CASE("msrc M26: an unchanged host costs one round trip and then runs",
          "[msrc]") {
  Talk t;
  CHECK(t.On(ChannelOpened{}) == "");
  CHECK(t.Says(Hello()) == "delivery:n");
  CHECK(t.Says(NeedOf({})) == "");
  CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "");
  CHECK(t.Says(OutputOf(1, "hello")) == "output1:5");
  CHECK(t.Says(OutputOf(2, "oh")) == "output2:2");
  CHECK(t.Says(EndedOf(0)) == "hang up");
  CHECK(t.Failed(0, Phase::kEnded));
  CHECK(t.Result().out_bytes == 5);
  CHECK(t.Result().error_bytes == 2);
  CHECK(t.Result().software == "fleetbox 0.1");
  CHECK_FALSE(t.Result().copied);
  CHECK(t.On(Lost{absl::OkStatus()}) == "");
  CHECK(t.Says(EndedOf(9)) == "");
  CHECK(t.Failed(0, Phase::kEnded));
}

TEST_CASE("exchange: what a host lacks is brought and sent", "[msrc]") {
  Talk t;
  CHECK(t.On(RemoteAnswered{RemoteNeed{"Linux x86_64", true, "/c"}}) ==
        "executable:Linux x86_64");
  CHECK(t.exchange->phase() == Phase::kBootstrap);
  CHECK(t.On(RemoteAnswered{RemoteGot{}}) == "end");
  CHECK(t.On(ChannelOpened{}) == "");
  CHECK(t.Says(Hello()) == "delivery:n");
  CHECK(t.Says(NeedOf({0, 1})) == "contents:2");
  CHECK(t.exchange->phase() == Phase::kTransfer);
  CHECK(t.On(ContentSent{}) == "");
  CHECK(t.exchange->phase() == Phase::kApply);
  CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "");
  CHECK(t.Says(EndedOf(7)) == "hang up");
  CHECK(t.Failed(7, Phase::kRun));
  CHECK(t.Result().copied);
}

TEST_CASE("exchange: a receiver that knows no terminals is not asked for one",
          "[msrc]") {
  Talk t([](ExchangePlan& p) { p.terminal = true; });
  t.On(ChannelOpened{});
  SECTION("of an earlier protocol") {
    t.Says(Hello());
    CHECK(t.Failed(76, Phase::kTransfer));
    CHECK(t.Result().error == "its fleetbox is too old for a terminal");
  }
  SECTION("of ours") {
    CHECK(t.Says(Hello(std::string(16, 'n'), 2)) == "delivery:n");
  }
}

TEST_CASE("exchange: without a utility an applied delivery is the end",
          "[msrc]") {
  Talk t([](ExchangePlan& p) { p.runs = false; });
  t.Reach(Phase::kApply);
  CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "done hang up");
  CHECK(t.Failed(0, Phase::kEnded));
}

TEST_CASE("msrc M31: a check ends with the comparison", "[msrc]") {
  Talk t([](ExchangePlan& p) { p.check = true; });
  t.Reach(Phase::kApply);
  SECTION("which is what was asked for") {
    CHECK(t.Says(AppliedOf(Applied::COMPARED)) == "done hang up");
    CHECK(t.Failed(0, Phase::kEnded));
  }
  SECTION("and not with more") {
    t.Says(AppliedOf(Applied::APPLIED));
    CHECK(t.Failed(76, Phase::kApply));
  }
}

TEST_CASE("msrc M20: a hook between the update and the utility decides",
          "[msrc]") {
  Talk t([](ExchangePlan& p) {
    p.runs = false;
    p.utility_follows = true;
  });
  t.Reach(Phase::kApply);
  CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "ask");
  CHECK(t.wake_at == absl::InfiniteFuture());
  // Nobody is there to read it.
  CHECK(!t.exchange->takes_input());
  SECTION("to run it") {
    CHECK(t.On(UtilityReady{true}) == "utility");
    CHECK(t.exchange->takes_input());
    CHECK(t.Says(EndedOf(0)) == "hang up");
    CHECK(t.Failed(0, Phase::kEnded));
  }
  SECTION("not to run it, with its own status") {
    CHECK(t.On(UtilityReady{false, 3}) == "done hang up");
    CHECK(t.Failed(3, Phase::kRun));
  }
  SECTION("not to run it, and all is well") {
    CHECK(t.On(UtilityReady{false, 0}) == "done hang up");
    CHECK(t.Failed(0, Phase::kEnded));
  }
  SECTION("and nothing runs before") {
    t.Says(EndedOf(0));
    CHECK(t.Failed(76, Phase::kRun));
  }
}

TEST_CASE("exchange: what a receiver refuses has its own status and phase",
          "[msrc]") {
  for (const uint32_t status : {65, 73, 74, 75, 76, 77, 78}) {
    Talk t;
    t.Reach(Phase::kTransfer);
    t.Says(AppliedOf(Applied::REFUSED, status, "because"));
    CHECK(t.Failed(static_cast<int>(status),
                   status == 65 ? Phase::kTransfer : Phase::kApply));
    CHECK(t.Result().error == "because");
    CHECK_FALSE(t.Result().may_retry);
  }
  Talk t;
  t.Reach(Phase::kTransfer);
  CHECK(t.Says(NeedOf({0})) == "contents:1");
  // The disk is full in the middle of it.
  CHECK(t.Says(AppliedOf(Applied::ROLLED_BACK, 74, "full\n\x1b")) ==
        "stop hang up");
  CHECK(t.Failed(74, Phase::kApply));
  CHECK(t.Result().error == "full\\n\\x1b");
}

TEST_CASE("msrc M34: a connection that breaks is 255 and the phase", "[msrc]") {
  for (const Phase phase : {Phase::kConnect, Phase::kBootstrap,
                            Phase::kTransfer, Phase::kApply, Phase::kRun}) {
    Talk t;
    t.Reach(phase);
    CHECK(
        absl::EndsWith(t.On(Lost{absl::UnavailableError("gone")}), "hang up"));
    CHECK(t.Failed(255, phase));
    CHECK(t.Result().error == "gone");
    // Only where nothing can have happened.
    CHECK(t.Result().may_retry == (phase == Phase::kConnect));
  }
}

TEST_CASE("exchange: a utility's end has the status of a shell", "[msrc]") {
  const auto end = [](const std::string& ended) {
    auto t = std::make_unique<Talk>();
    t->Reach(Phase::kRun);
    t->Says(ended);
    return t;
  };
  CHECK(end(EndedOf(255))->Failed(255, Phase::kRun));
  CHECK(end(EndedOf(0, 9))->Failed(137, Phase::kRun));
  CHECK(end(EndedOf(127, 0, "nosuch: not found"))->Failed(127, Phase::kRun));
  CHECK(end(EndedOf(0, 0, "it lies"))->Failed(71, Phase::kRun));
  fleetbox::wire::FromReceiver late;
  late.mutable_ended()->set_signal(15);
  late.mutable_ended()->set_timed_out(true);
  CHECK(end(wire::Serialize(late))->Failed(124, Phase::kRun));
  CHECK(end(EndedOf(256))->Failed(76, Phase::kRun));
  CHECK(end(EndedOf(0, 128))->Failed(76, Phase::kRun));
}

TEST_CASE("exchange: silence has a limit in each phase", "[msrc]") {
  for (const Phase phase : {Phase::kConnect, Phase::kBootstrap,
                            Phase::kTransfer, Phase::kApply, Phase::kRun}) {
    Talk t([](ExchangePlan& p) { p.limits.run = absl::Hours(1); });
    t.Reach(phase);
    REQUIRE(t.wake_at < absl::InfiniteFuture());
    t.now = t.wake_at - absl::Milliseconds(1);
    CHECK(t.On(Woken{}) == "");
    t.now = t.wake_at;
    CHECK(t.On(Woken{}) == "hang up");
    CHECK(t.Failed(255, phase));
    CHECK(t.Result().may_retry == (phase == Phase::kConnect));
  }
  Talk t;  // a utility takes what it takes
  t.Reach(Phase::kRun);
  CHECK(t.wake_at == absl::InfiniteFuture());
  Talk slow;  // as long as something moves
  slow.Reach(Phase::kTransfer);
  slow.Says(NeedOf({0}));
  for (int i = 0; i < 100; i++) {
    slow.now += absl::Minutes(9);
    CHECK(slow.On(Woken{}) == "");
    slow.On(ContentMoved{});
  }
}

TEST_CASE(
    "msrc M35: an interrupt reaches the utility, and nothing else goes on",
    "[msrc]") {
  for (const Phase phase : {Phase::kConnect, Phase::kBootstrap}) {
    Talk t;
    t.Reach(phase);
    CHECK(t.On(Cancelled{2}) == "hang up");
    CHECK(t.Failed(130, phase));
  }
  SECTION("while it compares: it may be running the utility already") {
    Talk t;
    t.Reach(Phase::kTransfer);
    CHECK(t.On(Cancelled{15}) == "cancel:15");
    SECTION("it has stopped") {
      CHECK(t.Says(AppliedOf(Applied::ROLLED_BACK, 75, "cancelled")) ==
            "hang up");
      CHECK(t.Failed(143, Phase::kTransfer));
    }
    SECTION("it says what it lacks") {
      CHECK(t.Says(NeedOf({0})) == "");
      t.Says(AppliedOf(Applied::ROLLED_BACK, 75, "cancelled"));
      CHECK(t.Failed(143, Phase::kTransfer));
    }
    SECTION("it lacked nothing") {
      t.Says(NeedOf({}));
      t.Says(AppliedOf(Applied::APPLIED));
      t.Says(EndedOf(0, 15));
      CHECK(t.Failed(143, Phase::kRun));
    }
  }
  SECTION("while contents are on their way: they are not to be kept") {
    Talk t([](ExchangePlan& p) { p.runs = GENERATE(true, false); });
    t.Reach(Phase::kTransfer);
    CHECK(t.Says(NeedOf({0})) == "contents:1");
    CHECK(t.On(Cancelled{15}) == "stop cancel:15");
    SECTION("it has put them away") {
      t.Says(AppliedOf(Applied::ROLLED_BACK, 75, "cancelled"));
      CHECK(t.Failed(143, Phase::kTransfer));
    }
    SECTION("it does not say so") {
      CHECK(t.wake_at == t.now + kCancelTime);
      t.now = t.wake_at;
      CHECK(t.On(Woken{}) == "hang up");
      CHECK(t.Failed(255, Phase::kTransfer));
    }
    SECTION("it is gone") {
      t.On(Lost{absl::UnavailableError("cut")});
      CHECK(t.Failed(255, Phase::kTransfer));
    }
  }
  for (const Phase phase : {Phase::kApply, Phase::kRun}) {
    Talk t;
    t.Reach(phase);
    CHECK(t.On(Cancelled{15}) == "cancel:15");
    CHECK(t.On(Cancelled{15}) == "");
    if (phase == Phase::kApply) t.Says(AppliedOf(Applied::APPLIED));
    SECTION("it ends") {
      t.Says(EndedOf(0, 15));
      CHECK(t.Failed(143, Phase::kRun));
    }
    SECTION("it does not end") {
      CHECK(t.wake_at == t.now + kCancelTime);
      t.now = t.wake_at;
      CHECK(t.On(Woken{}) == "hang up");
      CHECK(t.Failed(255, Phase::kRun));
    }
  }
  SECTION("what is being placed is placed, what was to follow is not run") {
    Talk t([](ExchangePlan& p) {
      p.runs = false;
      p.utility_follows = true;
    });
    t.Reach(Phase::kApply);
    CHECK(t.On(Cancelled{2}) == "");
    CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "hang up");
    CHECK(t.Failed(130, Phase::kRun));
    CHECK(t.Result().applied.has_value());
  }
}

TEST_CASE("exchange: of a relay everything behind its hello is passed on",
          "[msrc]") {
  Talk t([](ExchangePlan& p) {
    p.relay = true;
    p.runs = false;
  });
  t.On(ChannelOpened{});
  SECTION("it is there") {
    CHECK(t.Says(Hello()) == "pass:");
    CHECK(t.Says("anything") == "pass:anything");
    CHECK(t.wake_at == absl::InfiniteFuture());
    SECTION("and gone") {
      t.On(Lost{absl::UnavailableError("cut")});
      CHECK(t.Failed(255, Phase::kRun));
    }
    SECTION("or speaks otherwise") {
      CHECK(t.On(ParcelCame{}) == "hang up");
      CHECK(t.Failed(76, Phase::kRun));
    }
  }
  SECTION("something else is") {
    CHECK(t.Says("anything") == "hang up");
    CHECK(t.Failed(76, Phase::kTransfer));
  }
}

TEST_CASE("exchange: output is all there is of a utility that was left behind",
          "[msrc]") {
  Talk t([](ExchangePlan& p) {
    p.attach = true;
    p.runs = false;
  });
  t.On(ChannelOpened{});
  CHECK(t.Says(Hello()) == "delivery:n");
  SECTION("it is there") {
    CHECK(t.Says(OutputOf(1, "x")) == "output1:1");
    CHECK(t.Says(EndedOf(0)) == "hang up");
    CHECK(t.Failed(0, Phase::kEnded));
  }
  SECTION("it is not") {
    t.Says(AppliedOf(Applied::REFUSED, 78, "no such run"));
    CHECK(t.Failed(78, Phase::kApply));
  }
}

TEST_CASE("exchange: a receiver that is there may be all that was wanted",
          "[msrc]") {
  Talk t([](ExchangePlan& p) { p.bootstrap_only = true; });
  t.On(ChannelOpened{});
  CHECK(t.Says(Hello()) == "done hang up");
  CHECK(t.Failed(0, Phase::kEnded));
}

TEST_CASE(
    "exchange: what cannot be done for a reason that is here has its own "
    "status",
    "[msrc]") {
  Talk t;
  CHECK(t.On(GivenUp{65, "two files of one name\n"}) == "hang up");
  CHECK(t.Failed(65, Phase::kConnect));
  CHECK(t.Result().error == "two files of one name\\n");
  CHECK_FALSE(t.Result().may_retry);
}

// --- simulation -------------------------------------------------------------

namespace {

// A conversation as bytes, cut behind `n` of them: what the exchange makes of
// it.
ExchangeResult Cut(const std::vector<std::string>& messages, size_t n,
                   bool needs) {
  Talk t;
  t.On(ChannelOpened{});
  std::string bytes;
  for (const std::string& m : messages) {
    net::AppendFrame(net::FrameType::kData, m, bytes);
  }
  net::FrameReader reader(1 << 20);
  reader.Add(bytes.substr(0, n));
  for (;;) {
    const auto frame = reader.Next();
    REQUIRE(frame.ok());
    if (!frame->has_value()) break;
    const std::string follows = t.Says(std::string((*frame)->content));
    if (needs && absl::StrContains(follows, "contents")) t.On(ContentSent{});
  }
  t.On(Lost{absl::UnavailableError("gone")});
  return t.Result();
}

}  // namespace

TEST_CASE(
    "exchange: cut at any byte, what is not known is never told as a "
    "success or the utility's failure",
    "[msrc]") {
  for (const bool needs : {false, true}) {
    for (const int code : {0, 7}) {
      const std::vector<std::string> messages = {
          Hello(),
          needs ? NeedOf({0, 1}) : NeedOf({}),
          AppliedOf(Applied::APPLIED),
          OutputOf(1, "some"),
          OutputOf(2, "more"),
          EndedOf(static_cast<uint32_t>(code))};
      std::vector<size_t> ends;  // of the messages, as frames
      size_t all = 0;
      for (const std::string& m : messages) {
        ends.push_back(all += m.size() + net::kFrameHeaderBytes);
      }
      for (size_t n = 0; n <= all; n++) {
        const ExchangeResult r = Cut(messages, n, needs);
        if (n == all) {
          CHECK(r.status == code);
          CHECK(r.failed == (code == 0 ? Phase::kEnded : Phase::kRun));
          continue;
        }
        CHECK(r.status == 255);
        CHECK(r.failed == (n < ends[1]   ? Phase::kTransfer
                           : n < ends[2] ? Phase::kApply
                                         : Phase::kRun));
        CHECK(r.applied.has_value() == (n >= ends[2]));
        CHECK_FALSE(r.ended.has_value());
        CHECK_FALSE(r.may_retry);
      }
    }
  }
}

// --- hostile receivers ------------------------------------------------------

TEST_CASE("attack: messages out of turn end the exchange with 76", "[msrc]") {
  struct Case {
    Phase phase;
    std::string message;
  };
  const std::vector<Case> cases = {
      {Phase::kTransfer, Hello()},
      {Phase::kTransfer, AppliedOf(Applied::APPLIED)},
      {Phase::kTransfer, EndedOf(0)},
      {Phase::kTransfer, OutputOf(1, "x")},
      {Phase::kApply, NeedOf({})},
      {Phase::kApply, OutputOf(1, "x")},
      {Phase::kApply, EndedOf(0)},
      {Phase::kApply, AppliedOf(Applied::COMPARED)},
      {Phase::kRun, AppliedOf(Applied::APPLIED)},
      {Phase::kRun, AppliedOf(Applied::ROLLED_BACK, 74)},
      {Phase::kRun, NeedOf({})},
      {Phase::kRun, Hello()},
      {Phase::kRun, OutputOf(0, "x")},
      {Phase::kRun, OutputOf(3, "x")},
  };
  for (const Case& c : cases) {
    INFO(PhaseName(c.phase));
    Talk t;
    t.Reach(c.phase);
    CHECK(t.Says(c.message) == "hang up");
    CHECK(t.Failed(76, c.phase));
  }
  for (const std::string& first :
       {NeedOf({}), EndedOf(0), AppliedOf(Applied::APPLIED), std::string(),
        Hello("short"), std::string("\xff\xff\xff garbage")}) {
    Talk t;
    t.On(ChannelOpened{});
    CHECK(t.Says(first) == "hang up");
    CHECK(t.Failed(76, Phase::kTransfer));
  }
}

TEST_CASE("attack: a need of what the manifest does not have", "[msrc]") {
  for (const auto& entries : std::vector<std::vector<uint32_t>>{
           {3}, {4'000'000'000}, {0, 0}, {1, 0}, {0, 1, 2}}) {
    Talk t;
    t.Reach(Phase::kTransfer);
    CHECK(t.Says(NeedOf(entries)) == "hang up");
    CHECK(t.Failed(76, Phase::kTransfer));
  }
  Talk t;
  t.Reach(Phase::kTransfer);
  t.Says(NeedOf({0}));
  CHECK(t.Says(NeedOf({1})) == "stop hang up");
  CHECK(t.Failed(76, Phase::kTransfer));
}

TEST_CASE("attack: applied while the contents are still on their way",
          "[msrc]") {
  Talk t;
  t.Reach(Phase::kTransfer);
  t.Says(NeedOf({0}));
  CHECK(t.Says(AppliedOf(Applied::APPLIED)) == "stop hang up");
  CHECK(t.Failed(76, Phase::kTransfer));
}

TEST_CASE("attack: an answer about entries that were not sent", "[msrc]") {
  const auto says = [](std::function<void(Applied&)> change) {
    FromReceiver m;
    change(*m.mutable_applied());
    Talk t;
    t.Reach(Phase::kApply);
    t.Says(wire::Serialize(m));
    return t.Failed(76, Phase::kApply);
  };
  CHECK(says([](Applied& a) { a.add_created(3); }));
  CHECK(says([](Applied& a) { a.add_mode_only(1 << 30); }));
  CHECK(says([](Applied& a) {
    a.add_created(1);
    a.add_changed(1);
  }));
  CHECK(says([](Applied& a) { a.add_diff()->set_entry(3); }));
  CHECK(says([](Applied& a) { a.set_status(1); }));
  CHECK(says([](Applied& a) {
    for (size_t i = 0; i <= kMaxWarnings; i++) a.add_warning("w");
  }));
  CHECK(says([](Applied& a) { a.set_outcome(Applied::REFUSED); }));
  CHECK(says([](Applied& a) {
    a.set_outcome(Applied::ROLLED_BACK);
    a.set_status(256);
  }));
}

TEST_CASE(
    "attack: an oversized message, a parcel, and a channel that breaks "
    "the rules",
    "[msrc]") {
  Talk big;
  big.Reach(Phase::kRun);
  CHECK(big.Says(OutputOf(1, std::string(kMaxReceiverMessageBytes, 'x'))) ==
        "hang up");
  CHECK(big.Failed(76, Phase::kRun));
  Talk parcel;
  parcel.Reach(Phase::kRun);
  CHECK(parcel.On(ParcelCame{}) == "hang up");
  CHECK(parcel.Failed(76, Phase::kRun));
  Talk rules;
  rules.Reach(Phase::kApply);
  rules.On(Lost{absl::InvalidArgumentError("a frame of length 0")});
  CHECK(rules.Failed(76, Phase::kApply));
}

TEST_CASE("attack: a talk before the channel that goes in circles", "[msrc]") {
  const RemoteNeed need{"Linux x86_64", false, "/c"};
  Talk twice;
  twice.On(RemoteAnswered{need});
  CHECK(twice.On(RemoteAnswered{need}) == "hang up");
  CHECK(twice.Failed(76, Phase::kBootstrap));
  Talk unasked;
  CHECK(unasked.On(RemoteAnswered{RemoteGot{}}) == "hang up");
  CHECK(unasked.Failed(76, Phase::kConnect));
  Talk error;
  error.On(RemoteAnswered{RemoteError{73, "no folder"}});
  CHECK(error.Failed(73, Phase::kBootstrap));
  Talk odd;
  odd.On(RemoteAnswered{RemoteError{1, "?"}});
  CHECK(odd.Failed(255, Phase::kBootstrap));
}

TEST_CASE(
    "exchange: a file that changes during the run fails the host that "
    "needed it, and names it",
    "[msrc]") {
  Talk t;
  t.Reach(Phase::kTransfer);
  t.Says(NeedOf({0}));
  CHECK(t.On(ContentFailed{absl::FailedPreconditionError("'a' changed")}) ==
        "stop hang up");
  CHECK(t.Failed(65, Phase::kTransfer));
  CHECK(t.Result().error == "'a' changed");
}
