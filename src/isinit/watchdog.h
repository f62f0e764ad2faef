// The kernel's watchdog, a device that starts the machine again when nobody
// writes to it for a while (Documentation/watchdog/watchdog-api.rst). It is fed
// by our loop: when that is stuck, nobody feeds it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"

namespace isinit {

class Watchdog {
 public:
  // From here on it is fed, thrice as often as it needs. The loop outlives us.
  static absl::StatusOr<std::unique_ptr<Watchdog>> Open(
      sys::Loop& loop, const std::string& path);
  // It goes on waiting to be fed: by a later life of ours, or in vain.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;

  // Everything ends as it should: it stops waiting, if the kernel lets it.
  void LetGo();

  const std::string& path() const { return path_; }

 private:
  Watchdog(sys::Loop& loop, std::string path, sys::Fd fd);
  void Feed();

  sys::Loop& loop_;
  std::string path_;
  sys::Fd fd_;
  absl::Duration every_;
  sys::Loop::Timer timer_ = 0;
};

}  // namespace isinit
