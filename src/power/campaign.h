// One request: an action on many hosts. Pure: it is told what happened and
// when, and says which batches begin, which are cancelled, and what came of
// each host, as soon as that is known.
//
//   hosts --host_operation--> orders --pcu_queue--> batches
//
// Hosts that hang on other hosts begin when those allow it (hierarchy.h).
//
// So many PCUs are worked on at a time; those that are spoken to in datagrams
// have a larger number of their own. A PCU that a dark host waits for comes
// before all others.
//
// An interruption takes back what has not begun. What has begun is seen to its
// end: the second half of a cycle, and what a cycle switched off before it
// failed, are carried out all the same. A second one gives that up; what is
// then not known is in the hosts' results.
#pragma once

#include <absl/container/inlined_vector.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "power/hierarchy.h"
#include "power/host_operation.h"
#include "power/host_result.h"
#include "power/pcu_queue.h"

namespace power {

struct CampaignPcu {
  std::string name;
  PcuQueue::Settings settings = {};
  std::vector<std::string> ways = {};  // their transports: at least one
  ActionOptions options = {};
  bool is_datagram = false;
  bool is_manual = false;  // a person has to do it
  // Nothing can be asked of it: why.
  std::optional<Failure> refused = {};
};

struct CampaignHost {
  using Feed = CampaignFeed;
  std::string name;
  std::vector<Feed> feeds = {};
  std::vector<size_t> parents = {};  // of the campaign's; an outlet's hosts'
  // It is left alone: why.
  std::optional<std::string> skipped = {};
};

struct CampaignRequest {
  Action action = Action::kStatus;
  bool with_confirmation = false;
  size_t at_once = 256;
  size_t datagrams_at_once = 1024;
  std::vector<CampaignPcu> pcus = {};
  std::vector<CampaignHost> hosts = {};
  // What the hosts hang on, and that in turn. They are only looked at.
  std::vector<CampaignParent> parents = {};
};

class Campaign {
 public:
  using BatchId = PcuQueue::BatchId;
  using Numbers = absl::InlinedVector<size_t, 1>;
  struct Start {
    size_t pcu = 0;
    PcuQueue::Batch batch = {};
    // Of each order: the hosts it is for, and whether it is the first thing
    // that is done to them.
    std::vector<Numbers> hosts = {};
    std::vector<size_t> begins = {};  // hosts
  };
  struct HostEnded {
    size_t host = 0;
    HostResult result = {};
  };
  // To be carried out in this order of kinds.
  struct Effects {
    std::vector<Start> start = {};
    std::vector<BatchId> cancel = {};
    std::vector<HostEnded> ended = {};
    std::vector<size_t> released = {};  // PCUs that nothing will be asked of
    void Append(Effects later);
  };

  Campaign(CampaignRequest request, PcuQueue::Chance chance);

  Effects Begin(absl::Time now);
  // What that leads to is added: a strip answers for all of its plugs at once.
  void OrderEnded(BatchId batch, size_t index, PlugResult result,
                  absl::Time now, Effects& effects);
  Effects Wake(absl::Time now);  // at or after wake_at
  Effects Interrupt(absl::Time now);
  Effects Abandon(absl::Time now);

  absl::Time wake_at() const;
  const CampaignRequest& request() const { return request_; }
  size_t hosts() const { return request_.hosts.size(); }
  size_t ended() const { return ended_; }
  bool is_ended() const {
    return ended_ == request_.hosts.size() && open_looks_ == 0;
  }
  std::string FeedsOf(
      absl::Span<const CampaignFeed> feeds) const;  // "rack3-a/3 rack4-a/3"

 private:
  // Hosts that share plugs, and what is done to them; mostly one host with one
  // feed. Without hosts: a look at a parent.
  struct Unit {
    Numbers hosts;
    std::vector<CampaignHost::Feed> feeds;          // each plug once
    Numbers pcus;                                   // of them, each once
    absl::InlinedVector<Numbers, 1> feeds_of_host;  // beside `hosts`
    std::unique_ptr<HostOperation> operation;
    absl::Time started = absl::InfinitePast();
    bool has_begun = false;
    std::string transport = {};
    absl::InlinedVector<int, 1> attempts = {};  // of each feed
  };
  struct PcuState {
    std::unique_ptr<PcuQueue> queue;
    size_t open_units = 0;  // that have a feed here
    bool is_active = false;
    bool was_released = false;
    absl::Time listed_at = absl::InfiniteFuture();        // in times_
    std::optional<std::pair<int, uint64_t>> listed = {};  // in ready_
  };
  struct OrderOf {
    size_t unit = 0, feed = 0;
  };
  enum Kind : size_t { kStream, kDatagram, kKinds };

  void MakeUnits();
  void AddUnit(Numbers hosts);
  void AddLooks();
  HostOperation::Feed AddFeed(const CampaignFeed& feed, Unit& unit);
  bool CarriesOthers(const CampaignFeed& feed) const;
  // Host and feeds are filled in.
  HostResult& EndHost(size_t host, HostResult&& result, Effects& effects);
  std::optional<HostResult> RefusedResult(const Unit& unit) const;
  // What ends at once is returned.
  [[nodiscard]] std::vector<PcuQueue::Ended> Queue(
      size_t unit, std::vector<FeedOrder> orders, absl::Time now);
  void Deliver(std::vector<PcuQueue::Ended> ended, absl::Time now,
               Effects& effects);
  void BeginUnit(size_t unit, absl::Time now, Effects& effects);
  void BeginReady(absl::Time now, Effects& effects);
  // With that, and without asking anybody.
  void EndWithout(size_t unit, const HostResult& told, absl::Time now,
                  Effects& effects);
  void EndUnit(size_t unit, absl::Time now, Effects& effects);
  // Nothing is asked any more for it.
  void Leave(size_t unit, Effects& effects);
  void BeginNext(size_t unit, HostResult result, absl::Time now,
                 Effects& effects);
  void Touch(size_t pcu, absl::Time now);
  void Pump(absl::Time now, Effects& effects);
  bool StartOn(size_t pcu, absl::Time now, Effects& effects);
  void Settle(size_t pcu, Effects& effects);
  Kind KindOf(size_t pcu) const;

  CampaignRequest request_;
  const PcuQueue::Chance chance_;
  std::vector<PcuState> pcus_;
  std::vector<Unit> units_;
  std::unique_ptr<Hierarchy> hierarchy_;  // null: nobody waits for another
  std::vector<OrderOf> orders_;           // by OrderId
  std::vector<size_t> pcu_of_batch_;      // by BatchId
  std::set<std::pair<absl::Time, size_t>> times_;       // of PCUs
  std::set<std::pair<absl::Time, size_t>> unit_times_;  // of units
  // PCUs that have something to begin: those with a session, those that a dark
  // host waits for, the others; each by turn.
  std::set<std::pair<std::pair<int, uint64_t>, size_t>> ready_[kKinds];
  size_t active_[kKinds] = {0, 0};
  uint64_t next_turn_ = 0;
  size_t ended_ = 0, open_looks_ = 0;
  bool was_interrupted_ = false, was_abandoned_ = false;
};

}  // namespace power
