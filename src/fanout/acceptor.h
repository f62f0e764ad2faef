// Lets in the clients that come to a listening socket of a manager.
//
// A bounded number per turn of the loop, so that those who are in already are
// served, too. Whoever cannot be let in, because there is no room or we are out
// of descriptors, waits at the listener and is looked at again in a moment.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

class Acceptor {
 public:
  // `room`: whether one more may be let in now. `admit` gets the connection;
  // closing it turns the client away. Both are called from the loop, TakeIn and
  // Stop, and must not end the acceptor.
  Acceptor(sys::Loop& loop, std::function<bool()> room,
           std::function<void(sys::Fd connection)> admit);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;

  // `listener` is borrowed until Stop or our end; not while there is one.
  absl::Status Listen(int listener);
  void TakeIn();  // those that have connected already, while there is room
  void Stop();    // takes them in, and nobody after them
  // Looks at once for whoever was not let in: there may be room now, or a
  // descriptor.
  void Resume();

 private:
  void AcceptSome(int most);
  void Pause();

  sys::Loop& loop_;
  const std::function<bool()> room_;
  const std::function<void(sys::Fd)> admit_;
  int listener_ = -1;
  bool paused_ = false;
  sys::Loop::Timer resume_ = 0;
};

}  // namespace fanout
