// One action on one host, whatever the number of its power supplies. Pure.
//
//   one feed      the action as it is, in one order
//   several       status, verify, on, off: on all of them at once
//                 reset, soft, nmi, identify, bootdev: on the first feed whose
//                 controller can do it
//                 cycle:
//
//     darkening ---all feeds are off---> resting ---pause---> lighting --> end
//         |                                (none: nothing was on)   ^
//         '--one is not off--> restoring (those that went off) -----'--> end
//
// A cycle goes this way with one feed, too, where its second half has to wait
// for its turn. What is switched off and not on again is always in the result:
// in every state there is either an order under way that ends it, or a pause.
//
// Several hosts that share a plug are one operation: what is off for one of
// them is off for the other.
#pragma once

#include <absl/container/inlined_vector.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "power/host_result.h"
#include "power/plug_action.h"

namespace power {

struct FeedOrder {
  size_t feed = 0;
  Action action = Action::kStatus;
  ActionOptions options = {};
  bool with_confirmation = false;
  // A host is without power until it is done: it goes before all others, and is
  // tried harder.
  bool is_urgent = false;
};

// Of what an interruption left undone.
HostResult NotTried();

// Of these only one feed's controller has to do it: the first that can.
bool IsSought(Action action);

class HostOperation {
 public:
  struct Feed {
    std::string name;            // "rack3-a/3"
    ActionOptions options = {};  // as this controller wants them
  };
  // `in_halves`: a cycle is an off and an on, also with one feed.
  HostOperation(Action action, std::vector<Feed> feeds, bool in_halves,
                bool with_confirmation = false);

  std::vector<FeedOrder> Begin();
  // A result with neither outcome nor failure: it was not begun, since there
  // was an interruption.
  std::vector<FeedOrder> FeedEnded(size_t feed, PlugResult result,
                                   absl::Time now);
  // At or after wake_at.
  std::vector<FeedOrder> Wake(absl::Time now);
  // Nobody carries anything out any more: what is under way is told as that.
  void Abandon();

  absl::Time wake_at() const { return wake_at_; }
  bool is_ended() const { return phase_ == Phase::kEnded; }
  // What it is for a host with these feeds, once it has ended. Host, feeds,
  // transport and times are the caller's to fill in.
  HostResult ResultFor(absl::Span<const size_t> feeds) const;

 private:
  enum class Phase {
    kPlain,      // the same on all feeds
    kSeeking,    // one feed after the other, until one can
    kDarkening,  // the first half of a cycle
    kResting,
    kLighting,  // the second
    kRestoring,
    kEnded,
  };
  struct Half {
    bool is_open = false;
    std::optional<PlugResult> result = {};
  };

  FeedOrder Order(size_t feed, Action action) const;
  std::vector<FeedOrder> OrderAll(Action action, Phase phase);
  std::vector<FeedOrder> OnSought(size_t feed, const PlugResult& result);
  std::vector<FeedOrder> OnDark(absl::Time now);
  std::vector<FeedOrder> Light(Phase phase, const std::vector<size_t>& feeds);
  bool HasOpen() const;
  bool WasSwitchedOff(size_t feed) const;

  HostResult PlainResult(absl::Span<const size_t> feeds) const;
  HostResult CycleResult(absl::Span<const size_t> feeds) const;
  HostResult RestoredResult(absl::Span<const size_t> feeds) const;
  HostResult AbandonedResult(absl::Span<const size_t> feeds) const;
  std::string Prefix(size_t feed) const;

  const Action action_;
  const std::vector<Feed> feeds_;
  const bool in_halves_;
  const bool with_confirmation_;
  Phase phase_ = Phase::kPlain;
  Phase last_phase_ = Phase::kPlain;  // before it ended
  bool was_abandoned_ = false;
  bool is_forcing_ = false;  // soft: the system did not follow
  // Of each feed; the second: back on, of a cycle, and restored.
  absl::InlinedVector<Half, 1> first_, second_;
  std::vector<size_t> relit_;  // feeds of `second_`
  size_t sought_ = 0;
  absl::Time wake_at_ = absl::InfiniteFuture();
};

}  // namespace power
