#include "msrc/recipe.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "fanout/command.h"
#include "hosts/run_command.h"
#include "hosts/work_folder.h"
#include "msrc/limits.h"
#include "msrc/recipe_text.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "text/words.h"

namespace msrc {
namespace {

constexpr const char* kUsualNames[] = {"Msrc.mk", "msrc.mk", "makefile",
                                       "Makefile"};
constexpr const char* kMake = "make";
constexpr int kNoInput = 66, kNoRecipe = 65;  // <sysexits.h>
constexpr int kLookMs = 50;

absl::Status EndedBySignal(int signal) {
  return cli::FailWith(128 + signal,
                       absl::StrCat("ended by ", sys::SignalName(signal)));
}

// Waits for a child, and hands it a signal that is for us: its files are ours
// to remove.
sys::Ended WaitFor(sys::Child& child, const hosts::WorkFolder& work) {
  bool told = false;
  for (;;) {
    pollfd ended = {child.pidfd(), POLLIN, 0};
    if (poll(&ended, 1, kLookMs) == 1) return child.Wait();
    const int signal = work.WaitingSignal();
    if (signal == 0 || std::exchange(told, true)) continue;
    child.Signal(signal).IgnoreError();
  }
}

class Reader {
 public:
  Reader(const RecipeOrder& order, absl::Span<const std::string> names)
      : order_(order),
        names_(names),
        work_(hosts::WorkFolder::Signals::kHere) {}

  absl::StatusOr<std::vector<std::vector<std::string>>> Read() {
    TRY_ASSIGN(text_, sys::ReadFile(order_.file, kMaxRecipeBytes));
    recipe_.text = text_;
    recipe_.hook = order_.hook;
    recipe_.yokes = order_.yokes;
    recipe_.environment = [this](absl::string_view name) {
      return order_.environment->Get(name);
    };
    absl::StatusOr<std::vector<std::string>> values =
        PlainValues(recipe_, names_);
    if (absl::IsUnimplemented(values.status())) {
      TRY_ASSIGN(values, ValuesByMake(values.status()));
    } else if (values.ok()) {
      TRY(ByShell(*values));
    }
    if (!values.ok()) return base::Context(values.status(), order_.file);
    std::vector<std::vector<std::string>> words;
    for (size_t i = 0; i < names_.size(); i++) {
      auto of_name = ValueWords((*values)[i]);
      if (!of_name.ok()) {
        return base::Context(of_name.status(),
                             absl::StrCat(order_.file, ": ", names_[i]));
      }
      words.push_back(*std::move(of_name));
    }
    return words;
  }

 private:
  // What the shell makes of values with more in them than words.
  absl::Status ByShell(std::vector<std::string>& values) {
    for (size_t i = 0; i < values.size(); i++) {
      if (!NeedsShell(values[i])) continue;
      cli::Flush();
      hosts::CommandOrder command;
      command.argv = {"/bin/sh", "-c", absl::StrCat("echo ", values[i])};
      command.environment = order_.environment;
      std::string output;
      const absl::StatusOr<sys::Ended> ended =
          hosts::RunCommand(command, &output);
      if (!ended.ok()) return base::Context(ended.status(), names_[i]);
      values[i] = output;
    }
    return absl::OkStatus();
  }

  // Failures name the recipe, where it is to blame.
  absl::StatusOr<std::vector<std::string>> ValuesByMake(
      const absl::Status& why) {
    if (!fanout::FindOnPath(kMake, *order_.environment).ok()) {
      return absl::UnimplementedError(absl::StrCat(
          order_.file, ": ", why.message(), ", and there is none"));
    }
    TRY_ASSIGN(const std::string copy,
               work_.Write("recipe", WithHookRule(recipe_, names_)));
    TRY_ASSIGN(const std::string folder, work_.Path());
    sys::Environment environment = *order_.environment;
    environment.Set("MSRC_MACROS", folder);
    std::vector<std::string> argv = {kMake, "-s", "-f", copy};
    argv.insert(argv.end(), order_.yokes.begin(), order_.yokes.end());
    argv.push_back(order_.hook);
    cli::Flush();
    sys::SpawnOptions options;
    options.in = STDIN_FILENO;
    options.out = STDOUT_FILENO;
    options.err = STDERR_FILENO;
    options.environment = &environment.entries();
    TRY_ASSIGN(sys::Child child, sys::Child::Spawn(argv, options));
    const sys::Ended ended = WaitFor(child, work_);
    if (const int signal = work_.WaitingSignal(); signal != 0) {
      return EndedBySignal(signal);
    }
    if (ended.code != 0 || ended.signal != 0) {
      return cli::FailWith(
          kNoInput,
          ended.signal != 0
              ? absl::StrCat(order_.file, ": make was ended by ",
                             sys::SignalName(ended.signal))
              : absl::StrCat(order_.file, ": make failed with exit code ",
                             ended.code));
    }
    std::vector<std::string> values;
    for (const std::string& name : names_) {
      absl::StatusOr<std::string> value =
          sys::ReadFile(absl::StrCat(folder, "/", name), kMaxMacroBytes);
      // A hook with a recipe of its own hides ours from some makes: then all
      // are empty.
      if (absl::IsNotFound(value.status())) value = "";
      if (!value.ok()) return base::Context(value.status(), name);
      values.push_back(*std::move(value));
    }
    return values;
  }

  const RecipeOrder& order_;
  absl::Span<const std::string> names_;
  hosts::WorkFolder work_;
  std::string text_;
  RecipeText recipe_;
};

std::vector<std::string> TargetWords(const RecipeOrder& order,
                                     absl::string_view target) {
  std::vector<std::string> words = {kMake, "-s", "-f", order.file};
  words.insert(words.end(), order.yokes.begin(), order.yokes.end());
  words.emplace_back(target);
  return words;
}
constexpr absl::string_view kExitCode = "MSRC_EXITCODE=";

}  // namespace

std::string FindRecipe() {
  for (const char* name : kUsualNames) {
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(name);
    if (info.ok() && info->regular && access(name, R_OK) == 0) return name;
  }
  return "";
}

absl::StatusOr<std::string> ChooseRecipe(const std::string& given) {
  if (given.empty()) {
    std::string found = FindRecipe();
    if (found.empty()) {
      return cli::FailWith(kNoRecipe,
                           "no make recipe file found: no Msrc.mk, msrc.mk, "
                           "makefile or Makefile "
                           "here, and no -f FILE");
    }
    return found;
  }
  if (access(given.c_str(), R_OK) != 0) {
    const absl::Status status = base::SysError(given);
    return cli::FailWith(kNoInput, status.message());
  }
  return given;
}

absl::StatusOr<std::vector<std::vector<std::string>>> ReadMacros(
    const RecipeOrder& order, absl::Span<const std::string> names) {
  for (const std::string& name : names) {
    if (IsMakeName(name)) continue;
    return cli::FailWith(64, absl::StrCat("'", name, "' is no macro of make"));
  }
  if (!IsMakeName(order.hook)) {
    return cli::FailWith(
        64, absl::StrCat("-m: '", order.hook, "' is no target of make"));
  }
  return Reader(order, names).Read();
}

std::string TargetCommand(const RecipeOrder& order, absl::string_view target) {
  return absl::StrCat(text::JoinWords(TargetWords(order, target)), " ",
                      kExitCode, "$code");
}

absl::StatusOr<int> MakeTarget(const RecipeOrder& order,
                               absl::string_view target, int exit_code) {
  std::vector<std::string> argv = TargetWords(order, target);
  argv.push_back(absl::StrCat(kExitCode, exit_code));
  cli::Flush();
  sys::SpawnOptions options;
  options.in = STDIN_FILENO;
  options.out = STDOUT_FILENO;
  options.err = STDERR_FILENO;
  options.environment = &order.environment->entries();
  TRY_ASSIGN(sys::Child child, sys::Child::Spawn(argv, options));
  const sys::Ended ended = child.Wait();
  return ended.signal != 0 ? 128 + ended.signal : ended.code;
}

}  // namespace msrc
