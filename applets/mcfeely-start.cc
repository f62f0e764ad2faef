#include "base/status.h"
#include "cli/applet.h"
#include "sys/process.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

}  // namespace

extern constinit const cli::Applet applet_mcfeely_start = {
    .name = "mcfeely-start",
    .summary = "become the job server, as the original was started",
    .usage = "[-- OPTION ...]",
    .run = Run,
};

namespace {

absl::StatusOr<int> Run(const cli::Call& call) {
  std::vector<std::string> argv = {"mcfeely-server"};
  argv.insert(argv.end(), call.operands.begin(), call.operands.end());
  // The original's log was on standard output, for mcfeely-logger to read.
  TRY(sys::ErrorsToOutput());
  return sys::Become(sys::OwnExecutable(), argv);
}

}  // namespace
