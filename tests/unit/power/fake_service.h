// Hosts on outlet strips that behave as powerman's simulator vpcd does when
// powermand drives it with Debian's vpc.dev, and some that do worse.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "power/service.h"
#include "sys/loop.h"

namespace power_test {

class FakeService : public power::Service {
 public:
  explicit FakeService(sys::Loop& loop) : loop_(loop) {}
  ~FakeService() override;

  // `hosts` on the strip's first plugs.
  void AddStrip(const std::string& name, const std::vector<std::string>& hosts);
  void AddGroup(const std::string& name, std::vector<std::string> hosts) {
    groups_[name] = std::move(hosts);
  }
  // All that is asked of this host fails so, after its command was carried out
  // if `obeys`.
  void Break(const std::string& host, power::Failure failure,
             bool obeys = false);
  void Mend(const std::string& host) { broken_.erase(host); }
  // Takes every command, and nothing changes: as a contact that has stuck.
  void Jam(const std::string& host) { jammed_.insert({host, true}); }
  void NoTemperatures() { has_temperatures_ = false; }
  // Orders wait until LetGo.
  void Hold() { holds_ = true; }
  void LetGo();

  bool IsOn(const std::string& host) const { return plug(host).is_on; }
  void Set(const std::string& host, bool is_on) { plug(host).is_on = is_on; }
  size_t abandoned() const { return abandoned_; }
  size_t waiting() const { return held_.size(); }
  const std::vector<power::ServiceOrder>& orders() const { return orders_; }

  const std::vector<std::string>& Hosts() const override { return hosts_; }
  bool HasHost(absl::string_view name) const override;
  const std::vector<std::string>* Group(absl::string_view name) const override;
  std::vector<power::ServiceDevice> Devices() const override;
  bool Can(power::Verb verb,
           const std::vector<std::string>& hosts) const override;
  Ticket Start(power::ServiceOrder order, Events events) override;
  void Abandon(Ticket ticket) override;

 private:
  struct Plug {
    std::string host;
    bool is_on = false, beacon = false;
  };
  struct Strip {
    std::string name;
    std::vector<Plug> plugs = {};
    int said = 1;  // the number in its next answer
    int actions = 1;
  };
  struct Held {
    Ticket ticket = 0;
    power::ServiceOrder order;
    Events events;
  };

  const Plug& plug(const std::string& host) const;
  Plug& plug(const std::string& host) {
    return const_cast<Plug&>(std::as_const(*this).plug(host));
  }
  void Run(Ticket ticket);
  void RunOn(Strip& strip, const power::ServiceOrder& order,
             const Events& events);
  void Say(Strip& strip, const power::ServiceOrder& order, const Events& events,
           const std::string& command, const std::vector<std::string>& lines);
  power::ServiceResult Do(Strip& strip, size_t plug, power::Verb verb);
  bool IsAlive(Ticket ticket) const;

  sys::Loop& loop_;
  std::vector<std::string> hosts_;
  std::map<std::string, std::vector<std::string>, std::less<>> groups_;
  std::vector<Strip> strips_;
  std::map<std::string, std::pair<power::Failure, bool>> broken_;
  std::map<std::string, bool> jammed_;
  bool has_temperatures_ = true, holds_ = false;
  std::map<Ticket, Held> held_;
  std::vector<power::ServiceOrder> orders_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Ticket last_ticket_ = 0;
  size_t abandoned_ = 0;
};

}  // namespace power_test
