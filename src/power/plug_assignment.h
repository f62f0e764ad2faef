// Which hosts hang on which plugs: what the node lines of an inventory mean.
// Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/string_view.h>

#include <string>
#include <utility>
#include <vector>

#include "power/device_lexer.h"
#include "power/inventory_lines.h"
#include "power/model_choice.h"
#include "power/pcu.h"

namespace power {

// How many names all ranges of an inventory may still mean.
class NameBudget {
 public:
  explicit NameBudget(DeviceProblems& problems) : problems_(problems) {}
  // Nothing, and a problem told, for what is no range or is too much.
  std::vector<std::string> Expand(absl::string_view text, const Where& where);

 private:
  DeviceProblems& problems_;
  size_t left_ = kMaxInventoryNames;
  bool told_ = false;
};

class PlugAssignment {
 public:
  // All of them outlive this.
  PlugAssignment(const std::vector<Pcu>& pcus, const ModelChoice& models,
                 NameBudget& names, DeviceProblems& problems);

  // Lines in the order of the file: where a line names no plugs, those that
  // are free then are taken in the order of the model.
  void Add(const AssignmentLine& line);
  std::vector<PoweredHost> Take() { return std::move(hosts_); }

 private:
  void AddToPcu(const AssignmentLine& line);
  void AddFeeds(const AssignmentLine& line);
  // The plugs of a line; fewer than `names` if there are not enough, or none
  // and a problem told.
  std::vector<std::string> PlugsFor(const AssignmentLine& line, const Pcu& pcu,
                                    const std::vector<std::string>& names);
  bool NewHost(const std::string& name, const Where& where);
  // False, and a problem told, if the host cannot hang there.
  bool Use(const Outlet& outlet, const std::string& host, const Where& where);
  const Pcu* FindPcu(absl::string_view name) const;
  const Specification* SpecificationOf(const Pcu& pcu) const {
    return models_.Find(pcu.model);
  }

  using OutletKey = std::pair<std::string, std::string>;
  const std::vector<Pcu>& pcus_;
  const ModelChoice& models_;
  NameBudget& names_;
  DeviceProblems& problems_;
  absl::flat_hash_map<std::string, size_t> pcu_index_;
  absl::flat_hash_set<OutletKey> shared_;
  absl::flat_hash_map<OutletKey, std::string> used_;  // by its first host
  absl::flat_hash_set<std::string> host_names_;
  std::vector<PoweredHost> hosts_;
};

}  // namespace power
