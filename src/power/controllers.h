// The engines, and which of them speaks what.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <string>

#include "power/controller.h"
#include "power/dialogue_controller.h"
#include "power/redfish_controller.h"
#include "sys/loop.h"

namespace power {

class Controllers {
 public:
  // The loop outlives it. `gone`: the last connection with a PCU was closed;
  // may be empty.
  Controllers(sys::Loop& loop, SshSettings ssh,
              std::function<void(absl::string_view pcu)> gone);

  // Null if nothing here speaks it.
  Controller* Find(absl::string_view transport) const;

  // Of those that stay with a device between batches: whether a PCU still has
  // one of ours, how many have; log out, all of them.
  bool IsConnected(absl::string_view pcu) const;
  size_t connections() const;
  void Finish();
  // Log out of this one as soon as nothing is under way there.
  void Leave(absl::string_view pcu);
  // Of dialogues, since the beginning.
  DialogueController::Statistics StatisticsOf(absl::string_view pcu) const;

 private:
  void Add(std::initializer_list<absl::string_view> transports,
           std::unique_ptr<Controller> controller);

  std::vector<std::unique_ptr<Controller>> engines_;
  DialogueController* dialogues_ = nullptr;  // one of them
  RedfishController* redfish_ = nullptr;     // another
  absl::flat_hash_map<std::string, Controller*> by_transport_;
};

}  // namespace power
