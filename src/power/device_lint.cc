#include "power/device_lint.h"

#include <absl/algorithm/container.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <map>
#include <set>

#include "power/limits.h"
#include "power/plug_range.h"

namespace power {
namespace {

using Kind = Statement::Kind;

// What a statement may rely on where it stands.
struct Scope {
  bool has_plug = false;
  int groups = -1;  // of the last regex; -1: nobody knows
};

class SpecLint {
 public:
  SpecLint(const Specification& spec, const DeviceFile& known)
      : spec_(spec), known_(known) {}

  std::vector<DeviceProblem> Run();

 private:
  void Whole();
  void OneScript(const Script& script);
  Scope Block(const std::vector<Statement>& body, Scope scope);
  void One(const Statement& s, Scope& scope);
  void Any(const Statement& s, Scope& scope);
  void NeedsPlug(const Statement& s, const Scope& scope,
                 absl::string_view what);
  void NeedsGroup(const Where& where, int group, const Scope& scope);
  void NeedsPlugOfModel(const Statement& s);
  void Warn(const Where& where, absl::string_view rule, std::string text) {
    problems_.Warn(where, rule, std::move(text));
  }

  const Specification& spec_;
  const DeviceFile& known_;
  DeviceProblems problems_;
  bool sets_state_ = false;
};

std::vector<DeviceProblem> SpecLint::Run() {
  Whole();
  for (const Script& script : spec_.scripts) OneScript(script);
  return problems_.Take();
}

void SpecLint::Whole() {
  if (!spec_.scripts.empty() && spec_.timeout <= absl::ZeroDuration()) {
    Warn(spec_.where, "timeout",
         "there is no timeout: every script that waits is over at once");
  }
  if (spec_.scripts.empty() && spec_.blocks.empty() && !spec_.manual()) {
    Warn(spec_.where, "nothing", "the specification does nothing");
  }
  if (spec_.ping_period > absl::ZeroDuration() &&
      spec_.Find(Verb::kPing) == nullptr) {
    Warn(spec_.where, "ping", "pingperiod without a script ping");
  }
  if (!spec_.alternative.empty() && known_.Find(spec_.alternative) == nullptr) {
    Warn(spec_.where, "alternative",
         absl::StrCat("there is no specification ", spec_.alternative));
  }
}

void SpecLint::OneScript(const Script& script) {
  sets_state_ = false;
  Scope scope;
  scope.has_plug = script.form != Form::kAll && script.verb != Verb::kLogin &&
                   script.verb != Verb::kLogout && script.verb != Verb::kPing;
  Block(script.body, scope);
  const std::string name = ScriptName(script.verb, script.form);
  const bool may_be_empty =
      script.verb == Verb::kLogin || script.verb == Verb::kLogout;
  if (script.body.empty() && !may_be_empty) {
    Warn(script.where, "empty-script",
         absl::StrCat("script ", name, " is empty"));
  } else if (IsQuery(script.verb) && !sets_state_) {
    Warn(script.where, "no-state",
         absl::StrCat("script ", name, " sets no state"));
  }
}

Scope SpecLint::Block(const std::vector<Statement>& body, Scope scope) {
  for (const Statement& s : body) One(s, scope);
  return scope;
}

void SpecLint::One(const Statement& s, Scope& scope) {
  switch (s.kind) {
    case Kind::kSend:
      if (absl::StrContains(s.text, "%s")) NeedsPlug(s, scope, "%s");
      break;
    case Kind::kExpect:
      scope.groups = s.pattern.groups();
      break;
    case Kind::kSetPlugState:
      sets_state_ = true;
      NeedsGroup(s.where, s.group, scope);
      if (s.plug_group) NeedsGroup(s.where, *s.plug_group, scope);
      if (s.literal_plug) NeedsPlugOfModel(s);
      if (!s.literal_plug && !s.plug_group) {
        NeedsPlug(s, scope, "setplugstate");
      }
      break;
    case Kind::kSetResult:
      NeedsGroup(s.where, s.group, scope);
      NeedsGroup(s.where, *s.plug_group, scope);
      break;
    case Kind::kSendMatch:
      NeedsGroup(s.where, s.group, scope);
      break;
    case Kind::kForEachPlug:
    case Kind::kForEachNode:
      Block(s.body, {true, scope.groups});
      scope.groups = -1;
      break;
    case Kind::kIfOn:
    case Kind::kIfOff:
      NeedsPlug(s, scope, s.kind == Kind::kIfOn ? "ifon" : "ifoff");
      Block(s.body, scope);
      scope.groups = -1;
      break;
    case Kind::kExpectAny:
      Any(s, scope);
      break;
    case Kind::kConfirm:
      break;
    case Kind::kDelay:
    case Kind::kSendUser:
    case Kind::kSendSecret:
    case Kind::kAgain:
    case Kind::kFail:
    case Kind::kSetNative:
    case Kind::kReconnect:
    case Kind::kRun:
      break;
  }
}

void SpecLint::Any(const Statement& s, Scope& scope) {
  for (const Branch& branch : s.branches) {
    Scope inside = scope;
    inside.groups =
        branch.kind == Branch::Kind::kPattern ? branch.pattern.groups() : -1;
    Block(branch.body, inside);
  }
  scope.groups = -1;
}

void SpecLint::NeedsPlug(const Statement& s, const Scope& scope,
                         absl::string_view what) {
  if (scope.has_plug) return;
  Warn(s.where, "no-plug",
       absl::StrCat(what, " stands where there is no plug"));
}

void SpecLint::NeedsGroup(const Where& where, int group, const Scope& scope) {
  if (scope.groups < 0 || group <= scope.groups) return;
  Warn(where, "group",
       absl::StrCat("$", group, ", but the last regular expression has ",
                    scope.groups, " groups"));
}

void SpecLint::NeedsPlugOfModel(const Statement& s) {
  if (spec_.plugs.empty() || absl::c_linear_search(spec_.plugs, s.text)) {
    return;
  }
  Warn(s.where, "no-such-plug",
       absl::StrCat("the model has no plug '", s.text, "'"));
}

// Devices and hosts of a configuration.
class FileLint {
 public:
  explicit FileLint(const DeviceFile& file) : file_(file) {}
  std::vector<DeviceProblem> Run();

 private:
  void Hosts(const HostLine& line);
  const DeviceLine* Device(const std::string& name) const;
  // Which plugs the hosts of a line get; empty after an error.
  std::vector<std::string> PlugsOf(const HostLine& line,
                                   const Specification* spec,
                                   const std::vector<std::string>& names);

  const DeviceFile& file_;
  DeviceProblems problems_;
  std::map<std::string, std::set<std::string>> used_;  // plugs by device
  std::set<std::string> hosts_;
};

std::vector<DeviceProblem> FileLint::Run() {
  for (const DeviceLine& line : file_.devices) {
    if (file_.Find(line.specification) != nullptr) continue;
    problems_.Error(line.where, "specification",
                    absl::StrCat("device ", line.name, ": there is no ",
                                 "specification ", line.specification));
  }
  for (const HostLine& line : file_.hosts) Hosts(line);
  return problems_.Take();
}

const DeviceLine* FileLint::Device(const std::string& name) const {
  for (const DeviceLine& line : file_.devices) {
    if (line.name == name) return &line;
  }
  return nullptr;
}

std::vector<std::string> FileLint::PlugsOf(
    const HostLine& line, const Specification* spec,
    const std::vector<std::string>& names) {
  if (line.plugs) {
    auto plugs = ExpandRange(*line.plugs, kMaxPlugs);
    if (plugs.ok()) return *std::move(plugs);
    problems_.Error(line.where, "range", std::string(plugs.status().message()));
    return {};
  }
  // In order, those that have no host yet; without a list the names are plugs.
  if (spec == nullptr || spec->plugs.empty()) return names;
  std::vector<std::string> plugs;
  for (const std::string& plug : spec->plugs) {
    if (plugs.size() < names.size() && used_[line.device].count(plug) == 0) {
      plugs.push_back(plug);
    }
  }
  return plugs;
}

void FileLint::Hosts(const HostLine& line) {
  const DeviceLine* device = Device(line.device);
  if (device == nullptr) {
    return problems_.Error(line.where, "device",
                           absl::StrCat("there is no device ", line.device));
  }
  const auto names = ExpandRange(line.names, kMaxPlugs);
  if (!names.ok()) {
    return problems_.Error(line.where, "range",
                           std::string(names.status().message()));
  }
  const Specification* spec = file_.Find(device->specification);
  const std::vector<std::string> plugs = PlugsOf(line, spec, *names);
  if (plugs.size() != names->size()) {
    return problems_.Error(
        line.where, "count",
        absl::StrCat(names->size(), " hosts for ", plugs.size(), " plugs"));
  }
  for (size_t i = 0; i < plugs.size(); i++) {
    if (!hosts_.insert((*names)[i]).second) {
      problems_.Error(line.where, "duplicate-host",
                      absl::StrCat((*names)[i], " given twice"));
    }
    if (spec != nullptr && !spec->plugs.empty() &&
        !absl::c_linear_search(spec->plugs, plugs[i])) {
      problems_.Error(
          line.where, "plug",
          absl::StrCat("model ", spec->name, " has no plug ", plugs[i]));
    } else if (!used_[line.device].insert(plugs[i]).second) {
      problems_.Error(line.where, "duplicate-plug",
                      absl::StrCat("plug ", plugs[i], " of ", line.device,
                                   " has two hosts"));
    }
  }
}

}  // namespace

std::vector<DeviceProblem> LintSpecification(const Specification& spec,
                                             const DeviceFile& known) {
  return SpecLint(spec, known).Run();
}

std::vector<DeviceProblem> LintDeviceFile(const DeviceFile& file) {
  std::vector<DeviceProblem> all = FileLint(file).Run();
  for (const Specification& spec : file.specifications) {
    for (DeviceProblem& problem : LintSpecification(spec, file)) {
      all.push_back(std::move(problem));
    }
  }
  return all;
}

}  // namespace power
