// What a run sends to all hosts, made once: the manifest and where its contents
// are, the key that signs, the executables that may be brought along.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hosts/voice.h"
#include "msrc/connect_retry.h"
#include "msrc/host_link.h"
#include "msrc/plan.h"
#include "msrc/relays.h"
#include "msrc/sources.h"
#include "msrc/wave_plan.h"
#include "sys/environment.h"

namespace msrc {

// The options of the built-in transport.
struct DeliveryOptions {
  fleetbox::wire::DeliveryPolicy policy;
  SourceOptions::Links links = SourceOptions::Links::kInside;
  WavePlan::Options waves;  // but the jobs
  ConnectRetryRules retry;
  ExchangeLimits limits;
  std::string identity;  // a key file; "" for the usual one
  bool strict = false;   // without a key of one's own: a failure
  bool no_cache = false, bootstrap_only = false, mux = false, detach = false;
  bool tty = false;     // the utility has our terminal
  bool attach = false;  // only the output of what the run has left behind
  std::string run;      // 16 bytes, by which receivers know it
  std::string bundle;   // a file; "" for none
  absl::Duration bundle_time = absl::Hours(24 * 30);
  bool report_json = false;
  RelayOptions relays;
};

class SharedDelivery {
 public:
  // Reads the files of SEND and SUBDIR; BLOCKS. Exit code 78 for --strict
  // without a key.
  static absl::StatusOr<std::unique_ptr<SharedDelivery>> Make(
      const Plan& plan, const DeliveryOptions& options,
      const sys::Environment& environment, const hosts::Voice& voice);

  const RunShared& shared() const { return shared_; }
  // The MAP files of a host, which stand at `paths`, in the order of the plan.
  absl::Status AddOwn(absl::Span<const std::string> paths, HostJob* job) const;

 private:
  SharedDelivery(const Plan& plan, const DeliveryOptions& options)
      : plan_(plan), options_(options) {}
  absl::Status FindSigner();
  absl::Status ReadShared(const hosts::Voice& voice);
  absl::Status MakePolicy();
  absl::Status MakeMuxFolder(const sys::Environment& environment);

  const Plan& plan_;
  const DeliveryOptions& options_;
  std::unique_ptr<wire::Signer> signer_;
  wire::Manifest manifest_;
  std::unique_ptr<SharedContents> contents_;
  std::optional<Executables> executables_;
  absl::Time began_;
  RunShared shared_;
};

}  // namespace msrc
