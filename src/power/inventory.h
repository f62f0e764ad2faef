// The power controllers of a site, the hosts that hang on them, and what sets
// of hosts are called (pcu-inventory(5)). `inventory_reader` makes it of a
// text, `inventory_file` of files, `targets` chooses from it. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/pcu.h"
#include "power/specification.h"

namespace power {

// A group, or powerman's alias: names of hosts, each once, in the order in
// which they were first given.
struct HostSet {
  std::string name;
  Where where = {};
  std::vector<std::string> hosts;
};

struct InventoryParts {
  // In the order of the file; names are unique in each list.
  std::vector<Pcu> pcus = {};
  std::vector<PoweredHost> hosts = {};
  std::vector<HostSet> groups = {}, aliases = {};
  // Those of the file, and of the built-in ones that its PCUs need.
  std::vector<Specification> specifications = {};
  // Addresses for the server, as they were written.
  std::vector<std::string> listens = {};
  std::optional<bool> tcp_wrappers = {};
  std::string plug_log_level = {};
};

class Inventory {
 public:
  Inventory() : Inventory(InventoryParts()) {}
  explicit Inventory(InventoryParts parts);
  // What Find gave stays where it is when an inventory is moved.
  Inventory(Inventory&&) = default;
  Inventory& operator=(Inventory&&) = default;

  const std::vector<Pcu>& pcus() const { return parts_.pcus; }
  const std::vector<PoweredHost>& hosts() const { return parts_.hosts; }
  const std::vector<HostSet>& groups() const { return parts_.groups; }
  const std::vector<HostSet>& aliases() const { return parts_.aliases; }
  const InventoryParts& parts() const { return parts_; }

  // Null if there is none.
  const Pcu* FindPcu(absl::string_view name) const;
  const PoweredHost* FindHost(absl::string_view name) const;
  const HostSet* FindGroup(absl::string_view name) const;
  const HostSet* FindAlias(absl::string_view name) const;
  const Specification* FindSpecification(absl::string_view name) const;
  // Of a PCU of this inventory: never null if it was read without errors.
  const Specification* SpecificationOf(const Pcu& pcu) const {
    return FindSpecification(pcu.model);
  }

  // Whether any host hangs on another.
  bool has_parents() const { return has_parents_; }

  // The plugs of a PCU that have a host, each once: in the order of its model,
  // which without a list of plugs is that of the file.
  absl::Span<const std::string> PlugsOf(absl::string_view pcu) const;
  // The hosts that hang on an outlet; several only where that is meant.
  absl::Span<const std::string> HostsOn(const Outlet& outlet) const;
  // Whether several hosts hang on any of them.
  bool has_shared_outlets() const { return has_shared_outlets_; }
  // The hosts of a PCU, each once, in the order of the file.
  std::vector<std::string> HostsOf(absl::string_view pcu) const;
  // Whether there may be such an outlet: only the device itself knows those of
  // a model that has no list.
  bool HasOutlet(const Outlet& outlet) const;

 private:
  using Index = absl::flat_hash_map<std::string, size_t>;
  using OutletKey = std::pair<std::string, std::string>;
  void IndexPlugs();

  InventoryParts parts_;
  Index pcu_index_, host_index_, group_index_, alias_index_, spec_index_;
  absl::flat_hash_map<OutletKey, std::vector<std::string>> hosts_on_;
  absl::flat_hash_map<std::string, std::vector<std::string>> plugs_of_;
  bool has_parents_ = false, has_shared_outlets_ = false;
};

}  // namespace power
