#include "msrc/run_journal.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "msrc/exchange_limits.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "text/json.h"

namespace msrc {
namespace {

constexpr absl::string_view kSuffix = ".run";

void WriteList(text::JsonWriter& json, absl::string_view key,
               const std::vector<std::string>& list) {
  json.Key(key).BeginArray();
  for (const std::string& item : list) json.String(item);
  json.EndArray();
}

std::string BeginLine(const RunBegin& begin) {
  text::JsonWriter json;
  json.BeginObject();
  json.Key("begins").String(base::FormatTime(begin.at));
  json.Key("user").String(begin.user);
  json.Key("from").String(begin.host);
  json.Key("folder").String(begin.folder);
  json.Key("recipe").String(begin.recipe);
  json.Key("recipe_hash").String(begin.recipe_hash);
  json.Key("into").String(begin.into);
  json.Key("check").Bool(begin.check);
  WriteList(json, "utility", begin.utility);
  WriteList(json, "hosts", begin.hosts);
  json.EndObject();
  return json.Take() + "\n";
}

// "20250131T101504.120Z-3f9c": names sort by time.
std::string NameOf(absl::Time at) {
  return absl::StrCat(
      absl::FormatTime("%Y%m%dT%H%M%E3SZ", at, absl::UTCTimeZone()), "-",
      base::Hex(sys::RandomBytes(3)));
}

absl::StatusOr<std::vector<std::string>> ListAt(const text::Json& json,
                                                absl::string_view key) {
  const text::Json* list = json.Find(key);
  const text::Json::Array* items = list == nullptr ? nullptr : list->AsArray();
  if (items == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": is not a list"));
  }
  std::vector<std::string> all;
  for (const text::Json& item : *items) {
    const std::string* text = item.AsString();
    if (text == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, ": has what is not a string"));
    }
    all.push_back(*text);
  }
  return all;
}

absl::Status ReadBegin(const text::Json& json, RunBegin* begin) {
  TRY_ASSIGN(const std::string at, json.StringAt("begins"));
  TRY_ASSIGN(begin->at, base::ParseTime(at));
  TRY_ASSIGN(begin->user, json.StringAt("user"));
  TRY_ASSIGN(begin->host, json.StringAt("from"));
  TRY_ASSIGN(begin->folder, json.StringAt("folder"));
  TRY_ASSIGN(begin->recipe, json.StringAt("recipe"));
  TRY_ASSIGN(begin->recipe_hash, json.StringAt("recipe_hash"));
  TRY_ASSIGN(begin->into, json.StringAt("into"));
  TRY_ASSIGN(begin->check, json.BoolAt("check"));
  TRY_ASSIGN(begin->utility, ListAt(json, "utility"));
  TRY_ASSIGN(begin->hosts, ListAt(json, "hosts"));
  return absl::OkStatus();
}

absl::Status ReadHost(const text::Json& json, PastRun* run) {
  TRY_ASSIGN(const std::string name, json.StringAt("host"));
  PastRun::Host host;
  TRY_ASSIGN(const int64_t status, json.IntAt("status"));
  if (status < 0 || status > 9999) {
    return absl::InvalidArgumentError("status: is none");
  }
  host.status = static_cast<int>(status);
  TRY_ASSIGN(host.phase, json.StringAt("phase_failed"));
  for (absl::string_view key : {"created", "changed", "mode_only", "removed"}) {
    const text::Json* list = json.Find(key);
    if (list == nullptr || list->AsArray() == nullptr) continue;
    host.changes += static_cast<int64_t>(list->AsArray()->size());
  }
  run->hosts[name] = std::move(host);
  return absl::OkStatus();
}

absl::Status ReadEnd(const text::Json& json, PastRun* run) {
  TRY_ASSIGN(const std::string at, json.StringAt("ends"));
  TRY_ASSIGN(run->ended, base::ParseTime(at));
  TRY_ASSIGN(const int64_t code, json.IntAt("exit_code"));
  if (code < 0 || code > 255) {
    return absl::InvalidArgumentError("exit_code: is none");
  }
  run->exit_code = static_cast<int>(code);
  return absl::OkStatus();
}

absl::Status ReadLine(absl::string_view line, bool first, PastRun* run) {
  TRY_ASSIGN(const text::Json json, text::Json::Parse(line));
  if (first) return ReadBegin(json, &run->begin);
  if (json.Find("host") != nullptr) return ReadHost(json, run);
  return ReadEnd(json, run);
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  const auto info = sys::Stat(folder);
  if (info.ok() && !info->exists) return std::vector<std::string>();
  TRY_ASSIGN(std::vector<std::string> names, sys::ListFolder(folder));
  std::erase_if(names, [](const std::string& name) {
    return !absl::EndsWith(name, kSuffix);
  });
  for (std::string& name : names) name.resize(name.size() - kSuffix.size());
  return names;
}

absl::StatusOr<PastRun> ReadNamed(const std::string& folder,
                                  const std::string& name) {
  TRY_ASSIGN(const std::string text,
             sys::ReadFile(absl::StrCat(folder, "/", name, kSuffix),
                           kMaxRunJournalBytes));
  absl::StatusOr<PastRun> run = ParseRun(text);
  if (!run.ok()) return base::Context(run.status(), name);
  run->name = name;
  return run;
}

}  // namespace

absl::StatusOr<RunJournal> RunJournal::Begin(const std::string& folder,
                                             const RunBegin& begin) {
  TRY(sys::MakeFolders(folder, 0700));
  const std::string name = NameOf(begin.at);
  const std::string path = absl::StrCat(folder, "/", name, kSuffix);
  TRY_ASSIGN(sys::Fd fd,
             sys::Open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
                       0600));
  RunJournal journal(name, std::move(fd));
  TRY(journal.Append(BeginLine(begin)));
  TRY(journal.Sync());
  TRY(sys::SyncFolder(folder));
  return journal;
}

// One write each, so that a line is there or, at the very end, is not.
absl::Status RunJournal::Append(const std::string& line) {
  return sys::WriteAll(fd_.get(), line);
}

absl::Status RunJournal::Add(const HostReport& report) {
  return Append(ReportJson(report));
}

absl::Status RunJournal::End(absl::Time at, int exit_code) {
  text::JsonWriter json;
  json.BeginObject();
  json.Key("ends").String(base::FormatTime(at));
  json.Key("exit_code").Int(exit_code);
  json.EndObject();
  TRY(Append(json.Take() + "\n"));
  return Sync();
}

// Not for each host: the loop that serves them all would wait for the disk.
absl::Status RunJournal::Sync() {
  if (fdatasync(fd_.get()) != 0) return base::SysError(name_);
  return absl::OkStatus();
}

std::string RunJournalFolder() {
  std::string state = sys::EnvironmentVariable("XDG_STATE_HOME");
  if (state.empty()) state = sys::HomeFolder() + "/.local/state";
  return state + "/fleetbox/msrc";
}

std::vector<std::string> PastRun::Remaining() const {
  std::vector<std::string> names;
  for (const std::string& name : begin.hosts) {
    const auto found = hosts.find(name);
    if (found == hosts.end() || found->second.status != 0) {
      names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> PastRun::Failed() const {
  std::vector<std::string> names = Remaining();
  std::erase_if(
      names, [this](const std::string& name) { return !hosts.contains(name); });
  return names;
}

absl::StatusOr<PastRun> ParseRun(absl::string_view text) {
  PastRun run;
  int number = 0;
  // What is behind the last line's end was being written.
  for (size_t end = text.find('\n'); end != absl::string_view::npos;
       end = text.find('\n')) {
    number++;
    const absl::Status status =
        ReadLine(text.substr(0, end), number == 1, &run);
    if (!status.ok()) {
      return base::Context(absl::InvalidArgumentError(status.message()),
                           absl::StrCat("line ", number));
    }
    text.remove_prefix(end + 1);
  }
  if (number == 0) return absl::InvalidArgumentError("it has no first line");
  return run;
}

absl::StatusOr<PastRun> ReadRun(const std::string& folder,
                                const std::string& name) {
  TRY_ASSIGN(const std::vector<std::string> names, NamesIn(folder));
  std::vector<std::string> found;
  for (const std::string& n : names) {
    if (n == name) return ReadNamed(folder, n);
    if (absl::StartsWith(n, name)) found.push_back(n);
  }
  if (found.empty()) {
    return absl::NotFoundError(
        name.empty()
            ? absl::StrCat(folder, ": there is no run")
            : absl::StrCat("'", base::Escape(name), "': there is no such run"));
  }
  if (found.size() > 1 && !name.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", base::Escape(name), "': ", found.size(), " runs begin with this"));
  }
  return ReadNamed(folder, found.back());
}

std::vector<PastRun> ListRuns(const std::string& folder, size_t most,
                              std::vector<std::string>* bad) {
  std::vector<PastRun> runs;
  std::vector<std::string> names =
      NamesIn(folder).value_or(std::vector<std::string>());
  std::reverse(names.begin(), names.end());
  for (const std::string& name : names) {
    if (runs.size() == most) break;
    absl::StatusOr<PastRun> run = ReadNamed(folder, name);
    if (run.ok()) {
      runs.push_back(*std::move(run));
    } else {
      bad->push_back(std::string(run.status().message()));
    }
  }
  return runs;
}

}  // namespace msrc
