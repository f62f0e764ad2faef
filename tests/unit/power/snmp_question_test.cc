#include "power/snmp_question.h"

#include <catch2/catch.hpp>

namespace {

using power::SnmpInteger;
using power::SnmpOid;
using power::SnmpPdu;
using power::SnmpPduType;
using power::SnmpQuestion;

const absl::Time kNow = absl::UnixEpoch();

struct Asked {
  explicit Asked(bool sets)
      : question(
            {.sets = sets,
             .binding = {oid, sets ? SnmpInteger(2) : power::SnmpValue()}},
            {.community = std::make_shared<const keys::Secret>("private")}, 7,
            [](size_t n) { return std::string(n, 'r'); }, cache) {
    question.Start(kNow);
    const std::vector<std::string> sent = question.TakeDatagrams();
    REQUIRE(sent.size() == 1);
    asked = power::ParseSnmpCommunity(sent[0])->pdu;
  }
  void Answer(SnmpPdu pdu) {
    pdu.type = SnmpPduType::kResponse;
    pdu.number = asked.number;
    question.Receive(power::EncodeSnmpCommunity(2, "private", pdu), kNow);
  }
  const SnmpOid oid = {1, 3, 6, 1, 4, 1, 9, 3};
  power::SnmpKeyCache cache;
  SnmpQuestion question;
  SnmpPdu asked;
};

}  // namespace

TEST_CASE("snmp_question: a value is read", "[power]") {
  Asked at(false);
  CHECK(at.asked.type == SnmpPduType::kGet);
  CHECK(at.question.result() == nullptr);
  at.Answer({.bindings = {{at.oid, SnmpInteger(1)}}});
  REQUIRE(at.question.result() != nullptr);
  CHECK_FALSE(at.question.result()->failure.has_value());
  CHECK(at.question.value().number == 1);
}

TEST_CASE("snmp_question: a value is written once, and never again",
          "[power]") {
  Asked at(true);
  CHECK(at.asked.type == SnmpPduType::kSet);
  CHECK(at.asked.bindings[0].value.number == 2);
  for (int second = 1; second < 10 && at.question.result() == nullptr;
       ++second) {
    at.question.Wake(kNow + absl::Seconds(second));
    CHECK(at.question.TakeDatagrams().empty());
  }
  REQUIRE(at.question.result() != nullptr);
  REQUIRE(at.question.result()->failure.has_value());
  CHECK(at.question.result()->failure->maybe_executed);
}

TEST_CASE("snmp_question: an error, and an answer to something else, fail",
          "[power]") {
  Asked refused(true);
  refused.Answer({.error_status = 17,
                  .error_index = 1,
                  .bindings = {{refused.oid, SnmpInteger(2)}}});
  REQUIRE(refused.question.result() != nullptr);
  CHECK(refused.question.result()->failure->text == "notWritable (17)");
  for (const bool is_empty : {true, false}) {
    Asked at(false);
    SnmpPdu pdu;
    if (!is_empty) pdu.bindings = {{{1, 3, 6, 1, 4, 1, 9, 4}, SnmpInteger(1)}};
    at.Answer(pdu);
    REQUIRE(at.question.result() != nullptr);
    CHECK(at.question.result()->failure.has_value());
  }
}
