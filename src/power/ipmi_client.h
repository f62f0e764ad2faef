// Asks and switches hosts by their IPMI controllers, thousands beside each
// other.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <string>

#include "power/ipmi_job.h"
#include "power/limits.h"
#include "power/udp_driver.h"
#include "sys/loop.h"

namespace power {

inline constexpr int kIpmiPort = 623;

struct IpmiTask {
  std::string address = {};  // numeric
  int port = kIpmiPort;
  Action action = Action::kStatus;
  IpmiAccount account = {};
  IpmiOptions options = {};
};

class IpmiClient {
 public:
  using Ticket = UdpDriver::Ticket;
  using Done = std::function<void(const PlugResult& result)>;

  // The loop outlives it. What has not ended when it goes is not told; `done`
  // must not be what ends it.
  explicit IpmiClient(sys::Loop& loop, size_t at_once = kMaxDatagramJobs);

  // `done` comes once, on the loop, never from within this call.
  Ticket Start(IpmiTask task, Done done);
  // `done` does not come; the session is closed. What was sent is not undone.
  void Cancel(Ticket ticket) { driver_.Cancel(ticket); }

  size_t under_way() const { return driver_.under_way(); }

 private:
  void Remember(const sys::UdpAddress& address, int suite, int first);

  sys::Loop& loop_;
  UdpDriver driver_;
  // The suite that a controller agreed to, where it is not the first.
  absl::flat_hash_map<sys::UdpAddress, int> suites_;
};

}  // namespace power
