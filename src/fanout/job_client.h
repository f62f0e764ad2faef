// GNU make's job server, as its client: --jobserver, and our own tasks under
// --jobserver-export (fanout/job_server.h).
//
// One slot is ours from the start. For each further task we hold a token, a
// byte of a pipe that all clients share, and write the same byte back. Both are
// one to the caller: Want, and GiveBack when the task has ended.
//
// The pipe is shared with processes that count on it as it is, so it is never
// made non-blocking; and a read(2) of it may block even if it was readable a
// moment ago, since another client may be quicker. A token is therefore moved
// by splice(2) with SPLICE_F_NONBLOCK into a pipe of our own, which does not
// wait, whatever the shared description says. A FIFO that we are told by name
// is opened anew and then is ours to make non-blocking.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "fanout/make_flags.h"
#include "sys/environment.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

class JobClient {
 public:
  // The server that MAKEFLAGS announces. NotFound when there is none;
  // FailedPrecondition when we cannot use it: descriptors that are closed or
  // not inherited (a recipe without "+"), or not the two ends of one pipe.
  static absl::StatusOr<std::unique_ptr<JobClient>> Find(
      sys::Loop& loop, const sys::Environment& environment);
  static absl::StatusOr<std::unique_ptr<JobClient>> Connect(
      sys::Loop& loop, const JobServerAddress& address);
  // Writes all tokens back.
  ~JobClient();
  JobClient(const JobClient&) = delete;

  // Calls `granted` once, on the loop and never from within this, when a slot
  // is ours. One wish at a time. If the server goes away, there is still the
  // first slot.
  void Want(std::function<void()> granted);
  // Forgets the wish, if there is one.
  void WantNoMore();
  bool wants() const { return wanted_ != nullptr; }
  // For each slot that was granted, used or not.
  void GiveBack();

  // Slots that are in use, and how many of them are tokens.
  int slots() const { return static_cast<int>(tokens_.size()) + own_used_; }
  int tokens() const { return static_cast<int>(tokens_.size()); }
  // Whether tasks have to be spawned with keep_descriptors to find the server
  // themselves.
  bool needs_descriptors() const { return needs_descriptors_; }

 private:
  explicit JobClient(sys::Loop& loop) : loop_(loop) {}
  enum class Took { kToken, kNone, kGone };
  Took Take();
  void Try();
  void Later();
  void Watch(bool on);

  sys::Loop& loop_;
  // Ours to close. With a FIFO, one descriptor for both, and no middle.
  sys::Fd read_, write_, middle_read_, middle_write_;
  bool needs_descriptors_ = false;
  std::string tokens_;
  bool own_used_ = false, watched_ = false, gone_ = false;
  std::function<void()> wanted_;
  // Others: calls that are under way on the loop, which may outlive us.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
