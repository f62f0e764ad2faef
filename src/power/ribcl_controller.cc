#include "power/ribcl_controller.h"

#include <absl/strings/str_cat.h>

#include <memory>
#include <utility>

namespace power {

Controller::Ticket RibclController::Start(Batch batch, Done done) {
  if (!batch.way.port.has_value()) batch.way.port = kRibclPort;
  const std::string key = absl::StrCat(batch.address, " ", *batch.way.port);
  const auto known = memories_.find(key);
  const RibclMemory memory =
      known != memories_.end() ? known->second : RibclMemory();
  WebDriver::Plan plan;
  plan.is_tls =
      batch.specification == nullptr || batch.specification->tls.value_or(true);
  plan.make = [memory](std::vector<WebOrder>, WebAccount account) {
    return std::make_unique<RibclProtocol>(std::move(account), memory);
  };
  plan.learn = [this, key](const WebProtocol& protocol) {
    if (memories_.size() >= kMaxRememberedControllers &&
        !memories_.contains(key)) {
      return;
    }
    memories_[key] = static_cast<const RibclProtocol&>(protocol).memory();
  };
  return driver_.Start(std::move(batch), std::move(plan), std::move(done));
}

}  // namespace power
