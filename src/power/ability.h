// What a model or a protocol cannot do, whatever the state of the plug: told
// before anything is sent, and by a dry run (plan_check.h). What only the
// device itself knows (its firmware, its family, its licence) is found out when
// it is asked. Pure.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "power/controller.h"
#include "power/dialogue.h"
#include "power/plug_action.h"

namespace power {

bool HasScript(const Specification& spec, Verb verb);

// What the model says of its own cycle, and what it cannot do otherwise.
ActionOptions OptionsByScripts(ActionOptions options,
                               const Specification& spec);

// By a dialogue. `together`: the plugs of which the same is asked at once, for
// scripts that are for all of them only.
std::optional<Failure> WhyNotByScripts(
    const DialogueDevice& device, const PlugOrder& order,
    absl::FunctionRef<std::vector<std::string>()> together);

// By a protocol that is spoken here without a dialogue.
std::optional<Failure> WhyNotByProtocol(absl::string_view transport,
                                        Action action);

}  // namespace power
