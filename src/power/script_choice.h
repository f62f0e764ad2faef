// Which scripts a request means for a device (device(5), "Which script runs").
// Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "power/dialogue.h"
#include "power/outcome.h"
#include "power/specification.h"

namespace power {

// What an action is in scripts; verify has several, see VerifyScripts.
std::optional<Verb> VerbOf(Action action);

// One run that covers all of `plugs`, or one for each. A failure: a plug that
// the device does not have (kPlug), or nothing that could do it (kUnsupported).
std::variant<std::vector<ScriptRun>, Failure> ChooseScripts(
    const DialogueDevice& device, Verb verb,
    const std::vector<std::string>& plugs);
// Whether there is no such failure.
bool HasScriptFor(const DialogueDevice& device, Verb verb,
                  absl::Span<const std::string> plugs);

// What a verify can prove of this model, and what it runs: nothing but a login
// (kLogin), a status (kPlug), with `confirmation` the way to the question and
// no for an answer (kPrivilege). Never anything that switches.
struct VerifyScripts {
  VerifyLevel level = VerifyLevel::kLogin;
  std::vector<std::vector<ScriptRun>> steps = {};  // one after the other
};
std::variant<VerifyScripts, Failure> ChooseVerify(
    const DialogueDevice& device, const std::vector<std::string>& plugs,
    bool confirmation);

}  // namespace power
