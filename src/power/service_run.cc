#include "power/service_run.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "power/own_action.h"
#include "power/service_plan.h"
#include "sys/clock.h"

namespace power {

struct ServiceRun::Order {
  Ticket ticket = 0;
  ServiceOrder order;
  Events events;
  bool is_abandoned = false;
  std::shared_ptr<const Inventory> inventory;
  std::vector<std::unique_ptr<Pcu>> pcus = {};  // with settings of its own
  std::unique_ptr<CampaignRun> run;
};

ServiceRun::ServiceRun(sys::Loop& loop, Inventory inventory, Options options)
    : loop_(loop),
      options_(std::move(options)),
      means_(std::make_shared<CampaignMeans>(
          loop, options_.run_folder, options_.state_folder, options_.secrets)) {
  SetInventory(std::move(inventory));
}

ServiceRun::~ServiceRun() = default;

void ServiceRun::SetInventory(Inventory inventory) {
  const std::shared_ptr<const Inventory> before = inventory_;
  inventory_ =
      std::make_shared<const Inventory>(InventoryToServe(std::move(inventory)));
  hosts_.clear();
  for (const PoweredHost& host : inventory_->hosts()) {
    hosts_.push_back(host.name);
  }
  ReadSecretsAtHand();
  if (before == nullptr) return;
  // What was written anew may be in another place now, or nowhere.
  for (const Pcu& pcu : before->pcus()) {
    means_->reader.Forget(pcu.secret);
    means_->reader.Forget(pcu.privacy_secret);
    means_->controllers.Leave(pcu.name);
  }
}

// Failures are told when the secret is needed.
void ServiceRun::ReadSecretsAtHand() {
  for (const Pcu& pcu : inventory_->pcus()) {
    if (pcu.secret.kind == SecretSource::Kind::kPrompt ||
        pcu.secret.kind == SecretSource::Kind::kEnv) {
      (void)means_->reader.Read(pcu.secret, SecretPrompt(pcu));
    }
    if (pcu.privacy_secret.kind == SecretSource::Kind::kPrompt ||
        pcu.privacy_secret.kind == SecretSource::Kind::kEnv) {
      (void)means_->reader.Read(pcu.privacy_secret, PrivacyPrompt(pcu));
    }
  }
}

const std::vector<std::string>& ServiceRun::Hosts() const { return hosts_; }

bool ServiceRun::HasHost(absl::string_view name) const {
  return inventory_->FindHost(name) != nullptr;
}

const std::vector<std::string>* ServiceRun::Group(
    absl::string_view name) const {
  const HostSet* set = inventory_->FindAlias(name);
  if (set == nullptr) set = inventory_->FindGroup(name);
  return set == nullptr ? nullptr : &set->hosts;
}

std::vector<ServiceDevice> ServiceRun::Devices() const {
  std::vector<ServiceDevice> devices;
  for (const Pcu& pcu : inventory_->pcus()) {
    ServiceDevice device = {.name = pcu.name, .model = pcu.model};
    const DialogueController::Statistics seen =
        means_->controllers.StatisticsOf(pcu.name);
    device.link = seen.is_connected    ? ServiceDevice::Link::kConnected
                  : seen.is_connecting ? ServiceDevice::Link::kConnecting
                                       : ServiceDevice::Link::kDisconnected;
    device.reconnects = std::max<int64_t>(seen.logins - 1, 0);
    device.actions = seen.logins + seen.scripts;
    // Of what is no dialogue, hosts are counted.
    const auto done = actions_.find(pcu.name);
    if (device.actions == 0 && done != actions_.end()) {
      device.actions = done->second;
    }
    device.hosts = inventory_->HostsOf(pcu.name);
    devices.push_back(std::move(device));
  }
  return devices;
}

bool ServiceRun::Can(Verb verb, const std::vector<std::string>& hosts) const {
  return CanDo(*inventory_, verb, hosts);
}

Service::Ticket ServiceRun::Start(ServiceOrder order, Events events) {
  const std::optional<Action> action = ActionOf(order.verb);
  // The journal will want its store when this is planned.
  if (action.has_value() && IsJournaled(*action)) {
    means_->journal.OpenAhead(means_->pool);
  }
  const Ticket ticket = ++last_ticket_;
  auto made = std::make_unique<Order>();
  made->ticket = ticket;
  made->order = std::move(order);
  made->events = std::move(events);
  made->inventory = inventory_;
  orders_[ticket] = std::move(made);
  loop_.Post([this, ticket, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) Begin(ticket);
  });
  return ticket;
}

void ServiceRun::Begin(Ticket ticket) {
  const auto at = orders_.find(ticket);
  if (at == orders_.end()) return;
  Order& order = *at->second;
  CampaignPlan plan = PlanOrder(*order.inventory, order.order, &order.pcus);
  std::vector<CampaignRun::RunPcu> pcus;
  for (PlannedPcu& pcu : plan.pcus) {
    pcus.push_back({pcu.pcu, std::move(pcu.ways), std::move(pcu.plugs)});
  }
  CampaignRun::Options options;
  options.run_folder = options_.run_folder;
  options.state_folder = options_.state_folder;
  options.secrets = options_.secrets;
  options.connect_timeout =
      order.order.connect_timeout.value_or(options_.connect_timeout);
  options.via = order.order.who;
  CampaignRun::Callbacks callbacks;
  callbacks.ended = [this, &order](size_t host, const HostResult& result) {
    Ended(order, host, result);
  };
  callbacks.log = [this, who = order.order.who](const HostResult& result) {
    if (options_.switched) options_.switched(result, who);
  };
  callbacks.note = [this](const std::string& line) {
    if (options_.note) options_.note(line);
  };
  if (order.order.telemetry) {
    callbacks.trace = [&order](absl::string_view pcu, absl::string_view line) {
      if (order.is_abandoned || !order.events.telemetry) return;
      order.events.telemetry(TelemetryLine(pcu, line));
    };
  }
  // What has begun is in the journal: nobody waits for what became of it to be
  // there, too.
  callbacks.told = [this, ticket] { Told(ticket); };
  callbacks.done = [this, ticket] { Done(ticket); };
  order.run = std::make_unique<CampaignRun>(loop_, std::move(plan.request),
                                            std::move(pcus), std::move(options),
                                            std::move(callbacks), means_);
  order.run->Start();
  if (is_stopping_ && orders_.count(ticket) > 0) order.run->Interrupt();
}

void ServiceRun::Ended(Order& order, size_t host, const HostResult& result) {
  const ServiceResult told =
      ResultForFace(order.run->campaign().request(), host, result);
  if (told.result.outcome.has_value()) ++actions_[told.device];
  if (!order.is_abandoned && order.events.result) order.events.result(told);
}

void ServiceRun::Told(Ticket ticket) {
  const auto at = orders_.find(ticket);
  if (at == orders_.end()) return;
  // Nothing comes after it.
  if (std::exchange(at->second->is_abandoned, true)) return;
  const std::function<void()> ended = at->second->events.ended;
  if (ended) ended();
}

void ServiceRun::Done(Ticket ticket) {
  auto order = orders_.extract(ticket);
  if (order.empty()) return;
  // It is what called us.
  loop_.DeleteAtEndOfTurn(std::move(order.mapped()));
  CheckStopped();
}

void ServiceRun::Abandon(Ticket ticket) {
  const auto at = orders_.find(ticket);
  if (at == orders_.end()) return;
  Order& order = *at->second;
  order.is_abandoned = true;
  const std::optional<Action> action = ActionOf(order.order.verb);
  if (!action.has_value() || IsSwitching(*action)) return;
  // Not from within: whoever calls may be in the middle of an event of it.
  loop_.Post([this, ticket, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    const auto still = orders_.find(ticket);
    if (still != orders_.end() && still->second->run != nullptr) {
      still->second->run->Interrupt();
    }
  });
}

void ServiceRun::Stop(std::function<void()> done) {
  is_stopping_ = true;
  stopped_ = std::move(done);
  std::vector<Ticket> tickets;
  for (const auto& [ticket, order] : orders_) tickets.push_back(ticket);
  for (const Ticket ticket : tickets) {
    const auto at = orders_.find(ticket);
    if (at != orders_.end() && at->second->run != nullptr) {
      at->second->run->Interrupt();
    }
  }
  loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) CheckStopped();
  });
}

void ServiceRun::GiveUp() {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, order] : orders_) tickets.push_back(ticket);
  for (const Ticket ticket : tickets) {
    const auto at = orders_.find(ticket);
    if (at != orders_.end() && at->second->run != nullptr) {
      at->second->run->Abandon();
    }
  }
  // The caller may end us once all has stopped.
  const std::shared_ptr<CampaignMeans> means = means_;
  CheckStopped();
  means->GiveUpLogOut();
}

void ServiceRun::CheckStopped() {
  if (!is_stopping_ || stopped_ == nullptr || !orders_.empty()) return;
  means_->LogOut(std::exchange(stopped_, nullptr));
}

void StopAndWait(sys::Loop& loop, ServiceRun& service) {
  bool is_over = false;
  service.Stop([&] { is_over = true; });
  while (!is_over && loop.Turn(absl::InfiniteDuration())) {
  }
}

}  // namespace power
