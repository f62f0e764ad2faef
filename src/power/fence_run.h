// What a fence agent does: which orders, in which order, and what the whole
// exits with. Pure.
//
//   status   one order; several hosts are off only if all are
//   on       an order; what was not switched is tried again (retry_on)
//   off      an order
//   reboot   off, and each of them read back; then on. By the method cycle, one
//            order for both, which reads back as well
//   monitor  the hosts that were named are looked at; without any, one of each
//            controller, and one that answers is enough
//
// Off is a success only if it was read back: a controller that has taken the
// command, and no more is known, makes a failure. Once off was read back a
// reboot is one, come the power back or not: what a cluster must know is that
// the host does not write any more.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "power/fence_options.h"
#include "power/service.h"

namespace power {

// As fence agents number them.
enum FenceCode : int {
  kFenceOk = 0,
  kFenceFailed = 1,
  kFenceIsOff = 2,  // of status
  kFenceUsage = 2,
  kFenceLoginDenied = 3,
  kFenceConnectionLost = 4,
  kFenceTimedOut = 5,
  kFenceWaitingOn = 6,
  kFenceWaitingOff = 7,
  kFenceStatus = 8,
  kFencePasswordMissing = 10,
  kFencePrivilege = 11,
};

class FenceRun {
 public:
  // In this order.
  struct Step {
    std::vector<std::string> complaints = {};  // a line each, for people
    std::string print = {};
    std::optional<ServiceOrder> start = {};
    std::optional<absl::Duration> wait = {};  // then Waited
    std::optional<int> code = {};             // it is over
  };

  FenceRun(const FenceOptions& options, const Directory& directory)
      : options_(options), directory_(directory) {}

  Step Begin();
  Step Waited();
  void Result(const ServiceResult& result);
  Step Ended();  // the order

 private:
  enum class Phase { kBefore, kQuery, kOff, kOn, kCycle };

  Step Start(Phase phase, Verb verb, std::vector<std::string> hosts);
  Step First();
  Step List();
  Step Monitor();
  Step QueryEnded();
  Step MonitorEnded();
  Step OffEnded();
  Step OnEnded();
  Step CycleEnded();
  Step Finish(int code, std::string print = {});
  // The code of the first of the order's hosts that failed.
  int CodeOfFailure(int of_state, int otherwise) const;
  void Complain(Step* step) const;
  const ServiceResult* Find(const std::string& host) const;

  const FenceOptions options_;
  const Directory& directory_;
  Phase phase_ = Phase::kBefore;
  ServiceOrder order_;
  std::map<std::string, ServiceResult> results_;  // of the order
  bool was_off_read_ = false;
  int tries_ = 0;  // of on
};

}  // namespace power
