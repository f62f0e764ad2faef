#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <csignal>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "power/fence_face.h"
#include "power/fence_run.h"
#include "power/inventory_file.h"
#include "power/limits.h"
#include "power/reboot_options.h"
#include "power/service_run.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"

// A fence agent, as cluster managers call them: options on the command line, or
// without any as lines of key=value on standard input.

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'o', "action", "ACTION", "what to do", "reboot"},
      {'n', "plug", "HOST", "the host"},
      {'c', "inventory", "FILE", "the inventory"},
      {'m', "method", "METHOD", "onoff, or cycle: both in one session",
       "onoff"},
      {'q', "quiet", "", "say nothing on standard error"},
      {'v', "verbose", "", "show what is said to the controller"},
      {0, "plug-separator", "CHAR", "between hosts, if there are several", ","},
      {'C', "separator", "CHAR", "between the columns of list", ","},
      {0, "delay", "SECONDS", "wait before anything is switched", "0"},
      {0, "disable-timeout", "YES", "only the inventory's limits hold"},
      {0, "login-timeout", "SECONDS", "until the controller answers", "5"},
      {0, "power-timeout", "SECONDS", "until the state has followed", "20"},
      {0, "power-wait", "SECONDS", "between off and on", "0"},
      {0, "shell-timeout", "SECONDS", "for each step of a dialogue"},
      {0, "retry-on", "N", "how often on is tried again", "1"},
      {0, "stonith-status-sleep", "SECONDS", "taken, and not looked at"},
      {0, "run-dir", "DIR", "the folder of locks"},
      {0, "state-dir", "DIR", "the folder of the journal"},
      {0, "secret-dir", "DIR", "the folder of the store of secrets"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_fence_pcu = {
    .name = "fence_pcu",
    .summary = "switch hosts for a cluster manager",
    .usage = "[OPTION ...]",
    .options = kOptions,
    .exits =
        "1   failed\n"
        "2   status: the host is off; else the options are wrong\n"
        "3   credentials were refused\n"
        "4   the controller does not answer, or hung up\n"
        "5   it took too long\n"
        "6   on was not read back\n"
        "7   off was not read back\n"
        "8   the state is not known, or there is no such host\n"
        "10  a password is missing\n"
        "11  the account may not switch\n",
    .usage_exit = power::kFenceUsage,
    .environment = "FENCE_PCU",
    .run = Run,
};

namespace {

bool IsKey(absl::string_view word) {
  for (const std::string& key : power::FenceKeys()) {
    if (absl::StrReplaceAll(key, {{"_", "-"}}) == word) return true;
  }
  return false;
}

// Where none of the agent's own options is given, they are on standard input.
absl::StatusOr<power::FencePairs> ReadPairs(const cli::Call& call) {
  power::FencePairs pairs;
  for (const cli::Seen& seen : call.seen) {
    if (!IsKey(seen.option.word)) continue;
    const bool is_switch = seen.option.value.empty();
    pairs.emplace_back(seen.option.word, is_switch ? "1" : seen.value);
  }
  if (!pairs.empty()) return pairs;
  TRY_ASSIGN(const std::string text,
             sys::ReadFd(0, power::kMaxFenceInputBytes + 1));
  return power::ParseFenceInput(text);
}

absl::Status Failed(const absl::Status& status) {
  return cli::FailWith(power::kFenceFailed, status.message());
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (!call.operands.empty()) return cli::UsageError("takes options only");
  const absl::StatusOr<power::FencePairs> pairs = ReadPairs(call);
  if (!pairs.ok()) return cli::UsageError(pairs.status().message());
  const absl::StatusOr<power::FenceOptions> options =
      power::ReadFenceOptions(*pairs);
  if (!options.ok()) return cli::UsageError(options.status().message());
  const power::FenceOutput output = {
      .print =
          [](absl::string_view text) {
            cli::Print(text);
            cli::Flush();
          },
      .complain =
          [&](absl::string_view line) {
            if (!options->quiet) cli::Warn(call, absl::UnknownError(line));
          }};
  for (const std::string& line : options->warnings) output.complain(line);
  if (options->action == power::FenceAction::kMetadata) {
    output.print(power::FenceMetadata());
    return power::kFenceOk;
  }
  absl::StatusOr<power::Inventory> inventory = power::NeedInventory(
      options->inventory.empty() ? power::DefaultInventoryPath()
                                 : options->inventory);
  if (!inventory.ok()) return Failed(inventory.status());
  power::ServiceRun::Options run = power::ServiceOptionsOf(call);
  run.note = output.complain;
  sys::HideMemory();
  sys::Loop loop;
  power::ServiceRun* its = nullptr;
  int signals = 0;
  // Made before any thread is. What has begun is brought to its end.
  sys::Signals watch(loop, sys::NotIgnored({SIGINT, SIGTERM}), [&](int) {
    if (its == nullptr) return;
    ++signals == 1 ? its->Stop([] {}) : its->GiveUp();
  });
  power::ServiceRun service(loop, *std::move(inventory), std::move(run));
  its = &service;
  const int code = power::RunFence(loop, service, *options, output);
  power::StopAndWait(loop, service);
  return code;
}

}  // namespace
