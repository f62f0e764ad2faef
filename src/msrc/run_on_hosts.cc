#include "msrc/run_on_hosts.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "cli/applet.h"
#include "fanout/command.h"
#include "hosts/drive_outcome.h"
#include "msrc/closing_facts.h"
#include "msrc/direct_run.h"
#include "msrc/host_listing.h"
#include "msrc/script_parts.h"
#include "msrc/step_protocol.h"
#include "msrc/steps.h"
#include "msrc/utility_input.h"
#include "sys/process.h"
#include "text/shell_file.h"
#include "text/words.h"

namespace msrc {
namespace {

// <sysexits.h>
constexpr int kUsage = 64, kUnavailable = 69;

// Which transport each host has, and what is to be said about that.
class Transports {
 public:
  Transports(const HostsOrder& order, const hosts::Run& run)
      : order_(order), run_(run) {}

  absl::Status Choose() {
    // Nobody asks for another, mostly.
    if (!order_.transport && !AnyoneAsks()) {
      used_.push_back(kUsualTransport);
      return absl::OkStatus();
    }
    for (size_t host : run_.elected()) TRY(ChooseFor(host));
    if (used_.empty()) used_.push_back(kUsualTransport);
    return absl::OkStatus();
  }
  const std::vector<Transport>& used() const { return used_; }
  // The built-in transport has no script that could be run by hand: what is
  // shown does the same by tar.
  std::vector<Transport> ByHand() const {
    std::vector<Transport> shown;
    for (const Transport t : used_) {
      const Transport by = ByHandOf(t);
      if (std::find(shown.begin(), shown.end(), by) == shown.end()) {
        shown.push_back(by);
      }
    }
    return shown;
  }
  // These in the place of those that were chosen.
  void KeepByHand() {
    used_ = ByHand();
    for (auto& [host, transport] : of_host_) transport = ByHandOf(transport);
  }
  Transport Of(size_t host) const {
    const auto found = of_host_.find(host);
    return found == of_host_.end() ? kUsualTransport : found->second;
  }

 private:
  static Transport ByHandOf(Transport t) {
    return t == Transport::kBuiltin ? Transport::kTar : t;
  }
  std::unique_ptr<hosts::Stream> NewStream() const {
    return run_.streams().New("transport", hosts::Streams::Messages::kKeep,
                              hosts::StreamSystem::Mode::kTrial);
  }

  bool AnyoneAsks() const {
    const std::unique_ptr<hosts::Stream> stream = NewStream();
    for (const char* name : {"TRANSPORT", "SDIST", "RDIST_PATH"}) {
      if (stream->m4().IsDefined(name) || run_.table().FindName(name)) {
        return true;
      }
    }
    return false;
  }

  TransportFacts FactsOf(size_t host) const {
    TransportFacts facts;
    facts.asked = order_.transport;
    if (facts.asked) return facts;
    const std::unique_ptr<hosts::Stream> stream = NewStream();
    stream->DefineHost(host);
    const auto value = [&](const char* name) -> std::optional<std::string> {
      if (!stream->m4().IsDefined(name)) return std::nullopt;
      stream->output().clear();
      stream->m4().Expand(name, name);
      stream->m4().Flush();
      return stream->output();
    };
    facts.transport = value("TRANSPORT");
    facts.sdist = value("SDIST");
    facts.rdist_path = value("RDIST_PATH");
    return facts;
  }

  absl::Status ChooseFor(size_t host) {
    const TransportFacts facts = FactsOf(host);
    const TransportChoice choice =
        ChooseTransport(facts, [&](absl::string_view program) {
          return fanout::FindOnPath(program, run_.streams().environment()).ok();
        });
    const absl::string_view name = run_.table().HostName(host);
    if (!choice.unknown.empty()) {
      return cli::FailWith(
          78, absl::StrCat(name, ": TRANSPORT: '", choice.unknown,
                           "' is not builtin, tar, rsync or rdist"));
    }
    if (!choice.missing.empty() && said_.insert(choice.missing).second) {
      const std::string line =
          absl::StrCat(choice.missing, ": is not here; ",
                       NameOf(choice.transport), " takes its place");
      if (order_.strict) return cli::FailWith(kUnavailable, line);
      run_.voice().Warn(line);
    }
    of_host_[host] = choice.transport;
    if (std::find(used_.begin(), used_.end(), choice.transport) ==
        used_.end()) {
      used_.push_back(choice.transport);
    }
    return absl::OkStatus();
  }

  const HostsOrder& order_;
  const hosts::Run& run_;
  absl::flat_hash_map<size_t, Transport> of_host_;
  absl::flat_hash_set<std::string> said_;
  std::vector<Transport> used_;
};

// Whether a text of ours could find more in a script than what is ours.
bool MayHaveHooks(const hosts::Run& run) {
  if (!run.options().preloads.empty()) return true;
  const std::unique_ptr<hosts::Stream> stream =
      run.streams().New("hooks", hosts::Streams::Messages::kKeep,
                        hosts::StreamSystem::Mode::kTrial);
  for (const char* name : {"INIT_CMD", "PRE_CMD", "POST_CMD", "INCLUDE_CMD"}) {
    if (stream->m4().IsDefined(name) || run.table().FindName(name)) return true;
  }
  return false;
}

// rdist puts files wherever it is told; whatever else does it, keeps inside of
// one folder.
bool IsAllByRdist(const Transports& transports) {
  return transports.used().size() == 1 &&
         transports.used()[0] == Transport::kRdist;
}

bool HasBuiltIn(const Transports& transports) {
  const std::vector<Transport>& used = transports.used();
  return std::find(used.begin(), used.end(), Transport::kBuiltin) != used.end();
}

// What the steps of scripts ask for.
struct Steps {
  std::unique_ptr<SharedDelivery> shared;
  std::unique_ptr<StepServer> server;
};

// None where there is none, or where nothing is run. The scripts find it by
// their environment.
absl::StatusOr<std::unique_ptr<Steps>> StepsFor(const Plan& plan,
                                                const HostsOrder& order,
                                                const Transports& transports,
                                                hosts::Run& run) {
  if (plan.mode == Mode::kLocal || !HasBuiltIn(transports) ||
      run.elected().empty() || order.drive.commands.dry_run) {
    return nullptr;
  }
  auto steps = std::make_unique<Steps>();
  TRY_ASSIGN(steps->shared,
             SharedDelivery::Make(plan, order.delivery,
                                  run.streams().environment(), run.voice()));
  TRY_ASSIGN(const std::string folder, run.work().Path());
  UtilityPlan utility;
  utility.utility = &order.utility;
  utility.detach = order.delivery.detach;
  utility.time = order.drive.commands.policy.timeout.Limit().value_or(
      absl::InfiniteDuration());
  TRY_ASSIGN(utility.input, UtilityInput(order.drive.commands, run));
  TRY_ASSIGN(steps->server, StepServer::Start(plan, utility, order.delivery,
                                              *steps->shared, folder));
  run.SetVariable(kStepProgram, sys::OwnExecutable());
  run.SetVariable(kStepSocket, steps->server->socket());
  return steps;
}

// What is known of a host whose script has ended.
HostReport ReportOfScript(const hosts::Run& run, const Steps* steps,
                          size_t position, int status) {
  const std::string host(run.table().HostName(run.elected()[position]));
  HostReport report;
  if (steps != nullptr) {
    report = steps->server->ReportOf(host).value_or(HostReport());
  }
  // It may have failed after its delivery had not.
  if (report.status != status) report.phase = report.error = "";
  if (report.phase.empty()) report.phase = PhaseOfScript(status);
  report.host = host;
  report.position = position;
  report.status = status;
  return report;
}

// What is done without any script: hooks are of no use then.
std::string OnlyDirect(const DeliveryOptions& o) {
  if (o.policy.check()) return "--check";
  if (o.bootstrap_only) return "--bootstrap";
  if (o.attach) return "--attach";
  if (!o.bundle.empty()) return "--bundle";
  return "";
}

// What only a run without scripts can keep.
std::string NeedsDirect(const DeliveryOptions& o) {
  if (o.policy.diff()) return "--diff";
  if (o.waves.canaries > 0) return "--canary";
  if (o.waves.batch) return "--batch";
  if (o.waves.max_fail) return "--max-fail";
  if (o.report_json) return "--report";
  if (o.tty) return "--tty";
  return "";
}

// What nobody would heed must not look as if it was: --check of a run that
// writes, say.
absl::Status CheckHeeded(const HostsOrder& order, absl::string_view why) {
  if (order.delivery_option.empty()) return absl::OkStatus();
  return cli::FailWith(
      kUsage, absl::StrCat(order.delivery_option,
                           ": only for the built-in transport, ", why));
}

// Whether tar may take the place of the built-in transport where there is no
// executable for a host: nobody has asked for that transport, or for what it
// alone can do.
bool MayUseTar(const HostsOrder& order) {
  return !order.strict && !order.transport && order.delivery_option.empty();
}

// Whether the exchanges are all that is to be done.
absl::StatusOr<bool> IsDirect(const HostsOrder& order,
                              const Transports& transports,
                              const hosts::Run& run) {
  if (run.elected().empty() || order.drive.commands.dry_run) return false;
  const bool built_in =
      transports.used() == std::vector<Transport>{Transport::kBuiltin};
  const std::string only = OnlyDirect(order.delivery);
  if (!only.empty() && !built_in) {
    return cli::FailWith(kUsage,
                         absl::StrCat(only,
                                      ": the built-in transport's, and not all "
                                      "hosts have it"));
  }
  if (built_in &&
      (!only.empty() || (!order.wants_scripts && !MayHaveHooks(run)))) {
    return true;
  }
  const std::string option = NeedsDirect(order.delivery);
  if (option.empty()) return false;
  return cli::FailWith(
      kUsage, absl::StrCat(option,
                           ": not where a script is run for each host, as for "
                           "hooks and another transport"));
}

// What is expanded for each host: its script, and the script's companion.
struct Texts {
  hosts::Operand control, companion;
};
Texts TextsFor(const Plan& plan, const HostsOrder& order,
               const ScriptOrder& scripts,
               absl::Span<const Transport> transports) {
  if (plan.mode == Mode::kLocal) {
    return {MadeOperand("update",
                        ScratchScript(scripts, order.program, order.keep)),
            MadeOperand("provision",
                        ProvisionScript(scripts, Provision::kScratch))};
  }
  return {MadeOperand("update", RemoteScript(scripts, transports)),
          MadeOperand("distfile", Distfile(scripts))};
}

// What -n prints of a host; a template of one's own is shown as it was
// expanded.
std::function<std::string(size_t, absl::string_view)> Listed(
    const Plan& plan, const HostsOrder& order, const Transports& transports,
    const hosts::Run& run) {
  const bool usual = order.drive.commands.command.empty();
  return [&, usual](size_t position, absl::string_view command) {
    const size_t host = run.elected()[position];
    return HostListing(
        plan, run.table().HostName(host), transports.Of(host),
        usual ? CommandText(order.utility) : std::string(command));
  };
}

void Show(const HostsOrder& order, const hosts::Run& run, const Texts& texts) {
  if (order.show_scripts) {
    for (const hosts::Operand* operand : {&texts.control, &texts.companion}) {
      run.voice().raw(text::ShellFile(operand->given, *operand->content, 0700));
    }
  }
  if (!order.show_command) return;
  std::vector<std::string> words = order.shown_words;
  words.push_back("-F0");
  words.push_back("-c");
  words.push_back(order.drive.commands.command);
  words.push_back("--");
  words.push_back(texts.control.given);
  for (const hosts::Operand& operand : run.operands()) {
    words.push_back(operand.given);
  }
  words.push_back(texts.companion.given);
  const auto pass = run.streams().environment().Get("HXMD_PASS");
  run.voice().Debug(
      'X', absl::StrCat("HXMD_PASS=", text::QuoteWord(pass.value_or("")), " ",
                        text::JoinWords(words)));
}

}  // namespace

std::vector<std::string> OperandsOf(const Plan& plan) {
  std::vector<std::string> operands;
  for (const PayloadFile& f : plan.payload.map) {
    // Names of ours are not looked for in other places.
    const bool searched =
        !absl::StartsWith(f.source, "/") && !absl::StartsWith(f.source, "./");
    operands.push_back(absl::StrCat(searched ? "./" : "", f.source));
  }
  return operands;
}

ScriptOrder ScriptOrderOf(const Plan& plan, const Utility& utility,
                          const hosts::HostOptions& options) {
  ScriptOrder order;
  order.names = {options.prefix, options.key};
  order.recipe = plan.recipe.file;
  order.into = plan.into.path;
  order.payload = plan.payload;
  order.utility = utility;
  return order;
}

hosts::Operand MadeOperand(const std::string& name, std::string text) {
  hosts::Operand operand;
  operand.kind = hosts::Operand::Kind::kFile;
  operand.given = operand.source = operand.output_name = name;
  operand.content = std::make_shared<const std::string>(std::move(text));
  operand.look.mode = 0700;
  operand.executable = true;
  return operand;
}

void SetOperands(hosts::Run& run, hosts::Operand control,
                 std::optional<hosts::Operand> last) {
  std::vector<hosts::Operand> operands = {std::move(control)};
  for (const hosts::Operand& read : run.operands()) {
    operands.push_back(read);
    for (char& c : operands.back().output_name) {
      // The path is told as a macro, whose value is m4 text and then a shell's.
      const bool plain =
          absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
          absl::string_view("._-+@%,=").find(c) != absl::string_view::npos;
      if (!plain) c = '_';
    }
  }
  if (last) operands.push_back(*std::move(last));
  run.SetOperands(std::move(operands));
}

absl::StatusOr<int> RunOnHosts(const Plan& plan, HostsOrder order,
                               hosts::Run& run,
                               const fanout::XapplyFace& face) {
  ScriptOrder scripts = ScriptOrderOf(plan, order.utility, run.options());
  scripts.may_use_tar = MayUseTar(order);
  fanout::XapplyOptions& commands = order.drive.commands;
  Transports transports(order, run);
  if (!order.drive.shell_plan) {
    order.drive.listed = Listed(plan, order, transports, run);
  }
  if (commands.command.empty()) {
    // The path is that of the host's script. Whatever blanks are in it.
    commands.command =
        absl::StrCat("/bin/sh ", std::string(1, commands.escape), "W1",
                     commands.append_tokens ? " \"$@\"" : "");
  }
  bool direct = false;
  if (plan.mode == Mode::kLocal) {
    TRY(CheckInside(plan.payload));
    TRY(CheckHeeded(order, "not in local mode"));
  } else {
    TRY(transports.Choose());
    if (!HasBuiltIn(transports)) TRY(CheckHeeded(order, "which no host has"));
    if (!IsAllByRdist(transports)) TRY(CheckInside(plan.payload));
    TRY_ASSIGN(direct, IsDirect(order, transports, run));
  }
  if (order.drive.shell_plan) {
    TRY(CheckHeeded(order, "and scripts deliver by tar"));
    transports.KeepByHand();
  }
  Texts texts = TextsFor(plan, order, scripts, transports.used());
  if (order.show_scripts || order.show_command) {
    Show(order, run, TextsFor(plan, order, scripts, transports.ByHand()));
  }
  if (direct) {
    return RunDirect(plan,
                     {.utility = order.utility,
                      .delivery = &order.delivery,
                      .drive = &order.drive,
                      .record = order.record,
                      .may_use_tar = MayUseTar(order),
                      .shows_noise = order.show_command},
                     run, face);
  }
  if (transports.used().size() > 1) {
    run.DefineForEach([&](hosts::Stream& stream, size_t host) {
      stream.Define("MSRC_TRANSPORT", NameOf(transports.Of(host)));
    });
  }
  TRY_ASSIGN(const std::unique_ptr<Steps> steps,
             StepsFor(plan, order, transports, run));
  SetOperands(run, std::move(texts.control), std::move(texts.companion));
  // The transfer tries again to connect; a script that has begun may have run
  // the utility.
  if (steps != nullptr) commands.policy.retry.retries = 0;
  ClosingFacts facts(run.elected().size());
  order.drive.closing.more = [&](size_t position) {
    return facts.Of(position);
  };
  order.drive.ended = [&](size_t position, int status) {
    const HostReport report =
        ReportOfScript(run, steps.get(), position, status);
    facts.Add(report);
    if (order.record != nullptr) order.record->Add(report);
  };
  const absl::StatusOr<int> code =
      hosts::Drive(run, std::move(order.drive), face);
  run.DefineForEach(nullptr);
  return code;
}

}  // namespace msrc
