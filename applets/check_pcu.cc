#include <csignal>
#include <optional>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "power/check_face.h"
#include "power/reboot_options.h"
#include "power/service_run.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'H', "host", "HOST", "the host"},
      {'c', "config", "FILE", "the inventory"},
      {'t', "timeout", "TIME", "at most this long", "30s"},
      {0, "connect-timeout", "TIME", "until the controller answers", "5s"},
      {0, "run-dir", "DIR", "the folder of locks"},
      {0, "state-dir", "DIR", "the folder of the journal"},
      {0, "secret-dir", "DIR", "the folder of the store of secrets"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_check_pcu = {
    .name = "check_pcu",
    .summary = "check whether a host could be switched",
    .usage = "[OPTION ...] -H HOST",
    .options = kOptions,
    .exits =
        "1  it could not be verified\n"
        "2  the host has no controller\n"
        "3  nobody knows: a mistake here, or no answer in time\n",
    .usage_exit = power::kCheckUnknown,
    .environment = "CHECK_PCU",
    .run = Run,
};

namespace {

constexpr absl::Duration kLongest = absl::Hours(1);

int Tell(const power::CheckAnswer& answer) {
  cli::Print(absl::StrCat(answer.line, "\n"));
  return answer.code;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  const std::string host = call.Get("host");
  if (host.empty() || !call.operands.empty()) {
    return cli::UsageError("-H HOST is what it takes");
  }
  TRY_ASSIGN(const absl::Duration most,
             call.Duration("timeout", absl::Milliseconds(1), kLongest));
  TRY_ASSIGN(const absl::Duration connect,
             call.Duration("connect-timeout", absl::Milliseconds(1), kLongest));
  absl::StatusOr<power::Inventory> inventory = power::NeedInventory(call);
  if (!inventory.ok()) {
    return Tell(power::CheckMistake(inventory.status().message()));
  }
  sys::HideMemory();
  sys::Loop loop;
  power::ServiceRun service(loop, *std::move(inventory),
                            power::ServiceOptionsOf(call));
  if (const auto answer = power::CheckHost(service, host)) {
    return Tell(*answer);
  }
  const absl::Time begun = sys::SteadyNow();
  std::optional<power::ServiceResult> result;
  bool is_over = false;
  service.Start({.verb = power::Verb::kVerify,
                 .hosts = {host},
                 .connect_timeout = connect,
                 .who = "check_pcu"},
                {.result = [&](const power::ServiceResult& r) { result = r; },
                 .ended = [&] { is_over = true; }});
  loop.After(most, [&] { is_over = true; });
  while (!is_over && loop.Turn(absl::InfiniteDuration())) {
  }
  const int code = Tell(power::CheckResult(
      host, result.has_value() ? &*result : nullptr, sys::SteadyNow() - begun));
  cli::Flush();
  if (!result.has_value()) service.GiveUp();
  power::StopAndWait(loop, service);
  return code;
}

}  // namespace
