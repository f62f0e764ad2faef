// One look at whether something answers, bounded in time.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/reaper.h"

namespace isinit {

struct ProbeTarget {
  enum class Kind {
    kTcp,      // somebody listens on this port of 127.0.0.1 or ::1
    kHttp,     // and answers a request for `text` with a status below 400
    kUnix,     // somebody listens on the socket `text`
    kFile,     // `text` is there
    kCommand,  // `text` exits with 0
  };
  Kind kind = Kind::kTcp;
  int port = 0;
  std::string text = {};
};

class Probe {
 public:
  // Starts a command in a session of its own: the pid of a child of ours.
  using Start = std::function<absl::StatusOr<int>(const std::string& command)>;
  // Comes once, on the loop, never from within the constructor; it may delete
  // the probe. DeadlineExceeded after `longest`; Unavailable, saying what was
  // answered, when it did not go well.
  using Done = std::function<void(const absl::Status& status)>;

  Probe(sys::Loop& loop, sys::Reaper& reaper, ProbeTarget target, Start start,
        absl::Duration longest, Done done);
  ~Probe();  // ends it; a command is killed, with its process group
  Probe(const Probe&) = delete;

 private:
  void Begin();
  void BeginConnect();
  void Connected();
  void Answer();
  void Finish(absl::Status status);

  sys::Loop& loop_;
  sys::Reaper& reaper_;
  const ProbeTarget target_;
  const Start start_;
  Done done_;
  sys::Fd fd_;
  bool second_address_ = false;
  std::string answer_;
  int pid_ = 0;
  sys::Loop::Timer timer_ = 0;
  std::shared_ptr<bool> alive_;  // what is posted looks at it
};

}  // namespace isinit
