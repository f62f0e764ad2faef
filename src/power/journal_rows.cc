#include "power/journal_rows.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "text/json.h"

namespace power {
namespace {

// The texts of an end, in the order in which they are written.
struct Field {
  absl::string_view key;
  std::string JournalEnd::*text;
};
constexpr Field kFields[] = {
    {"outcome", &JournalEnd::outcome}, {"class", &JournalEnd::failure_class},
    {"detail", &JournalEnd::detail},   {"before", &JournalEnd::before},
    {"after", &JournalEnd::after},     {"transport", &JournalEnd::transport},
    {"digest", &JournalEnd::digest},
};

// A host's name has no NUL.
constexpr char kBetweenNames = '\0';

absl::StatusOr<absl::Time> TimeAt(const text::Json& json,
                                  absl::string_view key) {
  TRY_ASSIGN(const std::string text, json.StringAt(key));
  return base::ParseTime(text);
}

// "" when it is not there.
absl::Status ReadText(const text::Json& json, absl::string_view key,
                      std::string& text) {
  if (json.Find(key) == nullptr) return absl::OkStatus();
  TRY_ASSIGN(text, json.StringAt(key));
  return absl::OkStatus();
}

absl::Status ReadArray(const text::Json& json, absl::string_view key,
                       const text::Json::Array** array) {
  const text::Json* found = json.Find(key);
  *array = found == nullptr ? nullptr : found->AsArray();
  return *array != nullptr
             ? absl::OkStatus()
             : absl::InvalidArgumentError(absl::StrCat("has no ", key));
}

}  // namespace

std::string NewActionId(absl::Time at, absl::string_view random) {
  return absl::StrFormat("%013x-%s", base::ToMillis(at),
                         absl::BytesToHexString(random));
}

std::string BegunKey(absl::string_view action_id) {
  return absl::StrCat(kRecordPrefix, action_id);
}

std::string BegunText(const JournalAction& action,
                      absl::Span<const JournalHost> hosts) {
  text::JsonWriter out;
  out.BeginObject();
  out.Key("at").String(base::FormatTime(action.at));
  out.Key("action").String(action.verb);
  out.Key("uid").Int(action.uid);
  out.Key("login").String(action.login);
  out.Key("via").String(action.via);
  out.Key("pid").Int(action.pid);
  out.Key("start").Int(static_cast<int64_t>(action.start_ticks));
  out.Key("hosts").BeginArray();
  for (const JournalHost& host : hosts) {
    out.BeginArray().String(host.name).String(host.feeds).EndArray();
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

std::string EndedKey(absl::string_view action_id, size_t first_host) {
  return absl::StrCat(kRecordPrefix, action_id, "/", first_host);
}

std::string EndedText(absl::Span<const NumberedEnd> ends) {
  text::JsonWriter out;
  out.BeginArray();
  for (size_t at = 0; at < ends.size();) {
    const JournalEnd& end = ends[at].end;
    out.BeginObject();
    out.Key("hosts").BeginArray();
    // Of a strip most end alike.
    for (; at < ends.size() && ends[at].end == end; ++at) {
      out.Int(static_cast<int64_t>(ends[at].host));
    }
    out.EndArray();
    out.Key("at").String(base::FormatTime(end.at));
    for (const Field& field : kFields) {
      const std::string& text = end.*field.text;
      if (!text.empty()) out.Key(field.key).String(text);
    }
    out.EndObject();
  }
  out.EndArray();
  return out.Take();
}

std::string OpenKey(absl::string_view action_id) {
  return absl::StrCat(kOpenPrefix, action_id);
}

std::string OpenText(absl::Span<const absl::string_view> names) {
  return absl::StrJoin(names, absl::string_view(&kBetweenNames, 1));
}

std::vector<absl::string_view> ParseOpen(absl::string_view text) {
  return absl::StrSplit(text, kBetweenNames, absl::SkipEmpty());
}

absl::Status JournalReader::Add(absl::string_view key, absl::string_view text) {
  absl::string_view name = key;
  absl::ConsumePrefix(&name, kRecordPrefix);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('/', 1));
  const bool is_ended = parts.first.size() < name.size();
  absl::Status added;
  if (!is_ended) {
    Finish();
    added = AddBegun(parts.first, text);
  } else if (parts.first == action_id_) {
    added = AddEnded(text);
  }  // else the beginning is not kept any more
  return added.ok()
             ? added
             : absl::DataLossError(absl::StrCat(key, ": ", added.message()));
}

absl::Status JournalReader::AddBegun(absl::string_view action_id,
                                     absl::string_view text) {
  TRY_ASSIGN(const text::Json json, text::Json::Parse(text));
  JournalAction action;
  TRY_ASSIGN(action.at, TimeAt(json, "at"));
  TRY_ASSIGN(action.verb, json.StringAt("action"));
  TRY_ASSIGN(action.uid, json.IntAt("uid"));
  TRY_ASSIGN(action.login, json.StringAt("login"));
  TRY_ASSIGN(action.via, json.StringAt("via"));
  TRY_ASSIGN(action.pid, json.IntAt("pid"));
  TRY_ASSIGN(const int64_t start, json.IntAt("start"));
  action.start_ticks = static_cast<uint64_t>(start);
  const text::Json::Array* hosts;
  TRY(ReadArray(json, "hosts", &hosts));
  std::vector<JournalRecord> records;
  for (const text::Json& host : *hosts) {
    const text::Json::Array* pair = host.AsArray();
    if (pair == nullptr || pair->size() != 2 ||
        (*pair)[0].AsString() == nullptr || (*pair)[1].AsString() == nullptr) {
      return absl::InvalidArgumentError("has a host that is none");
    }
    records.push_back(
        {.id = {.action = std::string(action_id), .host = records.size()},
         .action = action,
         .host = {.name = *(*pair)[0].AsString(),
                  .feeds = *(*pair)[1].AsString()}});
  }
  action_id_ = std::string(action_id);
  records_ = std::move(records);
  return absl::OkStatus();
}

absl::Status JournalReader::AddEnded(absl::string_view text) {
  TRY_ASSIGN(const text::Json json, text::Json::Parse(text));
  const text::Json::Array* ends = json.AsArray();
  if (ends == nullptr) return absl::InvalidArgumentError("is no array");
  for (const text::Json& each : *ends) {
    JournalEnd end;
    TRY_ASSIGN(end.at, TimeAt(each, "at"));
    for (const Field& field : kFields) {
      TRY(ReadText(each, field.key, end.*field.text));
    }
    const text::Json::Array* hosts;
    TRY(ReadArray(each, "hosts", &hosts));
    for (const text::Json& host : *hosts) {
      const int64_t* number = host.AsInt();
      if (number == nullptr || *number < 0 ||
          static_cast<size_t>(*number) >= records_.size()) {
        return absl::InvalidArgumentError("has a host that is none");
      }
      records_[static_cast<size_t>(*number)].end = end;
    }
  }
  return absl::OkStatus();
}

void JournalReader::Finish() {
  for (JournalRecord& record : std::exchange(records_, {})) {
    visit_(std::move(record));
  }
  action_id_.clear();
}

}  // namespace power
