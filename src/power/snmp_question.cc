#include "power/snmp_question.h"

#include <utility>

namespace power {

SnmpQuestion::SnmpQuestion(What what, SnmpAccount account, uint32_t slot,
                           RandomBytes random, SnmpKeyCache& keys)
    : what_(std::move(what)),
      session_(std::move(account), slot, std::move(random), keys,
               SnmpEngine()) {}

void SnmpQuestion::Start(absl::Time now) {
  // To write a value twice may be to switch twice.
  session_.Ask(what_.sets ? SnmpPduType::kSet : SnmpPduType::kGet,
               {what_.binding}, /*is_repeatable=*/!what_.sets, now,
               now + what_.limit);
}

void SnmpQuestion::Look() {
  std::optional<SnmpSession::Reply> reply = session_.TakeReply();
  if (!reply.has_value()) return;
  ended_ = true;
  result_.failure = std::move(reply->failure);
  if (result_.failure.has_value()) return;
  const SnmpPdu& pdu = *reply->pdu;
  if (pdu.error_status != 0) {
    result_.failure = Failure{.failure_class = FailureClass::kDevice,
                              .text = DescribeSnmpError(pdu.error_status)};
  } else if (pdu.bindings.empty() || pdu.bindings[0].oid != what_.binding.oid) {
    result_.failure = Failure{.failure_class = FailureClass::kDevice,
                              .text = "an answer to something else"};
  } else {
    value_ = pdu.bindings[0].value;
    result_.outcome = Outcome::kDone;
  }
}

void SnmpQuestion::Receive(absl::string_view datagram, absl::Time now) {
  if (ended_) return;
  session_.Receive(datagram, now);
  Look();
}

void SnmpQuestion::Wake(absl::Time now) {
  if (ended_) return;
  session_.Wake(now);
  Look();
}

void SnmpQuestion::Unreachable(absl::string_view what, absl::Time now) {
  if (ended_) return;
  session_.Unreachable(what, now);
  Look();
}

void SnmpQuestion::Abandon(absl::Time) {
  session_.Abandon();
  ended_ = true;
}

std::vector<std::string> SnmpQuestion::TakeDatagrams() {
  return session_.TakeDatagrams();
}

absl::Time SnmpQuestion::wake_at() const {
  return ended_ ? absl::InfiniteFuture() : session_.wake_at();
}

const PlugResult* SnmpQuestion::result() const {
  return ended_ ? &result_ : nullptr;
}

}  // namespace power
