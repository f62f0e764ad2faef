// A model of an SNMP agent (1 and 2c): objects that are integers, and what was
// written to them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/snmp_packet.h"

namespace fakes {

class SnmpAgent {
 public:
  std::string community = "private";
  std::map<power::SnmpOid, int64_t> objects;
  power::SnmpOid system = {};  // sysObjectID
  // What a write leads to; by default the object takes the value. What it
  // returns is the error status.
  std::function<int64_t(const power::SnmpOid&, int64_t)> on_write;

  // Nothing for what an agent does not answer.
  std::optional<std::string> Receive(absl::string_view datagram);

  std::vector<power::SnmpOid> reads;
  std::vector<std::pair<power::SnmpOid, int64_t>> writes;

 private:
  void Get(int version, power::SnmpPdu& pdu);
  void Set(int version, power::SnmpPdu& pdu);
};

}  // namespace fakes
