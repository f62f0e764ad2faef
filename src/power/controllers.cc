#include "power/controllers.h"

#include <utility>

#include "power/datagram_controllers.h"

namespace power {

// The one place that knows all engines.
Controllers::Controllers(sys::Loop& loop) {
  Add({"ipmi"}, NewIpmiController(loop));
  Add({"snmp"}, NewSnmpController(loop));
}

void Controllers::Add(std::initializer_list<absl::string_view> transports,
                      std::unique_ptr<Controller> controller) {
  for (const absl::string_view transport : transports) {
    by_transport_[transport] = controller.get();
  }
  engines_.push_back(std::move(controller));
}

Controller* Controllers::Find(absl::string_view transport) const {
  const auto at = by_transport_.find(transport);
  return at == by_transport_.end() ? nullptr : at->second;
}

}  // namespace power
