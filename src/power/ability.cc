#include "power/ability.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include <utility>
#include <variant>

#include "power/script_choice.h"

namespace power {
namespace {

Failure Unsupported(std::string text) {
  return {.failure_class = FailureClass::kUnsupported, .text = std::move(text)};
}

bool IsBeacon(Action action) {
  return action == Action::kIdentifyOn || action == Action::kIdentifyOff;
}

}  // namespace

bool HasScript(const Specification& spec, Verb verb) {
  return absl::c_any_of(spec.scripts, [verb](const Script& script) {
    return script.verb == verb;
  });
}

ActionOptions OptionsByScripts(ActionOptions options,
                               const Specification& spec) {
  const bool cycles = HasScript(spec, Verb::kCycle);
  if (spec.native_cycle == CycleTrust::kSafe) options.native_cycle = true;
  if (!HasScript(spec, Verb::kStatus)) {
    options.wait = false;
    options.native_cycle = true;
  }
  if (!cycles || options.no_native_cycle) options.native_cycle = false;
  return options;
}

std::optional<Failure> WhyNotByScripts(
    const DialogueDevice& device, const PlugOrder& order,
    absl::FunctionRef<std::vector<std::string>()> together) {
  const Specification& spec = *device.specification;
  const auto check = [&](Verb verb) -> std::optional<Failure> {
    if (HasScriptFor(device, verb, {&order.plug, 1})) return std::nullopt;
    if (HasScriptFor(device, verb, together())) return std::nullopt;
    return std::get<Failure>(ChooseScripts(device, verb, {order.plug}));
  };
  if (order.action == Action::kVerify) {
    auto verify = ChooseVerify(device, {order.plug}, order.with_confirmation);
    if (auto* failure = std::get_if<Failure>(&verify)) return *failure;
    return std::nullopt;
  }
  if (order.action != Action::kCycle) {
    if (const auto verb = VerbOf(order.action)) return check(*verb);
    return Unsupported(absl::StrCat("model ", spec.name, " has no way to do '",
                                    Word(order.action), "'"));
  }
  if (OptionsByScripts(order.options, spec).native_cycle) {
    return check(Verb::kCycle);
  }
  if (!HasScript(spec, Verb::kStatus)) {
    return Unsupported(absl::StrCat("model ", spec.name,
                                    " cannot tell states, so nobody would know "
                                    "whether the plug was off"));
  }
  if (auto failure = check(Verb::kOff)) return failure;
  return check(Verb::kOn);
}

std::optional<Failure> WhyNotByProtocol(absl::string_view transport,
                                        Action action) {
  const bool reads =
      action == Action::kTemperature || action == Action::kBeacon;
  const bool is_of_system = action == Action::kReset ||
                            action == Action::kSoft || action == Action::kNmi ||
                            IsBeacon(action) || SetsBootDevice(action);
  if (transport == "snmp" && (reads || is_of_system)) {
    return Unsupported(absl::StrCat("an outlet has no ", Word(action)));
  }
  const bool lacks =
      reads ||
      (transport == "amt" && (IsBeacon(action) || SetsBootDevice(action))) ||
      (transport == "ribcl" &&
       (action == Action::kNmi || SetsBootDevice(action)));
  if (!lacks) return std::nullopt;
  return Unsupported(
      absl::StrCat(transport, " has no way to do '", Word(action), "'"));
}

}  // namespace power
