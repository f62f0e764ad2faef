#include "msrc/tar_run.h"

#include <utility>

#include "base/status.h"
#include "msrc/run_on_hosts.h"
#include "msrc/script.h"

namespace msrc {

absl::Status RunByTar(const Plan& plan, const DirectOrder& order, TarRun part,
                      hosts::Run& run, const fanout::XapplyFace& face) {
  const std::vector<size_t> all = run.elected();
  const std::vector<hosts::Operand> operands = run.operands();
  std::vector<size_t> hosts;
  for (const size_t position : part.positions) hosts.push_back(all[position]);
  run.SetElected(std::move(hosts));
  run.SetOperands(std::move(part.maps));
  const ScriptOrder scripts = ScriptOrderOf(plan, order.utility, run.options());
  SetOperands(run,
              MadeOperand("update", RemoteScript(scripts, {Transport::kTar})),
              MadeOperand("distfile", Distfile(scripts)));
  hosts::DriveOptions drive = *order.drive;
  drive.closing = {};        // there is one, for all hosts
  drive.always_zero = true;  // and so is the summary
  drive.ended = [&part](size_t place, int status) {
    part.ended(part.positions[place], status);
  };
  const absl::Status driven =
      hosts::Drive(run, std::move(drive), face).status();
  run.SetElected(all);
  run.SetOperands(operands);
  return driven;
}

}  // namespace msrc
