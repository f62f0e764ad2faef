// Batches of orders carried out by Redfish.
#pragma once

#include <map>
#include <string>

#include "power/controller.h"
#include "power/redfish_protocol.h"
#include "power/web_driver.h"
#include "sys/loop.h"

namespace power {

inline constexpr int kRedfishPort = 443;

// A plug is a system by its Id, UUID or host name (any name, where there is one
// only), an outlet ("7", or "STRIP/7" of several strips), or a whole path
// ("/redfish/v1/Chassis/Blade3").
class RedfishController : public Controller {
 public:
  // The loop outlives it.
  explicit RedfishController(sys::Loop& loop, WebSettings settings = {});

  Ticket Start(Batch batch, Done done) override;
  void Cancel(Ticket ticket) override { driver_.Cancel(ticket); }
  // Sessions may still be open: they are deleted after the last result.
  size_t under_way() const { return driver_.under_way(); }

 private:
  WebDriver driver_;
  // By address, port, and which of several systems.
  std::map<std::string, RedfishMemory> memories_;
};

// Whether a way is wrapped in TLS: as its specification says, or else not when
// the port is that of plain HTTP.
bool IsTlsWay(const Batch& batch, int plain_port);

}  // namespace power
