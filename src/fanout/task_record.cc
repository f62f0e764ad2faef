#include "fanout/task_record.h"

#include <absl/strings/str_cat.h>

#include <limits>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "text/json.h"
#include "text/utf8.h"

namespace fanout {
namespace {

using text::Json;
using text::JsonWriter;

void Text(JsonWriter& out, absl::string_view bytes) {
  if (text::IsUtf8(bytes)) {
    out.String(bytes);
  } else {
    out.BeginObject().Key("b64").String(base::Base64(bytes)).EndObject();
  }
}

void Args(JsonWriter& out, const std::vector<std::string>& args) {
  out.Key("args").BeginArray();
  for (const std::string& arg : args) Text(out, arg);
  out.EndArray();
}

void Seconds(JsonWriter& out, absl::string_view key, absl::Duration d) {
  out.Key(key).Double(static_cast<double>(absl::ToInt64Microseconds(d)) / 1e6);
}

void Time(JsonWriter& out, absl::string_view key, absl::Time t) {
  out.Key(key).String(base::FormatTime(t));
}

void Usage(JsonWriter& out, const TaskRecord& task) {
  Seconds(out, "wall", task.wall);
  Seconds(out, "user", task.user);
  Seconds(out, "sys", task.system);
  out.Key("maxrss").Int(task.max_resident_bytes);
}

void End(JsonWriter& out, const TaskRecord& task) {
  out.Key("status").Int(task.outcome.code());
  out.Key("signal").Int(task.outcome.signal);
}

void Host(JsonWriter& out, const TaskRecord& task) {
  if (task.host.empty()) return;
  out.Key("host");
  Text(out, task.host);
}

// What a task is, as against what became of it.
void Identity(JsonWriter& out, const TaskRecord& task) {
  out.Key("seq").Int(task.seq);
  out.Key("number").String(task.number);
  Host(out, task);
  out.Key("xid");
  Text(out, task.xid);
  Args(out, task.args);
}

// What Text, Time and Seconds wrote.
absl::StatusOr<std::string> TextAt(const Json& object, absl::string_view key) {
  const Json* value = object.Find(key);
  if (value == nullptr || value->AsObject() == nullptr) {
    return object.StringAt(key);
  }
  TRY_ASSIGN(const std::string text, value->StringAt("b64"));
  return base::FromBase64(text);
}

absl::StatusOr<absl::Time> TimeAt(const Json& object, absl::string_view key) {
  TRY_ASSIGN(const std::string text, object.StringAt(key));
  return base::ParseTime(text);
}

absl::StatusOr<absl::Duration> SecondsAt(const Json& object,
                                         absl::string_view key) {
  const Json* value = object.Find(key);
  const std::optional<double> seconds =
      value == nullptr ? std::nullopt : value->AsDouble();
  if (!seconds || *seconds < 0) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": is not a span"));
  }
  return absl::Seconds(*seconds);
}

std::string Line(JsonWriter& out) { return out.EndObject().Take() + "\n"; }

}  // namespace

std::string StartEvent(const TaskRecord& task) {
  JsonWriter out;
  out.BeginObject().Key("event").String("start");
  Time(out, "time", task.start);
  Identity(out, task);
  out.Key("command");
  Text(out, task.command);
  out.Key("attempt").Int(task.attempt);
  return Line(out);
}

std::string OutputEvent(const TaskRecord& task) {
  JsonWriter out;
  out.BeginObject().Key("event").String("output");
  out.Key("seq").Int(task.seq);
  out.Key("stdout").Int(task.stdout_bytes);
  out.Key("stderr").Int(task.stderr_bytes);
  return Line(out);
}

std::string EndEvent(const TaskRecord& task) {
  JsonWriter out;
  out.BeginObject().Key("event").String("end");
  Time(out, "time", task.end);
  Identity(out, task);
  End(out, task);
  out.Key("timeout").Bool(task.outcome.timed_out);
  out.Key("attempt").Int(task.attempt);
  Usage(out, task);
  return Line(out);
}

std::string SummaryEvent(const RunSummary& summary) {
  JsonWriter out;
  out.BeginObject().Key("event").String("summary");
  Time(out, "time", summary.end);
  out.Key("started").Int(summary.started);
  out.Key("done").Int(summary.done);
  out.Key("failed").Int(summary.failed);
  out.Key("skipped").Int(summary.skipped);
  out.Key("retried").Int(summary.retried);
  Seconds(out, "wall", summary.wall);
  return Line(out);
}

std::string MetaJson(const TaskRecord& task) {
  JsonWriter out(JsonWriter::Layout::kPretty);
  out.BeginObject();
  Identity(out, task);
  out.Key("command");
  Text(out, task.command);
  Time(out, "start", task.start);
  Time(out, "end", task.end);
  End(out, task);
  out.Key("timeout").Bool(task.outcome.timed_out);
  out.Key("attempt").Int(task.attempt);
  Usage(out, task);
  out.Key("stdout_bytes").Int(task.stdout_bytes);
  out.Key("stderr_bytes").Int(task.stderr_bytes);
  out.EndObject();
  return out.Take();
}

absl::StatusOr<TaskRecord> ParseMeta(absl::string_view json) {
  TRY_ASSIGN(const Json meta, Json::Parse(json));
  TaskRecord task;
  TRY_ASSIGN(task.seq, meta.IntAt("seq"));
  TRY_ASSIGN(task.number, meta.StringAt("number"));
  TRY_ASSIGN(task.xid, TextAt(meta, "xid"));
  if (meta.Find("host") != nullptr) {
    TRY_ASSIGN(task.host, TextAt(meta, "host"));
  }
  TRY_ASSIGN(task.command, TextAt(meta, "command"));
  TRY_ASSIGN(task.start, TimeAt(meta, "start"));
  TRY_ASSIGN(task.end, TimeAt(meta, "end"));
  TRY_ASSIGN(task.outcome.timed_out, meta.BoolAt("timeout"));
  TRY_ASSIGN(const int64_t status, meta.IntAt("status"));
  TRY_ASSIGN(const int64_t signal, meta.IntAt("signal"));
  TRY_ASSIGN(const int64_t attempt, meta.IntAt("attempt"));
  if (status < 0 || status > 255 || signal < 0 || signal > 64 || attempt < 1 ||
      attempt > std::numeric_limits<int>::max()) {
    return absl::InvalidArgumentError("status: is out of range");
  }
  task.outcome.status = signal == 0 ? static_cast<int>(status) : 0;
  task.outcome.signal = static_cast<int>(signal);
  task.attempt = static_cast<int>(attempt);
  TRY_ASSIGN(task.wall, SecondsAt(meta, "wall"));
  TRY_ASSIGN(task.user, SecondsAt(meta, "user"));
  TRY_ASSIGN(task.system, SecondsAt(meta, "sys"));
  TRY_ASSIGN(task.max_resident_bytes, meta.IntAt("maxrss"));
  TRY_ASSIGN(task.stdout_bytes, meta.IntAt("stdout_bytes"));
  TRY_ASSIGN(task.stderr_bytes, meta.IntAt("stderr_bytes"));
  return task;
}

std::string ResultBegin(const TaskRecord& task) {
  JsonWriter out;
  out.BeginObject().Key("seq").Int(task.seq);
  Host(out, task);
  Args(out, task.args);
  End(out, task);
  return absl::StrCat(out.Take(), ",\"stdout\":");
}

absl::string_view ResultMiddle() { return ",\"stderr\":"; }

std::string ResultEnd(const TaskRecord& task) {
  JsonWriter out;
  out.BeginObject();
  Seconds(out, "wall", task.wall);
  // The brace that begins this object began in ResultBegin.
  return absl::StrCat(",", Line(out).substr(1));
}

}  // namespace fanout
