// Asks and switches plugs of outlet strips by SNMP, thousands beside each
// other.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <string>

#include "power/limits.h"
#include "power/snmp_job.h"
#include "power/snmp_table.h"
#include "power/udp_driver.h"
#include "sys/loop.h"

namespace power {

inline constexpr int kSnmpPort = 161;

struct SnmpTask {
  std::string address = {};  // numeric
  int port = kSnmpPort;
  std::string family = {};  // a name of snmp_families; empty: ask the device
  // Instead of a family; shared with the other tasks of its batch.
  std::shared_ptr<const SnmpTable> table = nullptr;
  std::string plug = {};
  Action action = Action::kStatus;
  SnmpAccount account = {};
  SnmpOptions options = {};
};

class SnmpClient {
 public:
  using Ticket = UdpDriver::Ticket;
  using Done = std::function<void(const PlugResult& result)>;

  // The loop outlives it. What has not ended when it goes is not told; `done`
  // must not be what ends it.
  explicit SnmpClient(sys::Loop& loop, size_t at_once = kMaxDatagramJobs);

  // `done` comes once, on the loop, never from within this call.
  Ticket Start(SnmpTask task, Done done);
  // `done` does not come. What was sent is not undone.
  void Cancel(Ticket ticket) { driver_.Cancel(ticket); }

 private:
  // What was found out about an agent, for the next time.
  struct Known {
    SnmpEngine engine;
    const SnmpFamily* family = nullptr;
  };
  std::unique_ptr<Conversation> Make(const sys::UdpAddress& address,
                                     const SnmpTask& task, uint32_t slot);
  void Remember(const sys::UdpAddress& address, const SnmpJob& job,
                bool has_table);

  sys::Loop& loop_;
  SnmpKeyCache keys_;
  absl::flat_hash_map<sys::UdpAddress, Known> known_;
  UdpDriver driver_;
};

}  // namespace power
