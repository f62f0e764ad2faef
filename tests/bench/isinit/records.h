// What the services have written: service.c.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Record {
  int64_t pid = 0;  // in its own namespace
  int64_t ns = 0;   // CLOCK_MONOTONIC when it began; 0: it has not yet
};

int64_t MonotonicNs();

class Records {
 public:
  // A new file of `count` empty records.
  static absl::StatusOr<Records> Make(const std::string& path, int count);
  Records(Records&& other) noexcept;
  ~Records();

  Record At(int i) const;
  // Looks every `step` whether all of `which` have begun after `since`; the
  // time at which the last of them did. DeadlineExceeded.
  absl::StatusOr<int64_t> AwaitAll(absl::Span<const int> which, int64_t since,
                                   absl::Duration longest,
                                   absl::Duration step) const;

 private:
  Records(const Record* records, int count)
      : records_(records), count_(count) {}
  const volatile Record* records_;
  int count_;
};

}  // namespace bench
