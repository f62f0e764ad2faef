// When an entry that keeps ending may be started again. Pure: it never looks at
// a clock; the caller says what time it is.
//
// Either the number of starts is limited: so many in a span of time that slides
// along, then a rest, after which the count is fresh. A start after an hour and
// one after a second are alike: at once, or after the rest.
//
//   limit=5/10s pause=60s, and it dies at once:
//     starts at 0 0 0 0 0, rest, 60 60 60 60 60, rest, 120 ...
//
// Or each start after the first waits, longer each time, until one was steady:
//
//   backoff=1s..8s, and it dies at once:
//     starts at 0, 1, 3, 7, 15, 23, 31 ...
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <vector>

#include "isinit/attributes.h"

namespace isinit {

// For jitter: the same numbers from the same seed, everywhere (splitmix64).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  double Next();  // at least 0, less than 1

 private:
  uint64_t state_;
};

class Throttle {
 public:
  struct Verdict {
    enum class Kind {
      kStart,   // it is counted: start it
      kRest,    // not before `until`; ask again then
      kGiveUp,  // max-restarts are used up
    };
    Kind kind = Kind::kStart;
    absl::Time until = absl::InfinitePast();
    bool begins = false;  // of a rest: it was not told before
  };

  // Asks to start at `now`, which never goes back. `rules` are the entry's as
  // they are now.
  Verdict Ask(const Attributes& rules, absl::Time now, Dice& dice);
  // A run has ended that was up so long; zero when it never was.
  void Ended(const Attributes& rules, absl::Duration up);
  // As if it had never been started: somebody said so, or its level is new.
  void Forget() { *this = Throttle(); }

  // Starts since it was last steady, or never started.
  int starts() const { return starts_; }

 private:
  absl::Duration Rest(const Attributes& rules, absl::Time now, Dice& dice);

  std::vector<absl::Time> recent_;  // starts within the span of the limit
  int starts_ = 0;
  absl::Time until_ = absl::InfinitePast();  // of the rest
};

}  // namespace isinit
