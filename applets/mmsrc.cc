#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <optional>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "hosts/drive_face.h"
#include "hosts/options.h"
#include "hosts/run.h"
#include "msrc/command_line.h"
#include "msrc/fill_here.h"
#include "msrc/plan.h"
#include "msrc/run_on_hosts.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/users.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return hosts::WithElectionOptions(std::to_array<cli::Option>({
      {'b', "", "", "print the words of the recipe's macros NAME, one a line"},
      {'f', "", "FILE", "the control recipe (Msrc.mk, msrc.mk, makefile)"},
      {'l', "", "", "as -y MODE=local"},
      {'m', "", "PRE[:POST]",
       "the recipe's targets: before, and at the end (__msrc)"},
      {'P', "", "[N]", "nothing: there is one host"},
      {'s', "", "", "nothing"},
      {'u', "", "LOGIN", "what ENTRY_LOGIN shall be"},
      {'V', "version", "", "print the version, and what would be read"},
      {'y', "", "NAME=VALUE", "a macro, or another word, for make"},
      {'z', "", "", "leave the files of HXINCLUDE alone"},
      {0, "argv", "", "run the utility's words as they are, by no shell"},
  }));
});

}  // namespace

extern constinit const cli::Applet applet_mmsrc = {
    .name = "mmsrc",
    .summary = "fill a folder on this host and run a utility in it",
    .usage =
        "[OPTION ...] [UTILITY [ARGUMENT ...]]\n"
        "-b [-f FILE] [-m PRE] [-y NAME=VALUE] NAME ...",
    .options = kOptions,
    .exits =
        "66   make failed, or a file of the recipe is not there\n"
        "69   the recipe's MODE is remote\n"
        "76   INTO is the current folder, or a file would be outside of it\n"
        "77   INTO cannot be made\n"
        "78   no host is elected\n"
        "N    what the utility, or the target of -m, said\n",
    .environment = "MMSRC_PASS MMSRC",
    .run = Run,
};

namespace {

constexpr int kUnavailable = 69;  // <sysexits.h>
constexpr const char* kPass = "MMSRC_PASS";

// The hook is msrc's: a recipe serves both.
msrc::Hook HookOf(const cli::Call& call) {
  return msrc::ReadHook(call.All("m"), call.program,
                        call.Has("b") ? "__msync" : "__msrc");
}

void PrintVersion(const cli::Call& call) {
  const auto line = [&](absl::string_view text) {
    cli::Print(absl::StrCat(call.program, ": ", text, "\n"));
  };
  const std::string recipe = call.Has("f") ? call.Get("f") : msrc::FindRecipe();
  cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
  line(recipe.empty() ? "no makefile" : absl::StrCat("makefile: ", recipe));
  line(absl::StrCat("make hook: ", msrc::FormatHook(HookOf(call))));
  line(absl::StrCat("cache recipe file: ", hosts::kRecipeName));
}

absl::StatusOr<msrc::RecipeOrder> RecipeFor(
    const cli::Call& call, const sys::Environment& environment) {
  msrc::RecipeOrder order;
  TRY_ASSIGN(order.file, msrc::ChooseRecipe(call.Get("f")));
  order.hook = HookOf(call).target;
  order.yokes = call.All("y");
  if (call.Has("l")) order.yokes.push_back("MODE=local");
  order.environment = &environment;
  return order;
}

absl::StatusOr<int> PrintMacros(const cli::Call& call,
                                const sys::Environment& environment) {
  if (call.operands.empty()) {
    return cli::UsageError("-b: the name of a macro is missing");
  }
  TRY_ASSIGN(const msrc::RecipeOrder order, RecipeFor(call, environment));
  TRY_ASSIGN(const auto macros, msrc::ReadMacros(order, call.operands));
  for (const std::vector<std::string>& words : macros) {
    for (const std::string& word : words) {
      cli::Print(absl::StrCat(word, "\n"));
    }
  }
  return 0;
}

absl::StatusOr<msrc::Plan> PlanFor(const cli::Call& call,
                                   const sys::Environment& environment) {
  msrc::PlanOrder order;
  order.program = call.program;
  TRY_ASSIGN(order.recipe, RecipeFor(call, environment));
  order.ignore_options = call.Has("z");
  absl::StatusOr<msrc::Plan> plan = msrc::MakePlan(order);
  if (plan.ok() && plan->recipe_mode == msrc::Mode::kRemote) {
    return cli::FailWith(kUnavailable, "the recipe's \"MODE\" is remote");
  }
  if (plan.ok()) plan->mode = msrc::Mode::kLocal;
  return plan;
}

// A host that only -D knows, where there is no table at all: a table of one.
absl::StatusOr<std::optional<sys::TemporaryFolder>> TableOfOne(
    absl::string_view host, hosts::HostOptions& options) {
  std::optional<sys::TemporaryFolder> made;
  if (host.empty() || !options.configs.empty() || !options.extras.empty() ||
      !options.defaults.empty()) {
    return made;
  }
  TRY_ASSIGN(sys::TemporaryFolder folder, sys::TemporaryFolder::Make("mmsrc"));
  made.emplace(std::move(folder));
  const std::string path = absl::StrCat(made->path(), "/host.cf");
  TRY(sys::CreateFile(path, absl::StrCat(hosts::QuoteValue(host), "\n"), 0600));
  options.configs.push_back(path);
  return made;
}

// The value -D gives the key attribute.
std::string NamedHost(const hosts::HostOptions& options) {
  std::string host;
  for (const hosts::Definition& d : options.definitions) {
    if (d.name == options.key) host = d.undefine ? "" : d.value;
  }
  return host;
}

absl::StatusOr<hosts::HostOptions> HostOptionsFor(
    const cli::Call& call, const sys::Environment& environment) {
  TRY_ASSIGN(hosts::HostOptions options,
             hosts::ReadHostOptions(call, environment));
  options.literals = 0;
  const std::string login = call.Get("u");
  if (!login.empty()) {
    options.definitions.push_back({"ENTRY_LOGIN", login, false, false});
  }
  options.definitions.push_back(
      {msrc::ModeMacro(call.program), "local", false, false});
  if (call.program != "mmsrc") return options;
  options.definitions.push_back({"MSRC_MODE", "local", false, false});
  // The name was not typed: the file of defaults may be missing.
  if (!call.Has("Z") && hosts::Search(environment).Find("mmsrc.cf").ok()) {
    options.defaults.emplace_back("mmsrc.cf");
    options.implied_defaults = true;
  }
  return options;
}

absl::StatusOr<int> Fill(const cli::Call& call, const msrc::Plan& plan,
                         sys::Environment environment, hosts::Voice voice) {
  hosts::Run::Order order;
  order.environment = std::move(environment);
  TRY_ASSIGN(order.options, HostOptionsFor(call, order.environment));
  msrc::FillOrder fill;
  fill.host = NamedHost(order.options);
  TRY_ASSIGN(const std::optional<sys::TemporaryFolder> table,
             TableOfOne(fill.host, order.options));
  order.operands = msrc::OperandsOf(plan);
  fill.utility.words = call.operands;
  if (fill.utility.words.empty()) fill.utility.words = {"make"};
  fill.utility.argv = call.Has("argv");
  fill.local_name = sys::HostName();
  fill.show_scripts = order.options.Debugs('S');
  TRY_ASSIGN(const std::unique_ptr<hosts::Run> run,
             hosts::Run::Begin(std::move(order), std::move(voice)));
  return msrc::FillHere(plan, fill, *run);
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (call.Has("version")) {
    PrintVersion(call);
    return 0;
  }
  sys::Environment environment = sys::Environment::Ours();
  if (call.Has("b")) return PrintMacros(call, environment);
  if (absl::StrContains(call.Get("d"), '?')) {
    cli::Print(absl::StrCat(hosts::DebugLetters(),
                            "P  what becomes of each name here\n"
                            "S  the script, before it is expanded\n"));
    return 0;
  }
  TRY_ASSIGN(const msrc::Plan plan, PlanFor(call, environment));
  // What HXINCLUDE says comes first, as if it were $MMSRC_PASS.
  cli::EnvironmentWords words;
  if (plan.options) words = {kPass, *plan.options};
  TRY_ASSIGN(const cli::Call inner,
             msrc::InnerCall(applet_mmsrc, call, words, ""));
  if (plan.options) {
    // A -z in it says that it is for this run alone.
    environment.Set(kPass, inner.Count("z") > 0 ? "" : *plan.options);
  }
  hosts::DriveFace face(call);
  const hosts::Voice voice = face.MakeVoice();
  for (const std::string& note : plan.notes) voice.Warn(note);
  for (const std::string& letters : inner.All("d")) {
    if (absl::StrContains(letters, 'P')) voice.raw(msrc::PlanText(plan));
  }
  cli::Call whole = inner;
  whole.operands = call.operands;
  TRY_ASSIGN(const int code, Fill(whole, plan, environment, voice));
  const std::string post = HookOf(call).post;
  if (post.empty()) return code;
  msrc::RecipeOrder recipe = plan.recipe;
  recipe.environment = &environment;
  TRY_ASSIGN(const int done, msrc::MakeTarget(recipe, post, code));
  return done != 0 ? done : code;
}

}  // namespace
