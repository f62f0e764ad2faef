// Batches of orders carried out by HP's RIBCL. A card has one host, so the
// plug's name does not matter.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>

#include "power/controller.h"
#include "power/ribcl_protocol.h"
#include "power/web_driver.h"
#include "sys/loop.h"

namespace power {

inline constexpr int kRibclPort = 443;

class RibclController : public Controller {
 public:
  // The loop outlives it.
  explicit RibclController(sys::Loop& loop, WebSettings settings = {})
      : driver_(loop, std::move(settings)) {}

  Ticket Start(Batch batch, Done done) override;
  void Cancel(Ticket ticket) override { driver_.Cancel(ticket); }

 private:
  WebDriver driver_;
  absl::flat_hash_map<std::string, RibclMemory> memories_;
};

}  // namespace power
