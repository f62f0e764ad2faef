// One order of another host, carried out here: with the inventory, the secrets,
// the locks and the journal of this host, as if somebody had asked for it here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/campaign_run.h"
#include "power/inventory.h"
#include "power/relay_request.h"
#include "sys/loop.h"
#include "wire/messages.pb.h"

namespace power {

class RelayRun {
 public:
  struct Options {
    std::string inventory = {};  // file
    CampaignRun::Options run = {};
    // Of a process that has other campaigns; null: there are none.
    std::shared_ptr<CampaignMeans> means = nullptr;
  };
  // Everything comes through `tell`, never from within Start; after the last
  // answer nothing does. An answer may delete the run.
  using Tell = std::function<void(fleetbox::wire::PowerAnswer answer)>;
  RelayRun(sys::Loop& loop, RelayOrder order, Options options, Tell tell);
  RelayRun(const RelayRun&) = delete;

  void Start();
  void Interrupt();  // as a first SIGINT
  void Abandon();    // as a second one

 private:
  void Begin();
  absl::Status Plan();
  void TellHosts();
  void Ended(size_t host, const HostResult& result);
  void Carry();
  void ShowPlan();
  void Finish(int exit_code, absl::string_view error = "");

  sys::Loop& loop_;
  const RelayOrder order_;
  Options options_;
  const Tell tell_;
  Inventory inventory_;
  CampaignPlan plan_;
  std::vector<HostResult> results_;
  std::optional<CampaignRun> run_;
  bool was_interrupted_ = false, was_abandoned_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
