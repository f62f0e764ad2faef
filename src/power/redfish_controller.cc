#include "power/redfish_controller.h"

#include <absl/strings/str_cat.h>

#include <memory>
#include <utility>

namespace power {

bool IsTlsWay(const Batch& batch, int plain_port) {
  if (batch.specification != nullptr && batch.specification->tls.has_value()) {
    return *batch.specification->tls;
  }
  return batch.way.port != plain_port;
}

RedfishController::RedfishController(sys::Loop& loop, WebSettings settings)
    : driver_(loop, std::move(settings)) {}

Controller::Ticket RedfishController::Start(Batch batch, Done done) {
  if (!batch.way.port.has_value()) batch.way.port = kRedfishPort;
  const std::string& system = batch.pcu->system;
  const std::string key =
      absl::StrCat(batch.address, " ", *batch.way.port, " ", system);
  const auto known = memories_.find(key);
  RedfishMemory memory =
      known != memories_.end() ? known->second : RedfishMemory();
  WebDriver::Plan plan = {.is_tls = IsTlsWay(batch, 80), .begins_basic = true};
  plan.make = [memory, system](std::vector<WebOrder> orders,
                               WebAccount account) {
    return std::make_unique<RedfishProtocol>(
        std::move(orders), std::move(account), system, memory);
  };
  plan.learn = [this, key](const WebProtocol& protocol) {
    if (memories_.size() >= kMaxRememberedControllers &&
        !memories_.contains(key)) {
      return;
    }
    memories_[key] = static_cast<const RedfishProtocol&>(protocol).memory();
  };
  return driver_.Start(std::move(batch), std::move(plan), std::move(done));
}

}  // namespace power
