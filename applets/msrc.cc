#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "hosts/drive_face.h"
#include "hosts/drive_options.h"
#include "hosts/options.h"
#include "hosts/run.h"
#include "msrc/command_line.h"
#include "msrc/delivery_options.h"
#include "msrc/plan.h"
#include "msrc/run_on_hosts.h"
#include "msrc/run_record.h"
#include "msrc/steps.h"
#include "msrc/transport.h"
#include "sys/environment.h"
#include "sys/process.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return hosts::WithElectionOptions(hosts::WithDriveOptions(
      msrc::WithDeliveryOptions(std::to_array<cli::Option>({
          {'f', "", "FILE", "the control recipe (Msrc.mk, msrc.mk, makefile)"},
          {'F', "", "N", "refused: what is sent are files"},
          {'l', "", "", "local mode: in a scratch folder here, for each host"},
          {'m', "", "PRE[:POST]",
           "the recipe's targets: before, and after all hosts (__msrc)"},
          {'P', "", "[N]", "hosts at once (6; -P alone: $PARALLEL, else 6)"},
          {'u', "", "LOGIN", "log in on hosts by that name"},
          {'V', "version", "", "print the version, and what would be read"},
          {'y', "", "NAME=VALUE", "a macro, or another word, for make"},
          {'z', "", "", "leave the files of HXINCLUDE alone"},
          {0, "argv", "", "run the utility's words as they are, by no shell"},
          {0, "home", "", "an INTO of '.' is meant: the home folder there"},
          {0, "keep", "", "leave the scratch folders of local mode"},
          {0, "step", "STEP", "of a host's script: transfer, or utility"},
          {0, "transport", "builtin|tar|rsync|rdist",
           "how files get there (builtin)"},
      }))));
});

// The options that are hxmd's: of HXMD_PASS, too.
constexpr auto kHxmdOptions = cli::Options([] {
  return hosts::WithHostOptions(
      hosts::WithDriveOptions(std::to_array<cli::Option>({
          {'P', "", "[N]", ""},
          {'z', "", "", ""},
      })));
});
constexpr cli::Applet kHxmdHead = {
    .name = "msrc", .summary = "", .options = kHxmdOptions};

}  // namespace

extern constinit const cli::Applet applet_msrc = {
    .name = "msrc",
    .summary = "send this folder to every host and run a utility in it",
    .usage = "[OPTION ...] [UTILITY [ARGUMENT ...]]",
    .options = kOptions,
    .exits =
        "0    every host is done, or none was elected\n"
        "1    some hosts failed\n"
        "2    all hosts failed\n"
        "66   make failed, or a file of the recipe is not there\n"
        "76   a file would be put outside of INTO\n"
        "N    what the target of -m, or the command of -N or -K said\n",
    .environment = "MSRC",
    .run = Run,
};

// A plan is made of the folder; hosts::Run elects hosts, and msrc::RunOnHosts
// brings both together.

namespace {

constexpr int kUsage = 64, kWrongInto = 65;  // <sysexits.h>
constexpr int kUsualJobs = 6;

msrc::Hook HookOf(const cli::Call& call) {
  return msrc::ReadHook(call.All("m"), call.program,
                        absl::StrCat("__", call.program));
}

void PrintVersion(const cli::Call& call) {
  const auto line = [&](absl::string_view text) {
    cli::Print(absl::StrCat(call.program, ": ", text, "\n"));
  };
  const std::string recipe = call.Has("f") ? call.Get("f") : msrc::FindRecipe();
  const sys::Environment environment = sys::Environment::Ours();
  const auto folder = environment.Get("TMPDIR");
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  line(absl::StrCat("make hook: ", msrc::FormatHook(HookOf(call))));
  line(recipe.empty() ? "no make recipe file"
                      : absl::StrCat("make recipe file: ", recipe));
  line(absl::StrCat("hxmd as: ", call.Has("Z") ? "hxmd" : call.program));
  line("auto MAP suffix: .host");
  line("default utility: make");
  line(absl::StrCat(
      "temporary directory template: ",
      folder && !folder->empty() ? *folder : absl::string_view("/tmp"),
      "/hxtfXXXXXX"));
}

absl::StatusOr<msrc::Plan> PlanFor(const cli::Call& call,
                                   const sys::Environment& environment) {
  msrc::PlanOrder order;
  order.program = call.program;
  TRY_ASSIGN(order.recipe.file, msrc::ChooseRecipe(call.Get("f")));
  order.recipe.hook = HookOf(call).target;
  order.recipe.yokes = call.All("y");
  order.recipe.environment = &environment;
  order.local = call.Has("l");
  order.ignore_options = call.Has("z");
  TRY_ASSIGN(msrc::Plan plan, msrc::MakePlan(order));
  if (!plan.into.home && msrc::IsCurrentFolder(plan.into.path)) {
    return cli::FailWith(kWrongInto,
                         absl::StrCat(plan.into.path,
                                      ": will not target the current working "
                                      "directory"));
  }
  if (plan.into.home && !call.Has("home")) {
    plan.notes.push_back(
        "INTO is the home folder of whoever logs in; --home says that it is "
        "meant");
  }
  return plan;
}

cli::EnvironmentWords WordsForHxmd(const sys::Environment& environment) {
  for (const char* name : {"HXMD_PASS", "HXMD"}) {
    const auto text = environment.Get(name);
    if (text && !text->empty()) return {name, std::string(*text)};
  }
  return {};
}

// What hxmd is told besides: the mode, and who logs in.
absl::StatusOr<hosts::HostOptions> HostOptionsFor(
    const cli::Call& call, const cli::Call& inner, const msrc::Plan& plan,
    const sys::Environment& environment) {
  TRY_ASSIGN(hosts::HostOptions options,
             hosts::ReadHostOptions(inner, environment));
  options.literals = 0;
  const std::string login = call.Get("u");
  if (!login.empty()) {
    options.definitions.push_back({"ENTRY_LOGIN", login, false, false});
  }
  options.definitions.push_back({msrc::ModeMacro(call.program),
                                 std::string(msrc::NameOf(plan.mode)), false,
                                 false});
  // The name was not typed: the file of defaults may be missing.
  const std::string usual = absl::StrCat(call.program, ".cf");
  if (call.program == call.applet->name && !inner.Has("Z") &&
      hosts::Search(environment).Find(usual).ok()) {
    options.defaults.push_back(usual);
    options.implied_defaults = true;
  }
  return options;
}

// Made by the first host that needs it.
std::string KeptFolder(const sys::Environment& environment) {
  const auto given = environment.Get("TMPDIR");
  return absl::StrCat(
      given && !given->empty() ? *given : absl::string_view("/tmp"), "/msrc.",
      base::Hex(sys::RandomBytes(6)));
}

// The command line of hxmd that would do the same with the scripts of -d S.
std::vector<std::string> ShownWords(const cli::Call& call,
                                    const hosts::HostOptions& options) {
  std::vector<std::string> words = {"hxmd"};
  for (const cli::Seen& s : call.seen) {
    if (absl::StrContains("fFlmuyz", s.option.letter) && s.option.letter != 0) {
      continue;
    }
    if (msrc::HasOption(kHxmdHead, s.option)) {
      words.push_back(msrc::WordOf(s));
    }
  }
  if (options.implied_defaults) {
    words.push_back(absl::StrCat("-Z", options.defaults.back()));
  }
  // The mode, and what -u says, were added at the end.
  const size_t added = call.Get("u").empty() ? 1 : 2;
  for (size_t i = options.definitions.size() - added;
       i < options.definitions.size(); i++) {
    words.push_back(absl::StrCat("-D", options.definitions[i].name, "=",
                                 options.definitions[i].value));
  }
  return words;
}

absl::StatusOr<msrc::HostsOrder> ReadHostsOrder(
    const cli::Call& call, const cli::Call& inner, const msrc::Plan& plan,
    const hosts::HostOptions& options, const sys::Environment& environment) {
  msrc::HostsOrder order;
  order.program = call.program;
  order.utility.words = call.operands;
  if (order.utility.words.empty()) order.utility.words = {"make"};
  order.utility.argv = call.Has("argv");
  order.transport = msrc::ParseTransport(call.Get("transport"));
  order.strict = call.Has("strict");
  TRY_ASSIGN(order.delivery, msrc::ReadDeliveryOptions(call));
  order.delivery_option = msrc::DeliveryOptionOf(call);
  for (const char* about_commands :
       {"A",      "c",    "e",      "g",    "H",    "J",       "O",
        "R",      "S",    "T",      "t",    "W",    "x",       "dry-run",
        "events", "halt", "joblog", "json", "plan", "results", "stderr"}) {
    order.wants_scripts |= inner.Has(about_commands);
  }
  // Without a script, a line's tag is the host and a tab.
  order.wants_scripts |= inner.Has("tag") && inner.Get("tag") != "%{host}\t";
  TRY_ASSIGN(order.drive,
             hosts::ReadDriveOptions(inner, environment, kUsualJobs));
  const std::string post = HookOf(call).post;
  if (!post.empty()) {
    order.drive.plan_last = msrc::TargetCommand(plan.recipe, post);
  }
  if (call.Has("keep") && plan.mode == msrc::Mode::kLocal) {
    order.keep = KeptFolder(environment);
  }
  for (const std::string& letters : call.All("d")) {
    order.show_scripts |= absl::StrContains(letters, 'S');
    order.show_command |= absl::StrContains(letters, 'X');
  }
  order.shown_words = ShownWords(call, options);
  return order;
}

// The target for the end, once all hosts are done.
absl::StatusOr<int> Finish(const cli::Call& call, const msrc::Plan& plan,
                           int code) {
  const std::string post = HookOf(call).post;
  if (post.empty()) return code;
  TRY_ASSIGN(const int done, msrc::MakeTarget(plan.recipe, post, code));
  return done != 0 ? done : code;
}

absl::StatusOr<int> PrintHistory(const cli::Call& call) {
  TRY_ASSIGN(const int64_t most, call.Int("history", 1, 1'000'000));
  hosts::DriveFace face(call);
  cli::Print(msrc::HistoryText(static_cast<size_t>(most), call.Has("json"),
                               face.MakeVoice()));
  return 0;
}

// What is delivered is recorded; not what is only looked at.
bool IsRecorded(const cli::Call& call, const msrc::Plan& plan) {
  return plan.mode != msrc::Mode::kLocal && !call.Has("attach") &&
         !call.Has("bundle");
}

// Goes on with an earlier run, on the hosts that are left of it. False if there
// are none.
bool TakeUp(const cli::Call& call, const msrc::PastRun& past,
            hosts::HostOptions* options, msrc::HostsOrder* order) {
  std::vector<std::string> left = msrc::HostsLeft(call, past);
  if (!options->on.empty()) {
    std::erase_if(left, [&](const std::string& name) {
      return std::find(options->on.begin(), options->on.end(), name) ==
             options->on.end();
    });
  }
  if (left.empty()) return false;
  options->on = std::move(left);
  if (call.operands.empty() && !past.begin.utility.empty()) {
    order->utility.words = past.begin.utility;
  }
  if (call.Has("attach")) order->delivery.run = msrc::RunId(past.name);
  return true;
}

// What is wrong with the command line is told before make runs.
absl::Status CheckLine(const cli::Call& call,
                       const sys::Environment& environment) {
  TRY(hosts::ReadHostOptions(call, environment));
  TRY(hosts::ReadDriveOptions(call, environment, kUsualJobs));
  TRY(msrc::ReadDeliveryOptions(call));
  const auto transport = msrc::ParseTransport(call.Get("transport"));
  if (call.Has("transport") && !transport) {
    return cli::UsageError(absl::StrCat("--transport: '", call.Get("transport"),
                                        "' is not builtin, tar, rsync or "
                                        "rdist"));
  }
  const bool other = transport && *transport != msrc::Transport::kBuiltin;
  const std::string option = msrc::DeliveryOptionOf(call);
  if (option.empty() || (!call.Has("l") && !other)) return absl::OkStatus();
  return cli::FailWith(
      kUsage, absl::StrCat(option, ": only for the built-in transport, not ",
                           call.Has("l") ? "in local mode"
                                         : "by " + call.Get("transport")));
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (call.Has("step")) {
    std::vector<std::string> words = {call.Get("step")};
    words.insert(words.end(), call.operands.begin(), call.operands.end());
    return msrc::RunStep(words);
  }
  if (call.Has("version")) {
    PrintVersion(call);
    return 0;
  }
  if (call.Has("F")) {
    return cli::FailWith(kUsage,
                         "do not specify option '-F' on the command line");
  }
  if (absl::StrContains(call.Get("d"), '?')) {
    cli::Print(absl::StrCat(hosts::DebugLetters(),
                            "P  what becomes of each name here\n"
                            "S  the scripts, before they are expanded\n"));
    return 0;
  }
  hosts::Run::Order order;
  const sys::Environment environment = sys::Environment::Ours();
  TRY(CheckLine(call, environment));
  if (call.Has("history")) return PrintHistory(call);
  TRY_ASSIGN(const std::optional<msrc::PastRun> past, msrc::PastRunOf(call));
  TRY_ASSIGN(const msrc::Plan plan, PlanFor(call, environment));
  order.environment = environment;
  hosts::DriveFace face(call);
  const hosts::Voice voice = face.MakeVoice();
  for (const std::string& note : plan.notes) voice.Warn(note);
  for (const std::string& letters : call.All("d")) {
    if (absl::StrContains(letters, 'P')) voice.raw(msrc::PlanText(plan));
  }
  if (plan.options) order.environment.Set("HXMD_PASS", *plan.options);
  TRY_ASSIGN(
      const cli::Call inner,
      msrc::InnerCall(kHxmdHead, call, WordsForHxmd(order.environment), "zF"));
  TRY_ASSIGN(order.options,
             HostOptionsFor(call, inner, plan, order.environment));
  TRY_ASSIGN(
      msrc::HostsOrder hosts_order,
      ReadHostsOrder(call, inner, plan, order.options, order.environment));
  if (past && !TakeUp(call, *past, &order.options, &hosts_order)) {
    voice.Warn(absl::StrCat(past->name, ": no host of it is left"));
    return 0;
  }
  if (inner.Has("z")) order.environment.Set("HXMD_PASS", "");
  order.operands = msrc::OperandsOf(plan);
  TRY_ASSIGN(const std::unique_ptr<hosts::Run> run,
             hosts::Run::Begin(std::move(order), voice));
  msrc::RunRecord record;
  const bool dry = hosts_order.drive.commands.dry_run;
  if (!dry && IsRecorded(call, plan) && !run->elected().empty()) {
    record = msrc::RunRecord::Begin(plan, hosts_order.utility.words,
                                    call.Has("check"), *run);
    hosts_order.record = &record;
  }
  if (hosts_order.delivery.run.empty()) {
    hosts_order.delivery.run =
        record.id().empty() ? sys::RandomBytes(16) : record.id();
  }
  if (call.Has("detach") && !record.name().empty()) {
    // Whoever wants to hear of it later needs the name.
    voice.Warn(absl::StrCat("the run is ", record.name(),
                            ": --attach shows what it prints"));
  }
  const absl::StatusOr<int> code = msrc::RunOnHosts(
      plan, std::move(hosts_order), *run, face.MakeFace(run->elected().size()));
  face.Clear();
  TRY(code.status());
  record.End(*code);
  if (dry) return code;
  return Finish(call, plan, *code);
}

}  // namespace
