#include "store/leases.h"

#include <utility>

namespace store {

Leases::Leases(Surroundings surroundings, std::function<void(Lease)> ended)
    : surroundings_(std::move(surroundings)), ended_(std::move(ended)) {}

absl::StatusOr<Lease> Leases::Make(absl::Duration ttl) {
  if (ttl <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("a lease must last some time");
  }
  const Lease lease = ++last_;
  const absl::Time ends = surroundings_.now() + ttl;
  lives_[lease] = {ttl, ends};
  WakeAt(lease, ends);
  return lease;
}

absl::Status Leases::KeepAlive(Lease lease) {
  const auto it = lives_.find(lease);
  // A timer may be late; a lease whose time has passed is not brought back.
  if (it == lives_.end() || it->second.ends <= surroundings_.now()) {
    return NoSuchLease(lease);
  }
  it->second.ends = surroundings_.now() + it->second.ttl;
  return absl::OkStatus();
}

absl::Status Leases::End(Lease lease) {
  return lives_.erase(lease) != 0 ? absl::OkStatus() : NoSuchLease(lease);
}

void Leases::WakeAt(Lease lease, absl::Time when) {
  surroundings_.at(when, [this, lease, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) Wake(lease);
  });
}

// Each lease has one timer under way. It is not moved when the lease is kept
// alive; it finds out when it fires.
void Leases::Wake(Lease lease) {
  const auto it = lives_.find(lease);
  if (it == lives_.end()) return;
  if (it->second.ends > surroundings_.now()) {
    WakeAt(lease, it->second.ends);
    return;
  }
  lives_.erase(it);
  ended_(lease);
}

}  // namespace store
