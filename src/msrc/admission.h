// Who is let in, and for what: every check of a parcel that stands between a
// controller and this host (wire.md, 3; msrc-recv(8), TRUST).
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "keys/allowed_signers.h"
#include "msrc/sender_limits.h"
#include "wire/parcel.h"

namespace msrc {

struct AdmissionConfig {
  bool require_signed = false;  // strict, whether there is a trust file or not
  std::string trust;            // file; empty: the usual ones
  std::string principal;        // ours; empty: "host:" and the host's name
};

class Admission {
 public:
  explicit Admission(const AdmissionConfig& config);

  // Whether a trust file says who may. Else whoever has got this far as our own
  // account may do what that may: ssh has said so.
  bool strict() const { return strict_; }
  // The audience that parcels must have; empty when any will do.
  const std::string& principal() const { return principal_; }

  struct Admitted {
    wire::Opened opened;
    fleetbox::wire::Delivery delivery;  // of a delivery or a bundle
    fleetbox::wire::Utility utility;    // of a utility
  };
  // A parcel of this kind. Every refusal names the step and the sender.
  absl::StatusOr<Admitted> Admit(absl::string_view parcel, wire::Kind kind,
                                 absl::Time now);
  // The manifest that a delivery which was let in names: what counts for its
  // age is the delivery's, as it may be the same for a run of hours.
  absl::StatusOr<wire::Opened> AdmitShared(absl::string_view parcel,
                                           const Admitted& delivery);
  // Whether the limits file lets the sender do that.
  absl::Status CheckLimits(const SenderWish& wish) const;

 private:
  wire::Receiver Who() const;

  keys::TrustFile trust_;
  bool strict_ = false;
  std::string principal_, local_;
  absl::StatusOr<SenderLimits> limits_ = SenderLimits();
  std::string limits_file_;
  wire::ReplayGuard seen_;
};

// The checks of a delivery's fields that need nothing else. InvalidArgument.
absl::Status CheckDelivery(const fleetbox::wire::Delivery& delivery,
                           bool bundle);

}  // namespace msrc
