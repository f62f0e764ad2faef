#include "power/inventory.h"

#include <absl/algorithm/container.h>

#include <set>

namespace power {
namespace {

template <typename T>
absl::flat_hash_map<std::string, size_t> IndexOf(const std::vector<T>& all) {
  absl::flat_hash_map<std::string, size_t> index;
  for (size_t i = 0; i < all.size(); i++) index.emplace(all[i].name, i);
  return index;
}

template <typename T>
const T* FindIn(const std::vector<T>& all,
                const absl::flat_hash_map<std::string, size_t>& index,
                absl::string_view name) {
  if (index.empty()) return nullptr;  // most sites have no aliases
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &all[found->second];
}

}  // namespace

Inventory::Inventory(InventoryParts parts)
    : parts_(std::move(parts)),
      pcu_index_(IndexOf(parts_.pcus)),
      host_index_(IndexOf(parts_.hosts)),
      group_index_(IndexOf(parts_.groups)),
      alias_index_(IndexOf(parts_.aliases)),
      spec_index_(IndexOf(parts_.specifications)) {
  IndexPlugs();
}

void Inventory::IndexPlugs() {
  for (const PoweredHost& host : parts_.hosts) {
    has_parents_ = has_parents_ || !host.parent.empty();
    for (const Outlet& feed : host.feeds) {
      std::vector<std::string>& hosts = hosts_on_[{feed.pcu, feed.plug}];
      if (hosts.empty()) plugs_of_[feed.pcu].push_back(feed.plug);
      hosts.push_back(host.name);
      has_shared_outlets_ = has_shared_outlets_ || hosts.size() > 1;
    }
  }
  for (const Pcu& pcu : parts_.pcus) {
    const Specification* spec = SpecificationOf(pcu);
    if (spec == nullptr || spec->plugs.empty()) continue;
    std::vector<std::string> ordered;
    for (const std::string& plug : spec->plugs) {
      if (hosts_on_.contains(OutletKey(pcu.name, plug))) {
        ordered.push_back(plug);
      }
    }
    plugs_of_[pcu.name] = std::move(ordered);
  }
}

const Pcu* Inventory::FindPcu(absl::string_view name) const {
  return FindIn(parts_.pcus, pcu_index_, name);
}
const PoweredHost* Inventory::FindHost(absl::string_view name) const {
  return FindIn(parts_.hosts, host_index_, name);
}
const HostSet* Inventory::FindGroup(absl::string_view name) const {
  return FindIn(parts_.groups, group_index_, name);
}
const HostSet* Inventory::FindAlias(absl::string_view name) const {
  return FindIn(parts_.aliases, alias_index_, name);
}
const Specification* Inventory::FindSpecification(
    absl::string_view name) const {
  return FindIn(parts_.specifications, spec_index_, name);
}

absl::Span<const std::string> Inventory::PlugsOf(absl::string_view pcu) const {
  const auto found = plugs_of_.find(pcu);
  if (found == plugs_of_.end()) return {};
  return found->second;
}

absl::Span<const std::string> Inventory::HostsOn(const Outlet& outlet) const {
  const auto found = hosts_on_.find(OutletKey(outlet.pcu, outlet.plug));
  if (found == hosts_on_.end()) return {};
  return found->second;
}

std::vector<std::string> Inventory::HostsOf(absl::string_view pcu) const {
  std::set<size_t> places;
  for (const std::string& plug : PlugsOf(pcu)) {
    for (const std::string& host : HostsOn({std::string(pcu), plug})) {
      places.insert(host_index_.at(host));
    }
  }
  std::vector<std::string> hosts;
  for (const size_t place : places) hosts.push_back(parts_.hosts[place].name);
  return hosts;
}

bool Inventory::HasOutlet(const Outlet& outlet) const {
  if (!HostsOn(outlet).empty()) return true;
  const Pcu* pcu = FindPcu(outlet.pcu);
  const Specification* spec = pcu != nullptr ? SpecificationOf(*pcu) : nullptr;
  if (spec == nullptr || outlet.plug.empty()) return false;
  return spec->plugs.empty() || absl::c_linear_search(spec->plugs, outlet.plug);
}

}  // namespace power
