// Leases in memory: which live, and until when. Both engines of one host use
// it; a lease means nothing after a restart.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>

#include "store/engine.h"

namespace store {

// For the program's thread only.
class Leases {
 public:
  // `ended` is called, on the program's thread, for each lease that ran out or
  // was revoked, once.
  Leases(Surroundings surroundings, std::function<void(Lease)> ended);

  // InvalidArgument unless `ttl` is positive.
  absl::StatusOr<Lease> Make(absl::Duration ttl);
  absl::Status KeepAlive(Lease lease);  // NotFound
  // Ends it now, without calling `ended`.
  absl::Status End(Lease lease);  // NotFound

 private:
  struct Life {
    absl::Duration ttl;
    absl::Time ends;
  };
  void Wake(Lease lease);
  void WakeAt(Lease lease, absl::Time when);

  const Surroundings surroundings_;
  const std::function<void(Lease)> ended_;
  std::map<Lease, Life> lives_;
  Lease last_ = 0;
  // Timers cannot be taken back; those that outlive us look whether this does.
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace store
