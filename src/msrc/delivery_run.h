// A delivery to many hosts at once: so many exchanges, in waves, with retries,
// their output kept apart. Runs on a sys::Loop.
//
//   HostSupply ──► WavePlan: may one start? ──► HostLink ──► HostReport
//                                                  │ output
//                                                  └──► fanout::Outputs
//
// A host costs memory from when it is started until it is reported. Its output
// goes through pipes to where xapply's tasks' goes, so that the same options
// mean the same; who prints faster than is read is held up at the far end.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fanout/outputs.h"
#include "msrc/connect_retry.h"
#include "msrc/host_link.h"
#include "msrc/host_report.h"
#include "msrc/relays.h"
#include "msrc/wave_plan.h"
#include "sys/loop.h"

namespace msrc {

struct SuppliedHost {
  HostJob job;
  size_t position = 0;  // among the elected, from 0; each once
  int status = 0;       // of an expansion that failed: 1000 + n, 2000 + n
  std::string error;
};

// Where hosts come from, made just ahead of who takes them.
class HostSupply {
 public:
  virtual ~HostSupply() = default;
  enum class Got { kHost, kWait, kEnd };
  // After kWait, ready_fd() becomes readable when there is one. A failure is
  // not that of one host, and the end.
  virtual absl::StatusOr<Got> Next(SuppliedHost* host) = 0;
  virtual int ready_fd() const { return -1; }
};

struct DeliveryRunOptions {
  WavePlan::Options waves;
  size_t hosts = 0;  // elected
  ConnectRetryRules retry;
  Relays* relays = nullptr;  // borrowed; hosts take turns
  fanout::OutputOptions output;
  // What stands before each line of a host; null: nothing.
  std::function<std::string(const HostJob&)> prefix;
  // Around a section; the hosts are more than one where sections are folded.
  // Null: nothing.
  std::function<std::string(const std::vector<std::string>&hosts)> header,
      footer;
};

struct DeliveryRunEvents {
  // A host is done with, and its output has been passed on.
  std::function<void(const HostReport&)> reported;
  // The differences of a host, before `reported`. May be null.
  std::function<void(const HostReport&, const fleetbox::wire::Applied&,
                     const wire::Manifest&)>
      differences;
  // What comes between the update and the utility (Runs::kAfterHooks): answer
  // once, at any time.
  std::function<void(const HostJob&, std::function<void(bool run, int status)>)>
      hooks;
  // The supply failed, or something here did.
  std::function<void(const absl::Status&)> failed;
  // Our own output could not be written: the first failure. FailedPrecondition
  // where nobody reads it.
  std::function<void(const absl::Status&)> output_failed;
  // All is over. May delete the run.
  std::function<void()> done;
};

class DeliveryRun {
 public:
  // `shared` and `supply` are borrowed. Begins at once; nothing is called
  // before this has returned.
  static absl::StatusOr<std::unique_ptr<DeliveryRun>> Start(
      sys::Loop& loop, const RunShared& shared, HostSupply& supply,
      DeliveryRunOptions options, DeliveryRunEvents events);
  ~DeliveryRun();

  // Starts nobody else and has what runs ended; the second time at once.
  void Cancel(int signal);
  // By position; hosts::kNotStarted where nothing was done.
  const std::vector<int>& statuses() const;
  size_t running() const;

 private:
  DeliveryRun();
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace msrc
