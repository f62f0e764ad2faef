#include "power/model_choice.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/strings.h"
#include "power/device_library.h"
#include "power/snmp_families.h"

namespace power {
namespace {

constexpr absl::string_view kProtocols[] = {"snmp", "redfish", "amt", "ribcl"};

// A model of which nothing has to be said but the way in.
Specification OfProtocol(absl::string_view name, absl::string_view transport) {
  Specification spec;
  spec.name = std::string(name);
  spec.language = 2;
  spec.transports = {std::string(transport)};
  return spec;
}

}  // namespace

std::vector<std::string> BuiltInModelNames() {
  std::vector<std::string> names(std::begin(kProtocols), std::end(kProtocols));
  for (const Specification& spec : ReadBuiltInDevices().file.specifications) {
    names.push_back(spec.name);
  }
  for (const SnmpFamily& family : SnmpFamilies()) {
    names.emplace_back(family.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

ModelChoice::ModelChoice(std::vector<Specification> own) {
  for (Specification& spec : own) Put(std::move(spec));
  for (size_t i = 0, count = all_.size(); i < count; i++) {
    // A copy: adding moves what is there.
    const std::string alternative = all_[i].alternative;
    if (!alternative.empty()) Add(alternative);
  }
}

void ModelChoice::Put(Specification spec) {
  if (!index_.emplace(spec.name, all_.size()).second) return;
  all_.push_back(std::move(spec));
}

const Specification* ModelChoice::Find(absl::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &all_[found->second];
}

std::string ModelChoice::Add(absl::string_view model) {
  if (Find(model) != nullptr) return std::string(model);
  const auto [known, is_new] = known_.try_emplace(std::string(model));
  if (!is_new) return known->second;
  std::string name = CurrentModelName(model);
  if (Find(name) == nullptr) {
    DeviceFile file = ReadBuiltInModel(name);
    if (file.Find(name) != nullptr) {
      std::string wanted = name;
      // Only what is needed: the model, its alternative, and so on.
      while (!wanted.empty() && Find(wanted) == nullptr) {
        const Specification* spec = file.Find(wanted);
        if (spec == nullptr) break;
        wanted = spec->alternative;
        Put(*spec);
      }
    } else if (absl::c_linear_search(kProtocols, name)) {
      Put(OfProtocol(name, name));
    } else if (FindSnmpFamily(name) != nullptr) {
      Put(OfProtocol(name, "snmp"));
    } else {
      name.clear();
    }
  }
  return known_[std::string(model)] = name;
}

std::string ModelChoice::Perhaps(absl::string_view model) {
  const std::vector<std::string> names = BuiltInModelNames();
  const std::vector<std::string> nearest = base::Nearest(
      model, std::vector<absl::string_view>(names.begin(), names.end()));
  if (nearest.empty()) return "";
  return absl::StrCat(" (perhaps ", absl::StrJoin(nearest, ", "), ")");
}

}  // namespace power
