// What the closing list of a run (-r) may say of each host besides its status:
//
//   HXMD_PHASE_FAILED  expand, connect, bootstrap, transfer, apply or run;
//                      script, where a script did it all and only its status is
//                      known; empty when nothing failed
//   HXMD_CHANGED       how many paths were written, removed or got another
//                      mode; empty when that is not known
//   HXMD_SECONDS       how long it took, to a thousandth; empty likewise
//
// Pure.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "hosts/closing.h"
#include "msrc/host_report.h"

namespace msrc {

class ClosingFacts {
 public:
  explicit ClosingFacts(size_t hosts) : facts_(hosts) {}
  void Add(const HostReport& report);
  hosts::HostMacros Of(size_t position) const;

 private:
  struct Facts {
    std::string phase;
    std::optional<size_t> changes;
    std::optional<absl::Duration> took;
  };
  std::vector<Facts> facts_;
};

}  // namespace msrc
