#include "msrc/closing_facts.h"

#include <catch2/catch.hpp>

namespace {

using hosts::HostMacros;

HostMacros Of(const msrc::HostReport& report) {
  msrc::ClosingFacts facts(report.position + 1);
  facts.Add(report);
  return facts.Of(report.position);
}

}  // namespace

TEST_CASE("closing facts: phase, changes and seconds of a host", "[msrc]") {
  msrc::HostReport report;
  report.position = 2;
  report.phase = "run";
  report.answered = true;
  report.created = {"a", "b"};
  report.removed = {"c"};
  report.took = absl::Microseconds(1234567);
  CHECK(Of(report) == HostMacros{{"PHASE_FAILED", "run"},
                                 {"CHANGED", "3"},
                                 {"SECONDS", "1.235"}});
}

TEST_CASE("closing facts: what is not known is empty, and not 0", "[msrc]") {
  msrc::HostReport report;
  report.phase = "connect";
  CHECK(Of(report) == HostMacros{{"PHASE_FAILED", "connect"},
                                 {"CHANGED", ""},
                                 {"SECONDS", ""}});
  CHECK(msrc::ClosingFacts(1).Of(0) ==
        HostMacros{{"PHASE_FAILED", ""}, {"CHANGED", ""}, {"SECONDS", ""}});
}
