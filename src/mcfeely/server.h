// The server: channels, the store and the mail program around a Queue, which
// decides (queue.h).
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "mcfeely/config.h"
#include "sys/loop.h"

namespace mcfeely {

class Server {
 public:
  // Takes the queue's lock, reads it back, and listens. Unavailable, naming the
  // pid, when another server has the queue. The loop outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Open(sys::Loop& loop,
                                                      ServerConfig config);
  ~Server();

  // As they can be called: with the ports that were picked.
  std::vector<std::string> addresses() const;
  // Takes nothing new, stores what is under way, then stops the loop; at most
  // `longest` later it does so anyway. Comms run on at their agents.
  void Stop(absl::Duration longest);

 private:
  Server();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
