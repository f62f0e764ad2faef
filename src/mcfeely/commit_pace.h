// When the next transaction may go to the store: one at a time, and while news
// of much may come not before a little has gathered, a millisecond for each 32
// attempts. Nobody notices that: an attempt waits four times on its way, so
// that 32 of them still allow 8000 in a second. One flush of the disk and one
// signature are shared by many. When everything that was sent has been
// answered, nothing is gained by waiting.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <optional>

namespace mcfeely {

class CommitPace {
 public:
  static constexpr size_t kBusy = 8;  // attempts awaited
  static constexpr absl::Duration kBetween = absl::Milliseconds(1);
  static constexpr size_t kEach = 32;  // attempts awaited for each kBetween
  static constexpr size_t kMost = 8;   // times kBetween

  // Whether a transaction may be handed over at `now`, while so many attempts
  // may bring news; Began has to follow then. Otherwise it is to be asked again
  // when the last one has ended or, once a time is given by TakeWake, at that
  // time.
  bool MayBegin(absl::Time now, size_t awaited);
  void Began(absl::Time now);
  void Ended() { committing_ = false; }

  // A moment to come back at, each once; Woken when it has come.
  std::optional<absl::Time> TakeWake();
  void Woken() { waits_ = false; }

  // Neither a transaction nor a moment is waited for.
  bool idle() const { return !committing_ && !waits_; }

 private:
  absl::Time began_ = absl::InfinitePast();
  absl::Time next_ = absl::InfinitePast();
  bool committing_ = false, waits_ = false, wake_taken_ = false;
};

}  // namespace mcfeely
