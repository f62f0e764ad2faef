#include "cli/multi.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "cli/args.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/report.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace cli {
namespace {

constexpr int kNoSuchCommand = 127;  // as a shell says it (POSIX XCU 2.8.2)
constexpr absl::string_view kPrefix = "fleetbox-";

constexpr auto kOptions = Options([] {
  return std::to_array<Option>({
      {'i', "install", "",
       "make a link for each command in the folder DIR: a hard link"},
      {'s', "symbolic", "", "with --install: symbolic links"},
      {0, "init", "", "with --install: init, reboot and their like, too"},
      {'l', "list", "", "print the names of all commands, one a line"},
      {0, "completion", "bash|zsh|fish",
       "print a script that teaches the shell to complete our command lines"},
  });
});

const Applet* Find(Table table, absl::string_view name) {
  const Row* row = std::lower_bound(
      table.begin(), table.end(), name,
      [](const Row& r, absl::string_view n) { return r.name < n; });
  return row != table.end() && row->name == name ? row->applet : nullptr;
}

std::vector<absl::string_view> LinksOf(const Applet& applet) {
  return absl::StrSplit(applet.links, ' ', absl::SkipEmpty());
}

const Applet* FindLink(Table table, absl::string_view name) {
  for (const Row& row : table) {
    // Every start comes by here: no list is made of them.
    absl::string_view links = row.applet->links;
    while (!links.empty()) {
      const absl::string_view link = links.substr(0, links.find(' '));
      if (link == name) return row.applet;
      links.remove_prefix(std::min(link.size() + 1, links.size()));
    }
  }
  return nullptr;
}

std::vector<absl::string_view> Names(Table table, bool with_links = false) {
  std::vector<absl::string_view> names;
  for (const Row& row : table) {
    names.push_back(row.name);
    if (!with_links) continue;
    for (absl::string_view link : LinksOf(*row.applet)) names.push_back(link);
  }
  return names;
}

absl::string_view LastPart(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// What `fleetbox ...` does when it was not called by the name of a command.
absl::StatusOr<int> Dispatch(Table table, const Call& call) {
  if (call.Has("install")) {
    TRY_ASSIGN(const std::string folder, call.OnlyOperand("DIR"));
    TRY(Install(Names(table, call.Has("init")), sys::OwnExecutable(), folder,
                call.Has("symbolic")));
    return 0;
  }
  for (const char* option : {"symbolic", "init"}) {
    if (!call.Has(option)) continue;
    return UsageError(
        absl::StrCat("--", option, ": means nothing without --install"));
  }
  if (call.Has("list")) {
    TRY(call.NoOperands());
    for (const Row& row : table) Print(absl::StrCat(row.name, "\n"));
    return 0;
  }
  if (call.Has("completion")) {
    TRY(call.NoOperands());
    const std::string name = call.Get("completion");
    const std::optional<CompletionShell> shell = FindCompletionShell(name);
    if (!shell.has_value()) {
      return UsageError(
          absl::StrCat("--completion: '", name, "' is not bash, zsh or fish"));
    }
    Print(CompletionScript(table, fleetbox_head, *shell));
    return 0;
  }
  if (call.operands.empty()) {
    Print(ListText(table));
    return 0;
  }
  const Chosen chosen = Choose(table, call.operands[0], true);
  if (chosen.applet == nullptr) return NoSuchCommand(table, call.operands[0]);
  return Main(*chosen.applet, chosen.program,
              absl::MakeSpan(call.operands).subspan(1));
}

}  // namespace

// Its function is Dispatch, which needs the table.
constinit const Applet fleetbox_head = {
    .name = "fleetbox",
    .summary = "look after fleets of Unix hosts",
    .usage =
        "COMMAND [ARGUMENT ...]\n"
        "--list\n"
        "--install [-s] [--init] DIR\n"
        "--completion bash|zsh|fish",
    .options = kOptions,
    .exits =
        "73   --install: DIR has another file of that name\n"
        "127  there is no such command\n",
};

Chosen Choose(Table table, absl::string_view name, bool short_names) {
  if (const Applet* a = Find(table, name)) return {a, std::string(name)};
  if (const Applet* a = FindLink(table, name)) return {a, std::string(name)};
  const size_t dot = name.rfind('.');
  if (dot != absl::string_view::npos && dot > 0) {
    if (const Applet* a = Find(table, name.substr(dot + 1))) {
      return {a, std::string(name.substr(0, dot))};
    }
  }
  if (short_names) {
    const std::string whole = absl::StrCat(kPrefix, name);
    if (const Applet* a = Find(table, whole)) return {a, whole};
  }
  return {};
}

std::string ListText(Table table) {
  std::vector<Verb> commands;
  for (const Row& row : table) {
    commands.push_back({.name = row.name, .summary = row.applet->summary});
  }
  Applet head = fleetbox_head;
  head.verbs = commands;
  return HelpText(head, head.name, nullptr,
                  "Commands (COMMAND --help says more)");
}

absl::Status NoSuchCommand(Table table, absl::string_view name) {
  std::vector<absl::string_view> names = Names(table, true);
  for (const Row& row : table) {
    if (absl::StartsWith(row.name, kPrefix)) {
      names.push_back(row.name.substr(kPrefix.size()));
    }
  }
  std::string message = absl::StrCat("'", name, "' is not a command");
  const std::vector<std::string> near = base::Nearest(name, names);
  if (!near.empty()) {
    absl::StrAppend(&message, "; did you mean '", absl::StrJoin(near, "' or '"),
                    "'?");
  }
  return FailWith(kNoSuchCommand, message);
}

int FleetboxMain(Table table, int argc, char** argv) {
  sys::FillStandardDescriptors();
  sys::IgnoreSigpipe();
  // execve may be called with no arguments at all.
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const absl::string_view called = argc > 0 ? LastPart(argv[0]) : "";
  const Chosen chosen = Choose(table, called, false);
  if (chosen.applet != nullptr) {
    return Main(*chosen.applet, chosen.program, words);
  }
  for (const Row& row : table) {
    if (called.empty() || row.applet->private_name != called) continue;
    return row.applet->private_run(argv[0], words);
  }
  const absl::string_view program = fleetbox_head.name;
  const absl::StatusOr<CommandLine> line =
      ReadCommandLine(fleetbox_head, program, words);
  if (!line.ok()) {
    return Finish(program,
                  Fail(fleetbox_head, program, nullptr, line.status()));
  }
  if (line->wanted == Wanted::kHelp) {
    Print(ListText(table));
  } else if (line->wanted == Wanted::kVersion) {
    Print(absl::StrCat(VersionText(), "\n"));
  } else {
    const absl::StatusOr<int> code = Dispatch(table, line->call);
    if (code.ok()) return Finish(program, *code);
    return Finish(program,
                  Fail(fleetbox_head, program, nullptr, code.status()));
  }
  return Finish(program, 0);
}

}  // namespace cli
