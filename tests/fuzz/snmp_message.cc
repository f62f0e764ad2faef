// SNMP out of any bytes: within its limits, and read again as the same when it
// is written again.
#include <memory>
#include <string>

#include "base/status.h"
#include "keys/secret.h"
#include "power/limits.h"
#include "power/snmp_job.h"
#include "power/snmp_packet.h"

namespace {

std::string Fixed(size_t bytes) { return std::string(bytes, '\x42'); }

bool HasPlainOids(const power::SnmpPdu& pdu) {
  for (const power::SnmpBinding& binding : pdu.bindings) {
    if (binding.oid.size() < 2 || binding.oid[1] > 39) return false;
    const power::SnmpOid& value = binding.value.oid;
    if (!value.empty() && (value.size() < 2 || value[1] > 39)) return false;
  }
  return true;
}

void ReadAgain(absl::string_view bytes) {
  const auto message = power::ParseSnmpCommunity(bytes);
  if (!message.ok()) return;
  const power::SnmpPdu& pdu = message->pdu;
  MUST(pdu.bindings.size() <= power::kMaxSnmpBindings);
  if (!HasPlainOids(pdu)) return;
  const std::string again =
      power::EncodeSnmpCommunity(message->version, message->community, pdu);
  const auto back = power::ParseSnmpCommunity(again);
  if (again.size() <= power::kMaxSnmpDatagramBytes) {
    MUST(back.ok() && back->pdu == pdu);
  }
}

void Converse(absl::string_view bytes, int version) {
  static power::SnmpKeyCache& keys = *new power::SnmpKeyCache;
  static const auto& secret =
      *new std::shared_ptr<const keys::Secret>(new keys::Secret("password"));
  power::SnmpAccount account = {.version = version,
                                .community = secret,
                                .user = "u",
                                .digest = net::Digest::kSha1,
                                .password = secret,
                                .privacy = power::SnmpPrivacy::kDes,
                                .privacy_password = secret};
  const power::SnmpEngine engine = {.id = "engine", .at = absl::UnixEpoch()};
  const absl::Time now = absl::UnixEpoch() + absl::Seconds(1);
  power::SnmpJob job(power::Action::kStatus, power::FindSnmpFamily("baytech"),
                     "1", {}, account, 1, Fixed, keys, engine);
  job.Start(now);
  job.Receive(bytes, now);
  job.TakeDatagrams();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAgain(bytes);
  power::SnmpNumberOf(bytes);
  const auto v3 = power::ParseSnmpV3(bytes);
  if (v3.ok()) {
    MUST(v3->security.engine.size() <= power::kMaxSnmpEngineBytes);
    MUST(v3->code_at + v3->security.code.size() <= bytes.size());
    power::ParseSnmpScoped(v3->scoped).IgnoreError();
  }
  for (const int version : {1, 2, 3}) Converse(bytes, version);
  return 0;
}
