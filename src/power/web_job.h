// The orders of one batch at one web server: beside each other as far as their
// pauses allow, over one connection. Pure.
//
//   open (log in, look around) -> orders -> leave (log out) -> ended
#pragma once

#include <absl/time/time.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/plug_action.h"
#include "power/web_link.h"
#include "power/web_protocol.h"

namespace power {

class WebJob {
 public:
  struct Ended {
    size_t order = 0;
    PlugResult result = {};
  };

  // `limit`: of each step. The protocol knows the orders, too.
  WebJob(std::vector<WebOrder> orders, absl::Duration limit,
         std::unique_ptr<WebLink> link, std::unique_ptr<WebProtocol> protocol);

  void Start(absl::Time now);
  void Connected(absl::Time now);
  void ConnectFailed(const Failure& failure, absl::Time now);
  void Receive(absl::string_view bytes, absl::Time now);
  void Closed(absl::Time now);
  void Wake(absl::Time now);
  // Orders that have not begun end with neither outcome nor failure.
  void Cancel(absl::Time now);

  // After each of these.
  std::vector<WebEffect> TakeEffects() { return link_->TakeEffects(); }
  std::vector<Ended> TakeEnded() { return std::exchange(ended_, {}); }
  std::vector<std::string> TakeTrace() { return link_->TakeTrace(); }
  absl::Time wake_at() const;
  bool has_ended() const { return phase_ == Phase::kEnded; }
  const WebProtocol& protocol() const { return *protocol_; }

 private:
  enum class Phase { kOpening, kOrders, kLeaving, kEnded };
  struct Run {
    PlugAction plug;
    PlugAction::Next doing = {};
    absl::Time until = absl::InfiniteFuture();  // of the step
    absl::Time wake = absl::InfiniteFuture();   // of a pause of either kind
    bool is_stepping = false;  // the protocol is in the midst of the step
    bool has_begun = false, has_ended = false;
    bool was_so = false;
    int repeats = 0;  // of a command whose answer was lost
  };
  void Advance(const WebReply* reply, absl::Time now);
  void Move(const WebMove& move, absl::Time now);
  void MoveOrder(size_t order, const WebMove& move, absl::Time now);
  bool TurnOrder(absl::Time now);
  void Do(size_t order, const PlugAction::Next& next, absl::Time now);
  void End(size_t order);
  void EndAll(const Failure& failure);
  void Pump(absl::Time now);
  void NoteLevels();

  const std::vector<WebOrder> orders_;
  const absl::Duration limit_;
  const std::unique_ptr<WebLink> link_;
  const std::unique_ptr<WebProtocol> protocol_;
  std::vector<Run> runs_;
  std::deque<size_t> ready_;       // steps that wait for the link, in order
  std::optional<size_t> at_link_;  // whose call is under way
  Phase phase_ = Phase::kOpening;
  absl::Time pause_until_ = absl::InfiniteFuture();  // of Open and Leave
  absl::Time phase_until_ = absl::InfiniteFuture();
  std::vector<Ended> ended_;
};

}  // namespace power
