// Which hosts the server calls, and when. Hosts whose agents call us are not
// known here. Pure; carriers.cc carries it out, and the simulation.
//
//   idle ──work──► due ──a place──► calling ──announced──► connected
//    ▲              ▲                  │                      │
//    │ no work      │ its time         │ failed, too slow     │ lost
//    └────────────────── resting ◄─────┴──────────────────────┘
//
//   idle       nothing to do there (only hosts that are called on demand)
//   due        to be called as soon as there is a place
//   calling    one call is under way; there is never a second one
//   connected  its agent has said which host it is
//   resting    could not be reached: not called before a moment
//
// A host is called on demand when its agent is started by the call (ssh:); it
// is hung up a little after its last task has ended. The others are kept.
//
// Failures rest longer and longer, each host by itself. A host with several
// addresses has them tried in turn, and rests after all of them have failed. A
// connection that does not last counts as a failure, so that an agent that
// hangs up at once is not called for ever.
//
// Dead hosts do not hold up the others: a call takes one of the places of its
// lane, but one that has not come to anything after a short while gives it back
// and goes on without; and hosts that have not failed before go first.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/node_hash_map.h>
#include <absl/time/time.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mcfeely {

struct CallHost {
  std::string host;
  size_t address;  // the how-manieth of the host's
};
// Give up the call, or close the channel in order; Ended tells when it is done.
struct HangUp {
  std::string host;
  std::string why;
};
// It cannot be reached, and is not called before `again`.
struct HostAway {
  std::string host;
  std::string why;
  absl::Time again;
  bool refused;  // no key was trusted, at one end or the other
};
using CarrierAction = std::variant<CallHost, HangUp, HostAway>;

struct CarrierLimits {
  struct Lane {
    int places;           // calls at once,
    absl::Duration slow;  // and how long a call counts as one
    int most;             // calls at once in all, those without a place too
    // From the beginning of a call until the agent has announced itself.
    absl::Duration longest;
  };
  Lane kept = {256, absl::Milliseconds(200), 1'000'000, absl::Seconds(40)};
  // A process each, which may have to copy our executable first. Those of dead
  // hosts only wait; but of living ones all set up their keys at once, and none
  // may come too late by that.
  Lane on_demand = {64, absl::Milliseconds(150), 512, absl::Minutes(6)};
  absl::Duration first_rest = absl::Seconds(1);
  absl::Duration longest_rest = absl::Minutes(5);
  // A connection that lasted so long was not a failure.
  absl::Duration lasting = absl::Seconds(10);
  // How long a host that is called on demand is kept without work.
  absl::Duration linger = absl::Seconds(5);
};

class CarrierPlan {
 public:
  // `random` gives numbers from 0 to below 1: rests are shortened by up to a
  // half, so that a thousand hosts are not all called at the same moment.
  CarrierPlan(CarrierLimits limits, std::function<double()> random);

  // A host with so many addresses. One that is kept is due at once.
  void Add(const std::string& host, size_t addresses, bool on_demand,
           absl::Time now);
  bool Has(const std::string& host) const { return hosts_.contains(host); }

  // Whether it has tasks that could start, or attempts without a result. An
  // unknown host is ignored, here and below.
  void Work(const std::string& host, bool has, absl::Time now);
  // Its agent is there. False when it is not being called.
  bool Announced(const std::string& host, absl::Time now);
  // The call has failed, or the connection is over.
  void Ended(const std::string& host, std::string why, absl::Time now,
             bool refused = false);
  // No calls any more.
  void Stop();

  void Wake(absl::Time now);
  absl::Time wake_at() const;
  // What is to be done, in this order. Call after each of the above.
  std::vector<CarrierAction> TakeActions();

 private:
  enum class State {
    kIdle,
    kDue,
    kCalling,    // and holds a place
    kSlowCall,   // and holds none
    kConnected,  // with work, or kept
    kLingering,  // connected, without work
    kHangingUp,
    kResting,
  };
  struct Host {
    std::string name;
    size_t addresses = 1;
    bool on_demand = false;
    bool work = false;
    State state = State::kIdle;
    absl::Time until = absl::InfiniteFuture();  // of the state
    absl::Time called, connected;
    size_t address = 0;
    size_t tried = 0;     // addresses since the last rest
    int failures = 0;     // rests in a row
    std::string trouble;  // the latest
    bool refused = false;
  };
  using Timer = std::pair<absl::Time, Host*>;

  Host* Find(const std::string& host);
  bool Wanted(const Host& h) const { return h.work || !h.on_demand; }
  void Go(Host& h, State state, absl::Time until);
  void Due(Host& h);
  void Rest(Host& h);
  void FillPlaces();
  CarrierLimits::Lane LaneOf(const Host& h) const {
    return h.on_demand ? limits_.on_demand : limits_.kept;
  }

  CarrierLimits limits_;
  std::function<double()> random_;
  absl::Time now_ = absl::InfinitePast();
  absl::node_hash_map<std::string, Host> hosts_;
  absl::btree_set<Timer> timers_;
  struct Line {
    std::deque<Host*> fresh, failed;  // due
    int calling = 0;                  // places taken
    int under_way = 0;                // calls
  };
  Line kept_, on_demand_;
  bool stopped_ = false;
  std::vector<CarrierAction> actions_;
};

}  // namespace mcfeely
