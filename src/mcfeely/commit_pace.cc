#include "mcfeely/commit_pace.h"

#include <algorithm>

namespace mcfeely {

bool CommitPace::MayBegin(absl::Time now, size_t awaited) {
  next_ = began_ + kBetween * static_cast<int>(std::clamp(awaited / kEach,
                                                          size_t{1}, kMost));
  const bool gathers = awaited >= kBusy && now < next_;
  if (gathers && !waits_) {
    waits_ = true;
    wake_taken_ = false;
  }
  return !gathers && !committing_;
}

void CommitPace::Began(absl::Time now) {
  committing_ = true;
  began_ = now;
}

std::optional<absl::Time> CommitPace::TakeWake() {
  if (!waits_ || wake_taken_) return std::nullopt;
  wake_taken_ = true;
  return next_;
}

}  // namespace mcfeely
