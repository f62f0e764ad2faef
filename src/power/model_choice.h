// The specifications that an inventory needs: its own ones, and those that are
// built in. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "power/specification.h"

namespace power {

// All that ModelChoice::Add knows, in order.
std::vector<std::string> BuiltInModelNames();

class ModelChoice {
 public:
  // `own` come first: a site may write another specification of a name that is
  // built in.
  explicit ModelChoice(std::vector<Specification> own);

  // The name of the specification that a model means today, which from now on
  // is there with its alternatives; empty if there is none. Protocols that tell
  // themselves what they switch (ipmi, snmp, redfish, amt, ribcl) are models,
  // too, and so are the families of SNMP.
  std::string Add(absl::string_view model);
  // Null if it was not added.
  const Specification* Find(absl::string_view name) const;
  // Built-in models that were probably meant: " (perhaps BayTech)", or nothing.
  static std::string Perhaps(absl::string_view model);

  std::vector<Specification> Take() { return std::move(all_); }

 private:
  void Put(Specification spec);

  std::vector<Specification> all_;
  absl::flat_hash_map<std::string, size_t> index_;
  absl::flat_hash_map<std::string, std::string> known_;
};

}  // namespace power
