#include "bench/isinit/records.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "sys/file.h"

namespace bench {

int64_t MonotonicNs() {
  timespec t = {};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * int64_t{1'000'000'000} + t.tv_nsec;
}

absl::StatusOr<Records> Records::Make(const std::string& path, int count) {
  TRY(sys::RemoveFile(path));
  TRY_ASSIGN(const sys::Fd file,
             sys::Open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  const size_t bytes = count * sizeof(Record);
  if (ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  void* at = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) return absl::ErrnoToStatus(errno, path);
  return Records(static_cast<const Record*>(at), count);
}

Records::Records(Records&& other) noexcept
    : records_(std::exchange(other.records_, nullptr)), count_(other.count_) {}

Records::~Records() {
  if (records_ == nullptr) return;
  munmap(const_cast<Record*>(records_), count_ * sizeof(Record));
}

// The time is written behind the pid: where it is new, both are.
Record Records::At(int i) const {
  Record record;
  record.ns = records_[i].ns;
  record.pid = records_[i].pid;
  return record;
}

absl::StatusOr<int64_t> Records::AwaitAll(absl::Span<const int> which,
                                          int64_t since, absl::Duration longest,
                                          absl::Duration step) const {
  const int64_t until = MonotonicNs() + absl::ToInt64Nanoseconds(longest);
  for (;;) {
    int64_t last = 0, missing = 0;
    for (int i : which) {
      const int64_t ns = At(i).ns;
      missing += ns <= since;
      last = std::max(last, ns);
    }
    if (missing == 0) return last;
    if (MonotonicNs() > until) {
      return absl::DeadlineExceededError(
          absl::StrCat(missing, " of ", which.size(), " did not begin"));
    }
    absl::SleepFor(step);
  }
}

}  // namespace bench
