#include "power/redfish_resource.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "power/limits.h"

namespace power {
namespace {

using text::Json;

constexpr size_t kMaxWords = 300;  // of a message

absl::string_view StringAt(const Json* json, absl::string_view key) {
  const Json* value = json != nullptr ? json->Find(key) : nullptr;
  const std::string* text = value != nullptr ? value->AsString() : nullptr;
  return text != nullptr ? absl::string_view(*text) : absl::string_view();
}

const Json* At(const Json* json, absl::string_view key) {
  return json != nullptr ? json->Find(key) : nullptr;
}

std::optional<std::vector<std::string>> Strings(const Json* json) {
  const Json::Array* array = json != nullptr ? json->AsArray() : nullptr;
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> strings;
  for (const Json& value : *array) {
    if (value.AsString() != nullptr) strings.push_back(*value.AsString());
  }
  return strings;
}

PlugState StateOf(absl::string_view word) {
  // Paused is a system that does not run, but has its power.
  if (word == "On" || word == "Paused") return PlugState::kOn;
  if (word == "Off") return PlugState::kOff;
  if (word == "PoweringOn" || word == "PoweringOff" || word == "PowerCycle") {
    return PlugState::kPending;
  }
  return PlugState::kUnknown;
}

absl::string_view FirstLabel(absl::string_view name) {
  return name.substr(0, std::min(name.find('.'), name.size()));
}

// "web7" is "web7.example.org", but "web7.a.org" is not "web7.b.org".
bool SameHost(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return false;
  if (absl::EqualsIgnoreCase(a, b)) return true;
  const bool both = absl::StrContains(a, '.') && absl::StrContains(b, '.');
  return !both && absl::EqualsIgnoreCase(FirstLabel(a), FirstLabel(b));
}

void AddMessage(const Json& message, RedfishRefusal& refusal) {
  const absl::string_view id = StringAt(&message, "MessageId");
  const absl::string_view words = StringAt(&message, "Message");
  const std::string lower = absl::AsciiStrToLower(words);
  if (absl::EndsWith(id, "NoOperation") ||
      absl::StrContains(lower, "already powered") ||
      absl::StrContains(lower, "already on") ||
      absl::StrContains(lower, "already off") ||
      absl::StrContains(lower, "already in the") ||
      absl::StrContains(lower, "is already")) {
    refusal.was_so = true;
  }
  if (absl::EndsWith(id, "PasswordChangeRequired")) {
    refusal.wants_password = true;
  }
  if (absl::EndsWith(id, "SessionLimitExceeded")) refusal.is_full = true;
  if (absl::StrContains(id, "InvalidOperationForSystemState") ||
      absl::StrContains(id, "ActionNotSupportedInState") ||
      absl::StrContains(id, "ConditionInRelatedResource")) {
    refusal.is_state = true;
  }
  const absl::string_view said = words.empty() ? id : words;
  if (said.empty()) return;
  absl::StrAppend(&refusal.text, refusal.text.empty() ? "" : " ", said);
}

}  // namespace

std::string RedfishPath(absl::string_view address) {
  const size_t scheme = address.find("://");
  if (scheme != absl::string_view::npos && scheme <= 5) {
    const size_t slash = address.find('/', scheme + 3);
    if (slash == absl::string_view::npos) return "";
    address.remove_prefix(slash);
  }
  if (!absl::StartsWith(address, "/") || absl::StartsWith(address, "//")) {
    return "";
  }
  const absl::string_view path = address.substr(0, address.find('#'));
  return net::IsHttpTarget(path) ? std::string(path) : "";
}

std::string RedfishLink(const Json* json) {
  return RedfishPath(StringAt(json, "@odata.id"));
}

std::vector<std::string> RedfishMembers(const Json& collection) {
  std::vector<std::string> members;
  const Json* array = collection.Find("Members");
  if (array == nullptr || array->AsArray() == nullptr) return members;
  for (const Json& member : *array->AsArray()) {
    std::string path = RedfishLink(&member);
    if (!path.empty()) members.push_back(std::move(path));
    if (members.size() == kMaxRedfishMembers) break;
  }
  return members;
}

RedfishResource ParseRedfishResource(const Json& json,
                                     const net::HttpAnswer& answer) {
  RedfishResource resource;
  resource.state = StateOf(StringAt(&json, "PowerState"));
  const Json* actions = json.Find("Actions");
  const Json* action = At(actions, "#Outlet.PowerControl");
  absl::string_view values = "PowerState@Redfish.AllowableValues";
  if (action != nullptr) {
    resource.kind = RedfishResource::Kind::kOutlet;
  } else {
    values = "ResetType@Redfish.AllowableValues";
    action = At(actions, "#ComputerSystem.Reset");
    if (action == nullptr) action = At(actions, "#Chassis.Reset");
  }
  resource.target = RedfishPath(StringAt(action, "target"));
  resource.allowed = Strings(At(action, values));
  resource.action_info = RedfishPath(StringAt(action, "@Redfish.ActionInfo"));
  const Json* boot = json.Find("Boot");
  resource.boot_targets =
      Strings(At(boot, "BootSourceOverrideTarget@Redfish.AllowableValues"));
  resource.boot_target =
      std::string(StringAt(boot, "BootSourceOverrideTarget"));
  resource.boot_enabled =
      std::string(StringAt(boot, "BootSourceOverrideEnabled"));
  for (const absl::string_view lamp :
       {"LocationIndicatorActive", "IndicatorLED"}) {
    if (json.Find(lamp) != nullptr && resource.lamp.empty()) {
      resource.lamp = std::string(lamp);
    }
  }
  absl::string_view etag = answer.Header("etag");
  if (etag.empty()) etag = StringAt(&json, "@odata.etag");
  if (net::IsHttpHeaderValue(etag)) resource.etag = std::string(etag);
  return resource;
}

std::optional<std::vector<std::string>> ParseRedfishActionInfo(
    const Json& json, absl::string_view parameter) {
  const Json* array = json.Find("Parameters");
  if (array == nullptr || array->AsArray() == nullptr) return std::nullopt;
  for (const Json& entry : *array->AsArray()) {
    if (StringAt(&entry, "Name") == parameter) {
      return Strings(entry.Find("AllowableValues"));
    }
  }
  return std::nullopt;
}

bool IsRedfishSystem(const Json& system, absl::string_view name) {
  for (const absl::string_view key :
       {"Id", "UUID", "Name", "SerialNumber", "AssetTag"}) {
    const absl::string_view value = StringAt(&system, key);
    if (!value.empty() && absl::EqualsIgnoreCase(value, name)) return true;
  }
  return SameHost(StringAt(&system, "HostName"), name);
}

RedfishRefusal ParseRedfishRefusal(const net::HttpAnswer& answer) {
  RedfishRefusal refusal;
  const absl::StatusOr<Json> json = Json::Parse(answer.body);
  const Json* error = json.ok() ? json->Find("error") : nullptr;
  const Json* infos = At(error, "@Message.ExtendedInfo");
  if (infos == nullptr && json.ok())
    infos = json->Find("@Message.ExtendedInfo");
  if (infos != nullptr && infos->AsArray() != nullptr) {
    for (const Json& info : *infos->AsArray()) AddMessage(info, refusal);
  } else if (infos != nullptr) {
    AddMessage(*infos, refusal);  // where older ones had no list
  }
  if (refusal.text.empty()) {
    refusal.text = std::string(StringAt(error, "message"));
  }
  if (refusal.text.empty()) {
    refusal.text = absl::StrCat("HTTP ", answer.status, " ", answer.reason);
  }
  refusal.text = base::Escape(refusal.text.substr(0, kMaxWords));
  return refusal;
}

std::optional<std::string> RedfishResetType(const RedfishResource& resource,
                                            Action command, PlugState state) {
  std::vector<absl::string_view> words;
  const bool is_outlet = resource.kind == RedfishResource::Kind::kOutlet;
  switch (command) {
    case Action::kOn:
      words = {"On", "ForceOn"};
      // A button only when it is known which way it goes.
      if (state == PlugState::kOff && !is_outlet) {
        words.push_back("PushPowerButton");
      }
      if (is_outlet) words = {"On"};
      break;
    case Action::kOff:
      words = {is_outlet ? "Off" : "ForceOff"};
      break;
    case Action::kCycle:
      words = {"PowerCycle"};
      break;
    case Action::kReset:
      if (!is_outlet) words = {"ForceRestart"};
      break;
    case Action::kSoft:
      if (!is_outlet) words = {"GracefulShutdown"};
      break;
    case Action::kNmi:
      if (!is_outlet) words = {"Nmi"};
      break;
    default:
      break;
  }
  for (const absl::string_view word : words) {
    if (!resource.allowed.has_value() ||
        absl::c_linear_search(*resource.allowed, word)) {
      return std::string(word);
    }
  }
  return std::nullopt;
}

}  // namespace power
