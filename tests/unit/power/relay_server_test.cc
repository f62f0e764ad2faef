#include "power/relay_server.h"

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "unit/power/relay_scene.h"
#include "wire/message.h"

namespace {

namespace pb = fleetbox::wire;
using power_test::ManualOff;
using power_test::RelayScene;

}  // namespace

TEST_CASE("power 50: a request is carried out, each host told as it is known",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  pb::PowerRequest request = ManualOff();
  request.add_target("old2");
  const std::string parcel = s.Seal(request);
  s.Answered(parcel);
  REQUIRE(s.answers.size() == 4);
  CHECK(s.answers[0].planned());
  REQUIRE(s.answers[0].host_size() == 2);
  CHECK(s.answers[0].host(1).name() == "old2");
  CHECK(s.answers[0].host(1).feeds() == "m/2");
  CHECK(s.answers[1].result().outcome() == "manual");
  CHECK(s.answers[2].result().outcome() == "manual");
  CHECK(s.answers[1].result().host() != s.answers[2].result().host());
  CHECK(s.answers[3].last());
  CHECK(s.answers[3].exit_code() == 7);
  for (const pb::PowerAnswer& answer : s.answers) {
    CHECK(answer.request() == wire::ParseHeader(parcel)->id.view());
  }
  CHECK_FALSE(s.server->is_idle());
  s.channel.reset();
  s.TurnUntil([&] { return s.server->is_idle(); });
}

TEST_CASE("power 50: what is refused there has the exit code it has there",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  pb::PowerRequest request = ManualOff();
  request.add_target("web9");
  s.Answered(s.Seal(request));
  CHECK(s.answers.back().exit_code() == 66);
  CHECK(s.answers.back().error() == "unknown: web9");
  request = ManualOff();
  request.set_max(0);
  s.Answered(s.Seal(request));
  CHECK(s.answers.back().exit_code() == 64);
  REQUIRE(sys::ReplaceFile(s.InFolder("pcu.conf"), "pcu {").ok());
  s.Answered(s.Seal(ManualOff()));
  CHECK(s.answers.back().exit_code() == 78);
  CHECK(s.answers.size() == 3);
}

TEST_CASE("power 50: a dry run asks nobody, and says what would be done",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  pb::PowerRequest request = ManualOff();
  request.set_dry_run(true);
  s.Answered(s.Seal(request));
  REQUIRE(s.answers.size() == 4);
  CHECK(s.answers[1].plan() == "pcu m: ManualPCU, by a person\n");
}

TEST_CASE(
    "power 50: a request counts once, by whatever line it comes, also "
    "after a restart",
    "[power]") {
  RelayScene s;
  s.Call(s.ops);
  const std::string parcel = s.Seal(ManualOff());
  s.Answered(parcel);
  s.Refused(parcel);
  s.Call(s.mate);
  s.Refused(parcel);
  s.Restart();
  s.Call(s.ops);
  s.Refused(parcel);
  CHECK(s.lasts == 1);
}

TEST_CASE("power 50: a request for another host, or for any, is refused",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  wire::Draft draft = s.MakeDraft(ManualOff());
  draft.audience = "host:b";
  s.Refused(s.Seal(draft, s.ops));
  draft.audience = "";
  s.Refused(s.Seal(draft, s.ops));
  CHECK(s.lasts == 0);
}

TEST_CASE("power 50: a request out of its time is refused", "[power]") {
  RelayScene s;
  s.Call(s.ops);
  wire::Draft draft = s.MakeDraft(ManualOff());
  draft.now = sys::WallNow() - absl::Minutes(6);
  s.Refused(s.Seal(draft, s.ops));
  draft.now = sys::WallNow() + absl::Minutes(6);
  s.Refused(s.Seal(draft, s.ops));
  CHECK(s.lasts == 0);
}

TEST_CASE("power 50: who is not trusted to switch is refused", "[power]") {
  RelayScene s;
  s.Call(s.stranger);
  CHECK(s.is_closed);
  CHECK_FALSE(s.is_open);
  for (const keys::KeyPair* who : {&s.weak, &s.tells}) {
    s.Call(*who);
    REQUIRE(s.is_open);
    s.Refused(s.Seal(s.MakeDraft(ManualOff()), *who));
  }
  // A stranger's request that somebody carries in.
  s.Call(s.ops);
  s.Refused(s.Seal(s.MakeDraft(ManualOff()), s.stranger));
  CHECK(s.lasts == 0);
}

TEST_CASE("power 50: a key that is taken back switches nothing from then on",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  s.Answered(s.Seal(ManualOff()));
  const std::string text = sys::ReadFile(s.InFolder("trust")).value();
  std::string rest;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line.rfind("user:ops", 0) != 0) rest += line;
    at = end;
  }
  REQUIRE(sys::ReplaceFile(s.InFolder("trust"), rest).ok());
  s.Refused(s.Seal(ManualOff()));
  CHECK(s.lasts == 1);
}

TEST_CASE("power 50: a request that is flipped, cut or unsigned is refused",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  const std::string parcel = s.Seal(ManualOff());
  for (const size_t at : {0u, 4u, 16u, 40u, 72u, 104u, 108u}) {
    std::string flipped = parcel;
    flipped[at] ^= 1;
    s.Refused(flipped);
  }
  std::string flipped = parcel;
  flipped.back() ^= 1;
  s.Refused(flipped);
  s.Refused(parcel.substr(0, parcel.size() - 64) + std::string(64, '\0'));
  for (size_t length = 1; length < parcel.size(); ++length) {
    s.Refused(parcel.substr(0, length));
  }
  CHECK(s.lasts == 0);
  s.Answered(parcel);
}

TEST_CASE("power 50: another kind, and a body that is no order, are refused",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  wire::Draft draft = s.MakeDraft(ManualOff());
  draft.kind = pb::TELL;
  s.Refused(s.Seal(draft, s.ops));
  draft.kind = pb::REQUEST;
  draft.body = "\xff\xff";
  s.Refused(s.Seal(draft, s.ops));
  draft.body = wire::Serialize(pb::PowerRequest());
  s.Refused(s.Seal(draft, s.ops));
  CHECK(s.lasts == 0);
}

TEST_CASE("power 50: a request that is too long ends the channel", "[power]") {
  RelayScene s;
  s.Call(s.ops);
  wire::Draft draft = s.MakeDraft(ManualOff());
  draft.body = sys::RandomBytes(power::kMaxRelayRequestBytes + 8192);
  s.channel->Send(s.Seal(draft, s.ops));
  s.TurnUntil([&] { return s.is_closed; });
  // One that only becomes too long: a body of zeros.
  s.Call(s.ops);
  draft.body = std::string(power::kMaxRelayRequestBytes + 1, '\0');
  s.Refused(s.Seal(draft, s.ops));
  CHECK(s.lasts == 0);
}

TEST_CASE("power 50: only who has asked may stop it", "[power]") {
  RelayScene s;
  s.Call(s.ops);
  const std::string parcel = s.Seal(ManualOff());
  const base::ParcelId id = wire::ParseHeader(parcel)->id;
  // In one turn, so that it is still under way.
  pb::PowerRequest stop;
  stop.set_stop(std::string(id.view()));
  s.channel->Send(parcel);
  s.channel->Send(s.Seal(s.MakeDraft(stop), s.mate));
  s.TurnUntil([&] { return s.refused == 1 && s.lasts == 1; });
  CHECK(s.answers.back().exit_code() == 7);
  // Of what has ended, and of what never was: nothing is wrong with it.
  s.channel->Send(s.Seal(stop));
  stop.set_stop("0123456789abcdef");
  s.channel->Send(s.Seal(stop));
  s.Answered(s.Seal(ManualOff()));
  CHECK(s.refused == 1);
}

TEST_CASE("power 50: requests that share no connections go one at a time",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  s.channel->Send(s.Seal(ManualOff()));
  s.channel->Send(s.Seal(ManualOff()));
  s.TurnUntil([&] { return s.lasts == 1 && !s.receipt.text.empty(); });
  CHECK(s.receipt.code == net::Receipt::Code::kNotNow);
  CHECK(s.refused == 0);
  s.Answered(s.Seal(ManualOff()));
}

TEST_CASE("power 50: a server that stops has told what was under way",
          "[power]") {
  RelayScene s;
  s.Call(s.ops);
  s.channel->Send(s.Seal(ManualOff()));
  s.TurnUntil([&] { return !s.answers.empty(); });
  bool is_stopped = false;
  s.server->Stop([&] { is_stopped = true; });
  s.TurnUntil([&] { return is_stopped && s.is_closed; });
  CHECK(s.lasts == 1);
  CHECK(s.closed.ok());
}
