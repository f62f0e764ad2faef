#include "power/inventory_reader.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <utility>

#include "power/inventory_lines.h"
#include "power/limits.h"
#include "power/model_choice.h"
#include "power/pcu_values.h"
#include "power/plug_assignment.h"
#include "power/ways.h"
#include "text/utf8.h"

namespace power {
namespace {

std::string Shown(absl::string_view name) {
  return text::Clean(name.substr(0, 80));
}

// What the lines of a file come to, one kind after the other: later ones name
// what earlier ones gave.
class Resolver {
 public:
  explicit Resolver(InventoryLines lines)
      : lines_(std::move(lines)),
        models_(std::exchange(lines_.file.specifications, {})),
        names_(problems_) {}
  InventoryReading Run();

 private:
  void Devices();
  void Pcus();
  bool ModelOf(Pcu& pcu);
  void Settings(Pcu& pcu);
  void Sets();
  void Aliases();
  bool IsNewName(const std::string& name, absl::string_view kind,
                 const Where& where, absl::flat_hash_set<std::string>& names);
  const std::vector<std::string>& Members(size_t group);
  void AddMembers(const SetLine& line, std::vector<std::string>& members,
                  absl::flat_hash_set<std::string>& seen);
  void Protect();
  void Parents();
  void CheckParents();
  void Error(const Where& where, absl::string_view rule, std::string text) {
    problems_.Error(where, rule, std::move(text));
  }

  InventoryLines lines_;
  DeviceProblems problems_;
  ModelChoice models_;
  NameBudget names_;
  InventoryParts parts_;
  absl::flat_hash_map<std::string, size_t> hosts_;  // by name, in parts_
  absl::flat_hash_map<std::string, size_t> group_lines_, aliases_;
  // Of each group line: what it means, once somebody asked.
  enum class Progress : uint8_t { kNotBegun, kUnderWay, kDone };
  std::vector<Progress> progress_;
  int depth_ = 0;       // of groups in groups
  size_t members_ = 0;  // of all groups and aliases
  absl::flat_hash_map<size_t, Where> parent_lines_;  // by host
};

InventoryReading Resolver::Run() {
  Devices();
  Pcus();
  PlugAssignment assignment(parts_.pcus, models_, names_, problems_);
  for (const AssignmentLine& line : lines_.hosts) assignment.Add(line);
  parts_.hosts = assignment.Take();
  for (size_t i = 0; i < parts_.hosts.size(); i++) {
    hosts_.emplace(parts_.hosts[i].name, i);
  }
  Aliases();
  Sets();
  Protect();
  Parents();
  parts_.listens = std::move(lines_.file.listens);
  parts_.tcp_wrappers = lines_.file.tcp_wrappers;
  parts_.plug_log_level = std::move(lines_.file.plug_log_level);
  parts_.specifications = models_.Take();
  InventoryReading reading;
  reading.inventory = Inventory(std::move(parts_));
  reading.problems = std::move(lines_.problems);
  for (DeviceProblem& problem : problems_.Take()) {
    if (reading.problems.size() >= kMaxDeviceProblems) break;
    reading.problems.push_back(std::move(problem));
  }
  return reading;
}

// powerman's device lines are PCUs like others.
void Resolver::Devices() {
  for (const DeviceLine& line : lines_.file.devices) {
    const std::string model = models_.Add(line.specification);
    auto pcu = PcuOf(line, models_.Find(model));
    if (pcu.ok()) {
      lines_.pcus.push_back(*std::move(pcu));
    } else {
      Error(line.where, "address", std::string(pcu.status().message()));
    }
  }
}

void Resolver::Pcus() {
  absl::flat_hash_map<std::string, Where> seen;
  for (Pcu& pcu : lines_.pcus) {
    if (const std::string problem = NameProblem(pcu.name); !problem.empty()) {
      Error(
          pcu.where, "name",
          absl::StrCat("the name '", Shown(pcu.name), "' of a PCU ", problem));
      continue;
    }
    const auto [first, is_new] = seen.try_emplace(pcu.name, pcu.where);
    if (!is_new) {
      Error(pcu.where, "duplicate-pcu",
            absl::StrCat("PCU ", pcu.name, " given twice, also at ",
                         PlaceText(first->second)));
      continue;
    }
    ModelOf(pcu);
    Settings(pcu);
    parts_.pcus.push_back(std::move(pcu));
  }
}

bool Resolver::ModelOf(Pcu& pcu) {
  if (pcu.model.empty() && !pcu.ways.empty()) {
    const std::string& transport = pcu.ways.front().transport;
    if (transport == "ipmi" || transport == "snmp" || transport == "redfish") {
      pcu.model = transport;
    }
  }
  if (pcu.model.empty()) {
    Error(pcu.where, "model", absl::StrCat("PCU ", pcu.name, " has no model"));
    return false;
  }
  const std::string name = models_.Add(pcu.model);
  if (name.empty()) {
    Error(pcu.where, "model",
          absl::StrCat("PCU ", pcu.name, ": there is no model '",
                       Shown(pcu.model), "'", ModelChoice::Perhaps(pcu.model)));
    return false;
  }
  pcu.model = name;
  return true;
}

void Resolver::Settings(Pcu& pcu) {
  if (pcu.ways.empty() && !pcu.serial.empty()) pcu.ways = {{"serial"}};
  if (pcu.ways.empty() && !pcu.program.empty()) pcu.ways = {{"exec"}};
  const Specification* spec = models_.Find(pcu.model);
  const bool manual = spec != nullptr && spec->manual();
  if (pcu.host.empty() && pcu.ip.empty() && pcu.program.empty() && !manual) {
    Error(pcu.where, "address",
          absl::StrCat("PCU ", pcu.name, " has neither host nor ip"));
  }
  // Of a model without any, powerman's are taken: telnet, by a device line.
  if (spec != nullptr && WaysOf(pcu, *spec).empty()) {
    Error(pcu.where, "ports",
          absl::StrCat("PCU ", pcu.name, ": neither it nor model ", spec->name,
                       " says how it is reached: ports"));
  }
}

bool Resolver::IsNewName(const std::string& name, absl::string_view kind,
                         const Where& where,
                         absl::flat_hash_set<std::string>& names) {
  if (const std::string problem = NameProblem(name); !problem.empty()) {
    Error(where, "name",
          absl::StrCat("the name '", Shown(name), "' of the ", kind, " ",
                       problem));
    return false;
  }
  if (names.insert(name).second) return true;
  Error(where, absl::StrCat("duplicate-", kind),
        absl::StrCat(kind, " ", name, " given twice"));
  return false;
}

void Resolver::Aliases() {
  absl::flat_hash_set<std::string> names;
  for (const AliasLine& line : lines_.file.aliases) {
    if (!IsNewName(line.name, "alias", line.where, names)) continue;
    if (hosts_.contains(line.name)) {
      Error(line.where, "duplicate-alias",
            absl::StrCat("alias ", line.name, " is also the name of a host"));
      continue;
    }
    if (parts_.aliases.size() >= kMaxHostSets) {
      return Error(line.where, "size",
                   absl::StrCat("more than ", kMaxHostSets, " aliases"));
    }
    HostSet alias = {line.name, line.where, {}};
    absl::flat_hash_set<std::string> seen;
    AddMembers({line.name, {line.hosts}, line.where}, alias.hosts, seen);
    aliases_.emplace(alias.name, parts_.aliases.size());
    parts_.aliases.push_back(std::move(alias));
  }
}

void Resolver::Sets() {
  absl::flat_hash_set<std::string> names;
  std::vector<SetLine> lines;
  for (SetLine& line : lines_.groups) {
    if (line.name == "all") {
      Error(line.where, "name", "the group all is that of every host");
    } else if (IsNewName(line.name, "group", line.where, names)) {
      group_lines_.emplace(line.name, lines.size());
      parts_.groups.push_back({line.name, line.where, {}});
      lines.push_back(std::move(line));
    }
  }
  lines_.groups = std::move(lines);
  progress_.resize(lines_.groups.size());
  for (size_t i = 0; i < lines_.groups.size(); i++) Members(i);
}

// A group may hold others, which may stand behind it in the file.
const std::vector<std::string>& Resolver::Members(size_t group) {
  std::vector<std::string>& members = parts_.groups[group].hosts;
  const SetLine& line = lines_.groups[group];
  if (progress_[group] == Progress::kUnderWay) {
    Error(line.where, "group",
          absl::StrCat("group ", line.name, " holds itself"));
  }
  if (progress_[group] != Progress::kNotBegun) return members;
  if (depth_ >= kMaxGroupDepth) {
    Error(line.where, "group",
          absl::StrCat("groups hold each other more than ", kMaxGroupDepth,
                       " deep"));
    return members;
  }
  progress_[group] = Progress::kUnderWay;
  depth_++;
  absl::flat_hash_set<std::string> seen;
  AddMembers(line, members, seen);
  depth_--;
  progress_[group] = Progress::kDone;
  return members;
}

void Resolver::AddMembers(const SetLine& line,
                          std::vector<std::string>& members,
                          absl::flat_hash_set<std::string>& seen) {
  const auto add = [&](const std::string& host) {
    if (members_ < kMaxInventoryNames && seen.insert(host).second) {
      members.push_back(host);
      if (++members_ == kMaxInventoryNames) {
        Error(line.where, "size",
              absl::StrCat("the groups have more than ", kMaxInventoryNames,
                           " members together"));
      }
    }
  };
  for (const std::string& member : line.members) {
    absl::string_view name = member;
    if (absl::ConsumePrefix(&name, "@")) {
      const auto found = group_lines_.find(name);
      if (found == group_lines_.end()) {
        Error(line.where, "group",
              absl::StrCat("there is no group ", Shown(name), ", which ",
                           Shown(line.name), " holds"));
        continue;
      }
      for (const std::string& host : Members(found->second)) add(host);
      continue;
    }
    for (const std::string& host : names_.Expand(member, line.where)) {
      if (hosts_.contains(host)) {
        add(host);
      } else if (const auto alias = aliases_.find(host);
                 alias != aliases_.end()) {
        for (const std::string& one : parts_.aliases[alias->second].hosts) {
          add(one);
        }
      } else {
        Error(line.where, "host",
              absl::StrCat("the host ", Shown(host), " has no PCU"));
      }
    }
  }
}

void Resolver::Protect() {
  for (SetLine& line : lines_.protects) {
    std::vector<std::string> names;
    absl::flat_hash_set<std::string> seen;
    line.name = "protect";
    AddMembers(line, names, seen);
    for (const std::string& name : names) {
      parts_.hosts[hosts_.at(name)].is_protected = true;
    }
  }
}

void Resolver::Parents() {
  for (const SetLine& line : lines_.parents) {
    if (!hosts_.contains(line.name)) {
      Error(line.where, "parent",
            absl::StrCat("the parent ", Shown(line.name), " has no PCU"));
      continue;
    }
    std::vector<std::string> names;
    absl::flat_hash_set<std::string> seen;
    AddMembers(line, names, seen);
    for (const std::string& name : names) {
      const size_t host = hosts_.at(name);
      std::string& parent = parts_.hosts[host].parent;
      if (!parent.empty()) {
        Error(line.where, "parent",
              absl::StrCat(name, " has two parents: ", parent, " and ",
                           line.name));
        continue;
      }
      parent = line.name;
      parent_lines_.emplace(host, line.where);
    }
  }
  CheckParents();
}

// Takes away what would go round for ever, or too deep, and tells it.
void Resolver::CheckParents() {
  constexpr int kNotLooked = -1, kUnderWay = -2;
  std::vector<int> depths(parts_.hosts.size(), kNotLooked);
  for (size_t host = 0; host < depths.size(); ++host) {
    std::vector<size_t> chain;  // upwards, as far as nobody has looked
    size_t at = host;
    while (depths[at] == kNotLooked) {
      depths[at] = kUnderWay;
      chain.push_back(at);
      std::string& parent = parts_.hosts[at].parent;
      if (parent.empty()) break;
      const size_t above = hosts_.at(parent);
      if (depths[above] == kUnderWay) {
        Error(parent_lines_.at(at), "parent",
              absl::StrCat(parts_.hosts[at].name,
                           " hangs on itself, by way of ", parent));
        parent.clear();
        break;
      }
      at = above;
    }
    int depth = depths[at] < 0 ? 0 : depths[at] + 1;
    for (size_t i = chain.size(); i-- > 0; ++depth) {
      if (depth > kMaxParentDepth) {
        Error(parent_lines_.at(chain[i]), "parent",
              absl::StrCat("hosts hang on each other more than ",
                           kMaxParentDepth, " deep"));
        parts_.hosts[chain[i]].parent.clear();
        depth = 0;
      }
      depths[chain[i]] = depth;
    }
  }
}

}  // namespace

bool InventoryReading::ok() const {
  return absl::c_none_of(problems,
                         [](const DeviceProblem& p) { return p.error; });
}

InventoryReading ReadInventoryText(absl::string_view name,
                                   absl::string_view text,
                                   IncludeFile include) {
  return Resolver(ReadInventoryLines(name, text, std::move(include))).Run();
}

}  // namespace power
