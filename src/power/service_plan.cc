#include "power/service_plan.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "power/ability.h"
#include "power/ways.h"

namespace power {
namespace {

bool CanByScripts(const Specification& spec, Verb verb) {
  if (HasScript(spec, verb)) return true;
  return verb == Verb::kCycle && HasScript(spec, Verb::kOn) &&
         HasScript(spec, Verb::kOff);
}

bool PcuCan(const Inventory& inventory, const std::string& name, Verb verb) {
  const Pcu* pcu = inventory.FindPcu(name);
  if (pcu == nullptr) return false;
  const Specification* spec = inventory.SpecificationOf(*pcu);
  if (spec == nullptr) return false;
  if (verb == Verb::kVerify) return true;
  if (!spec->scripts.empty()) return CanByScripts(*spec, verb);
  const std::vector<Way> ways = WaysOf(*pcu, *spec);
  // Of a model that only a person switches, the result says so.
  return ways.empty() ||
         !WhyNotByProtocol(ways.front().transport, *ActionOf(verb));
}

// The other hosts on its plugs that nobody has named.
std::vector<std::string> OthersWith(
    const Inventory& inventory, const PoweredHost& host,
    const absl::flat_hash_set<absl::string_view>& named) {
  std::vector<std::string> others;
  for (const Outlet& feed : host.feeds) {
    for (const std::string& other : inventory.HostsOn(feed)) {
      if (!named.contains(other)) others.push_back(other);
    }
  }
  return others;
}

// Of several feeds the one that the text begins with, else the first.
std::string DeviceOf(const CampaignRequest& request, const CampaignHost& host,
                     const HostResult& result) {
  if (host.feeds.empty()) return "";
  for (const CampaignFeed& feed : host.feeds) {
    const std::string& pcu = request.pcus[feed.pcu].name;
    if (host.feeds.size() == 1 ||
        absl::StartsWith(result.detail,
                         absl::StrCat(pcu, "/", feed.plug, ":"))) {
      return pcu;
    }
  }
  return request.pcus[host.feeds.front().pcu].name;
}

}  // namespace

Inventory InventoryToServe(const Inventory& inventory) {
  InventoryParts parts = inventory.parts();
  for (Pcu& pcu : parts.pcus) pcu.keep = true;
  return Inventory(std::move(parts));
}

std::optional<Action> ActionOf(Verb verb) {
  switch (verb) {
    case Verb::kStatus:
      return Action::kStatus;
    case Verb::kOn:
      return Action::kOn;
    case Verb::kOff:
      return Action::kOff;
    case Verb::kCycle:
      return Action::kCycle;
    case Verb::kReset:
      return Action::kReset;
    case Verb::kBeaconOn:
      return Action::kIdentifyOn;
    case Verb::kBeaconOff:
      return Action::kIdentifyOff;
    case Verb::kSoft:
      return Action::kSoft;
    case Verb::kNmi:
      return Action::kNmi;
    case Verb::kVerify:
      return Action::kVerify;
    case Verb::kStatusTemp:
      return Action::kTemperature;
    case Verb::kStatusBeacon:
      return Action::kBeacon;
    case Verb::kLogin:
    case Verb::kLogout:
    case Verb::kPing:
      break;
  }
  return std::nullopt;
}

bool CanDo(const Inventory& inventory, Verb verb,
           const std::vector<std::string>& hosts) {
  if (!ActionOf(verb).has_value()) return false;
  absl::flat_hash_set<absl::string_view> asked;
  absl::string_view last;  // mostly the hosts of a PCU follow each other
  for (const std::string& name : hosts) {
    const PoweredHost* host = inventory.FindHost(name);
    if (host == nullptr) return false;
    for (const Outlet& feed : host->feeds) {
      if (feed.pcu == std::exchange(last, feed.pcu)) continue;
      if (!asked.insert(feed.pcu).second) continue;
      if (!PcuCan(inventory, feed.pcu, verb)) return false;
    }
  }
  return true;
}

CampaignPlan PlanOrder(const Inventory& inventory, const ServiceOrder& order,
                       std::vector<std::unique_ptr<Pcu>>* pcus) {
  PlanOptions options;
  options.action = ActionOf(order.verb).value_or(Action::kStatus);
  options.native_cycle = order.native_cycle;
  options.wait = order.wait;
  options.no_native_cycle = order.no_native_cycle;
  options.off_time = order.off_time;
  options.state_timeout = order.state_timeout;
  options.step_timeout = order.step_timeout;
  CampaignPlan plan = PlanHosts(inventory, order.hosts, options);
  *pcus = std::move(plan.own);
  if (!IsSwitching(options.action) || !inventory.has_shared_outlets()) {
    return plan;
  }
  const absl::flat_hash_set<absl::string_view> named(order.hosts.begin(),
                                                     order.hosts.end());
  for (CampaignHost& host : plan.request.hosts) {
    if (host.skipped.has_value()) continue;
    const std::vector<std::string> others =
        OthersWith(inventory, *inventory.FindHost(host.name), named);
    if (others.empty()) continue;
    host.skipped = absl::StrCat(FoldHosts(others),
                                " would be switched, too, by the same plug");
  }
  return plan;
}

ServiceResult ResultForFace(const CampaignRequest& request, size_t host,
                            const HostResult& result) {
  ServiceResult told = {
      .place = host,
      .host = result.host,
      .device = DeviceOf(request, request.hosts[host], result),
      .value = result.value};
  PlugResult& plug = told.result;
  plug.before = result.before;
  plug.after = result.after;
  plug.verified = result.verified;
  plug.attempts = result.attempts;
  switch (result.outcome) {
    case HostOutcome::kDone:
      plug.outcome = Outcome::kDone;
      break;
    case HostOutcome::kAlready:
      plug.outcome = Outcome::kAlready;
      break;
    case HostOutcome::kAccepted:
      plug.outcome = Outcome::kAccepted;
      break;
    case HostOutcome::kFailed:
      plug.failure =
          Failure{.failure_class = result.failure_class, .text = result.detail};
      break;
    case HostOutcome::kManual:
      plug.failure = Failure{.failure_class = FailureClass::kUnsupported,
                             .text = result.detail};
      break;
    case HostOutcome::kUnknown:
      plug.failure = Failure{.failure_class = FailureClass::kClosed,
                             .text = result.detail,
                             .maybe_executed = true};
      break;
    case HostOutcome::kSkipped:
    case HostOutcome::kPlanned:
      break;
  }
  plug.remark = result.detail;
  return told;
}

std::string TelemetryLine(absl::string_view pcu, absl::string_view line) {
  absl::string_view rest = line;
  if (absl::ConsumePrefix(&rest, "sent '")) {
    return absl::StrCat("send(", pcu, "): '", rest);
  }
  if (absl::ConsumePrefix(&rest, "received '")) {
    return absl::StrCat("recv(", pcu, "): '", rest);
  }
  absl::Duration pause;
  if (absl::ConsumePrefix(&rest, "pauses ") &&
      absl::ParseDuration(rest, &pause)) {
    return absl::StrFormat("delay(%s): %.6f", pcu,
                           absl::ToDoubleSeconds(pause));
  }
  return absl::StrCat(pcu, ": ", line);
}

}  // namespace power
