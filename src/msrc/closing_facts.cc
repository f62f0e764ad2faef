#include "msrc/closing_facts.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace msrc {

void ClosingFacts::Add(const HostReport& report) {
  Facts& facts = facts_.at(report.position);
  facts.phase = report.phase;
  if (report.answered) facts.changes = report.changes();
  if (report.took > absl::ZeroDuration()) facts.took = report.took;
}

hosts::HostMacros ClosingFacts::Of(size_t position) const {
  const Facts& facts = facts_.at(position);
  return {
      {"PHASE_FAILED", facts.phase},
      {"CHANGED", facts.changes ? absl::StrCat(*facts.changes) : ""},
      {"SECONDS",
       facts.took ? absl::StrFormat("%.3f", absl::ToDoubleSeconds(*facts.took))
                  : ""}};
}

}  // namespace msrc
