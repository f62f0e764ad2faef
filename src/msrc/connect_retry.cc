#include "msrc/connect_retry.h"

#include <utility>

namespace msrc {

std::optional<absl::Duration> ConnectRetry::Again(
    const ConnectRetryRules& rules, bool may_retry, bool receiver_broken) {
  if (!may_retry) return std::nullopt;
  if (receiver_broken && !std::exchange(fresh_, true)) {
    attempts_--;
    return absl::ZeroDuration();
  }
  if (attempts_ > rules.retries) return std::nullopt;
  return fanout::WaitAfter(rules.delay, attempts_);
}

}  // namespace msrc
