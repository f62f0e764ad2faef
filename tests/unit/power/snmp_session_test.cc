// What an agent of version 3 may say, and what somebody else may say for it.
#include "power/snmp_session.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "unit/power/sim.h"

namespace {

using power::FailureClass;
using power::SnmpPdu;
using power::SnmpPduType;
using power::SnmpPrivacy;
using power::SnmpV3Message;

const power::SnmpOid kObject = {1, 3, 6, 1, 2, 1};

// The session and an agent that is played by hand.
struct Bench {
  power::SnmpAccount account = {
      .version = 3,
      .user = "ops",
      .digest = net::Digest::kSha256,
      .password = power_test::SecretOf("authpass123"),
      .privacy = SnmpPrivacy::kAes,
      .privacy_password = power_test::SecretOf("privpass123")};
  power::SnmpKeyCache keys;
  absl::Time now = power_test::T0();
  power::SnmpSession session;

  explicit Bench(power::SnmpEngine engine = {})
      : session(
            account, 9, [](size_t bytes) { return std::string(bytes, 'r'); },
            keys, std::move(engine)) {
    session.Ask(SnmpPduType::kGet, {{.oid = kObject}}, true, now,
                now + absl::Seconds(10));
  }

  // What was asked last.
  SnmpV3Message Asked() {
    const std::vector<std::string> datagrams = session.TakeDatagrams();
    REQUIRE(datagrams.size() == 1);
    return power::ParseSnmpV3(datagrams[0]).value();
  }

  struct Answer {
    std::string engine = "engine";
    int64_t boots = 5, time = 1000;
    bool is_authenticated = true, is_private = true;
    bool is_forged = false;  // a bit of its code
    SnmpPduType type = SnmpPduType::kResponse;
    power::SnmpOid oid = kObject;
    int64_t value = 42;
  };
  void Say(const SnmpV3Message& asked, const Answer& answer) {
    const SnmpPdu pdu = {
        .type = answer.type,
        .number = asked.number,
        .bindings = {
            {.oid = answer.oid, .value = power::SnmpInteger(answer.value)}}};
    SnmpV3Message message = {
        .number = asked.number,
        .is_authenticated = answer.is_authenticated,
        .is_private = answer.is_private,
        .security = {.engine = answer.engine,
                     .boots = answer.boots,
                     .time = answer.time,
                     .user = "ops"},
        .scoped = power::EncodeSnmpScoped(answer.engine, pdu)};
    const net::Digest digest = net::Digest::kSha256;
    if (answer.is_private) {
      message.security.salt = "saltsalt";
      message.scoped = power::EncryptSnmp(
          SnmpPrivacy::kAes,
          keys.Get(account.privacy_password, digest, answer.engine),
          answer.boots, answer.time, "saltsalt", message.scoped);
    }
    if (answer.is_authenticated) message.security.code = std::string(24, '\0');
    std::string datagram = power::EncodeSnmpV3(message);
    if (answer.is_authenticated) {
      std::string code = power::SnmpCode(
          digest, keys.Get(account.password, digest, answer.engine), datagram);
      if (answer.is_forged) code[7] ^= 1;
      datagram.replace(message.code_at, 24, code);
    }
    session.Receive(datagram, now);
  }
  void Report(const SnmpV3Message& asked, uint32_t counter, int64_t boots = 5,
              int64_t time = 1000) {
    Say(asked, {.boots = boots,
                .time = time,
                .is_authenticated = false,
                .is_private = false,
                .type = SnmpPduType::kReport,
                .oid = {1, 3, 6, 1, 6, 3, 15, 1, 1, counter, 0}});
  }
};

power::SnmpEngine Known() {
  return {.id = "engine", .boots = 5, .time = 1000, .at = power_test::T0()};
}

}  // namespace

TEST_CASE("snmp 3: the agent is found, then asked in private", "[power]") {
  Bench bench;
  const SnmpV3Message first = bench.Asked();
  CHECK(first.security.engine.empty());
  CHECK(first.security.user.empty());
  CHECK_FALSE(first.is_authenticated);
  CHECK(first.is_reportable);
  bench.now += absl::Seconds(1);
  bench.Report(first, 4);
  const SnmpV3Message second = bench.Asked();
  CHECK(second.security.engine == "engine");
  CHECK(second.security.boots == 5);
  CHECK(second.security.time == 1000);
  CHECK(second.is_authenticated);
  CHECK(second.is_private);
  CHECK(second.number != first.number);
  bench.Say(second, {});
  const auto reply = bench.session.TakeReply();
  REQUIRE(reply.has_value());
  CHECK(reply->pdu->bindings[0].value.number == 42);
  CHECK(bench.session.engine().id == "engine");
}

TEST_CASE("snmp 3: one that is known is asked at once, with its time",
          "[power]") {
  power::SnmpEngine engine = Known();
  engine.at -= absl::Seconds(60);
  Bench bench(engine);
  const SnmpV3Message asked = bench.Asked();
  CHECK(asked.security.time == 1060);
  // It was started again since.
  bench.Report(asked, 2, 6, 3);
  const SnmpV3Message again = bench.Asked();
  CHECK(again.security.boots == 6);
  CHECK(again.security.time == 3);
  bench.Say(again, {.boots = 6, .time = 3});
  CHECK(bench.session.TakeReply()->pdu.has_value());
}

TEST_CASE("snmp 3: an answer that is forged, open, old or another's is dropped",
          "[power]") {
  Bench bench(Known());
  const SnmpV3Message asked = bench.Asked();
  bench.Say(asked, {.is_forged = true});
  bench.Say(asked, {.is_authenticated = false});
  bench.Say(asked, {.is_authenticated = false, .is_private = false});
  bench.Say(asked, {.is_private = false});
  bench.Say(asked, {.engine = "other"});
  bench.Say(asked, {.boots = 4});
  bench.Say(asked, {.time = 800});
  SnmpV3Message other = asked;
  ++other.number;
  bench.Say(other, {});
  bench.Say(asked, {.type = SnmpPduType::kSet});
  bench.session.Receive("nonsense", bench.now);
  CHECK_FALSE(bench.session.TakeReply().has_value());
  CHECK(bench.session.TakeDatagrams().empty());
  bench.Say(asked, {.time = 900});
  CHECK(bench.session.TakeReply()->pdu.has_value());
}

TEST_CASE("snmp 3: reports of a wrong user or key end it", "[power]") {
  for (const uint32_t counter : {1, 3, 5, 6}) {
    Bench bench(Known());
    bench.Report(bench.Asked(), counter);
    const auto reply = bench.session.TakeReply();
    REQUIRE(reply.has_value());
    CHECK(reply->failure->failure_class == FailureClass::kAuth);
  }
}

TEST_CASE("snmp 3: an agent that corrects us for ever is not followed",
          "[power]") {
  Bench bench(Known());
  int asked = 0;
  std::optional<power::SnmpSession::Reply> reply;
  while (!reply.has_value()) {
    REQUIRE(++asked < 10);
    bench.Report(bench.Asked(), 2, 5, 1000 + asked);
    reply = bench.session.TakeReply();
  }
  CHECK(reply->failure->failure_class == FailureClass::kDevice);
  CHECK(asked == 4);
}

TEST_CASE("snmp: a question is repeated as it is, to its limit", "[power]") {
  Bench bench(Known());
  const std::vector<std::string> first = bench.session.TakeDatagrams();
  int copies = 1;
  while (true) {
    bench.now = bench.session.wake_at();
    bench.session.Wake(bench.now);
    if (bench.session.TakeReply().has_value()) break;
    CHECK(bench.session.TakeDatagrams() == first);
    ++copies;
  }
  CHECK(bench.now == power_test::T0() + absl::Seconds(10));
  CHECK(copies == 7);  // at 0, 0.5, 1.5, 3.5, 5.5, 7.5 and 9.5 s
}

TEST_CASE("power 27: an agent's refused port is told within 100 ms",
          "[power]") {
  Bench bench;
  int sent = 0;
  std::optional<power::SnmpSession::Reply> reply;
  while (!(reply = bench.session.TakeReply()).has_value()) {
    for (size_t n = bench.session.TakeDatagrams().size(); n > 0; --n) {
      ++sent;
      bench.session.Unreachable("Connection refused", bench.now);
    }
    if (sent == 3) continue;
    bench.now = bench.session.wake_at();
    REQUIRE(bench.now <= power_test::T0() + absl::Milliseconds(100));
    bench.session.Wake(bench.now);
  }
  REQUIRE(reply->failure.has_value());
  CHECK(reply->failure->failure_class == FailureClass::kUnreachable);
  CHECK(reply->failure->text == "connect: Connection refused");
}
