// IPMI and SNMP as engines: each order is a conversation of its own, since
// there is no login that orders could share for long.
#pragma once

#include <memory>
#include <optional>

#include "power/controller.h"
#include "power/ipmi_login.h"
#include "power/snmp_session.h"
#include "sys/loop.h"

namespace power {

// The loop outlives them.
std::unique_ptr<Controller> NewIpmiController(sys::Loop& loop);
std::unique_ptr<Controller> NewSnmpController(sys::Loop& loop);

// Who we are for this PCU. A failure of class kConfig for words that mean
// nothing.
struct IpmiAccountReading {
  IpmiAccount account = {};
  std::optional<Failure> failure = {};
};
IpmiAccountReading IpmiAccountOf(const Batch& batch);
struct SnmpAccountReading {
  SnmpAccount account = {};
  std::optional<Failure> failure = {};
};
SnmpAccountReading SnmpAccountOf(const Batch& batch);

}  // namespace power
