#include "power/script_choice.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include "text/utf8.h"

namespace power {
namespace {

bool HasPlug(const DialogueDevice& device, const std::string& name) {
  return absl::c_any_of(
      device.plugs, [&](const DevicePlug& plug) { return plug.name == name; });
}

bool AllWanted(const DialogueDevice& device,
               const std::vector<std::string>& plugs) {
  return absl::c_all_of(device.plugs, [&](const DevicePlug& plug) {
    return plug.has_host && absl::c_linear_search(plugs, plug.name);
  });
}

std::optional<Failure> Unknown(const DialogueDevice& device,
                               const std::vector<std::string>& plugs) {
  for (const std::string& plug : plugs) {
    if (HasPlug(device, plug)) continue;
    return Failure{FailureClass::kPlug,
                   absl::StrCat("there is no plug '", text::Clean(plug), "'")};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Verb> VerbOf(Action action) {
  switch (action) {
    case Action::kStatus:
      return Verb::kStatus;
    case Action::kTemperature:
      return Verb::kStatusTemp;
    case Action::kBeacon:
      return Verb::kStatusBeacon;
    case Action::kOn:
      return Verb::kOn;
    case Action::kOff:
      return Verb::kOff;
    case Action::kCycle:
      return Verb::kCycle;
    case Action::kReset:
      return Verb::kReset;
    case Action::kSoft:
      return Verb::kSoft;
    case Action::kNmi:
      return Verb::kNmi;
    case Action::kIdentifyOn:
      return Verb::kBeaconOn;
    case Action::kIdentifyOff:
      return Verb::kBeaconOff;
    case Action::kVerify:
    case Action::kBootNone:
    case Action::kBootPxe:
    case Action::kBootDisk:
    case Action::kBootCdrom:
    case Action::kBootBios:
      return std::nullopt;
  }
  return std::nullopt;
}

std::variant<std::vector<ScriptRun>, Failure> ChooseScripts(
    const DialogueDevice& device, Verb verb,
    const std::vector<std::string>& plugs) {
  const Specification& spec = *device.specification;
  if (auto unknown = Unknown(device, plugs)) return *unknown;
  const Script* plain = spec.Find(verb);
  const Script* ranged = spec.Find(verb, Form::kRanged);
  const Script* all = spec.Find(verb, Form::kAll);
  using Runs = std::vector<ScriptRun>;
  if (plugs.size() == 1 && plain != nullptr) return Runs{{plain, plugs}};
  const bool only_all = plain == nullptr && ranged == nullptr;
  if (all != nullptr &&
      (AllWanted(device, plugs) || (IsQuery(verb) && only_all))) {
    return Runs{{all, {}}};
  }
  if (ranged != nullptr) return Runs{{ranged, plugs}};
  if (plain != nullptr) {
    Runs runs;
    for (const std::string& plug : plugs) runs.push_back({plain, {plug}});
    return runs;
  }
  const std::string name = ScriptName(verb, Form::kPlain);
  return Failure{
      FailureClass::kUnsupported,
      all != nullptr
          ? absl::StrCat("model ", spec.name, " can do ", name,
                         " only for all its plugs at once")
          : absl::StrCat("model ", spec.name, " has no script ", name)};
}

std::variant<VerifyScripts, Failure> ChooseVerify(
    const DialogueDevice& device, const std::vector<std::string>& plugs,
    bool confirmation) {
  VerifyScripts result;
  if (auto unknown = Unknown(device, plugs)) return *unknown;
  auto status = ChooseScripts(device, Verb::kStatus, plugs);
  if (auto* runs = std::get_if<std::vector<ScriptRun>>(&status)) {
    result.steps.push_back(std::move(*runs));
    result.level = VerifyLevel::kPlug;
  }
  if (!confirmation) return result;
  auto verify = ChooseScripts(device, Verb::kVerify, plugs);
  if (auto* failure = std::get_if<Failure>(&verify)) return *failure;
  result.steps.push_back(std::get<std::vector<ScriptRun>>(std::move(verify)));
  result.level = VerifyLevel::kPrivilege;
  return result;
}

}  // namespace power
