// How many hosts may be started now: canaries, waves, and when to stop. Pure.
//
// The canaries come first, all at once as far as `jobs` allow, and nobody else
// before all of them have ended. One that failed is the end of the run, unless
// `max_fail` allows it. Then a batch at a time: nobody of the next one before
// all of this one have ended.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>

namespace msrc {

// "5", or "10%": of the hosts, rounded up, at least 1.
struct Share {
  int64_t count = 0;
  bool percent = false;
  int64_t Of(int64_t total) const;
};
// InvalidArgument; also for 0.
absl::StatusOr<Share> ParseShare(absl::string_view text);

class WavePlan {
 public:
  struct Options {
    int jobs = 1;
    int64_t canaries = 0;
    std::optional<Share> batch = {};
    // So many failures, and no more hosts are started.
    std::optional<Share> max_fail = {};
  };
  WavePlan(Options options, int64_t total);

  // How many may be started at once, besides those that run.
  int64_t MayStart() const;
  void Started();
  void Ended(bool failed);
  // Too many have failed: nobody is started any more.
  bool stopped() const;

 private:
  int64_t WaveEnd() const;

  const Options options_;
  const int64_t total_;
  int64_t started_ = 0, ended_ = 0, failed_ = 0;
  int64_t wave_end_ = 0;  // of the wave that is under way: how many, in all
};

}  // namespace msrc
