#include "power/amt_controller.h"

#include <absl/strings/str_cat.h>

#include <memory>
#include <utility>

#include "power/amt_protocol.h"

namespace power {
namespace {

// A management engine that sleeps needs so long to wake up.
constexpr absl::Duration kWakes = absl::Seconds(10);

}  // namespace

Controller::Ticket AmtController::Start(Batch batch, Done done) {
  if (!batch.way.port.has_value()) batch.way.port = kAmtPort;
  if (batch.credentials.user.empty()) batch.credentials.user = "admin";
  const std::string key = absl::StrCat(batch.address, " ", *batch.way.port);
  const bool is_old = old_.contains(key);
  WebDriver::Plan plan;
  plan.is_tls = batch.way.port == kAmtTlsPort ||
                (batch.specification != nullptr &&
                 batch.specification->tls.value_or(false));
  plan.connect_again = kWakes;
  plan.make = [is_old](std::vector<WebOrder>, WebAccount) {
    return std::make_unique<AmtProtocol>(is_old);
  };
  plan.learn = [this, key](const WebProtocol& protocol) {
    if (!static_cast<const AmtProtocol&>(protocol).is_old()) {
      old_.erase(key);
    } else if (old_.size() < kMaxRememberedControllers) {
      old_.insert(key);
    }
  };
  return driver_.Start(std::move(batch), std::move(plan), std::move(done));
}

}  // namespace power
