#include "power/plug_assignment.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "power/limits.h"
#include "power/pcu_values.h"
#include "power/plug_range.h"
#include "text/utf8.h"

namespace power {
namespace {

std::string Shown(absl::string_view name) {
  return text::Clean(name.substr(0, 80));
}

}  // namespace

std::vector<std::string> NameBudget::Expand(absl::string_view text,
                                            const Where& where) {
  auto names = ExpandRange(text, std::min(left_, kMaxHosts));
  if (names.ok()) {
    left_ -= names->size();
    return *std::move(names);
  }
  if (absl::IsOutOfRange(names.status()) && left_ < kMaxHosts) {
    // Everything behind it would say the same.
    left_ = 0;
    if (std::exchange(told_, true)) return {};
    problems_.Error(where, "size",
                    absl::StrCat("the ranges of the file mean more than ",
                                 kMaxInventoryNames, " names"));
    return {};
  }
  problems_.Error(where, "range", std::string(names.status().message()));
  return {};
}

PlugAssignment::PlugAssignment(const std::vector<Pcu>& pcus,
                               const ModelChoice& models, NameBudget& names,
                               DeviceProblems& problems)
    : pcus_(pcus), models_(models), names_(names), problems_(problems) {
  for (size_t i = 0; i < pcus_.size(); i++) {
    pcu_index_.emplace(pcus_[i].name, i);
    for (const std::string& range : pcus_[i].shared_plugs) {
      for (std::string& plug : names_.Expand(range, pcus_[i].where)) {
        shared_.emplace(pcus_[i].name, std::move(plug));
      }
    }
  }
}

const Pcu* PlugAssignment::FindPcu(absl::string_view name) const {
  const auto found = pcu_index_.find(name);
  return found == pcu_index_.end() ? nullptr : &pcus_[found->second];
}

void PlugAssignment::Add(const AssignmentLine& line) {
  if (line.feeds.empty()) {
    AddToPcu(line);
  } else {
    AddFeeds(line);
  }
}

bool PlugAssignment::NewHost(const std::string& name, const Where& where) {
  if (const std::string problem = NameProblem(name); !problem.empty()) {
    problems_.Error(where, "name",
                    absl::StrCat("the name '", Shown(name), "' ", problem));
    return false;
  }
  if (!host_names_.insert(name).second) {
    problems_.Error(where, "duplicate-host",
                    absl::StrCat(name, " given twice"));
    return false;
  }
  if (hosts_.size() < kMaxHosts) return true;
  problems_.Error(where, "size",
                  absl::StrCat("more than ", kMaxHosts, " hosts"));
  return false;
}

bool PlugAssignment::Use(const Outlet& outlet, const std::string& host,
                         const Where& where) {
  const Pcu* pcu = FindPcu(outlet.pcu);
  const Specification* spec = SpecificationOf(*pcu);
  if (spec != nullptr && !spec->plugs.empty() &&
      std::find(spec->plugs.begin(), spec->plugs.end(), outlet.plug) ==
          spec->plugs.end()) {
    problems_.Error(where, "plug",
                    absl::StrCat("model ", spec->name, " of ", outlet.pcu,
                                 " has no plug ", Shown(outlet.plug)));
    return false;
  }
  const OutletKey key(outlet.pcu, outlet.plug);
  const auto [used, is_new] = used_.try_emplace(key, host);
  if (is_new || (used->second != host && shared_.contains(key))) return true;
  problems_.Error(
      where, "duplicate-plug",
      used->second == host
          ? absl::StrCat("plug ", Shown(outlet.plug), " of ", outlet.pcu,
                         " feeds ", host, " twice")
          : absl::StrCat("plug ", Shown(outlet.plug), " of ", outlet.pcu,
                         " has two hosts: ", used->second, " and ", host));
  return false;
}

std::vector<std::string> PlugAssignment::PlugsFor(
    const AssignmentLine& line, const Pcu& pcu,
    const std::vector<std::string>& names) {
  if (line.plugs) return names_.Expand(*line.plugs, line.where);
  const Specification* spec = SpecificationOf(pcu);
  if (spec == nullptr || spec->plugs.empty()) return names;
  std::vector<std::string> plugs;
  for (const std::string& plug : spec->plugs) {
    if (plugs.size() < names.size() &&
        !used_.contains(OutletKey(pcu.name, plug))) {
      plugs.push_back(plug);
    }
  }
  return plugs;
}

void PlugAssignment::AddToPcu(const AssignmentLine& line) {
  const Pcu* pcu = FindPcu(line.pcu);
  if (pcu == nullptr) {
    return problems_.Error(line.where, "pcu",
                           absl::StrCat("there is no PCU ", Shown(line.pcu)));
  }
  const std::vector<std::string> names = names_.Expand(line.names, line.where);
  if (names.empty()) return;
  const std::vector<std::string> plugs = PlugsFor(line, *pcu, names);
  if (plugs.empty() && line.plugs) return;
  if (plugs.size() != names.size()) {
    return problems_.Error(
        line.where, "count",
        absl::StrCat(names.size(), " hosts for ", plugs.size(),
                     line.plugs ? " plugs" : " free plugs"));
  }
  for (size_t i = 0; i < names.size(); i++) {
    const Outlet outlet = {pcu->name, plugs[i]};
    if (!NewHost(names[i], line.where) || !Use(outlet, names[i], line.where)) {
      continue;
    }
    hosts_.push_back({names[i], line.where, {outlet}});
  }
}

void PlugAssignment::AddFeeds(const AssignmentLine& line) {
  const std::vector<std::string> names = names_.Expand(line.names, line.where);
  if (names.empty()) return;
  if (line.feeds.size() > kMaxFeeds) {
    return problems_.Error(
        line.where, "size",
        absl::StrCat("more than ", kMaxFeeds, " feeds of one host"));
  }
  std::vector<std::vector<Outlet>> feeds(names.size());
  for (const std::string& feed : line.feeds) {
    const size_t slash = feed.find('/');
    if (slash == std::string::npos) {
      return problems_.Error(
          line.where, "syntax",
          absl::StrCat("the feed '", Shown(feed), "' is no PCU/PLUG"));
    }
    const std::string pcu = feed.substr(0, slash);
    if (FindPcu(pcu) == nullptr) {
      return problems_.Error(line.where, "pcu",
                             absl::StrCat("there is no PCU ", Shown(pcu),
                                          ", which feeds ", Shown(line.names)));
    }
    const std::vector<std::string> plugs =
        names_.Expand(feed.substr(slash + 1), line.where);
    if (plugs.empty()) return;
    if (plugs.size() != names.size()) {
      return problems_.Error(line.where, "count",
                             absl::StrCat(names.size(), " hosts for ",
                                          plugs.size(), " plugs of ", pcu));
    }
    for (size_t i = 0; i < names.size(); i++) {
      feeds[i].push_back({pcu, plugs[i]});
    }
  }
  for (size_t i = 0; i < names.size(); i++) {
    if (!NewHost(names[i], line.where)) continue;
    PoweredHost host = {names[i], line.where, {}};
    for (const Outlet& outlet : feeds[i]) {
      if (Use(outlet, host.name, line.where)) host.feeds.push_back(outlet);
    }
    // One that lacks a feed would be taken for off while it is on.
    if (host.feeds.size() == feeds[i].size()) hosts_.push_back(std::move(host));
  }
}

}  // namespace power
