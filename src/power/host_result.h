// What came of one host: the one line that is told of it, the exit code that
// many of them lead to, and the summary of their states. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "power/plug_action.h"

namespace power {

enum class HostOutcome : uint8_t {
  kDone,
  kAlready,
  kAccepted,
  kPlanned,
  kFailed,
  kSkipped,
  kManual,
  kUnknown,  // whoever was to do it has not said what came of it
};
absl::string_view Word(HostOutcome outcome);  // "done"
bool IsSuccess(HostOutcome outcome);

struct HostResult {
  std::string host = {};
  Action action = Action::kStatus;
  HostOutcome outcome = HostOutcome::kFailed;
  FailureClass failure_class = FailureClass::kInternal;  // of kFailed
  std::string detail = {};  // why; or what a person may want to know
  std::string feeds = {};   // "rack3-a/3"; several with blanks between them
  PlugState before = PlugState::kUnknown;
  PlugState after = PlugState::kUnknown;
  VerifyLevel verified = VerifyLevel::kNothing;
  std::string value = {};      // of kTemperature
  std::string transport = {};  // the last way in
  int attempts = 0;
  std::string journal = {};                   // the name of its record
  absl::Time started = absl::InfinitePast();  // when it was its turn
  absl::Duration took = absl::ZeroDuration();
  bool was_interrupted =
      false;  // not tried, or not to its end, for that reason
};

// "web3: cycled (was on) rack3-a/3 ssh 9.4s", without an end of line.
std::string ResultLine(const HostResult& result);
// An object in one line, without an end of line.
std::string ResultJson(const HostResult& result);
// What the original library answered: "0", or its words for such a failure.
std::string LegacyAnswer(const HostResult& result);

// pcu-reboot(8) has the table.
int ExitCodeOf(absl::Span<const HostResult> results);

// powerman's: "on:", "off:", "unknown:" and the hosts in ranges.
std::string StateSummary(absl::Span<const HostResult> results);

}  // namespace power
