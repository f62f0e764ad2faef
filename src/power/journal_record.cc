#include "power/journal_record.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "power/outcome.h"
#include "text/json.h"

namespace power {
namespace {

// The texts of a record, in the order in which they are written.
struct Field {
  absl::string_view key;
  std::string JournalRecord::*text;
};
constexpr Field kFields[] = {
    {"login", &JournalRecord::login},
    {"via", &JournalRecord::via},
    {"host", &JournalRecord::host},
    {"feeds", &JournalRecord::feeds},
    {"action", &JournalRecord::action},
    {"outcome", &JournalRecord::outcome},
    {"class", &JournalRecord::failure_class},
    {"detail", &JournalRecord::detail},
    {"before", &JournalRecord::before},
    {"after", &JournalRecord::after},
    {"transport", &JournalRecord::transport},
    {"digest", &JournalRecord::digest},
};

}  // namespace

std::string RecordText(const JournalRecord& record) {
  text::JsonWriter out;
  out.BeginObject();
  out.Key("id").String(record.id);
  out.Key("at").String(base::FormatTime(record.at));
  if (record.ended.has_value()) {
    out.Key("ended").String(base::FormatTime(*record.ended));
  }
  out.Key("uid").Int(record.uid);
  out.Key("pid").Int(record.pid);
  out.Key("start").Int(static_cast<int64_t>(record.start_ticks));
  for (const Field& field : kFields) {
    if ((record.*field.text).empty()) continue;
    out.Key(field.key).String(record.*field.text);
  }
  out.EndObject();
  return out.Take();
}

absl::StatusOr<JournalRecord> ParseRecord(absl::string_view text) {
  TRY_ASSIGN(const text::Json json, text::Json::Parse(text));
  JournalRecord record;
  TRY_ASSIGN(record.id, json.StringAt("id"));
  TRY_ASSIGN(const std::string at, json.StringAt("at"));
  TRY_ASSIGN(record.at, base::ParseTime(at));
  if (json.Find("ended") != nullptr) {
    TRY_ASSIGN(const std::string ended, json.StringAt("ended"));
    TRY_ASSIGN(record.ended, base::ParseTime(ended));
  }
  TRY_ASSIGN(record.uid, json.IntAt("uid"));
  TRY_ASSIGN(record.pid, json.IntAt("pid"));
  TRY_ASSIGN(const int64_t start, json.IntAt("start"));
  record.start_ticks = static_cast<uint64_t>(start);
  for (const Field& field : kFields) {
    if (json.Find(field.key) == nullptr) continue;
    TRY_ASSIGN(record.*field.text, json.StringAt(field.key));
  }
  return record;
}

std::string NewRecordId(absl::Time at, absl::string_view random) {
  return absl::StrFormat("%013x-%s", base::ToMillis(at),
                         absl::BytesToHexString(random));
}

std::string RecordLine(const JournalRecord& record) {
  std::string line = absl::StrCat(
      base::FormatTime(record.at), " ",
      record.login.empty() ? absl::StrCat("uid ", record.uid) : record.login,
      record.via.empty() ? "" : " via ", record.via, " ", record.action, " ",
      record.host, " ", record.feeds, ": ");
  if (!record.ended.has_value()) return absl::StrCat(line, "not finished");
  absl::StrAppend(&line, record.outcome);
  if (!record.failure_class.empty()) {
    absl::StrAppend(&line, " ", record.failure_class);
  }
  if (!record.before.empty() && record.before != Word(PlugState::kUnknown)) {
    absl::StrAppend(&line, " (was ", record.before, ")");
  }
  if (!record.detail.empty()) absl::StrAppend(&line, ": ", record.detail);
  return line;
}

std::string RecordKey(absl::string_view id) {
  return absl::StrCat(kRecordPrefix, id);
}
// A host's name has no NUL, so that one is no beginning of another.
std::string OpenPrefix(absl::string_view host) {
  return absl::StrCat("open/", host, absl::string_view("\0", 1));
}
std::string OpenKey(absl::string_view host, absl::string_view id) {
  return absl::StrCat(OpenPrefix(host), id);
}

}  // namespace power
