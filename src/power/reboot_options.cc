#include "power/reboot_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <utility>

#include "base/status.h"
#include "cli/report.h"
#include "power/inventory_file.h"
#include "power/limits.h"
#include "sys/file.h"

namespace power {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24);

absl::Status Take(const cli::Call& call, absl::string_view word,
                  std::optional<absl::Duration>& out) {
  if (!call.Has(word)) return absl::OkStatus();
  TRY_ASSIGN(out, call.Duration(word, absl::ZeroDuration(), kLongest));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TargetFile(const std::string& path) {
  absl::StatusOr<std::string> text =
      path == "-" ? sys::ReadFd(0, kMaxTargetFileBytes)
                  : sys::ReadFile(path, kMaxTargetFileBytes);
  TRY(text);
  absl::StatusOr<std::vector<std::string>> words = ParseTargetFile(*text);
  if (!words.ok()) return base::Context(words.status(), path);
  return words;
}

absl::Status ReadChoice(const cli::Call& call,
                        const std::vector<std::string>& operands,
                        TargetChoice& choice) {
  std::vector<std::string> files = call.All("file");
  for (const std::string& operand : operands) {
    if (operand == "-") {
      files.push_back(operand);
    } else {
      choice.words.push_back(operand);
    }
  }
  for (const std::string& file : files) {
    TRY_ASSIGN(const std::vector<std::string> words, TargetFile(file));
    choice.words.insert(choice.words.end(), words.begin(), words.end());
  }
  choice.excluded = call.All("exclude");
  choice.ignore_unknown = call.Has("ignore-unknown");
  return absl::OkStatus();
}

absl::Status ReadPlan(const cli::Call& call, PlanOptions& plan) {
  plan.force = call.Has("force");
  plan.shared = call.Has("shared");
  plan.native_cycle = call.Has("native-cycle");
  plan.with_confirmation = call.Has("with-confirmation");
  plan.hard = !call.Has("no-hard");
  plan.yes = call.Has("yes");
  for (const cli::Seen& seen : call.seen) {  // the last one counts
    if (seen.option.word == "wait") plan.wait = true;
    if (seen.option.word == "no-wait") plan.wait = false;
  }
  TRY(Take(call, "time-limit", plan.limit));
  TRY(Take(call, "off-time", plan.off_time));
  TRY(Take(call, "stagger", plan.stagger));
  TRY(Take(call, "grace", plan.grace));
  TRY(Take(call, "state-timeout", plan.state_timeout));
  TRY(Take(call, "hold", plan.hold));
  TRY(Take(call, "step-timeout", plan.step_timeout));
  TRY_ASSIGN(const int64_t at_once, call.Int("parallel", 1, 100'000));
  plan.at_once = static_cast<size_t>(at_once);
  if (call.Has("parallel")) plan.datagrams_at_once = plan.at_once;
  TRY_ASSIGN(const int64_t most, call.Int("max", 0, kMaxTargets));
  plan.most = static_cast<size_t>(most);
  if (call.Has("retries")) {
    TRY_ASSIGN(const int64_t retries, call.Int("retries", 0, 100));
    plan.retries = static_cast<int>(retries);
  }
  if (call.Has("expect-count")) {
    TRY_ASSIGN(const int64_t count, call.Int("expect-count", 0, kMaxTargets));
    plan.expected = static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace

std::string InventoryPath(const cli::Call& call) {
  const std::string path = call.Get("config");
  return path.empty() ? DefaultInventoryPath() : path;
}

std::string StateFolder(const cli::Call& call) {
  const std::string folder = call.Get("state-dir");
  return folder.empty() ? DefaultStateFolder() : folder;
}

SecretPlaces PlacesOf(const cli::Call& call) {
  SecretPlaces places;
  const std::string folder = call.Get("secret-dir");
  if (!folder.empty()) places.store_folder = folder;
  return places;
}

ServiceRun::Options ServiceOptionsOf(const cli::Call& call) {
  ServiceRun::Options options;
  if (call.Has("run-dir")) options.run_folder = call.Get("run-dir");
  options.state_folder = StateFolder(call);
  options.secrets = PlacesOf(call);
  return options;
}

CampaignRun::Options FoldersOf(const cli::Call& call) {
  CampaignRun::Options options;
  if (!call.Get("run-dir").empty()) options.run_folder = call.Get("run-dir");
  options.state_folder = StateFolder(call);
  options.secrets = PlacesOf(call);
  return options;
}

absl::StatusOr<Inventory> NeedInventory(const cli::Call& call) {
  return NeedInventory(InventoryPath(call));
}

absl::StatusOr<Inventory> NeedInventory(const std::string& path) {
  absl::StatusOr<InventoryReading> reading = ReadInventory(path);
  if (!reading.ok()) {
    return cli::FailWith(78, reading.status().message());
  }
  if (reading->ok()) return std::move(reading->inventory);
  std::vector<std::string> lines;
  for (const DeviceProblem& problem : reading->problems) {
    if (problem.error) lines.push_back(ProblemText(problem));
  }
  return cli::FailWith(78, absl::StrJoin(lines, "\n"));
}

absl::StatusOr<CampaignPlan> NeedPlan(const Inventory& inventory,
                                      const TargetChoice& choice,
                                      const PlanOptions& options) {
  const absl::StatusOr<std::vector<Target>> targets =
      ChooseTargets(inventory, choice);
  if (absl::IsNotFound(targets.status())) return targets.status();
  if (!targets.ok()) return cli::FailWith(64, targets.status().message());
  const absl::Status guard = GuardPlan(inventory, *targets, options);
  if (!guard.ok()) return cli::FailWith(64, guard.message());
  return MakePlan(inventory, *targets, options);
}

absl::StatusOr<RebootOptions> ReadRebootOptions(
    const cli::Call& call, Action action, std::vector<std::string> operands) {
  RebootOptions options;
  options.inventory = InventoryPath(call);
  TRY(ReadChoice(call, operands, options.choice));
  options.plan.action = action;
  TRY(ReadPlan(call, options.plan));
  options.run = FoldersOf(call);
  options.run.record = call.Get("record");
  options.run.ignores_lockout = call.Has("force");
  TRY_ASSIGN(options.run.connect_timeout,
             call.Duration("connect-timeout", absl::Milliseconds(1), kLongest));
  options.dry_run = call.Has("dry-run");
  options.json = call.Has("json");
  options.quiet = call.Has("quiet");
  options.verbose = call.Has("verbose");
  options.trace = call.Has("trace");
  options.legacy_output = call.Has("legacy-output");
  options.via = call.Get("via");
  if (call.Has("via") && options.via.empty()) {
    return cli::UsageError("--via: names no host");
  }
  options.identity = call.Get("identity");
  options.trust = call.Get("trust");
  return options;
}

}  // namespace power
