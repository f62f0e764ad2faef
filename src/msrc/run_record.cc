#include "msrc/run_record.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "text/columns.h"
#include "text/json.h"
#include "text/words.h"
#include "wire/content_hash.h"

namespace msrc {
namespace {

constexpr size_t kIdBytes = 16;

std::string HashText(absl::string_view content) {
  const wire::Hash hash = wire::HashOf(content);
  return base::Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// Counts of a past run.
struct Sum {
  int64_t done = 0, failed = 0, changes = 0;
};
Sum SumOf(const PastRun& run) {
  Sum sum;
  for (const auto& [name, host] : run.hosts) {
    (host.status == 0 ? sum.done : sum.failed)++;
    sum.changes += host.changes;
  }
  return sum;
}

std::string JsonLine(const PastRun& run) {
  const Sum sum = SumOf(run);
  text::JsonWriter json;
  json.BeginObject().Key("run").String(run.name);
  json.Key("at").String(base::FormatTime(run.begin.at));
  json.Key("user").String(run.begin.user).Key("host").String(run.begin.host);
  json.Key("folder").String(run.begin.folder);
  json.Key("into").String(run.begin.into);
  json.Key("recipe_hash").String(run.begin.recipe_hash);
  json.Key("utility").BeginArray();
  for (const std::string& word : run.begin.utility) json.String(word);
  json.EndArray().Key("hosts").Int(
      static_cast<int64_t>(run.begin.hosts.size()));
  json.Key("done").Int(sum.done).Key("failed").Int(sum.failed);
  json.Key("changes").Int(sum.changes);
  json.Key("ended");
  if (run.ended) {
    json.String(base::FormatTime(*run.ended)).Key("exit").Int(run.exit_code);
  } else {
    json.Null();
  }
  json.EndObject();
  return absl::StrCat(json.Take(), "\n");
}

}  // namespace

std::string RunId(absl::string_view name) {
  const wire::Hash hash = wire::HashOf(name);
  return std::string(reinterpret_cast<const char*>(hash.data()), kIdBytes);
}

RunRecord RunRecord::Begin(const Plan& plan,
                           absl::Span<const std::string> words, bool check,
                           const hosts::Run& run) {
  RunRecord record;
  record.voice_ = run.voice();
  RunBegin begin;
  begin.at = sys::WallNow();
  const absl::StatusOr<sys::Account> account = sys::FindAccount(sys::MyUid());
  begin.user = account.ok() ? account->name : absl::StrCat(sys::MyUid());
  begin.host = sys::HostName();
  begin.folder = std::string(
      absl::StripSuffix(sys::AbsolutePath(".").value_or("."), "/."));
  begin.recipe = plan.recipe.file;
  const absl::StatusOr<std::string> recipe = sys::ReadFile(plan.recipe.file);
  if (recipe.ok()) begin.recipe_hash = HashText(*recipe);
  begin.into = plan.into.path;
  begin.utility.assign(words.begin(), words.end());
  for (size_t host : run.elected()) {
    begin.hosts.emplace_back(run.table().HostName(host));
  }
  begin.check = check;
  absl::StatusOr<RunJournal> journal =
      RunJournal::Begin(RunJournalFolder(), begin);
  if (!journal.ok()) {
    record.Check(journal.status());
    record.id_ = sys::RandomBytes(kIdBytes);
    return record;
  }
  record.name_ = journal->name();
  record.id_ = RunId(record.name_);
  record.journal_.emplace(*std::move(journal));
  return record;
}

void RunRecord::Add(const HostReport& report) {
  if (journal_) Check(journal_->Add(report));
}

void RunRecord::End(int exit_code) {
  if (journal_) Check(journal_->End(sys::WallNow(), exit_code));
}

void RunRecord::Check(const absl::Status& status) {
  if (status.ok()) return;
  voice_.Warn(absl::StrCat("this run is not recorded: ", status.message()));
  journal_.reset();
}

absl::StatusOr<std::optional<PastRun>> PastRunOf(const cli::Call& call) {
  for (const char* option : {"attach", "resume", "retry-failed"}) {
    if (!call.Has(option)) continue;
    absl::StatusOr<PastRun> run = ReadRun(RunJournalFolder(), call.Get(option));
    if (!run.ok()) {
      return base::Context(run.status(), absl::StrCat("--", option));
    }
    return *std::move(run);
  }
  return std::nullopt;
}

std::vector<std::string> HostsLeft(const cli::Call& call, const PastRun& past) {
  if (call.Has("attach")) return past.begin.hosts;
  return call.Has("retry-failed") ? past.Failed() : past.Remaining();
}

std::string HistoryText(size_t most, bool json, const hosts::Voice& voice) {
  std::vector<std::string> bad;
  const std::vector<PastRun> runs = ListRuns(RunJournalFolder(), most, &bad);
  for (const std::string& why : bad) voice.Warn(why);
  std::string lines;
  text::Columns table(
      {"RUN", "USER", "INTO", "HOSTS", "FAILED", "CHANGES", "EXIT", "UTILITY"});
  for (const PastRun& run : runs) {
    if (json) {
      absl::StrAppend(&lines, JsonLine(run));
      continue;
    }
    const Sum sum = SumOf(run);
    table.Add({run.name, run.begin.user, run.begin.into,
               absl::StrCat(run.begin.hosts.size()), absl::StrCat(sum.failed),
               absl::StrCat(sum.changes),
               run.ended ? absl::StrCat(run.exit_code) : std::string("-"),
               run.begin.check ? std::string("(check)")
                               : text::JoinWords(run.begin.utility)});
  }
  return json ? lines : table.empty() ? "" : table.Text();
}

}  // namespace msrc
