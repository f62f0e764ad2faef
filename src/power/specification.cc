#include "power/specification.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <tuple>

namespace power {
namespace {

struct VerbRow {
  Verb verb;
  absl::string_view name;
  bool ranged, all;  // which forms there are besides the plain one
  int language;
};
constexpr VerbRow kVerbs[] = {
    {Verb::kLogin, "login", false, false, 1},
    {Verb::kLogout, "logout", false, false, 1},
    {Verb::kPing, "ping", false, false, 1},
    {Verb::kStatus, "status", true, true, 1},
    {Verb::kStatusTemp, "status_temp", false, true, 1},
    {Verb::kStatusBeacon, "status_beacon", false, true, 1},
    {Verb::kOn, "on", true, true, 1},
    {Verb::kOff, "off", true, true, 1},
    {Verb::kCycle, "cycle", true, true, 1},
    {Verb::kReset, "reset", true, true, 1},
    {Verb::kBeaconOn, "beacon_on", true, false, 1},
    {Verb::kBeaconOff, "beacon_off", true, false, 1},
    {Verb::kSoft, "soft", false, false, 2},
    {Verb::kNmi, "nmi", false, false, 2},
    {Verb::kVerify, "verify", false, false, 2},
};

bool HoldsIn(const std::vector<Statement>& body, Statement::Kind kind) {
  return absl::c_any_of(body, [&](const Statement& s) {
    return s.kind == kind || HoldsIn(s.body, kind) ||
           absl::c_any_of(s.branches, [&](const Branch& b) {
             return HoldsIn(b.body, kind);
           });
  });
}

}  // namespace

std::string PlaceText(const Where& where) {
  return absl::StrCat(where.file, ":", where.line);
}

bool operator==(const Statement& a, const Statement& b) {
  const auto parts = [](const Statement& s) {
    return std::tie(s.kind, s.text, s.no, s.pattern, s.span, s.plug_group,
                    s.group, s.literal_plug, s.interpretations, s.successes,
                    s.failure_class, s.form, s.times, s.words);
  };
  return parts(a) == parts(b) && a.body == b.body && a.branches == b.branches;
}

bool operator==(const SettingsBlock& a, const SettingsBlock& b) {
  return a.name == b.name && a.lines == b.lines;
}

bool IsQuery(Verb verb) {
  return verb == Verb::kStatus || verb == Verb::kStatusTemp ||
         verb == Verb::kStatusBeacon;
}

bool Switches(Verb verb) {
  switch (verb) {
    case Verb::kOn:
    case Verb::kOff:
    case Verb::kCycle:
    case Verb::kReset:
    case Verb::kSoft:
    case Verb::kNmi:
      return true;
    case Verb::kLogin:
    case Verb::kLogout:
    case Verb::kPing:
    case Verb::kStatus:
    case Verb::kStatusTemp:
    case Verb::kStatusBeacon:
    case Verb::kBeaconOn:
    case Verb::kBeaconOff:
    case Verb::kVerify:
      return false;
  }
  return false;
}

std::string ScriptName(Verb verb, Form form) {
  for (const VerbRow& row : kVerbs) {
    if (row.verb != verb) continue;
    return absl::StrCat(row.name, form == Form::kRanged ? "_ranged"
                                  : form == Form::kAll  ? "_all"
                                                        : "");
  }
  return "";
}

std::optional<ScriptId> ParseScriptName(absl::string_view name, int language) {
  for (const VerbRow& row : kVerbs) {
    absl::string_view form = name;
    if (row.language > language || !absl::ConsumePrefix(&form, row.name)) {
      continue;
    }
    if (form.empty()) return ScriptId{row.verb, Form::kPlain};
    if (row.ranged && form == "_ranged") {
      return ScriptId{row.verb, Form::kRanged};
    }
    if (row.all && form == "_all") return ScriptId{row.verb, Form::kAll};
  }
  return std::nullopt;
}

bool Script::Holds(Statement::Kind kind) const { return HoldsIn(body, kind); }

const Script* Specification::Find(Verb verb, Form form) const {
  for (const Script& script : scripts) {
    if (script.verb == verb && script.form == form) return &script;
  }
  return nullptr;
}

const SettingsBlock* Specification::Block(absl::string_view name) const {
  for (const SettingsBlock& block : blocks) {
    if (block.name == name) return &block;
  }
  return nullptr;
}

bool Specification::manual() const {
  return absl::c_linear_search(transports, "manual");
}

bool Specification::CyclesNatively() const {
  const Script* cycle = Find(Verb::kCycle);
  return cycle != nullptr && cycle->Holds(Statement::Kind::kSetNative);
}

}  // namespace power
