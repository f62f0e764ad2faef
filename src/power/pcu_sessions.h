// The sessions that this process has with PCUs, shared by all its campaigns:
// each holds the lock of its end point (pcu_lock.h). One batch at a time works
// in a session; those that want one wait in the order in which they asked, for
// a batch of ours, or for another process.
//
// A session is ours until no campaign needs it any more and no connection is
// left: the device may have one only.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "power/pcu_lock.h"
#include "sys/loop.h"

namespace power {

class PcuSessions {
 public:
  using User = uint64_t;  // a campaign
  using Wait = uint64_t;  // never 0
  // `is_connected`: whether a connection with that PCU is left.
  PcuSessions(sys::Loop& loop, std::string folder,
              std::function<bool(absl::string_view pcu)> is_connected);
  ~PcuSessions();
  PcuSessions(const PcuSessions&) = delete;

  struct Want {
    User user = 0;
    std::string pcu = {};
    EndPoint end_point = {};
    int sessions = 1;  // that the device has
    absl::Time until = absl::InfiniteFuture();
  };
  // The number of a session, perhaps from within; or why there is none:
  // Unavailable when there was none by then.
  using Got = std::function<void(const absl::StatusOr<int>& session)>;
  Wait Ask(Want want, Got got);
  void Withdraw(Wait wait);  // `got` is not called any more; harmless for 0
  // The batch that had it has ended.
  void GiveBack(const EndPoint& end_point, int session);

  // It needs that PCU no longer.
  void Leave(User user, absl::string_view pcu);
  // No connection is left.
  void Disconnected(absl::string_view pcu);

 private:
  using Key = std::pair<std::string, int>;  // an end point
  struct Held {
    bool is_busy = false;
    std::set<User> users = {};
    std::set<std::string> pcus = {};  // by which names
  };
  struct Waiting {
    Wait id = 0;
    Want want;
    Got got;
  };
  struct Place {
    std::map<int, Held> held = {};  // by number
    std::deque<Waiting> waiting = {};
    std::set<std::string> pcus = {};  // that have asked
    sys::Loop::Timer timer = 0;
  };

  absl::StatusOr<int> Take(Place& place, const Want& want);
  void Pump(const Key& key);
  void LetGoIfUnused(const Key& key);

  sys::Loop& loop_;
  PcuLocks locks_;
  const std::function<bool(absl::string_view pcu)> is_connected_;
  std::map<Key, Place> places_;
  std::map<std::string, std::set<Key>, std::less<>> keys_of_pcu_;
  std::map<Wait, Key> waits_;
  Wait last_wait_ = 0;
};

}  // namespace power
