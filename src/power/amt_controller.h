// Batches of orders carried out by Intel AMT. A controller has one host, so
// the plug's name does not matter; a user that is not named is admin.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <string>

#include "power/controller.h"
#include "power/web_driver.h"
#include "sys/loop.h"

namespace power {

inline constexpr int kAmtPort = 16992, kAmtTlsPort = 16993;

class AmtController : public Controller {
 public:
  // The loop outlives it.
  explicit AmtController(sys::Loop& loop, WebSettings settings = {})
      : driver_(loop, std::move(settings)) {}

  Ticket Start(Batch batch, Done done) override;
  void Cancel(Ticket ticket) override { driver_.Cancel(ticket); }

 private:
  WebDriver driver_;
  // Those that have nothing but the SOAP service.
  absl::flat_hash_set<std::string> old_;
};

}  // namespace power
