#include "unit/power/sim.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace power_test {

std::shared_ptr<const keys::Secret> SecretOf(absl::string_view text) {
  return std::make_shared<const keys::Secret>(text);
}

power::IpmiAccount Sim::Admin() {
  return {.user = "admin", .password = SecretOf("secret")};
}

Sim::Sim(fakes::BmcOptions bmc, Network network, uint64_t seed)
    : network_(network), random_(seed), bmc_(std::move(bmc), seed + 1) {}

double Sim::Chance() {
  return static_cast<double>(random_() >> 11) / (uint64_t{1} << 53);
}

power::RandomBytes Sim::Random() {
  return [this](size_t bytes) {
    std::string out;
    while (out.size() < bytes) out.push_back(static_cast<char>(random_()));
    return out;
  };
}

void Sim::Throw(bool to_bmc, std::string bytes) {
  const int copies = Chance() < network_.doubling ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    std::string copy = bytes;
    if (on_way && !on_way(to_bmc, copy)) continue;
    if (Chance() < network_.loss) continue;
    const absl::Duration delay =
        network_.least + (network_.most - network_.least) * Chance();
    flying_.emplace(now_ + delay, Flying{to_bmc, std::move(copy)});
  }
}

void Sim::Collect(power::Conversation& job) {
  for (std::string& datagram : job.TakeDatagrams()) {
    ++sent_;
    Throw(true, std::move(datagram));
  }
}

void Sim::Deliver(power::Conversation& job, const Flying& flying) {
  if (flying.to_bmc) {
    for (std::string& answer : bmc_.Receive(flying.bytes, now_)) {
      const std::vector<std::string> forged =
          forge ? forge(answer) : std::vector<std::string>();
      for (const std::string& bytes : forged) Throw(false, bytes);
      Throw(false, std::move(answer));
    }
    return;
  }
  job.Receive(flying.bytes, now_);
  Collect(job);
}

power::PlugResult Sim::Run(power::Conversation& job) {
  began_ = now_;
  job.Start(now_);
  Collect(job);
  while (job.result() == nullptr) {
    const absl::Time arrives =
        flying_.empty() ? absl::InfiniteFuture() : flying_.begin()->first;
    const absl::Time next = std::min(arrives, job.wake_at());
    MUST(next < began_ + absl::Hours(1));
    now_ = std::max(now_, next);  // what is overdue is due now
    if (arrives <= job.wake_at()) {
      const Flying flying = std::move(flying_.begin()->second);
      flying_.erase(flying_.begin());
      Deliver(job, flying);
    } else {
      job.Wake(now_);
      Collect(job);
    }
  }
  return *job.result();
}

power::PlugResult Sim::Run(power::Action action, power::IpmiOptions options,
                           power::IpmiAccount account) {
  power::IpmiJob job(action, options, std::move(account), ++slot_, Random());
  return Run(job);
}

}  // namespace power_test
