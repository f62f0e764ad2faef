// What fence_pcu is told, on its command line or as lines of key=value, and
// what it says of itself (metadata). Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace power {

enum class FenceAction : uint8_t {
  kOn,
  kOff,
  kReboot,
  kStatus,
  kMonitor,
  kList,
  kListStatus,
  kMetadata,
  kValidateAll,
};

struct FenceOptions {
  FenceAction action = FenceAction::kReboot;
  std::vector<std::string> hosts = {};
  std::string separator = ",";  // of list
  std::string inventory = {};   // a file; empty: where it always is
  bool one_session = false;     // method cycle: off and on over one login
  bool quiet = false, verbose = false;
  int retry_on = 1;
  absl::Duration delay = absl::ZeroDuration();
  absl::Duration power_wait = absl::ZeroDuration();
  // None where time-outs are disabled: then only the inventory's hold.
  std::optional<absl::Duration> power_timeout = absl::Seconds(20);
  std::optional<absl::Duration> login_timeout = absl::Seconds(5);
  std::optional<absl::Duration> shell_timeout = {};
  // Of keys that nobody knows, a line each: no reason to leave a host running.
  std::vector<std::string> warnings = {};
};

using FencePairs = std::vector<std::pair<std::string, std::string>>;

// Lines of key=value; blank ones and those that begin with # are nothing, and
// a value may stand in double quotes. What is longer than kMaxFenceInputBytes,
// or holds a NUL, is InvalidArgument.
absl::StatusOr<FencePairs> ParseFenceInput(absl::string_view text);

// Of a key that comes twice the last one holds. InvalidArgument for a value
// that is none, and for an action without a host that needs one.
absl::StatusOr<FenceOptions> ReadFenceOptions(const FencePairs& pairs);

// The XML that cluster managers read.
std::string FenceMetadata();

// The keys, for those who compare them with the command line's options.
std::vector<std::string> FenceKeys();

}  // namespace power
