// The engines, and which of them speaks what.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <string>

#include "power/controller.h"
#include "power/dialogue_controller.h"
#include "sys/loop.h"

namespace power {

class Controllers {
 public:
  // The loop outlives it.
  explicit Controllers(sys::Loop& loop);

  // Null if nothing here speaks it.
  Controller* Find(absl::string_view transport) const;

  // Of those that stay with a device between batches: whether a PCU still has
  // one of ours, how many have; log out, all of them.
  bool IsConnected(absl::string_view pcu) const;
  size_t connections() const;
  // Called each time that one of them has gone.
  void SetGone(std::function<void(const std::string& pcu)> gone);
  void Finish();

 private:
  void Add(std::initializer_list<absl::string_view> transports,
           std::unique_ptr<Controller> controller);

  std::vector<std::unique_ptr<Controller>> engines_;
  DialogueController* dialogues_ = nullptr;  // one of them
  absl::flat_hash_map<std::string, Controller*> by_transport_;
};

}  // namespace power
