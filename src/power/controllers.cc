#include "power/controllers.h"

#include <utility>

#include "power/datagram_controllers.h"

namespace power {

// The one place that knows all engines.
Controllers::Controllers(sys::Loop& loop) {
  Add({"ipmi"}, NewIpmiController(loop));
  Add({"snmp"}, NewSnmpController(loop));
  auto dialogues =
      std::make_unique<DialogueController>(loop, DialogueController::Options());
  dialogues_ = dialogues.get();
  Add({"telnet", "tcp", "serial", "exec", "ssh"}, std::move(dialogues));
}

bool Controllers::IsConnected(absl::string_view pcu) const {
  return dialogues_->IsConnected(pcu);
}
size_t Controllers::connections() const { return dialogues_->connections(); }
void Controllers::SetGone(std::function<void(const std::string& pcu)> gone) {
  dialogues_->SetGone(std::move(gone));
}
void Controllers::Finish() { dialogues_->Finish(); }

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
