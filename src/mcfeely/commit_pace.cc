#include "mcfeely/commit_pace.h"

namespace mcfeely {

bool CommitPace::MayBegin(absl::Time now, size_t under_way) {
  const bool gathers = under_way >= kBusy && now < next_;
  if (gathers && !waits_) {
    waits_ = true;
    wake_taken_ = false;
  }
  return !gathers && !committing_;
}

void CommitPace::Began(absl::Time now) {
  committing_ = true;
  next_ = now + kBetween;
}

std::optional<absl::Time> CommitPace::TakeWake() {
  if (!waits_ || wake_taken_) return std::nullopt;
  wake_taken_ = true;
  return next_;
}

}  // namespace mcfeely
