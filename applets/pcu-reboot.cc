#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/applet.h"
#include "power/askpass.h"
#include "power/outcome.h"
#include "power/reboot_face.h"
#include "power/reboot_tools.h"
#include "power/relay_face.h"
#include "power/serve_face.h"
#include "sys/users.h"

namespace {

absl::StatusOr<int> RunOriginal(const cli::Call& call);
absl::StatusOr<int> RunVerb(const cli::Call& call);
absl::StatusOr<int> RunIdentify(const cli::Call& call);
absl::StatusOr<int> RunBootdev(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'c', "config", "FILE", "the inventory"},
      {'x', "exclude", "TARGETS", "but not these"},
      {'f', "file", "FILE", "more targets, from a file"},
      {0, "ignore-unknown", "", "go on without names that nothing has"},
      {'n', "dry-run", "", "say what would be done, and ask nobody"},
      {'j', "parallel", "N", "PCUs at the same time", "256"},
      {'t', "time-limit", "TIME", "until a device has taken a command"},
      {0, "connect-timeout", "TIME", "until a device answers", "5s"},
      {0, "step-timeout", "TIME", "of one step of a dialogue"},
      {0, "state-timeout", "TIME", "until the state has followed"},
      {0, "hold", "TIME", "how long on must last to be believed"},
      {0, "wait", "", "confirm the state, as is done anyway"},
      {0, "no-wait", "", "do not confirm the state"},
      {0, "off-time", "TIME", "between off and on of a cycle"},
      {0, "grace", "TIME", "soft: until the system is off", "60s"},
      {0, "no-hard", "", "soft: not off when the system does not follow"},
      {0, "native-cycle", "", "use the device's own cycle"},
      {0, "retries", "N", "tries after the first one"},
      {0, "stagger", "TIME", "between two power-ons of a PCU"},
      {0, "max", "N", "refuse to switch more targets than this", "32"},
      {0, "yes", "", "switch any number of targets"},
      {0, "expect-count", "N", "these are so many targets"},
      {0, "shared", "", "switch whatever else hangs on the plugs"},
      {0, "force", "", "also protected hosts and refused credentials"},
      {0, "with-confirmation", "", "verify: up to the question, and no"},
      {0, "legacy-output", "", "print what the original printed"},
      {0, "json", "", "print a line of JSON for each target"},
      {'q', "quiet", "", "print failures only"},
      {'v', "verbose", "", "print more"},
      {0, "trace", "", "print what is said to devices, without secrets"},
      {0, "record", "FILE", "keep what is said to a device, for lint"},
      {0, "via", "HOST", "have it done by that host"},
      {'i', "identity", "FILE", "the key that says who we are"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {0, "relay", "", "carry out what standard input asks, for --via"},
      {0, "run-dir", "DIR", "the folder of locks"},
      {0, "state-dir", "DIR", "the folder of the journal"},
      {0, "secret-dir", "DIR", "the folder of the store of secrets"},
  });
});
constexpr auto kServeOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'c', "config", "FILE", "the inventory"},
      {'l', "listen", "ADDR", "listen there: HOST:PORT, unix:/path"},
      {0, "requests", "ADDR", "take requests of --via there"},
      {'i', "identity", "FILE", "the key that says who we are"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {0, "native-cycle", "", "use the devices' own cycle, as powermand does"},
      {0, "no-wait", "", "do not confirm states, as powermand does not"},
      {0, "resume-on", "",
       "switch on what a cycle left off that was not ended"},
      {0, "connect-timeout", "TIME", "until a device answers", "5s"},
      {0, "ready-fd", "N", "write the addresses here once they can be called"},
      {'v', "verbose", "", "log more"},
      {0, "run-dir", "DIR", "the folder of locks"},
      {0, "state-dir", "DIR", "the folder of the journal"},
      {0, "secret-dir", "DIR", "the folder of the store of secrets"},
  });
});
constexpr auto kLintOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "against", "TRANSCRIPT", "try the model against this session"},
  });
});

// Where --via has no meaning it is not passed over in silence.
template <absl::StatusOr<int> (*run)(const cli::Call& call)>
absl::StatusOr<int> Here(const cli::Call& call) {
  if (call.Has("via")) {
    return cli::UsageError(
        absl::StrCat("--via: '", call.verb->name, "' is done here only"));
  }
  return run(call);
}

constexpr cli::Verb kVerbs[] = {
    {"status", "[OPTION ...] TARGETS", "say which hosts are on", kOptions,
     RunVerb},
    {"on", "[OPTION ...] TARGETS", "switch on", kOptions, RunVerb},
    {"off", "[OPTION ...] TARGETS", "switch off", kOptions, RunVerb},
    {"cycle", "[OPTION ...] TARGETS", "off, and on again", kOptions, RunVerb},
    {"soft", "[OPTION ...] TARGETS", "ask the system to shut down", kOptions,
     RunVerb},
    {"reset", "[OPTION ...] TARGETS", "press the reset button", kOptions,
     RunVerb},
    {"nmi", "[OPTION ...] TARGETS", "send a diagnostic interrupt", kOptions,
     RunVerb},
    {"verify", "[OPTION ...] TARGETS", "try all but the switching", kOptions,
     RunVerb},
    {"identify", "[OPTION ...] on|off TARGETS", "switch the locating light",
     kOptions, RunIdentify},
    {"bootdev", "[OPTION ...] none|pxe|disk|cdrom|bios TARGETS",
     "what to start from the next time", kOptions, RunBootdev},
    {"list", "[OPTION ...] [TARGETS]", "list hosts and their plugs", kOptions,
     Here<power::RunList>},
    {"models",
     "[show NAME]",
     "list models, or print one",
     {},
     Here<power::RunModels>},
    {"lint", "[--against TRANSCRIPT] [FILE ...]",
     "check inventories and models", kLintOptions, Here<power::RunLint>},
    {"import",
     "FILE",
     "make an inventory of the original's records",
     {},
     Here<power::RunImport>},
    {"serve", "[OPTION ...]", "answer powerman's clients", kServeOptions,
     Here<power::RunServe>},
    {"journal", "[OPTION ...] [HOST]", "list what was switched", kOptions,
     Here<power::RunJournal>},
    {"secret",
     "set NAME | list | rm NAME",
     "keep passwords",
     {},
     Here<power::RunSecret>},
};

}  // namespace

extern constinit const cli::Applet applet_pcu_reboot = {
    .name = "pcu-reboot",
    .summary = "switch the power of hosts",
    .usage = "[OPTION ...] ACTION TARGETS\n[OPTION ...] TARGETS [test]",
    .options = kOptions,
    .exits =
        "1  some failed, for different reasons\n"
        "3  every failure: credentials refused, or not allowed\n"
        "4  every failure: no answer, or the connection broke\n"
        "5  every failure: the state did not follow\n"
        "6  every failure: busy, locked or left alone\n"
        "7  every failure: a person has to do it, or unsupported\n"
        "8  interrupted; what was not tried is listed\n"
        "66  a target is not known; nothing was done\n"
        "69  --via: the host cannot be reached; nothing was done\n"
        "75  --via: the host has not said what came of it\n"
        "77  --via: refused; nothing was done\n"
        "78  the inventory has mistakes; nothing was done\n",
    .environment = "PCU_REBOOT",
    .verbs = kVerbs,
    .run = RunOriginal,
};

// An action is a verb; a command line without one is the original's, which
// knew only one.

namespace {

absl::StatusOr<int> RunOriginal(const cli::Call& call) {
  // Started by ssh under a private name, to be asked for a password.
  if (call.program == "pcu-askpass") {
    return power::AskpassMain(sys::EnvironmentVariable("SSH_ASKPASS"),
                              call.operands);
  }
  if (call.Has("relay")) return power::RunRelay(call);
  std::vector<std::string> operands = call.operands;
  const auto end = std::remove(operands.begin(), operands.end(), "test");
  const bool is_test = end != operands.end() && !call.dashes;
  if (is_test) operands.erase(end, operands.end());
  return power::RunAction(
      call, is_test ? power::Action::kVerify : power::Action::kCycle,
      is_test ? std::move(operands) : call.operands);
}

absl::StatusOr<int> RunVerb(const cli::Call& call) {
  return power::RunAction(call, *power::ParseAction(call.verb->name),
                          call.operands);
}

// Verbs whose first operand is a part of the action.
absl::StatusOr<int> RunWithWord(const cli::Call& call,
                                absl::string_view words) {
  const std::string word = call.operands.empty() ? "" : call.operands[0];
  const std::optional<power::Action> action =
      power::ParseAction(absl::StrCat(call.verb->name, " ", word));
  if (!action.has_value()) {
    return cli::UsageError(
        absl::StrCat(call.verb->name, ": ", words, " comes first"));
  }
  return power::RunAction(call, *action,
                          {call.operands.begin() + 1, call.operands.end()});
}

absl::StatusOr<int> RunIdentify(const cli::Call& call) {
  return RunWithWord(call, "'on' or 'off'");
}

absl::StatusOr<int> RunBootdev(const cli::Call& call) {
  return RunWithWord(call, "'none', 'pxe', 'disk', 'cdrom' or 'bios'");
}

}  // namespace
