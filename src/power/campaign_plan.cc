#include "power/campaign_plan.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "power/plug_range.h"
#include "power/secret_source.h"
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
  action.poll = FirstOf(pcu.poll, specification->poll, action.poll);
  return made;
}

std::optional<std::string> WhySkipped(const Target& target,
                                      const PlanOptions& options) {
  if (!target.is_protected || !IsSwitching(options.action)) return std::nullopt;
  if (options.force && target.exact) return std::nullopt;
  return options.force ? "protected, and not named by its own name"
                       : "protected";
}

std::string WayText(const PlannedPcu& pcu, const WayIn& way) {
  const std::string& host = pcu.pcu->host.empty() ? pcu.pcu->ip : pcu.pcu->host;
  if (IsLocal(way.way.transport)) return way.way.transport;
  return absl::StrCat(way.way.transport, " ", host, ":",
                      way.way.port.value_or(0));
}

std::string AccountText(const Pcu& pcu) {
  std::vector<std::string> parts;
  if (!pcu.user.empty()) parts.push_back(absl::StrCat("user ", pcu.user));
  if (pcu.secret.kind == SecretSource::Kind::kClear) {
    parts.push_back("secret ***");
  } else if (pcu.secret.kind != SecretSource::Kind::kNone) {
    parts.push_back(absl::StrCat("secret ", SourceText(pcu.secret)));
  }
  return absl::StrJoin(parts, ", ");
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
  CampaignPlan plan;
  plan.request.action = options.action;
  plan.request.with_confirmation = options.with_confirmation;
  plan.request.at_once = options.at_once;
  plan.request.datagrams_at_once = options.datagrams_at_once;
  const FindModel find = [&](absl::string_view name) {
    return inventory.FindSpecification(name);
  };
  absl::flat_hash_map<std::string, size_t> index;
  plan.request.hosts.reserve(targets.size());
  for (const Target& target : targets) {
    CampaignHost host = {.name = target.name};
    host.skipped = WhySkipped(target, options);
    for (const Outlet& outlet : target.feeds) {
      const Pcu* pcu = inventory.FindPcu(outlet.pcu);
      if (pcu == nullptr) continue;  // the reader does not let this be
      const auto [at, is_new] = index.try_emplace(outlet.pcu, index.size());
      host.feeds.push_back({.pcu = at->second, .plug = outlet.plug});
      if (!is_new) continue;
      if (options.step_timeout.has_value()) {
        plan.own.push_back(std::make_unique<Pcu>(*pcu));
        plan.own.back()->step_timeout = options.step_timeout;
        pcu = plan.own.back().get();
      }
      PlannedPcu planned = {.pcu = pcu, .specification = find(pcu->model)};
      if (planned.specification != nullptr) {
        planned.ways = WaysInto(*pcu, *planned.specification, find);
      }
      for (const std::string& plug : inventory.PlugsOf(outlet.pcu)) {
        planned.plugs.push_back(plug);
      }
      plan.request.pcus.push_back(
          MakePcu(*pcu, planned.specification, planned.ways, options));
      plan.pcus.push_back(std::move(planned));
    }
    plan.request.hosts.push_back(std::move(host));
  }
  return plan;
}

std::string PlanText(const CampaignPlan& plan) {
  std::vector<std::vector<std::string>> plugs(plan.pcus.size());
  for (const CampaignHost& host : plan.request.hosts) {
    if (host.skipped.has_value()) continue;
    for (const CampaignHost::Feed& feed : host.feeds) {
      std::vector<std::string>& its = plugs[feed.pcu];
      if (std::find(its.begin(), its.end(), feed.plug) == its.end()) {
        its.push_back(feed.plug);
      }
    }
  }
  std::string text;
  for (size_t i = 0; i < plan.pcus.size(); ++i) {
    if (plugs[i].empty()) continue;
    const CampaignPcu& pcu = plan.request.pcus[i];
    const PlannedPcu& planned = plan.pcus[i];
    absl::StrAppend(&text, "pcu ", pcu.name, ": ", planned.pcu->model);
    if (pcu.refused.has_value()) {
      absl::StrAppend(&text, ", ", pcu.refused->text, "\n");
      continue;
    }
    for (size_t way = 0; way < planned.ways.size() && !pcu.is_manual; ++way) {
      absl::StrAppend(&text, way == 0 ? " by " : ", else ",
                      WayText(planned, planned.ways[way]));
    }
    if (pcu.is_manual) {
      absl::StrAppend(&text, ", by a person\n");
      continue;
    }
    const std::string account = AccountText(*planned.pcu);
    if (!account.empty()) absl::StrAppend(&text, "; ", account);
    absl::StrAppend(
        &text, "\n  ", Word(plan.request.action), " plugs ",
        absl::StrJoin(plugs[i], " "), " in ",
        pcu.settings.sessions == 1
            ? "one session"
            : absl::StrCat("at most ", pcu.settings.sessions, " sessions"));
    if (pcu.settings.stagger > absl::ZeroDuration()) {
      absl::StrAppend(&text, ", power-ons ",
                      base::FormatDuration(pcu.settings.stagger), " apart");
    }
    if (plan.request.action == Action::kCycle) {
      absl::StrAppend(
          &text, pcu.options.native_cycle
                     ? ", by its own cycle"
                     : absl::StrCat(", off for ", base::FormatDuration(
                                                      pcu.options.off_time)));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::vector<HostResult> PlanResults(const CampaignPlan& plan) {
  std::vector<HostResult> results;
  for (const CampaignHost& host : plan.request.hosts) {
    HostResult result;
    result.host = host.name;
    result.action = plan.request.action;
    result.outcome = HostOutcome::kPlanned;
    std::vector<std::string> ways;
    for (const CampaignHost::Feed& feed : host.feeds) {
      const CampaignPcu& pcu = plan.request.pcus[feed.pcu];
      absl::StrAppend(&result.feeds, result.feeds.empty() ? "" : " ", pcu.name,
                      "/", feed.plug);
      const std::string way = absl::StrJoin(pcu.ways, ",");
      if (std::find(ways.begin(), ways.end(), way) == ways.end()) {
        ways.push_back(way);
      }
      if (pcu.is_manual) {
        result.outcome = HostOutcome::kManual;
        result.detail = absl::StrCat("a person has to do it at ", pcu.name);
      } else if (pcu.refused.has_value()) {
        result.outcome = HostOutcome::kFailed;
        result.failure_class = pcu.refused->failure_class;
        result.detail = pcu.refused->text;
      }
    }
    result.transport = absl::StrJoin(ways, " ");
    if (host.skipped.has_value()) {
      result.outcome = HostOutcome::kSkipped;
      result.detail = *host.skipped;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace power
