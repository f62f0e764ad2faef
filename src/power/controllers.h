// The engines, and which of them speaks what.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <string>

#include "power/controller.h"
#include "sys/loop.h"

namespace power {

class Controllers {
 public:
  // The loop outlives it.
  explicit Controllers(sys::Loop& loop);

  // Null if nothing here speaks it.
  Controller* Find(absl::string_view transport) const;

 private:
  void Add(std::initializer_list<absl::string_view> transports,
           std::unique_ptr<Controller> controller);

  std::vector<std::unique_ptr<Controller>> engines_;
  absl::flat_hash_map<std::string, Controller*> by_transport_;
};

}  // namespace power
