// A controller and what asks it, on a network that loses, doubles and delays,
// in simulated time.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fakes/bmc_model.h"
#include "keys/secret.h"
#include "power/ipmi_job.h"

namespace power_test {

inline absl::Time T0() { return absl::UnixEpoch() + absl::Hours(500'000); }

std::shared_ptr<const keys::Secret> SecretOf(absl::string_view text);

struct Network {
  double loss = 0, doubling = 0;
  absl::Duration least = absl::Milliseconds(1), most = absl::Milliseconds(1);
};

class Sim {
 public:
  Sim(fakes::BmcOptions bmc, Network network, uint64_t seed = 1);

  // Runs the job to its end, at most an hour.
  power::PlugResult Run(power::Conversation& job);
  power::PlugResult Run(power::Action action, power::IpmiOptions options = {},
                        power::IpmiAccount account = Admin());
  static power::IpmiAccount Admin();
  power::RandomBytes Random();

  fakes::BmcModel& bmc() { return bmc_; }
  absl::Time now() const { return now_; }
  absl::Duration took() const { return now_ - began_; }
  int sent() const { return sent_; }  // by the console
  bool IsOn() { return bmc_.IsOn(now_); }

  // Sees each datagram on its way and may change it; false loses it.
  std::function<bool(bool to_bmc, std::string& datagram)> on_way;
  // What is put in after each datagram to the console, as if the BMC sent it.
  std::function<std::vector<std::string>(const std::string&)> forge;

 private:
  struct Flying {
    bool to_bmc = false;
    std::string bytes;
  };
  void Throw(bool to_bmc, std::string bytes);
  void Collect(power::Conversation& job);
  void Deliver(power::Conversation& job, const Flying& flying);
  double Chance();

  Network network_;
  std::mt19937_64 random_;
  fakes::BmcModel bmc_;
  absl::Time now_ = T0();
  absl::Time began_ = T0();
  std::multimap<absl::Time, Flying> flying_;
  int sent_ = 0;
  uint32_t slot_ = 7;
};

}  // namespace power_test
