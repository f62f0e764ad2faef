#include "power/controllers.h"

#include <utility>

#include "power/amt_controller.h"
#include "power/datagram_controllers.h"
#include "power/helper_transport.h"
#include "power/ribcl_controller.h"
#include "power/web_transports.h"

namespace power {

// The one place that knows all engines.
Controllers::Controllers(sys::Loop& loop, SshSettings ssh,
                         std::function<void(absl::string_view pcu)> gone) {
  Add({"ipmi"}, NewIpmiController(loop));
  Add({"snmp"}, NewSnmpController(loop));
  auto redfish = std::make_unique<RedfishController>(loop);
  redfish_ = redfish.get();
  Add({"redfish"}, std::move(redfish));
  Add({"amt"}, std::make_unique<AmtController>(loop));
  Add({"ribcl"}, std::make_unique<RibclController>(loop));
  DialogueController::Options options;
  options.ssh = std::move(ssh);
  options.gone = std::move(gone);
  const auto trust = std::make_shared<WebTrust>(WebSettings());
  options.more_transports = [web = WebTransports(trust),
                             helpers = HelperTransports(trust)](
                                sys::Loop& on, const TransportPlan& plan) {
    std::unique_ptr<Transport> made = web(on, plan);
    return made != nullptr ? std::move(made) : helpers(on, plan);
  };
  auto dialogues =
      std::make_unique<DialogueController>(loop, std::move(options));
  dialogues_ = dialogues.get();
  Add({"telnet", "tcp", "serial", "exec", "ssh", "tls", "http", "https"},
      std::move(dialogues));
}

bool Controllers::IsConnected(absl::string_view pcu) const {
  return dialogues_->IsConnected(pcu);
}
size_t Controllers::connections() const {
  return dialogues_->connections() + redfish_->under_way();
}
void Controllers::Finish() { dialogues_->Finish(); }
void Controllers::Leave(absl::string_view pcu) { dialogues_->Leave(pcu); }
DialogueController::Statistics Controllers::StatisticsOf(
    absl::string_view pcu) const {
  return dialogues_->StatisticsOf(pcu);
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
