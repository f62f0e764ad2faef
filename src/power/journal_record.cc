#include "power/journal_record.h"

#include <absl/strings/str_cat.h>

#include "base/time.h"
#include "power/outcome.h"
#include "text/json.h"

namespace power {

std::string RecordIdText(const RecordId& id) {
  return absl::StrCat(id.action, ".", id.host);
}

std::string RecordText(const JournalRecord& record) {
  text::JsonWriter out;
  const auto put = [&](absl::string_view key, const std::string& text) {
    if (!text.empty()) out.Key(key).String(text);
  };
  const JournalAction& action = record.action;
  out.BeginObject();
  out.Key("id").String(RecordIdText(record.id));
  out.Key("at").String(base::FormatTime(action.at));
  if (record.end.has_value()) {
    out.Key("ended").String(base::FormatTime(record.end->at));
  }
  out.Key("uid").Int(action.uid);
  out.Key("pid").Int(action.pid);
  out.Key("start").Int(static_cast<int64_t>(action.start_ticks));
  put("login", action.login);
  put("via", action.via);
  put("host", record.host.name);
  put("feeds", record.host.feeds);
  put("action", action.verb);
  if (record.end.has_value()) {
    put("outcome", record.end->outcome);
    put("class", record.end->failure_class);
    put("detail", record.end->detail);
    put("before", record.end->before);
    put("after", record.end->after);
    put("transport", record.end->transport);
    put("digest", record.end->digest);
  }
  out.EndObject();
  return out.Take();
}

std::string RecordLine(const JournalRecord& record) {
  const JournalAction& action = record.action;
  std::string line = absl::StrCat(
      base::FormatTime(action.at), " ",
      action.login.empty() ? absl::StrCat("uid ", action.uid) : action.login,
      action.via.empty() ? "" : " via ", action.via, " ", action.verb, " ",
      record.host.name, " ", record.host.feeds, ": ");
  if (!record.end.has_value()) return absl::StrCat(line, "not finished");
  const JournalEnd& end = *record.end;
  absl::StrAppend(&line, end.outcome);
  if (!end.failure_class.empty()) {
    absl::StrAppend(&line, " ", end.failure_class);
  }
  if (!end.before.empty() && end.before != Word(PlugState::kUnknown)) {
    absl::StrAppend(&line, " (was ", end.before, ")");
  }
  if (!end.detail.empty()) absl::StrAppend(&line, ": ", end.detail);
  return line;
}

}  // namespace power
