#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "hosts/drive.h"
#include "hosts/drive_face.h"
#include "hosts/drive_options.h"
#include "hosts/options.h"
#include "hosts/run.h"
#include "sys/environment.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return hosts::WithHostOptions(
      hosts::WithDriveOptions(std::to_array<cli::Option>({
          {'P', "", "[N]", "commands at once (6; -P alone: $PARALLEL, else 1)"},
          {'V', "version", "",
           "print the version, and where files are looked for"},
          {'z', "", "", "empty HXMD_PASS for whatever is run"},
      })));
});

}  // namespace

extern constinit const cli::Applet applet_hxmd = {
    .name = "hxmd",
    .summary = "run a command for each host, made of its attributes",
    .usage = "[OPTION ...] CONTROL [OPERAND ...]",
    .options = kOptions,
    .exits =
        "0    every host is done, or none was elected\n"
        "1    some hosts failed\n"
        "2    all hosts failed\n"
        "N    what the command of -N or -K said, or m4exit in the election\n",
    .environment = "HXMD_PASS HXMD",
    .run = Run,
};

// The work is hosts::Drive's.

namespace {

void PrintVersion(const cli::Call& call, const hosts::HostOptions& options,
                  const hosts::DriveOptions& drive,
                  const sys::Environment& environment) {
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  cli::Print(
      hosts::VersionLines(options, hosts::Search(environment), environment));
  cli::Print(
      absl::StrCat(call.program, ": parallel factor: ", drive.commands.jobs,
                   ", slots ", drive.commands.jobs + drive.preload, "\n"));
}

absl::Status CheckControl(absl::Span<const hosts::Operand> operands) {
  const hosts::Operand& control = operands[0];
  if (control.kind == hosts::Operand::Kind::kFile && control.given != "-" &&
      !control.executable) {
    return cli::FailWith(66,
                         absl::StrCat(control.given, ": must be executable"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const cli::Call& call) {
  hosts::Run::Order order;
  order.environment = sys::Environment::Ours();
  TRY_ASSIGN(order.options, hosts::ReadHostOptions(call, order.environment));
  TRY_ASSIGN(hosts::DriveOptions options,
             hosts::ReadDriveOptions(call, order.environment, 1));
  if (call.Has("z")) order.environment.Set("HXMD_PASS", "");
  if (call.Has("version")) {
    PrintVersion(call, order.options, options, order.environment);
    return 0;
  }
  if (order.options.Debugs('?')) {
    cli::Print(hosts::DebugLetters());
    return 0;
  }
  if (call.operands.empty()) return cli::UsageError("the control is missing");
  order.operands = call.operands;
  if (order.operands[0].empty()) {
    order.operands[0] = std::string(hosts::kDefaultControl);
  }
  order.check_operands = CheckControl;

  hosts::DriveFace face(call);
  TRY_ASSIGN(const std::unique_ptr<hosts::Run> run,
             hosts::Run::Begin(std::move(order), face.MakeVoice()));
  const absl::StatusOr<int> code = hosts::Drive(
      *run, std::move(options), face.MakeFace(run->elected().size()));
  face.Clear();
  return code;
}

}  // namespace
