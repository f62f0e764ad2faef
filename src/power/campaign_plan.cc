#include "power/campaign_plan.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "power/ways.h"

namespace power {
namespace {

// A host's own controller is slower than an outlet.
constexpr absl::Duration kOutletTime = absl::Seconds(60);
constexpr absl::Duration kServerTime = absl::Seconds(120);
constexpr absl::Duration kOffTime = absl::Seconds(5);
constexpr absl::Duration kLimit = absl::Seconds(60);
constexpr absl::Duration kIpmiLimit = absl::Seconds(20);
constexpr absl::Duration kSoftGrace = absl::Seconds(60);

bool IsServerWay(absl::string_view transport) {
  return transport == "ipmi" || transport == "redfish" || transport == "amt" ||
         transport == "ribcl";
}

template <typename T>
T FirstOf(const std::optional<T>& a, const std::optional<T>& b, T otherwise) {
  return a.has_value() ? *a : b.value_or(otherwise);
}

bool CyclesItself(const Specification& specification,
                  const PlanOptions& options) {
  if (options.no_native_cycle) return false;
  return options.native_cycle ||
         specification.native_cycle == CycleTrust::kSafe;
}

CampaignPcu MakePcu(const Pcu& pcu, const Specification* specification,
                    const std::vector<WayIn>& ways,
                    const PlanOptions& options) {
  CampaignPcu made;
  made.name = pcu.name;
  if (specification == nullptr) {
    made.refused = {.failure_class = FailureClass::kConfig,
                    .text = absl::StrCat("'", pcu.model, "' is no model")};
    return made;
  }
  made.is_manual = specification->manual();
  if (ways.empty() && !made.is_manual) {
    made.refused = {
        .failure_class = FailureClass::kConfig,
        .text = absl::StrCat("neither ", pcu.name, " nor its model ", pcu.model,
                             " names a way in")};
    return made;
  }
  // An account is not tried with an empty password that nobody wrote down. By
  // ssh a key may let in.
  const bool is_by_ssh =
      std::any_of(ways.begin(), ways.end(),
                  [](const WayIn& way) { return way.way.transport == "ssh"; });
  if (pcu.secret.kind == SecretSource::Kind::kNone && !is_by_ssh &&
      NeedsSecret(pcu, *specification)) {
    made.refused = {.failure_class = FailureClass::kConfig,
                    .text = absl::StrCat(pcu.name, " has no secret, and model ",
                                         specification->name, " needs one")};
    return made;
  }
  for (const WayIn& way : ways) made.ways.push_back(way.way.transport);
  const std::string first = ways.empty() ? "" : made.ways.front();
  made.is_datagram = IsDatagram(first);
  made.settings.ways = std::max<size_t>(ways.size(), 1);
  made.settings.try_all = pcu.try_all;
  made.settings.sessions = FirstOf(pcu.sessions, specification->sessions, 1);
  made.settings.stagger =
      FirstOf(options.stagger, pcu.stagger, absl::ZeroDuration());
  made.settings.limit =
      options.limit.value_or(first == "ipmi" ? kIpmiLimit : kLimit);
  if (options.retries.has_value()) {
    made.settings.retry.retries = *options.retries;
    made.settings.retry.of_connecting = *options.retries > 0;
  }
  ActionOptions& action = made.options;
  action.wait = options.wait;
  action.hard = options.hard;
  action.native_cycle = CyclesItself(*specification, options);
  action.no_native_cycle = options.no_native_cycle;
  action.off_time = FirstOf(options.off_time, pcu.off_time,
                            specification->off_time.value_or(kOffTime));
  action.state_timeout =
      FirstOf(options.state_timeout, pcu.state_timeout,
              IsServerWay(first) ? kServerTime : kOutletTime);
  action.grace = options.grace.value_or(kSoftGrace);
  action.settle =
      FirstOf(pcu.settle, specification->settle, absl::ZeroDuration());
  action.hold = FirstOf(options.hold, pcu.hold,
                        specification->hold.value_or(absl::ZeroDuration()));
  action.poll = FirstOf(pcu.poll, specification->poll, action.poll);
  return made;
}

std::optional<std::string> WhySkipped(bool is_protected, bool is_exact,
                                      const PlanOptions& options) {
  if (!is_protected || !IsSwitching(options.action)) return std::nullopt;
  if (options.force && is_exact) return std::nullopt;
  return options.force ? "protected, and not named by its own name"
                       : "protected";
}

// Targets one after the other, and the PCUs of their plugs and of what they
// hang on, each once.
class Planner {
 public:
  Planner(const Inventory& inventory, const PlanOptions& options,
          size_t targets)
      : inventory_(inventory), options_(options) {
    plan_.request.hosts.reserve(targets);
    plan_.request.action = options.action;
    plan_.request.with_confirmation = options.with_confirmation;
    plan_.request.at_once = options.at_once;
    plan_.request.datagrams_at_once = options.datagrams_at_once;
  }
  void Add(const Target& target);
  void AddHost(const std::string& name);
  CampaignPlan Take() { return std::move(plan_); }

 private:
  std::vector<CampaignFeed> FeedsOn(const std::vector<Outlet>& outlets);
  void AddPcu(const Pcu* pcu);
  std::vector<size_t> ParentsOf(absl::Span<const std::string> hosts);
  std::optional<size_t> ParentOf(absl::string_view host);

  const Inventory& inventory_;
  const PlanOptions& options_;
  CampaignPlan plan_;
  absl::flat_hash_map<const Pcu*, size_t> pcus_;
  absl::flat_hash_map<std::string, size_t> parents_;
  const Outlet* last_ = nullptr;  // that was planned, and its PCU's number
  size_t last_number_ = 0;
};

void Planner::Add(const Target& target) {
  CampaignHost host = {.name = target.name, .feeds = FeedsOn(target.feeds)};
  host.skipped = WhySkipped(target.is_protected, target.exact, options_);
  // A plug that is named itself goes off in any case.
  if (!host.skipped.has_value() &&
      !(target.outlet && EndsOff(options_.action))) {
    host.parents = ParentsOf(target.hosts);
  }
  plan_.request.hosts.push_back(std::move(host));
}

void Planner::AddHost(const std::string& name) {
  CampaignHost host = {.name = name};
  if (const PoweredHost* found = inventory_.FindHost(name)) {
    host.feeds = FeedsOn(found->feeds);
    host.skipped = WhySkipped(found->is_protected, true, options_);
    if (!host.skipped.has_value()) {
      host.parents = ParentsOf(absl::MakeConstSpan(&name, 1));
    }
  } else {
    host.skipped = "is not in the inventory";
  }
  plan_.request.hosts.push_back(std::move(host));
}

std::vector<CampaignFeed> Planner::FeedsOn(const std::vector<Outlet>& outlets) {
  std::vector<CampaignFeed> feeds;
  feeds.reserve(outlets.size());
  for (const Outlet& outlet : outlets) {
    // Mostly the hosts of a PCU follow each other.
    if (last_ == nullptr || last_->pcu != outlet.pcu) {
      const Pcu* pcu = inventory_.FindPcu(outlet.pcu);
      if (pcu == nullptr) continue;  // the reader does not let this be
      const auto [at, is_new] = pcus_.try_emplace(pcu, pcus_.size());
      if (is_new) AddPcu(pcu);
      last_ = &outlet;
      last_number_ = at->second;
    }
    feeds.push_back({.pcu = last_number_, .plug = outlet.plug});
  }
  return feeds;
}

void Planner::AddPcu(const Pcu* pcu) {
  const FindModel find = [this](absl::string_view name) {
    return inventory_.FindSpecification(name);
  };
  if (options_.step_timeout.has_value()) {
    plan_.own.push_back(std::make_unique<Pcu>(*pcu));
    plan_.own.back()->step_timeout = options_.step_timeout;
    pcu = plan_.own.back().get();
  }
  PlannedPcu planned = {.pcu = pcu, .specification = find(pcu->model)};
  if (planned.specification != nullptr) {
    planned.ways = WaysInto(*pcu, *planned.specification, find);
  }
  const absl::Span<const std::string> plugs = inventory_.PlugsOf(pcu->name);
  planned.plugs.assign(plugs.begin(), plugs.end());
  plan_.request.pcus.push_back(
      MakePcu(*pcu, planned.specification, planned.ways, options_));
  plan_.pcus.push_back(std::move(planned));
}

std::vector<size_t> Planner::ParentsOf(absl::Span<const std::string> hosts) {
  std::vector<size_t> parents;
  if (!inventory_.has_parents() || !HeedsParents(options_.action)) {
    return parents;
  }
  for (const std::string& host : hosts) {
    const std::optional<size_t> parent = ParentOf(host);
    if (parent.has_value() && !absl::c_linear_search(parents, *parent)) {
      parents.push_back(*parent);
    }
  }
  return parents;
}

std::optional<size_t> Planner::ParentOf(absl::string_view host) {
  const PoweredHost* child = inventory_.FindHost(host);
  if (child == nullptr || child->parent.empty()) return std::nullopt;
  const PoweredHost* parent = inventory_.FindHost(child->parent);
  if (parent == nullptr) return std::nullopt;  // nor this
  std::vector<CampaignParent>& all = plan_.request.parents;
  const auto [at, is_new] = parents_.try_emplace(parent->name, all.size());
  const size_t index = at->second;
  if (is_new) {
    all.push_back({.name = parent->name, .feeds = FeedsOn(parent->feeds)});
    const std::optional<size_t> above = ParentOf(parent->name);
    all[index].parent = above;
  }
  return index;
}

}  // namespace

bool IsSwitching(Action action) {
  switch (action) {
    case Action::kOn:
    case Action::kOff:
    case Action::kCycle:
    case Action::kReset:
    case Action::kSoft:
    case Action::kNmi:
    case Action::kBootNone:
    case Action::kBootPxe:
    case Action::kBootDisk:
    case Action::kBootCdrom:
    case Action::kBootBios:
      return true;
    case Action::kStatus:
    case Action::kVerify:
    case Action::kTemperature:
    case Action::kBeacon:
    case Action::kIdentifyOn:
    case Action::kIdentifyOff:
      return false;
  }
  return true;
}

absl::Status GuardPlan(const Inventory& inventory,
                       absl::Span<const Target> targets,
                       const PlanOptions& options) {
  if (options.expected.has_value() && *options.expected != targets.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("these are ", targets.size(), " targets, not ",
                     *options.expected, ": nothing is done"));
  }
  if (!IsSwitching(options.action)) return absl::OkStatus();
  if (targets.size() > options.most && !options.yes &&
      !options.expected.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Word(options.action), "' on ", targets.size(),
                     " targets, which are more than ", options.most,
                     ": nothing is done; --expect-count ", targets.size(),
                     " or --yes says that they are meant"));
  }
  if (options.shared) return absl::OkStatus();
  const std::vector<std::string> others = AlsoSwitched(inventory, targets);
  if (others.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      FoldHosts(others),
      " would be switched, too, by the same plugs: nothing is done; name "
      "them, or give --shared"));
}

CampaignPlan MakePlan(const Inventory& inventory,
                      absl::Span<const Target> targets,
                      const PlanOptions& options) {
  Planner planner(inventory, options, targets.size());
  for (const Target& target : targets) planner.Add(target);
  return planner.Take();
}

CampaignPlan PlanHosts(const Inventory& inventory,
                       absl::Span<const std::string> names,
                       const PlanOptions& options) {
  Planner planner(inventory, options, names.size());
  for (const std::string& name : names) planner.AddHost(name);
  return planner.Take();
}

}  // namespace power
