// Which of several servers to call next, and when: in the order given, but
// those that failed only after a pause that grows with each failure. Pure.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <vector>

namespace mcfeely {

class ServerChoice {
 public:
  ServerChoice(size_t servers, absl::Duration first_pause,
               absl::Duration longest_pause);

  struct Next {
    size_t server;
    absl::Time when;  // not before; may be long past
  };
  // The first in order of those that may be called at `now`, else the one that
  // may be called first.
  Next Choose(absl::Time now) const;
  void Reached(size_t server);
  // A part of the pause is left to chance (`random`, 0 to below 1), lest a
  // thousand agents knock together at the door of a server that comes back.
  void Failed(size_t server, double random, absl::Time now);

 private:
  struct Server {
    absl::Duration pause = absl::ZeroDuration();
    absl::Time not_before = absl::InfinitePast();
  };
  absl::Duration first_, longest_;
  std::vector<Server> servers_;
};

}  // namespace mcfeely
