#include "fakes/snmp_agent.h"

namespace fakes {
namespace {

using power::SnmpError;
using power::SnmpOid;
using power::SnmpPdu;
using power::SnmpPduType;
using power::SnmpType;

}  // namespace

std::optional<std::string> SnmpAgent::Receive(absl::string_view datagram) {
  const auto message = power::ParseSnmpCommunity(datagram);
  if (!message.ok() || message->community != community) return std::nullopt;
  SnmpPdu pdu = message->pdu;
  if (pdu.type == SnmpPduType::kGet) {
    Get(message->version, pdu);
  } else if (pdu.type == SnmpPduType::kSet) {
    Set(message->version, pdu);
  } else {
    return std::nullopt;
  }
  pdu.type = SnmpPduType::kResponse;
  return power::EncodeSnmpCommunity(message->version, community, pdu);
}

void SnmpAgent::Get(int version, SnmpPdu& pdu) {
  for (power::SnmpBinding& binding : pdu.bindings) {
    reads.push_back(binding.oid);
    if (!system.empty() && binding.oid == SnmpOid{1, 3, 6, 1, 2, 1, 1, 2, 0}) {
      binding.value = {.type = SnmpType::kOid, .oid = system};
      continue;
    }
    const auto found = objects.find(binding.oid);
    if (found != objects.end()) {
      binding.value = power::SnmpInteger(found->second);
    } else if (version == 1) {
      pdu.error_status = static_cast<int64_t>(SnmpError::kNoSuchName);
      pdu.error_index = 1;
    } else {
      binding.value = {.type = SnmpType::kNoSuchInstance};
    }
  }
}

void SnmpAgent::Set(int version, SnmpPdu& pdu) {
  for (const power::SnmpBinding& binding : pdu.bindings) {
    writes.emplace_back(binding.oid, binding.value.number);
    if (on_write) {
      pdu.error_status = on_write(binding.oid, binding.value.number);
    } else if (!objects.contains(binding.oid)) {
      pdu.error_status = static_cast<int64_t>(
          version == 1 ? SnmpError::kNoSuchName : SnmpError::kNoCreation);
    } else {
      objects[binding.oid] = binding.value.number;
    }
    if (pdu.error_status != 0) pdu.error_index = 1;
  }
}

}  // namespace fakes
