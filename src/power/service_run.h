// The hosts of an inventory, looked after for the faces of service.h: each
// order is a campaign, several go on side by side, and connections stay open
// between them. Orders for the same controller are carried out one after the
// other.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "power/campaign_means.h"
#include "power/campaign_run.h"
#include "power/inventory.h"
#include "power/service.h"
#include "sys/loop.h"

namespace power {

class ServiceRun : public Service {
 public:
  struct Options {
    std::string run_folder = DefaultRunFolder();
    std::string state_folder = DefaultStateFolder();
    SecretPlaces secrets = {};
    absl::Duration connect_timeout = absl::Seconds(5);
    // Something a person may want to know.
    std::function<void(const std::string& line)> note = {};
    // What came of a switching, whoever listens to it; may be empty.
    std::function<void(const HostResult& result, const std::string& who)>
        switched = {};
  };
  // The loop outlives it. Asks people for what only they know, and takes what
  // is in the environment out of it.
  ServiceRun(sys::Loop& loop, Inventory inventory, Options options);
  ~ServiceRun() override;
  ServiceRun(const ServiceRun&) = delete;

  // For orders from now on. What is under way goes on with the old one.
  void SetInventory(Inventory inventory);
  const Inventory& inventory() const { return *inventory_; }

  // Takes back what has not begun, and brings the rest to its end; then logs
  // out everywhere, and is `done`.
  void Stop(std::function<void()> done);
  // Gives up what Stop waits for.
  void GiveUp();

  const std::vector<std::string>& Hosts() const override;
  bool HasHost(absl::string_view name) const override;
  const std::vector<std::string>* Group(absl::string_view name) const override;
  std::vector<ServiceDevice> Devices() const override;
  bool Can(Verb verb, const std::vector<std::string>& hosts) const override;
  Ticket Start(ServiceOrder order, Events events) override;
  void Abandon(Ticket ticket) override;

  size_t orders() const { return orders_.size(); }
  // For campaigns of others in this process.
  const std::shared_ptr<CampaignMeans>& means() const { return means_; }
  const std::string& state_folder() const { return options_.state_folder; }
  Journal& journal() { return means_->journal; }

 private:
  struct Order;
  void Begin(Ticket ticket);
  void Ended(Order& order, size_t host, const HostResult& result);
  void Told(Ticket ticket);
  void Done(Ticket ticket);
  void CheckStopped();
  void ReadSecretsAtHand();

  sys::Loop& loop_;
  const Options options_;
  // Orders that go on with an older one hold it.
  std::shared_ptr<const Inventory> inventory_;
  std::vector<std::string> hosts_;
  const std::shared_ptr<CampaignMeans> means_;
  std::map<Ticket, std::unique_ptr<Order>> orders_;
  absl::flat_hash_map<std::string, int64_t> actions_;  // done, by PCU
  Ticket last_ticket_ = 0;
  std::function<void()> stopped_;
  bool is_stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Turns the loop until all is over and all connections are closed.
void StopAndWait(sys::Loop& loop, ServiceRun& service);

}  // namespace power
