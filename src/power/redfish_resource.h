// What Redfish's JSON says, read with a tolerant eye: members that are missing
// or of another kind are as if they were not there. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "net/http_answer.h"
#include "power/outcome.h"
#include "text/json.h"

namespace power {

// A system, a chassis, or an outlet.
struct RedfishResource {
  enum class Kind : uint8_t { kSystem, kOutlet };  // a chassis is as a system
  Kind kind = Kind::kSystem;
  PlugState state = PlugState::kUnknown;
  std::string target = {};  // of the action that switches; empty without
  // Of ResetType or PowerState; nullopt when it is not said.
  std::optional<std::vector<std::string>> allowed = {};
  std::string action_info = {};  // where the values are, if not here
  std::optional<std::vector<std::string>> boot_targets = {};
  // What it starts from instead of its own order, and whether: "Once",
  // "Continuous", "Disabled". Empty when it is not said.
  std::string boot_target = {}, boot_enabled = {};
  // How its lamp is named; empty without one.
  std::string lamp = {};
  std::string etag = {};
};
RedfishResource ParseRedfishResource(const text::Json& json,
                                     const net::HttpAnswer& answer);
// The values that an ActionInfo allows for that parameter.
std::optional<std::vector<std::string>> ParseRedfishActionInfo(
    const text::Json& json, absl::string_view parameter);

// The path behind "@odata.id" and the like, "" for what is none: of an absolute
// address only its path, as we talk to this server and to no other.
std::string RedfishPath(absl::string_view address);
std::string RedfishLink(const text::Json* json);  // {"@odata.id": ...}
std::vector<std::string> RedfishMembers(const text::Json& collection);

// Whether a system goes by that name: its Id, UUID, host name, name, serial
// number or asset tag.
bool IsRedfishSystem(const text::Json& system, absl::string_view name);

// What an answer that is no success says, for people, and what it means.
struct RedfishRefusal {
  std::string text = {};
  bool was_so = false;          // nothing to be done
  bool wants_password = false;  // the password has to be changed first
  bool is_full = false;         // of sessions
  bool is_state = false;        // the state does not allow it
};
RedfishRefusal ParseRedfishRefusal(const net::HttpAnswer& answer);

// What is asked for: the first of our words for `command` that is allowed; the
// first of all when nothing is said. nullopt: none is.
std::optional<std::string> RedfishResetType(const RedfishResource& resource,
                                            Action command, PlugState state);

}  // namespace power
