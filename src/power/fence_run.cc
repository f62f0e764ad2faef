#include "power/fence_run.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "text/utf8.h"

namespace power {
namespace {

// The state was read after all that was sent.
bool WasReadAs(const ServiceResult* result, PlugState state) {
  if (result == nullptr || !result->result.outcome) return false;
  return *result->result.outcome != Outcome::kAccepted &&
         result->result.after == state;
}

std::string Trouble(const std::string& host, const ServiceResult* result) {
  if (result == nullptr) return absl::StrCat(host, ": nothing was heard of it");
  const PlugResult& r = result->result;
  if (r.failure) {
    return absl::StrCat(host, ": ", Word(r.failure->failure_class), ": ",
                        text::Clean(r.failure->text));
  }
  if (!r.outcome) return absl::StrCat(host, ": not tried: ", r.remark);
  if (*r.outcome == Outcome::kAccepted) {
    return absl::StrCat(host, ": taken, but the state was not read back");
  }
  return absl::StrCat(host, ": is ", Word(r.after));
}

int CodeOf(FailureClass failure_class, absl::string_view text, int of_state,
           int otherwise) {
  switch (failure_class) {
    case FailureClass::kAuth:
    case FailureClass::kHostKey:
    case FailureClass::kTls:
      return kFenceLoginDenied;
    case FailureClass::kPrivilege:
      return kFencePrivilege;
    case FailureClass::kUnreachable:
    case FailureClass::kClosed:
      return kFenceConnectionLost;
    case FailureClass::kTimeout:
      return kFenceTimedOut;
    case FailureClass::kState:
      return of_state;
    case FailureClass::kPlug:
      return kFenceStatus;
    case FailureClass::kConfig:
      return absl::StrContains(text, "secret") ||
                     absl::StrContains(text, "password")
                 ? kFencePasswordMissing
                 : kFenceFailed;
    default:
      return otherwise;
  }
}

}  // namespace

FenceRun::Step FenceRun::Begin() {
  Step step;
  for (const std::string& host : options_.hosts) {
    if (!directory_.HasHost(host)) {
      step.complaints.push_back(
          absl::StrCat(text::Clean(host), ": there is no such host"));
    }
  }
  if (!step.complaints.empty()) {
    const bool checks = options_.action == FenceAction::kValidateAll;
    step.code = checks ? kFenceUsage : kFenceStatus;
    return step;
  }
  const bool switches = options_.action == FenceAction::kOn ||
                        options_.action == FenceAction::kOff ||
                        options_.action == FenceAction::kReboot;
  if (switches && options_.delay > absl::ZeroDuration()) {
    step.wait = options_.delay;
    return step;
  }
  return First();
}

FenceRun::Step FenceRun::Waited() {
  if (phase_ == Phase::kBefore) return First();
  return Start(Phase::kOn, Verb::kOn, options_.hosts);
}

FenceRun::Step FenceRun::First() {
  switch (options_.action) {
    case FenceAction::kOn:
      return Start(Phase::kOn, Verb::kOn, options_.hosts);
    case FenceAction::kOff:
      return Start(Phase::kOff, Verb::kOff, options_.hosts);
    case FenceAction::kReboot:
      return options_.one_session
                 ? Start(Phase::kCycle, Verb::kCycle, options_.hosts)
                 : Start(Phase::kOff, Verb::kOff, options_.hosts);
    case FenceAction::kStatus:
      return Start(Phase::kQuery, Verb::kStatus, options_.hosts);
    case FenceAction::kListStatus:
      return Start(Phase::kQuery, Verb::kStatus, directory_.Hosts());
    case FenceAction::kMonitor:
      return Monitor();
    case FenceAction::kList:
      return List();
    case FenceAction::kMetadata:
      return Finish(kFenceOk, FenceMetadata());
    case FenceAction::kValidateAll:
      break;
  }
  return Finish(kFenceOk);
}

FenceRun::Step FenceRun::Start(Phase phase, Verb verb,
                               std::vector<std::string> hosts) {
  if (hosts.empty()) return Finish(kFenceOk);
  phase_ = phase;
  results_.clear();
  order_ = {.verb = verb,
            .hosts = std::move(hosts),
            .connect_timeout = options_.login_timeout,
            .step_timeout = options_.shell_timeout,
            .state_timeout = options_.power_timeout,
            .no_native_cycle = true,
            .telemetry = options_.verbose,
            .who = "fence_pcu"};
  std::sort(order_.hosts.begin(), order_.hosts.end());
  order_.hosts.erase(std::unique(order_.hosts.begin(), order_.hosts.end()),
                     order_.hosts.end());
  if (phase == Phase::kOn) tries_++;
  Step step;
  step.start = order_;
  return step;
}

FenceRun::Step FenceRun::List() {
  std::string lines;
  for (const std::string& host : directory_.Hosts()) {
    absl::StrAppend(&lines, host, options_.separator, "\n");
  }
  return Finish(kFenceOk, std::move(lines));
}

FenceRun::Step FenceRun::Monitor() {
  std::vector<std::string> hosts = options_.hosts;
  if (hosts.empty()) {
    for (const ServiceDevice& device : directory_.Devices()) {
      if (!device.hosts.empty()) hosts.push_back(device.hosts.front());
    }
  }
  return Start(Phase::kQuery, Verb::kStatus, std::move(hosts));
}

void FenceRun::Result(const ServiceResult& result) {
  results_[result.host] = result;
}

FenceRun::Step FenceRun::Ended() {
  switch (phase_) {
    case Phase::kQuery:
      return options_.action == FenceAction::kMonitor ? MonitorEnded()
                                                      : QueryEnded();
    case Phase::kOff:
      return OffEnded();
    case Phase::kOn:
      return OnEnded();
    case Phase::kCycle:
      return CycleEnded();
    case Phase::kBefore:
      break;
  }
  return Finish(kFenceFailed);
}

FenceRun::Step FenceRun::QueryEnded() {
  bool all_off = true, all_known = true;
  std::string lines;
  for (const std::string& host : order_.hosts) {
    const bool on = WasReadAs(Find(host), PlugState::kOn);
    const bool off = WasReadAs(Find(host), PlugState::kOff);
    all_off = all_off && off;
    all_known = all_known && (on || off);
    absl::StrAppend(&lines, host, options_.separator, options_.separator,
                    on    ? "ON"
                    : off ? "OFF"
                          : "UNKNOWN",
                    "\n");
  }
  if (options_.action == FenceAction::kListStatus) {
    Step step = Finish(kFenceOk, std::move(lines));
    Complain(&step);
    return step;
  }
  if (!all_known) {
    Step step = Finish(CodeOfFailure(kFenceStatus, kFenceStatus));
    Complain(&step);
    return step;
  }
  return all_off ? Finish(kFenceIsOff, "Status: OFF\n")
                 : Finish(kFenceOk, "Status: ON\n");
}

FenceRun::Step FenceRun::MonitorEnded() {
  size_t known = 0;
  for (const std::string& host : order_.hosts) {
    known += WasReadAs(Find(host), PlugState::kOn) ||
             WasReadAs(Find(host), PlugState::kOff);
  }
  const bool fine =
      options_.hosts.empty() ? known > 0 : known == order_.hosts.size();
  Step step =
      Finish(fine ? kFenceOk : CodeOfFailure(kFenceStatus, kFenceStatus));
  Complain(&step);
  return step;
}

FenceRun::Step FenceRun::OffEnded() {
  bool all_off = true, were_off = true;
  for (const std::string& host : order_.hosts) {
    const ServiceResult* result = Find(host);
    all_off = all_off && WasReadAs(result, PlugState::kOff);
    were_off = were_off && result != nullptr &&
               result->result.outcome == Outcome::kAlready;
  }
  if (!all_off) {
    Step step = Finish(CodeOfFailure(kFenceWaitingOff, kFenceFailed));
    Complain(&step);
    return step;
  }
  if (options_.action == FenceAction::kOff) {
    return Finish(kFenceOk, were_off ? "Success: Already OFF\n"
                                     : "Success: Powered OFF\n");
  }
  was_off_read_ = true;
  if (options_.power_wait > absl::ZeroDuration()) {
    Step step;
    step.wait = options_.power_wait;
    return step;
  }
  return Start(Phase::kOn, Verb::kOn, options_.hosts);
}

FenceRun::Step FenceRun::OnEnded() {
  std::vector<std::string> dark;
  bool were_on = true;
  for (const std::string& host : order_.hosts) {
    const ServiceResult* result = Find(host);
    if (!WasReadAs(result, PlugState::kOn)) dark.push_back(host);
    were_on = were_on && result != nullptr &&
              result->result.outcome == Outcome::kAlready;
  }
  Step troubles;
  Complain(&troubles);
  const int most_tries = options_.retry_on + (was_off_read_ ? 0 : 1);
  if (!dark.empty() && tries_ < most_tries) {
    Step step = Start(Phase::kOn, Verb::kOn, std::move(dark));
    step.complaints = std::move(troubles.complaints);
    return step;
  }
  Step step =
      was_off_read_ ? Finish(kFenceOk, "Success: Rebooted\n")
      : dark.empty()
          ? Finish(kFenceOk, tries_ == 1 && were_on ? "Success: Already ON\n"
                                                    : "Success: Powered ON\n")
          : Finish(CodeOfFailure(kFenceWaitingOn, kFenceFailed));
  step.complaints = std::move(troubles.complaints);
  if (was_off_read_ && !dark.empty()) {
    step.complaints.push_back("off was read back, but not all are on again");
  }
  return step;
}

// The engine reads off back before it switches on again, and says so by an
// outcome; when that was all that worked, by the last state it has read.
FenceRun::Step FenceRun::CycleEnded() {
  bool all_off = true;
  for (const std::string& host : order_.hosts) {
    const ServiceResult* result = Find(host);
    const bool was_off =
        WasReadAs(result, PlugState::kOn) ||
        (result != nullptr && result->result.after == PlugState::kOff);
    all_off = all_off && was_off;
  }
  Step step = all_off ? Finish(kFenceOk, "Success: Rebooted\n")
                      : Finish(CodeOfFailure(kFenceWaitingOff, kFenceFailed));
  Complain(&step);
  return step;
}

FenceRun::Step FenceRun::Finish(int code, std::string print) {
  Step step;
  step.code = code;
  step.print = std::move(print);
  return step;
}

int FenceRun::CodeOfFailure(int of_state, int otherwise) const {
  for (const std::string& host : order_.hosts) {
    const ServiceResult* result = Find(host);
    if (result == nullptr) return otherwise;
    const std::optional<Failure>& failure = result->result.failure;
    if (failure) {
      return CodeOf(failure->failure_class, failure->text, of_state, otherwise);
    }
    // Taken, and in the other state or in none that is known.
    if (result->result.outcome == Outcome::kAccepted) return of_state;
  }
  return otherwise;
}

void FenceRun::Complain(Step* step) const {
  for (const std::string& host : order_.hosts) {
    const ServiceResult* result = Find(host);
    const PlugState wanted =
        phase_ == Phase::kOff ? PlugState::kOff : PlugState::kOn;
    if (WasReadAs(result, wanted)) continue;
    if (phase_ == Phase::kQuery && WasReadAs(result, PlugState::kOff)) continue;
    step->complaints.push_back(Trouble(host, result));
  }
}

const ServiceResult* FenceRun::Find(const std::string& host) const {
  const auto found = results_.find(host);
  return found == results_.end() ? nullptr : &found->second;
}

}  // namespace power
