// A job and a model of a web server, in simulated time, without TLS.
#pragma once

#include <absl/time/time.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/web_model.h"
#include "power/web_job.h"

namespace power_test {

inline absl::Time W0() { return absl::UnixEpoch() + absl::Hours(500'000); }

class WebSim {
 public:
  explicit WebSim(fakes::WebModel& model) : model_(model) {}

  // Runs the job to its end, at most an hour. Results in the batch's order.
  std::vector<power::PlugResult> Run(power::WebJob& job);
  // The pieces of a job at this model.
  static std::unique_ptr<power::WebLink> Link(power::WebAccount account,
                                              power::WebServer server = {
                                                  .host = "bmc1", .port = 80});
  static power::WebAccount Account(absl::string_view user,
                                   absl::string_view secret,
                                   bool begins_basic = false);

  absl::Time now() const { return now_; }
  absl::Duration took() const { return now_ - began_; }
  const std::vector<std::string>& trace() const { return trace_; }
  int connects() const { return connects_; }

  size_t piece = 0;  // bytes that arrive at once; 0: all
  size_t cut_after = static_cast<size_t>(-1);      // bytes of each connection
  int refuses = 0;                                 // so many connections first
  bool is_deaf = false;                            // to connections
  absl::Duration idle = absl::InfiniteDuration();  // then it hangs up
  absl::Time cancel_at = absl::InfiniteFuture();

 private:
  struct Event {
    enum class Kind { kConnected, kRefused, kBytes, kClosed } kind;
    int connection = 0;
    std::string bytes = {};
  };
  void Collect(power::WebJob& job);
  void Say(const fakes::WebSaid& said);
  void Hear();

  fakes::WebModel& model_;
  absl::Time now_ = W0(), began_ = W0();
  std::multimap<absl::Time, Event> events_;
  int connection_ = 0, connects_ = 0;
  bool is_open_ = false;
  size_t said_bytes_ = 0;
  absl::Time last_ = W0();  // what is said stays in order
  std::string heard_;
  std::map<size_t, power::PlugResult> results_;
  std::vector<std::string> trace_;
};

}  // namespace power_test
