#include <absl/strings/str_cat.h>
#include <signal.h>
#include <unistd.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "isinit/client.h"
#include "isinit/machine.h"
#include "isinit/server.h"
#include "sys/clock.h"

// The same command under four names: what becomes of the machine is in the
// name, unless an option says otherwise.

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "force", "", "at once, by the kernel, without stopping anything"},
      {'n', "no-sync", "", "with --force: do not write to the disks first"},
      {'p', "poweroff", "", "switch the power off"},
      {'r', "reboot", "", "start again"},
      {'k', "kexec", "", "start the kernel that kexec(8) has loaded"},
      {'s', "socket", "PATH", "the server's socket"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_halt = {
    .name = "halt",
    .summary = "end the machine",
    .usage = "[-fknpr] [-s PATH]",
    .options = kOptions,
    .links = "poweroff reboot",
    .exits = "69  isinit does not run this machine\n",
    .run = Run,
};

namespace {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitRequest;

IsinitRequest::Power Wished(const cli::Call& call) {
  if (call.Has("kexec")) return IsinitRequest::KEXEC;
  if (call.Has("reboot")) return IsinitRequest::REBOOT;
  if (call.Has("poweroff")) return IsinitRequest::POWER_OFF;
  if (call.program == "reboot") return IsinitRequest::REBOOT;
  if (call.program == "poweroff") return IsinitRequest::POWER_OFF;
  return IsinitRequest::STOP_MACHINE;
}

isinit::Power ForKernel(IsinitRequest::Power power) {
  switch (power) {
    case IsinitRequest::REBOOT:
      return isinit::Power::kReboot;
    case IsinitRequest::POWER_OFF:
      return isinit::Power::kPowerOff;
    case IsinitRequest::KEXEC:
      return isinit::Power::kKexec;
    default:
      return isinit::Power::kHalt;
  }
}

constexpr absl::Duration kAnswerTime = absl::Seconds(5);

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(call.NoOperands());
  const IsinitRequest::Power power = Wished(call);
  if (call.Has("force")) {
    if (!call.Has("no-sync")) sync();
    return isinit::EndMachine(ForKernel(power));
  }
  if (call.Has("no-sync")) {
    return cli::UsageError("--no-sync: means nothing without --force");
  }
  isinit::ServerConfig config;
  config.socket = call.Get("socket");
  const std::string socket = isinit::SocketOf(config);
  IsinitRequest request;
  request.set_verb(IsinitRequest::POWER);
  request.set_power(power);
  std::string text;
  const absl::StatusOr<int> code =
      isinit::Ask(socket, request, sys::SteadyNow() + kAnswerTime,
                  [&text](const wire_pb::IsinitAnswer& a) {
                    text = a.text();
                    return true;
                  });
  if (absl::IsUnavailable(code.status()) ||
      absl::IsDeadlineExceeded(code.status())) {
    // A process 1 that has no table yet, or a shell open, takes signals only:
    // its socket is not there, or nobody looks at it.
    const int signal =
        call.Has("socket") ? 0 : isinit::PowerSignal(ForKernel(power));
    if (signal != 0 && isinit::IsProcessOneOurs()) {
      if (kill(1, signal) == 0) return 0;
      return base::SysError("process 1");
    }
    if (!absl::IsUnavailable(code.status())) return code.status();
    return cli::FailWith(
        69, absl::StrCat("isinit does not run this machine (", socket,
                         "); --force asks the kernel"));
  }
  TRY(code);
  if (*code != 0) return cli::FailWith(*code, text);
  return 0;
}

}  // namespace
