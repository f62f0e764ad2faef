// The orders for one PCU: which go together over one login and when, by which
// way in, and what is tried again. Pure.
//
// Orders wait in the order they came; the urgent ones, without which a host
// stays dark, go first. A batch is made of all that may go at that moment, and
// at most `sessions` batches are under way. Where power-ons are staggered, one
// goes at a time, and none sooner than `stagger` after the end of the one
// before: when exactly in between it was switched, only the device knows.
//
// A result is final, or leads to the next way in, at once (the device did not
// answer, hung up before the login; after a refused password only where the
// inventory says so), or to another try, later and by the first way again. What
// may have been executed and must not be twice is never tried again. When it
// ends with the device itself out of reach or not letting us in, the orders
// that wait end likewise: a password that is wrong is sent once, not for each
// plug.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "power/host_operation.h"
#include "power/plug_action.h"

namespace power {

struct RetryRules {
  int retries = 2;
  // Also of a connection that was refused or that nobody answered. Urgent
  // orders do so anyway.
  bool of_connecting = false;
  absl::Duration first_delay = absl::Milliseconds(500);  // then doubled
  double jitter = 0.2;
};

class PcuQueue {
 public:
  struct Settings {
    size_t ways = 1;       // at least 1
    bool try_all = false;  // the next way also after refused credentials
    int sessions = 1;
    absl::Duration stagger = absl::ZeroDuration();
    // What an order may take until the device has taken its command, with all
    // its tries.
    absl::Duration limit = absl::Seconds(60);
    RetryRules retry = {};
  };
  using OrderId = uint64_t;
  using BatchId = uint64_t;
  struct Order {
    OrderId id = 0;
    std::string plug = {};
    FeedOrder order = {};
  };
  struct Batch {
    BatchId id = 0;
    size_t way = 0;
    absl::Duration limit = absl::ZeroDuration();
    std::vector<Order> orders = {};
  };
  // What an order came to, for good.
  struct Ended {
    OrderId id = 0;
    size_t way = 0;
    PlugResult result = {};
  };
  // From 0 to 1, each time another.
  using Chance = std::function<double()>;

  PcuQueue(Settings settings, Chance chance)
      : settings_(settings), chance_(std::move(chance)) {}

  // Ended at once if the device has refused our credentials.
  std::optional<Ended> Add(Order order);
  // What can begin now; nullopt: nothing. `id` is new over all queues.
  std::optional<Batch> Take(BatchId id, absl::Time now);
  // One order of a batch has ended; whatever that ends for good is returned.
  std::vector<Ended> OrderEnded(BatchId batch, size_t index, PlugResult result,
                                absl::Time now);
  // Takes back what waits and is not urgent, and says which batches to cancel.
  struct Interrupted {
    std::vector<Ended> withdrawn;
    std::vector<BatchId> cancel;
  };
  Interrupted Interrupt();

  // When Take may have something that it has not now.
  absl::Time ready_at() const;
  bool has_urgent() const;
  size_t running() const { return running_.size(); }
  bool is_idle() const { return running_.empty() && waiting_.empty(); }

 private:
  struct Waiting {
    Order order;
    size_t way = 0;
    size_t ways_left = 0;
    int tries = 0;     // that were repeated
    int attempts = 0;  // by the results
    absl::Duration spent = absl::ZeroDuration();
    absl::Time not_before = absl::InfinitePast();
    std::vector<std::string> failures = {};  // of the other ways
    // What came of it last, and whether any of its tries may have been
    // executed.
    std::optional<Failure> last = {};
    bool maybe_executed = false;
    // Of a cycle whose on is all that is left to do: by what, and the state
    // before it.
    Cut cut = Cut::kNone;
    Failure cut_by = {};
    PlugState before = PlugState::kUnknown;
  };
  struct Running {
    size_t way = 0;
    std::vector<std::optional<Waiting>> orders;  // nullopt: has ended
    size_t open = 0;
    bool lights = false;  // holds a power-on that is staggered
    bool was_cancelled = false;
    absl::Time last_news = absl::InfinitePast();
  };

  bool IsStaggered(const Order& order) const;
  bool MayGo(const Waiting& waiting, absl::Time now) const;
  // True if it waits again.
  bool TryAgain(Waiting& waiting, const PlugResult& result, absl::Time now);
  void Enqueue(Waiting&& waiting);
  void EndForGood(Waiting&& waiting, PlugResult&& result,
                  std::vector<Ended>& ended);
  static Ended Final(Waiting&& waiting, PlugResult&& result);

  const Settings settings_;
  const Chance chance_;
  std::vector<Waiting> waiting_;
  std::map<BatchId, Running> running_;
  size_t good_way_ = 0;                  // that led in
  std::optional<Failure> refusal_ = {};  // of our credentials
  bool is_lighting_ = false;
  absl::Time next_light_ = absl::InfinitePast();
};

}  // namespace power
