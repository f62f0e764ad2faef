#include "power/script_choice.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include "text/utf8.h"

namespace power {
namespace {

using Plugs = absl::Span<const std::string>;

// Whether names are among others. It looks behind the one that was found last:
// mostly they come in the same order.
class Finder {
 public:
  explicit Finder(size_t count) : count_(count) {}
  // `is_it`: of a number below `count`.
  template <typename F>
  bool Has(F is_it) {
    for (size_t i = 0; i < count_; ++i) {
      const size_t at = next_;
      next_ = next_ + 1 < count_ ? next_ + 1 : 0;
      if (is_it(at)) return true;
    }
    return false;
  }

 private:
  const size_t count_;
  size_t next_ = 0;
};

bool AllWanted(const DialogueDevice& device, Plugs plugs) {
  Finder wanted(plugs.size());
  return absl::c_all_of(device.plugs, [&](const DevicePlug& plug) {
    return plug.has_host &&
           wanted.Has([&](size_t i) { return plugs[i] == plug.name; });
  });
}

const std::string* Unknown(const DialogueDevice& device, Plugs plugs) {
  Finder known(device.plugs.size());
  const auto unknown = absl::c_find_if(plugs, [&](const std::string& plug) {
    return !known.Has([&](size_t i) { return device.plugs[i].name == plug; });
  });
  return unknown == plugs.end() ? nullptr : &*unknown;
}

Failure NoSuchPlug(const std::string& plug) {
  return {FailureClass::kPlug,
          absl::StrCat("there is no plug '", text::Clean(plug), "'")};
}

// The one to use for these plugs; null: none can.
const Script* ScriptFor(const DialogueDevice& device, Verb verb, Plugs plugs) {
  const Specification& spec = *device.specification;
  const Script* plain = spec.Find(verb);
  if (plugs.size() == 1 && plain != nullptr) return plain;
  const Script* ranged = spec.Find(verb, Form::kRanged);
  const bool only_all = plain == nullptr && ranged == nullptr;
  if ((IsQuery(verb) && only_all) || AllWanted(device, plugs)) {
    const Script* all = spec.Find(verb, Form::kAll);
    if (all != nullptr) return all;
  }
  return ranged != nullptr ? ranged : plain;
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

bool HasScriptFor(const DialogueDevice& device, Verb verb, Plugs plugs) {
  return Unknown(device, plugs) == nullptr &&
         ScriptFor(device, verb, plugs) != nullptr;
}

std::variant<std::vector<ScriptRun>, Failure> ChooseScripts(
    const DialogueDevice& device, Verb verb,
    const std::vector<std::string>& plugs) {
  if (const std::string* unknown = Unknown(device, plugs)) {
    return NoSuchPlug(*unknown);
  }
  using Runs = std::vector<ScriptRun>;
  if (const Script* script = ScriptFor(device, verb, plugs)) {
    if (script->form == Form::kAll) return Runs{{script, {}}};
    if (script->form == Form::kRanged) return Runs{{script, plugs}};
    Runs runs;
    for (const std::string& plug : plugs) runs.push_back({script, {plug}});
    return runs;
  }
  const Specification& spec = *device.specification;
  const std::string name = ScriptName(verb, Form::kPlain);
  return Failure{
      FailureClass::kUnsupported,
      spec.Find(verb, Form::kAll) != nullptr
          ? absl::StrCat("model ", spec.name, " can do ", name,
                         " only for all its plugs at once")
          : absl::StrCat("model ", spec.name, " has no script ", name)};
}

std::variant<VerifyScripts, Failure> ChooseVerify(
    const DialogueDevice& device, const std::vector<std::string>& plugs,
    bool confirmation) {
  VerifyScripts result;
  if (const std::string* unknown = Unknown(device, plugs)) {
    return NoSuchPlug(*unknown);
  }
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
