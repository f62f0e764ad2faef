#include "power/campaign.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/status.h"

namespace power {
namespace {

constexpr size_t kEndedAtOnce = 32;  // hosts, mostly: those of a strip

// What holds together, by the smallest of its members.
class Components {
 public:
  explicit Components(size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  size_t Find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(size_t a, size_t b) {
    a = Find(a);
    b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

bool IsPlain(const CampaignHost& host) {
  return !host.skipped.has_value() && !host.feeds.empty();
}

}  // namespace

void Campaign::Effects::Append(Effects later) {
  const auto append = [](auto& all, auto& more) {
    if (all.empty()) return all.swap(more);
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  };
  append(start, later.start);
  append(cancel, later.cancel);
  append(ended, later.ended);
  append(released, later.released);
}

Campaign::Campaign(CampaignRequest request, PcuQueue::Chance chance)
    : request_(std::move(request)),
      chance_(std::move(chance)),
      pcus_(request_.pcus.size()) {
  for (size_t pcu = 0; pcu < pcus_.size(); ++pcu) {
    pcus_[pcu].queue =
        std::make_unique<PcuQueue>(request_.pcus[pcu].settings, chance_);
  }
  MakeUnits();
  if (!request_.parents.empty()) AddLooks();
}

void Campaign::MakeUnits() {
  Components components(request_.hosts.size());
  absl::flat_hash_map<std::pair<size_t, absl::string_view>, size_t> first_with;
  first_with.reserve(request_.hosts.size());
  for (size_t host = 0; host < request_.hosts.size(); ++host) {
    if (!IsPlain(request_.hosts[host])) continue;
    for (const CampaignHost::Feed& feed : request_.hosts[host].feeds) {
      const auto [at, is_new] =
          first_with.try_emplace({feed.pcu, feed.plug}, host);
      if (!is_new) components.Join(at->second, host);
    }
  }
  std::vector<Numbers> members(request_.hosts.size());
  for (size_t host = 0; host < request_.hosts.size(); ++host) {
    if (!IsPlain(request_.hosts[host])) continue;
    members[components.Find(host)].push_back(host);
  }
  units_.reserve(members.size());
  for (Numbers& hosts : members) {
    if (!hosts.empty()) AddUnit(std::move(hosts));
  }
}

void Campaign::AddUnit(Numbers hosts) {
  Unit unit;
  unit.hosts = std::move(hosts);
  std::vector<HostOperation::Feed> feeds;
  bool in_halves = false;
  for (const size_t host : unit.hosts) {
    Numbers& its = unit.feeds_of_host.emplace_back();
    feeds.reserve(feeds.size() + request_.hosts[host].feeds.size());
    for (const CampaignHost::Feed& feed : request_.hosts[host].feeds) {
      const auto same = std::find(unit.feeds.begin(), unit.feeds.end(), feed);
      const size_t at = same - unit.feeds.begin();
      if (!absl::c_linear_search(its, at)) its.push_back(at);
      if (same != unit.feeds.end()) continue;
      feeds.push_back(AddFeed(feed, unit));
      in_halves = in_halves || request_.pcus[feed.pcu].settings.stagger >
                                   absl::ZeroDuration();
    }
  }
  // The device's own cycle is one command: staggered as that.
  const bool is_native = feeds.size() == 1 && feeds[0].options.native_cycle;
  unit.attempts.resize(feeds.size());
  unit.operation = std::make_unique<HostOperation>(
      request_.action, std::move(feeds), in_halves && !is_native,
      request_.with_confirmation);
  for (const size_t pcu : unit.pcus) ++pcus_[pcu].open_units;
  units_.push_back(std::move(unit));
}

HostOperation::Feed Campaign::AddFeed(const CampaignFeed& feed, Unit& unit) {
  const CampaignPcu& pcu = request_.pcus[feed.pcu];
  unit.feeds.push_back(feed);
  if (!absl::c_linear_search(unit.pcus, feed.pcu)) {
    unit.pcus.push_back(feed.pcu);
  }
  HostOperation::Feed added = {.name = absl::StrCat(pcu.name, "/", feed.plug),
                               .options = pcu.options};
  // What others wait for is waited for.
  added.options.wait = added.options.wait || CarriesOthers(feed);
  return added;
}

bool Campaign::CarriesOthers(const CampaignFeed& feed) const {
  return absl::c_any_of(request_.parents,
                        [&feed](const CampaignParent& parent) {
                          return absl::c_linear_search(parent.feeds, feed);
                        });
}

void Campaign::AddLooks() {
  std::vector<Hierarchy::Unit> members;
  for (const Unit& unit : units_) {
    Hierarchy::Unit member = {.feeds = unit.feeds, .hangs_wholly = true};
    for (const size_t host : unit.hosts) {
      const std::vector<size_t>& parents = request_.hosts[host].parents;
      member.parents.insert(member.parents.end(), parents.begin(),
                            parents.end());
      member.hangs_wholly = member.hangs_wholly && !parents.empty();
    }
    members.push_back(std::move(member));
  }
  hierarchy_ =
      std::make_unique<Hierarchy>(request_.action, request_.parents, members);
  for (const CampaignParent& parent : request_.parents) {
    Unit look;
    std::vector<HostOperation::Feed> feeds;
    for (const CampaignFeed& feed : parent.feeds) {
      if (absl::c_linear_search(look.feeds, feed)) continue;
      feeds.push_back(AddFeed(feed, look));
    }
    look.attempts.resize(feeds.size());
    look.operation = std::make_unique<HostOperation>(Action::kStatus,
                                                     std::move(feeds), false);
    for (const size_t pcu : look.pcus) ++pcus_[pcu].open_units;
    units_.push_back(std::move(look));
    ++open_looks_;
  }
}

std::string Campaign::FeedsOf(absl::Span<const CampaignFeed> feeds) const {
  std::string text;
  for (const CampaignFeed& feed : feeds) {
    absl::StrAppend(&text, text.empty() ? "" : " ",
                    request_.pcus[feed.pcu].name, "/", feed.plug);
  }
  return text;
}

HostResult& Campaign::EndHost(size_t host, HostResult&& result,
                              Effects& effects) {
  ++ended_;
  if (effects.ended.capacity() == 0) effects.ended.reserve(kEndedAtOnce);
  HostResult& its =
      effects.ended.emplace_back(HostEnded{host, std::move(result)}).result;
  its.host = request_.hosts[host].name;
  its.feeds = FeedsOf(request_.hosts[host].feeds);
  return its;
}

// What is known before anything is asked. A host that cannot be switched off
// wholly is not begun with.
std::optional<HostResult> Campaign::RefusedResult(const Unit& unit) const {
  for (const CampaignHost::Feed& feed : unit.feeds) {
    const CampaignPcu& pcu = request_.pcus[feed.pcu];
    HostResult result;
    if (pcu.is_manual) {
      result.outcome = HostOutcome::kManual;
      result.detail = absl::StrCat("a person has to do it at ", pcu.name);
      return result;
    }
    if (pcu.refused.has_value()) {
      result.failure_class = pcu.refused->failure_class;
      result.detail = pcu.refused->text;
      return result;
    }
  }
  return std::nullopt;
}

Campaign::Effects Campaign::Begin(absl::Time now) {
  Effects effects;
  for (size_t host = 0; host < request_.hosts.size(); ++host) {
    if (IsPlain(request_.hosts[host])) continue;
    HostResult result;
    result.action = request_.action;
    result.started = now;
    if (request_.hosts[host].skipped.has_value()) {
      result.outcome = HostOutcome::kSkipped;
      result.detail = *request_.hosts[host].skipped;
    } else {
      result.failure_class = FailureClass::kConfig;
      result.detail = "no PCU has it";
    }
    EndHost(host, std::move(result), effects);
  }
  if (hierarchy_ != nullptr) {
    BeginReady(now, effects);
  } else {
    for (size_t i = 0; i < units_.size(); ++i) BeginUnit(i, now, effects);
  }
  Pump(now, effects);
  return effects;
}

void Campaign::BeginReady(absl::Time now, Effects& effects) {
  for (const size_t unit : hierarchy_->TakeReady()) {
    BeginUnit(unit, now, effects);
  }
}

void Campaign::BeginUnit(size_t index, absl::Time now, Effects& effects) {
  Unit& unit = units_[index];
  unit.started = now;
  std::optional<HostResult> told = RefusedResult(unit);
  if (!told.has_value() && hierarchy_ != nullptr) {
    told = hierarchy_->Foregone(index);
  }
  if (told.has_value()) return EndWithout(index, *told, now, effects);
  Deliver(Queue(index, unit.operation->Begin(), now), now, effects);
}

void Campaign::EndWithout(size_t index, const HostResult& told, absl::Time now,
                          Effects& effects) {
  Unit& unit = units_[index];
  unit.operation->Abandon();
  for (const size_t host : unit.hosts) {
    HostResult& result = EndHost(host, HostResult(told), effects);
    result.action = request_.action;
    result.started = now;
  }
  Leave(index, effects);
  if (hierarchy_ != nullptr) BeginNext(index, told, now, effects);
}

void Campaign::Leave(size_t index, Effects& effects) {
  for (const size_t pcu : units_[index].pcus) {
    --pcus_[pcu].open_units;
    Settle(pcu, effects);
  }
}

// What has waited for it.
void Campaign::BeginNext(size_t index, HostResult result, absl::Time now,
                         Effects& effects) {
  const Unit& unit = units_[index];
  if (unit.hosts.empty()) {
    --open_looks_;
    const size_t first = units_.size() - request_.parents.size();
    result.feeds = FeedsOf(request_.parents[index - first].feeds);
  } else {
    result.host = request_.hosts[unit.hosts.front()].name;
  }
  hierarchy_->Ended(index, result);
  BeginReady(now, effects);
}

std::vector<PcuQueue::Ended> Campaign::Queue(size_t unit,
                                             std::vector<FeedOrder> orders,
                                             absl::Time now) {
  std::vector<PcuQueue::Ended> ended;
  for (FeedOrder& order : orders) {
    const CampaignHost::Feed& feed = units_[unit].feeds[order.feed];
    orders_.push_back({.unit = unit, .feed = order.feed});
    std::optional<PcuQueue::Ended> at_once =
        pcus_[feed.pcu].queue->Add({.id = orders_.size() - 1,
                                    .plug = feed.plug,
                                    .order = std::move(order)});
    if (at_once.has_value()) ended.push_back(*std::move(at_once));
    Touch(feed.pcu, now);
  }
  return ended;
}

Campaign::Kind Campaign::KindOf(size_t pcu) const {
  return request_.pcus[pcu].is_datagram ? kDatagram : kStream;
}

// Lists a PCU where it belongs after anything has changed about it.
void Campaign::Touch(size_t pcu, absl::Time now) {
  PcuState& state = pcus_[pcu];
  const absl::Time at = state.queue->ready_at();
  const absl::Time listed = at <= now ? absl::InfiniteFuture() : at;
  if (state.listed_at != listed) {
    times_.erase({state.listed_at, pcu});
    if (listed != absl::InfiniteFuture()) times_.insert({listed, pcu});
    state.listed_at = listed;
  }
  std::set<std::pair<std::pair<int, uint64_t>, size_t>>& ready =
      ready_[KindOf(pcu)];
  const bool is_ready = at <= now;
  const int rank = state.is_active ? 0 : state.queue->has_urgent() ? 1 : 2;
  if (state.listed.has_value() && (!is_ready || state.listed->first != rank)) {
    ready.erase({*state.listed, pcu});
    state.listed.reset();
  }
  if (is_ready && !state.listed.has_value()) {
    state.listed = {rank, next_turn_++};
    ready.insert({*state.listed, pcu});
  }
}

void Campaign::Pump(absl::Time now, Effects& effects) {
  if (was_abandoned_) return;
  for (const Kind kind : {kStream, kDatagram}) {
    const size_t most = std::max<size_t>(
        kind == kStream ? request_.at_once : request_.datagrams_at_once, 1);
    for (auto at = ready_[kind].begin(); at != ready_[kind].end();) {
      const size_t pcu = at->second;
      ++at;  // what follows may take the PCU off the list
      // One that has a session already needs no place, and stands in front.
      if (!pcus_[pcu].is_active && active_[kind] >= most) break;
      while (StartOn(pcu, now, effects)) {
      }
    }
  }
}

bool Campaign::StartOn(size_t pcu, absl::Time now, Effects& effects) {
  std::optional<PcuQueue::Batch> batch =
      pcus_[pcu].queue->Take(pcu_of_batch_.size(), now);
  if (batch.has_value() && !std::exchange(pcus_[pcu].is_active, true)) {
    ++active_[KindOf(pcu)];
  }
  Touch(pcu, now);
  if (!batch.has_value()) return false;
  pcu_of_batch_.push_back(pcu);
  Start start = {.pcu = pcu, .batch = *std::move(batch)};
  start.hosts.reserve(start.batch.orders.size());
  for (const PcuQueue::Order& order : start.batch.orders) {
    Unit& unit = units_[orders_[order.id].unit];
    start.hosts.push_back(unit.hosts);
    if (std::exchange(unit.has_begun, true)) continue;
    unit.started = now;
    start.begins.insert(start.begins.end(), unit.hosts.begin(),
                        unit.hosts.end());
  }
  effects.start.push_back(std::move(start));
  return true;
}

void Campaign::OrderEnded(BatchId batch, size_t index, PlugResult result,
                          absl::Time now, Effects& effects) {
  const size_t pcu = pcu_of_batch_.at(batch);
  Deliver(pcus_[pcu].queue->OrderEnded(batch, index, std::move(result), now),
          now, effects);
  Settle(pcu, effects);
  Touch(pcu, now);
  Pump(now, effects);
}

void Campaign::Deliver(std::vector<PcuQueue::Ended> ended, absl::Time now,
                       Effects& effects) {
  for (size_t i = 0; i < ended.size(); ++i) {  // it grows
    PcuQueue::Ended one = std::move(ended[i]);
    const OrderOf order = orders_[one.id];
    Unit& unit = units_[order.unit];
    if (unit.operation->is_ended()) continue;
    const size_t pcu = unit.feeds[order.feed].pcu;
    const std::vector<std::string>& ways = request_.pcus[pcu].ways;
    if (one.way < ways.size()) unit.transport = ways[one.way];
    unit.attempts[order.feed] += one.result.attempts;
    std::vector<PcuQueue::Ended> more = Queue(
        order.unit,
        unit.operation->FeedEnded(order.feed, std::move(one.result), now), now);
    ended.insert(ended.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
    if (unit.operation->is_ended()) {
      EndUnit(order.unit, now, effects);
    } else if (unit.operation->wake_at() != absl::InfiniteFuture()) {
      unit_times_.insert({unit.operation->wake_at(), order.unit});
    }
  }
}

void Campaign::EndUnit(size_t index, absl::Time now, Effects& effects) {
  const Unit& unit = units_[index];
  for (size_t i = 0; i < unit.hosts.size(); ++i) {
    const size_t host = unit.hosts[i];
    HostResult& result = EndHost(
        host, unit.operation->ResultFor(unit.feeds_of_host[i]), effects);
    result.started = unit.started;
    result.took = now - unit.started;
    if (unit.has_begun) result.transport = unit.transport;
    for (const size_t feed : unit.feeds_of_host[i]) {
      result.attempts += unit.attempts[feed];
    }
  }
  Leave(index, effects);
  if (hierarchy_ == nullptr) return;
  Numbers feeds(unit.feeds.size());
  std::iota(feeds.begin(), feeds.end(), 0);
  BeginNext(index, unit.operation->ResultFor(feeds), now, effects);
}

// A PCU that has nothing under way gives its place to another.
void Campaign::Settle(size_t pcu, Effects& effects) {
  PcuState& state = pcus_[pcu];
  if (state.is_active && state.queue->running() == 0) {
    state.is_active = false;
    --active_[KindOf(pcu)];
  }
  if (state.open_units == 0 && state.queue->is_idle() &&
      !std::exchange(state.was_released, true)) {
    effects.released.push_back(pcu);
  }
}

Campaign::Effects Campaign::Wake(absl::Time now) {
  Effects effects;
  while (!unit_times_.empty() && unit_times_.begin()->first <= now) {
    const size_t unit = unit_times_.begin()->second;
    unit_times_.erase(unit_times_.begin());
    Deliver(Queue(unit, units_[unit].operation->Wake(now), now), now, effects);
  }
  while (!times_.empty() && times_.begin()->first <= now) {
    Touch(times_.begin()->second, now);
  }
  Pump(now, effects);
  return effects;
}

Campaign::Effects Campaign::Interrupt(absl::Time now) {
  Effects effects;
  if (std::exchange(was_interrupted_, true)) return effects;
  if (hierarchy_ != nullptr) {
    for (const size_t unit : hierarchy_->TakeHeld()) {
      EndWithout(unit, NotTried(), now, effects);
    }
  }
  for (size_t pcu = 0; pcu < pcus_.size(); ++pcu) {
    PcuQueue::Interrupted interrupted = pcus_[pcu].queue->Interrupt();
    effects.cancel.insert(effects.cancel.end(), interrupted.cancel.begin(),
                          interrupted.cancel.end());
    Deliver(interrupted.withdrawn, now, effects);
    Settle(pcu, effects);
    Touch(pcu, now);
  }
  Pump(now, effects);
  return effects;
}

Campaign::Effects Campaign::Abandon(absl::Time now) {
  was_abandoned_ = true;
  Effects effects = Interrupt(now);
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    if (units_[unit].operation->is_ended()) continue;
    units_[unit].operation->Abandon();
    EndUnit(unit, now, effects);
  }
  unit_times_.clear();
  times_.clear();
  return effects;
}

absl::Time Campaign::wake_at() const {
  absl::Time at = absl::InfiniteFuture();
  if (!times_.empty()) at = times_.begin()->first;
  if (!unit_times_.empty()) at = std::min(at, unit_times_.begin()->first);
  return at;
}

}  // namespace power
