#include "hosts/plan_printer.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "cli/report.h"
#include "sys/environment.h"
#include "sys/file.h"

namespace hosts {
namespace {

enum class Depth { kHere, kAll };

// Adds the files in a folder, in the order of their names.
absl::Status AddFiles(const std::string& folder, Depth depth,
                      std::vector<PlannedFile>* to) {
  TRY_ASSIGN(std::vector<std::string> names, sys::ListFolder(folder));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder, "/", name);
    TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
    if (info.folder && depth == Depth::kAll) TRY(AddFiles(path, depth, to));
    if (!info.regular) continue;
    TRY_ASSIGN(std::string bytes, sys::ReadFile(path));
    to->push_back({path, std::move(bytes), static_cast<int>(info.mode)});
  }
  return absl::OkStatus();
}

// The variables that commands have and we have not, or with another value.
std::vector<std::pair<std::string, std::string>> Differences(
    const sys::Environment& commands) {
  const sys::Environment ours = sys::Environment::Ours();
  std::vector<std::pair<std::string, std::string>> different;
  for (const std::string& entry : commands.entries()) {
    const size_t end = entry.find('=');
    std::string name = entry.substr(0, end);
    const std::string value = entry.substr(std::min(end, entry.size() - 1) + 1);
    if (ours.Get(name) != value) different.emplace_back(std::move(name), value);
  }
  return different;
}

}  // namespace

absl::StatusOr<PlanPrinter> PlanPrinter::Begin(Run& run,
                                               const DriveOptions& options) {
  const sys::Environment& environment = run.streams().environment();
  PlanPrinter printer;
  ShellPlan& plan = printer.plan_;
  plan.program = options.commands.program;
  plan.hosts = run.elected().size();
  plan.always_zero = options.always_zero;
  plan.last = options.plan_last;
  plan.variables = Differences(environment);
  plan.shell = options.commands.shell.value_or(
      std::string(environment.Get("SHELL").value_or("/bin/sh")));
  if (options.commands.input) plan.input = *options.commands.input;
  TRY_ASSIGN(const sys::Fd here, sys::Open(".", O_PATH | O_DIRECTORY));
  TRY_ASSIGN(plan.folder, sys::PathOf(here.get()));
  TRY_ASSIGN(plan.work, run.work().Path());
  std::vector<PlannedFile> files;
  TRY(AddFiles(plan.work, Depth::kHere, &files));
  cli::Print(ShellPlanBegin(plan, files));
  return printer;
}

absl::Status PlanPrinter::Host(
    absl::string_view host, absl::string_view command,
    absl::Span<const std::pair<std::string, std::string>> variables,
    const HostTexts& texts) {
  std::vector<PlannedFile> files;
  if (!texts.folder().empty()) {
    TRY(AddFiles(texts.folder(), Depth::kAll, &files));
  }
  cli::Print(ShellPlanHost(plan_, host, command, variables, files));
  return absl::OkStatus();
}

void PlanPrinter::Skipped(absl::string_view host, const Failure& failure) {
  cli::Print(ShellPlanSkipped(host, failure.status, failure.why));
}

void PlanPrinter::End() { cli::Print(ShellPlanEnd(plan_)); }

}  // namespace hosts
