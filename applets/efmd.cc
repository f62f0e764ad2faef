#include <absl/strings/str_cat.h>
#include <unistd.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "hosts/inventory.h"
#include "hosts/listing.h"
#include "hosts/options.h"
#include "hosts/report.h"
#include "hosts/run.h"
#include "sys/environment.h"
#include "sys/file.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return hosts::WithHostOptions(std::to_array<cli::Option>({
      {'L', "", "", "print the keys of the elected hosts"},
      {'n', "", "", "no newline behind each text"},
      {'T', "", "TEXT", "m4 text in front of all hosts"},
      {'V', "version", "", "print the version, and where files are looked for"},
      {0, "json", "", "print the elected hosts' attributes as JSON"},
      {0, "csv", "", "the same as comma-separated values"},
      {0, "table", "", "the same in columns"},
      {0, "ansible", "", "the same as an inventory of Ansible's"},
  }));
});

}  // namespace

extern constinit const cli::Applet applet_efmd = {
    .name = "efmd",
    .summary = "elect hosts and print a text made of their attributes",
    .usage =
        "[OPTION ...] OPERAND ...\n"
        "[OPTION ...] -L | -o NAMES | --json | --csv | --table | --ansible",
    .options = kOptions,
    .exits =
        "1    a cache directory had nothing for some host\n"
        "N    what m4exit said, or 1 after an error in a text\n",
    .environment = "EFMD",
    .run = Run,
};

namespace {

enum class Answer { kTexts, kKeys, kMerged, kJson, kCsv, kTable, kAnsible };

absl::StatusOr<Answer> WhichAnswer(const cli::Call& call) {
  const struct {
    const char* option;
    Answer answer;
  } kinds[] = {{"L", Answer::kKeys},
               {"json", Answer::kJson},
               {"csv", Answer::kCsv},
               {"table", Answer::kTable},
               {"ansible", Answer::kAnsible}};
  Answer answer = Answer::kTexts;
  int given = 0;
  for (const auto& kind : kinds) {
    if (!call.Has(kind.option)) continue;
    answer = kind.answer;
    given++;
  }
  if (given > 1) {
    return cli::UsageError(
        "only one of -L, --json, --csv, --table and --ansible, please");
  }
  if (given == 1) {
    TRY(call.NoOperands());
    return answer;
  }
  if (!call.operands.empty()) return Answer::kTexts;
  if (call.Has("o")) return Answer::kMerged;
  return cli::UsageError("an operand is missing; -L prints the hosts");
}

absl::StatusOr<int> PrintTexts(const cli::Call& call, hosts::Run& run) {
  hosts::ReportOrder order;
  order.elected = run.elected();
  order.operands = run.operands();
  order.headers = call.All("T");
  order.no_newline = call.Has("n");
  order.print = [](absl::string_view text) { cli::Print(text); };
  const absl::StatusOr<int> code =
      hosts::MakeReport(run.streams(), run.work(), order);
  TRY(run.OrSignal(code.status()));
  run.ReportChangedFiles();
  return *code;
}

absl::StatusOr<int> PrintListing(Answer answer, hosts::Run& run) {
  const hosts::Table& table = run.table();
  const std::vector<size_t>& elected = run.elected();
  const auto names =
      hosts::ListedNames(table, elected, run.options().merge.value_or(""));
  switch (answer) {
    case Answer::kKeys:
      for (size_t host : elected) {
        cli::Print(absl::StrCat(table.HostName(host), "\n"));
      }
      break;
    case Answer::kMerged:
      cli::Print(run.MergedText());
      break;
    case Answer::kJson:
      cli::Print(hosts::JsonListing(table, elected, names));
      break;
    case Answer::kCsv:
      cli::Print(hosts::CsvListing(table, elected, names));
      break;
    case Answer::kTable:
      cli::Print(hosts::TableListing(table, elected, names));
      break;
    case Answer::kAnsible: {
      TRY_ASSIGN(const std::string inventory,
                 hosts::WriteAnsible(table, elected, names));
      cli::Print(inventory);
      break;
    }
    case Answer::kTexts:
      break;
  }
  return 0;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  hosts::Run::Order order;
  order.environment = sys::Environment::Ours();
  TRY_ASSIGN(order.options, hosts::ReadHostOptions(call, order.environment));
  if (call.Has("version")) {
    cli::Print(absl::StrCat(call.program, " (", cli::VersionText(), ")\n"));
    cli::Print(hosts::VersionLines(
        order.options, hosts::Search(order.environment), order.environment));
    return 0;
  }
  if (order.options.Debugs('?')) {
    cli::Print(hosts::DebugLetters());
    return 0;
  }
  TRY_ASSIGN(const Answer answer, WhichAnswer(call));
  order.operands = call.operands;
  order.merge_to_file = answer == Answer::kTexts;

  hosts::Voice voice;
  voice.warn = [&](const absl::Status& status) { cli::Warn(call, status); };
  voice.raw = [](absl::string_view text) {
    // What was put out before comes before what is said about it.
    cli::Flush();
    sys::WriteAll(STDERR_FILENO, text).IgnoreError();
  };
  TRY_ASSIGN(const std::unique_ptr<hosts::Run> run,
             hosts::Run::Begin(std::move(order), voice));
  if (run->elected().empty()) voice.Warn("no host is elected");
  return answer == Answer::kTexts ? PrintTexts(call, *run)
                                  : PrintListing(answer, *run);
}

}  // namespace
