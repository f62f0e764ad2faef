// What `pcu-reboot --via` asks another host to do, made into a message and read
// from one. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>

#include "base/ids.h"
#include "power/campaign_plan.h"
#include "power/targets.h"
#include "wire/messages.pb.h"

namespace power {

// One action. Inventory, secrets, locks and journal are the other host's.
struct RelayOrder {
  TargetChoice choice = {};
  PlanOptions plan = {};
  absl::Duration connect_timeout = absl::Seconds(5);
  bool dry_run = false;
  bool trace = false;
  std::string asker = {};  // "ops@admin1", as they say
};

// An order, or a word about an earlier one.
struct RelayWish {
  std::optional<RelayOrder> order = {};
  base::ParcelId stop = {};  // the order's parcel
  bool abandon = false;      // what has begun, too
};

fleetbox::wire::PowerRequest EncodeOrder(const RelayOrder& order);
fleetbox::wire::PowerRequest EncodeStop(const base::ParcelId& order,
                                        bool abandon);

// InvalidArgument that names the field. Every order that this returns can be
// carried out, as far as one can tell without an inventory.
absl::StatusOr<RelayWish> ReadRequest(
    const fleetbox::wire::PowerRequest& request);
// The same of a parcel's body.
absl::StatusOr<RelayWish> ParseRequest(absl::string_view body);

}  // namespace power
