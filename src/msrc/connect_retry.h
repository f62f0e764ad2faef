// Whether a connection that failed is tried again, and when: --retries and
// --retry-delay. Pure.
//
// A receiver that was found there and is no good is replaced at once, and that
// is no failure to connect; once, or it would never end.
#pragma once

#include <absl/time/time.h>

#include <optional>

#include "fanout/retry.h"

namespace msrc {

struct ConnectRetryRules {
  int retries = 1;  // attempts after the first
  fanout::RetryDelay delay = {absl::Seconds(1), 2};
};

class ConnectRetry {
 public:
  void Begin() { attempts_++; }
  // How long to wait before the next attempt; none when there is none.
  // `may_retry`: nothing has been asked of the host (msrc/exchange.h).
  std::optional<absl::Duration> Again(const ConnectRetryRules& rules,
                                      bool may_retry, bool receiver_broken);
  int attempts() const { return attempts_; }
  // What is there already is not looked for.
  bool fresh() const { return fresh_; }

 private:
  int attempts_ = 0;
  bool fresh_ = false;
};

}  // namespace msrc
