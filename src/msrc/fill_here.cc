#include "msrc/fill_here.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "fanout/pass_signals.h"
#include "fanout/wrapped.h"
#include "hosts/expander.h"
#include "msrc/command_line.h"
#include "msrc/run_on_hosts.h"
#include "sys/child.h"
#include "sys/loop.h"
#include "text/shell_file.h"
#include "text/words.h"

namespace msrc {
namespace {

constexpr int kNoData = 65, kProtocol = 76, kNoPermission = 77,
              kConfiguration = 78;  // <sysexits.h>

// Which of the elected we are: an index into them.
absl::StatusOr<size_t> OurPosition(const FillOrder& order,
                                   const hosts::Run& run) {
  const std::vector<size_t>& elected = run.elected();
  const auto find = [&](absl::string_view name) -> std::optional<size_t> {
    for (size_t i = 0; i < elected.size(); i++) {
      if (absl::EqualsIgnoreCase(run.table().HostName(elected[i]), name)) {
        return i;
      }
    }
    return std::nullopt;
  };
  if (elected.empty()) {
    return cli::FailWith(kConfiguration, "no host is elected");
  }
  if (!order.host.empty()) {
    const std::optional<size_t> found = find(order.host);
    if (found) return *found;
    return cli::FailWith(kConfiguration,
                         absl::StrCat(order.host, ": is not elected"));
  }
  if (elected.size() == 1) return 0;
  for (const std::string& name : LocalNames(order.local_name)) {
    if (const std::optional<size_t> found = find(name)) return *found;
  }
  return 0;
}

// One level only: INTO that is misspelled makes no trees.
absl::Status MakeInto(const std::string& into) {
  if (IsCurrentFolder(into)) {
    return cli::FailWith(
        kProtocol,
        absl::StrCat("\"INTO\": ", into, ": is the folder that is sent"));
  }
  struct stat here, there;
  if (stat(into.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode)) return absl::OkStatus();
    return cli::FailWith(kNoPermission,
                         absl::StrCat(into, ": is not a folder"));
  }
  if (stat(".", &here) != 0) return base::SysError("stat .");
  const mode_t mode = (here.st_mode & 0777) | 0700;
  if (mkdir(into.c_str(), mode) != 0 || chmod(into.c_str(), mode) != 0) {
    const absl::Status status = base::SysError(into);
    return cli::FailWith(kNoPermission, status.message());
  }
  return absl::OkStatus();
}

// In our place at the terminal: our input and output are its own.
absl::StatusOr<int> RunScript(const std::string& path, const hosts::Run& run) {
  sys::Loop loop;
  fanout::PassSignals signals(loop, nullptr);
  sys::SpawnOptions options;
  options.in = STDIN_FILENO;
  options.out = STDOUT_FILENO;
  options.err = STDERR_FILENO;
  options.environment = &run.streams().environment().entries();
  cli::Flush();
  TRY_ASSIGN(sys::Child child, sys::Child::Spawn({"/bin/sh", path}, options));
  signals.To(&child);
  TRY(loop.Watch(child.pidfd(), EPOLLIN, [&](uint32_t) { loop.Stop(); }));
  loop.Run();
  signals.To(nullptr);
  return fanout::WrappedStatus(child.Wait());
}

}  // namespace

absl::StatusOr<int> FillHere(const Plan& plan, const FillOrder& order,
                             hosts::Run& run) {
  TRY_ASSIGN(const size_t position, OurPosition(order, run));
  TRY(CheckInside(plan.payload));
  Utility utility = order.utility;
  if (utility.words == std::vector<std::string>{":"}) utility.words.clear();
  const ScriptOrder scripts = ScriptOrderOf(plan, utility, run.options());
  const hosts::Operand control =
      MadeOperand("update", ProvisionScript(scripts, Provision::kInto));
  if (order.show_scripts) {
    run.voice().raw(text::ShellFile(control.given, *control.content, 0700));
  }
  SetOperands(run, control, std::nullopt);
  TRY(MakeInto(plan.into.path));
  TRY_ASSIGN(const hosts::Expander expander, run.MakeExpander());
  absl::StatusOr<hosts::HostTexts> texts =
      expander.Expand(run.elected()[position], position);
  TRY(run.OrSignal(texts.status()));
  if (!texts->messages.empty()) run.voice().raw(texts->messages);
  if (texts->failure.status != 0) {
    return cli::FailWith(kNoData, texts->failure.why);
  }
  if (run.options().Debugs('X')) {
    run.voice().Debug('X', text::JoinWords({"/bin/sh", texts->words[0]}));
  }
  TRY_ASSIGN(const int code, RunScript(texts->words[0], run));
  run.ReportChangedFiles();
  return code;
}

}  // namespace msrc
