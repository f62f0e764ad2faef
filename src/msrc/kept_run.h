// The output of a utility that runs on without its controller, and how it
// ended, in a folder RUNS/RUN of the cache: written by the receiver that
// started it, read by one that is asked for it later.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"
#include "wire/messages.pb.h"

namespace msrc {

struct KeptRun {
  std::string folder;
  sys::Fd out, err, lock;
  // AlreadyExists when there is such a run.
  static absl::StatusOr<KeptRun> Make(const std::string& cache,
                                      const std::string& run_hex);
  absl::Status WriteEnd(const fleetbox::wire::Ended& ended) const;
};

// Hands out what a kept run has printed, and what it still prints, up to its
// end; then it is removed.
class Follower {
 public:
  struct Events {
    std::function<void(int stream, std::string bytes)> output;
    // Its end; one with an error when whoever kept it is gone.
    std::function<void(const fleetbox::wire::Ended&)> ended;
  };
  // NotFound when there is none of that name.
  static absl::StatusOr<std::unique_ptr<Follower>> Open(
      sys::Loop& loop, const std::string& cache, const std::string& run_hex,
      Events events);
  ~Follower();
  void Pause(bool paused);

 private:
  Follower(sys::Loop& loop, std::string folder, Events events)
      : loop_(loop), folder_(std::move(folder)), events_(std::move(events)) {}
  void Look();
  bool ReadSome(int fd, int stream);
  std::optional<fleetbox::wire::Ended> End() const;

  sys::Loop& loop_;
  const std::string folder_;
  Events events_;
  sys::Fd out_, err_;
  bool paused_ = false;
  sys::Loop::Timer timer_ = 0;
};

}  // namespace msrc
