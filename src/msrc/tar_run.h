// The part of a run for which the built-in transport is of no use: hosts of a
// platform for which there is no executable to bring. tar takes its place, in a
// script for each (msrc/script.h).
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <vector>

#include "msrc/direct_run.h"

namespace msrc {

struct TarRun {
  std::vector<hosts::Operand> maps;  // the plan's MAP files, as they were read
  std::vector<size_t> positions;     // of the hosts among the elected
  // By position among the elected.
  std::function<void(size_t position, int status)> ended;
};

// `run` is afterwards as it was.
absl::Status RunByTar(const Plan& plan, const DirectOrder& order, TarRun part,
                      hosts::Run& run, const fanout::XapplyFace& face);

}  // namespace msrc
