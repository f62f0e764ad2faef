#include "mcfeely/view.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/time.h"
#include "text/columns.h"
#include "text/json.h"
#include "text/words.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

namespace {

using text::Cell;
using text::Columns;

constexpr size_t kTaskStates = 10;
static_assert(wire::TaskState_MAX == kTaskStates - 1);

std::array<int, kTaskStates> Count(const wire::JobView& job) {
  std::array<int, kTaskStates> counts{};
  for (const wire::TaskView& task : job.task()) counts[task.state()]++;
  return counts;
}

size_t Limit(size_t width) { return width == 0 ? Columns::kNoLimit : width; }

std::string Ago(uint64_t ms, absl::Time now) {
  if (ms == 0) return "-";
  return base::DurationWords(
      std::max(now - base::FromMillis(ms), absl::ZeroDuration()));
}

std::string TimeText(uint64_t ms) {
  return ms == 0 ? "-" : base::FormatTime(base::FromMillis(ms));
}

absl::string_view StyleOf(wire::TaskState state, const Styles& styles) {
  switch (state) {
    case wire::TASK_DONE:
      return styles.good;
    case wire::TASK_FAILED:
    case wire::TASK_HELD:
      return styles.bad;
    case wire::TASK_SKIPPED:
    case wire::TASK_CANCELLED:
      return styles.dim;
    case wire::TASK_RUNNING:
    case wire::TASK_DISPATCHED:
      return styles.busy;
    default:
      return "";
  }
}

absl::string_view StyleOf(wire::JobState state, const Styles& styles) {
  switch (state) {
    case wire::JOB_DONE:
      return styles.good;
    case wire::JOB_FAILED:
    case wire::JOB_CANCELLED:
    case wire::JOB_HELD:
      return styles.bad;
    default:
      return styles.busy;
  }
}

std::string Command(const wire::TaskView& task) {
  std::vector<std::string> words = {task.comm()};
  words.insert(words.end(), task.argument().begin(), task.argument().end());
  return text::JoinWords(words);
}

std::string TakenBy(const wire::TaskView& task, absl::Time now) {
  if (task.started_ms() == 0) return "-";
  const bool going = task.state() == wire::TASK_RUNNING ||
                     task.state() == wire::TASK_DISPATCHED;
  const absl::Time end = going ? now : base::FromMillis(task.ended_ms());
  return base::DurationWords(std::max(end - base::FromMillis(task.started_ms()),
                                      absl::ZeroDuration()));
}

std::string TaskTable(const wire::JobView& job, absl::Time now,
                      const Styles& styles, size_t width) {
  Columns table({"TASK", "HOST", "STATE", "TRIES", "TOOK", "COMMAND", "WHY"});
  for (const wire::TaskView& task : job.task()) {
    table.Add({task.name(), task.host(),
               Cell(std::string(StateWord(task.state())),
                    StyleOf(task.state(), styles)),
               absl::StrCat(task.attempts()), TakenBy(task, now), Command(task),
               task.why()});
  }
  return table.Text(Limit(width));
}

absl::string_view VerdictWord(wire::Verdict verdict) {
  switch (verdict) {
    case wire::DONE:
      return "done";
    case wire::DEFERRED:
      return "deferred";
    case wire::FAILED:
      return "failed";
    case wire::INTERRUPTED:
      return "interrupted";
    case wire::CANCELLED:
      return "cancelled";
    default:
      return "open";
  }
}

// An output as it can be shown: what is left out in the middle is said.
std::string Output(const wire::TaskView& task) {
  std::string out = task.head();
  const uint64_t kept = task.head().size() + task.tail().size();
  if (task.output_bytes() > kept) {
    if (!out.empty() && out.back() != '\n') out += '\n';
    absl::StrAppend(&out, "[", task.output_bytes() - kept,
                    " bytes not kept]\n");
  }
  return out + task.tail();
}

void WriteTask(const wire::TaskView& task, text::JsonWriter& json) {
  json.BeginObject();
  json.Key("name").String(task.name());
  json.Key("host").String(task.host());
  json.Key("comm").String(task.comm());
  json.Key("arguments").BeginArray();
  for (const std::string& argument : task.argument()) json.String(argument);
  json.EndArray();
  json.Key("state").String(StateWord(task.state()));
  json.Key("attempts").Int(task.attempts());
  const auto time = [&](absl::string_view key, uint64_t ms) {
    json.Key(key);
    ms == 0 ? json.Null() : json.String(TimeText(ms));
  };
  time("eligible", task.eligible_ms());
  time("started", task.started_ms());
  time("ended", task.ended_ms());
  time("due", task.due_ms());
  json.Key("why").String(task.why());
  json.Key("needs").BeginArray();
  for (const std::string& name : task.needs()) json.String(name);
  json.EndArray();
  if (task.attempt_size() != 0) {
    json.Key("history").BeginArray();
    for (const wire::AttemptView& attempt : task.attempt()) {
      json.BeginObject();
      json.Key("number").Int(attempt.number());
      json.Key("id").String(base::Hex(attempt.id()));
      json.Key("started").String(TimeText(attempt.started_ms()));
      json.Key("ended").String(TimeText(attempt.ended_ms()));
      json.Key("verdict").String(VerdictWord(attempt.verdict()));
      json.Key("reason").String(attempt.reason());
      json.EndObject();
    }
    json.EndArray();
    json.Key("output").String(Output(task));
    json.Key("output_bytes").Int(task.output_bytes());
  }
  json.EndObject();
}

void WriteJob(const wire::JobView& job, text::JsonWriter& json) {
  json.BeginObject();
  json.Key("job").Int(job.job());
  json.Key("state").String(StateWord(job.state()));
  json.Key("description").String(job.description());
  json.Key("principal").String(job.principal());
  json.Key("parcel").String(base::Hex(job.parcel()));
  json.Key("injected").String(TimeText(job.injected_ms()));
  json.Key("ended");
  job.ended_ms() == 0 ? json.Null() : json.String(TimeText(job.ended_ms()));
  json.Key("success").BeginArray();
  for (const std::string& address : job.success()) json.String(address);
  json.EndArray();
  json.Key("failure").BeginArray();
  for (const std::string& address : job.failure()) json.String(address);
  json.EndArray();
  if (job.note_size() != 0) {
    json.Key("operators").BeginArray();
    for (const wire::JobNote& note : job.note()) {
      json.BeginObject();
      json.Key("at").String(TimeText(note.at_ms()));
      json.Key("by").String(note.principal());
      json.Key("verb").String(VerbWord(note.verb()));
      json.Key("tasks").String(note.tasks());
      json.EndObject();
    }
    json.EndArray();
  }
  json.Key("tasks").BeginArray();
  for (const wire::TaskView& task : job.task()) WriteTask(task, json);
  json.EndArray();
  json.EndObject();
}

}  // namespace

absl::string_view StateWord(wire::TaskState state) {
  constexpr absl::string_view kWords[kTaskStates] = {
      "waiting", "ready",  "delayed", "dispatched", "running",
      "done",    "failed", "skipped", "held",       "cancelled"};
  return state >= 0 && static_cast<size_t>(state) < kTaskStates ? kWords[state]
                                                                : "unknown";
}

absl::string_view StateWord(wire::JobState state) {
  switch (state) {
    case wire::JOB_DONE:
      return "done";
    case wire::JOB_FAILED:
      return "failed";
    case wire::JOB_CANCELLED:
      return "cancelled";
    case wire::JOB_HELD:
      return "held";
    default:
      return "open";
  }
}

bool IsOpen(wire::JobState state) {
  return state == wire::JOB_OPEN || state == wire::JOB_HELD;
}

absl::string_view VerbWord(wire::Control::Verb verb) {
  switch (verb) {
    case wire::Control::HOLD:
      return "hold";
    case wire::Control::RELEASE:
      return "release";
    case wire::Control::CANCEL:
      return "cancel";
    case wire::Control::NOW:
      return "now";
    case wire::Control::RETRY:
      return "retry";
    case wire::Control::MARK_DONE:
      return "mark-done";
    case wire::Control::MARK_FAILED:
      return "mark-failed";
    case wire::Control::DRAIN:
      return "drain";
    case wire::Control::RESUME:
      return "resume";
    default:
      return "unknown";
  }
}

std::string NoteLine(const wire::JobNote& note) {
  return absl::StrCat(base::FormatTime(base::FromMillis(note.at_ms())), " ",
                      VerbWord(note.verb()), note.tasks().empty() ? "" : " ",
                      note.tasks(), " by ", note.principal());
}

std::string Summary(const wire::JobView& job) {
  const auto counts = Count(job);
  std::string out =
      absl::StrCat(counts[wire::TASK_DONE], " of ", job.task_size(), " done");
  const int running =
      counts[wire::TASK_RUNNING] + counts[wire::TASK_DISPATCHED];
  const std::pair<int, absl::string_view> others[] = {
      {running, "running"},
      {counts[wire::TASK_READY], "ready"},
      {counts[wire::TASK_DELAYED], "delayed"},
      {counts[wire::TASK_HELD], "held"},
      {counts[wire::TASK_WAITING], "waiting"},
      {counts[wire::TASK_FAILED], "failed"},
      {counts[wire::TASK_SKIPPED], "skipped"},
      {counts[wire::TASK_CANCELLED], "cancelled"}};
  for (const auto& [count, word] : others) {
    if (count != 0) absl::StrAppend(&out, ", ", count, " ", word);
  }
  return out;
}

namespace {

// "Connection refused, tried again in 4s".
std::string AwayText(const wire::HostView& host, absl::Time now) {
  if (host.again_ms() == 0) return host.away();
  const absl::Duration left = base::FromMillis(host.again_ms()) - now;
  return absl::StrCat(host.away(), ", tried again ",
                      left <= absl::ZeroDuration()
                          ? "now"
                          : absl::StrCat("in ", base::FormatDuration(absl::Ceil(
                                                    left, absl::Seconds(1)))));
}

Cell AgentCell(const wire::HostView& host, const Styles& styles) {
  const bool drained = !host.drained_by().empty();
  if (!host.connected()) {
    return Cell(drained ? "drained, not connected" : "not connected",
                styles.bad);
  }
  return drained ? Cell("drained", styles.busy)
                 : Cell("connected", styles.good);
}

}  // namespace

std::string FormatStatus(const wire::Reply& reply, absl::Time now,
                         const Styles& styles, size_t width) {
  std::string out;
  Columns jobs({"JOB", "STATE", "AGE", "TASKS", "DESCRIPTION"});
  for (const wire::JobView& job : reply.job()) {
    jobs.Add({absl::StrCat(job.job()),
              Cell(std::string(StateWord(job.state())),
                   StyleOf(job.state(), styles)),
              Ago(job.injected_ms(), now), Summary(job), job.description()});
  }
  if (!jobs.empty()) out = jobs.Text(Limit(width));
  const bool away = std::any_of(
      reply.host().begin(), reply.host().end(),
      [](const wire::HostView& host) { return !host.away().empty(); });
  std::vector<Cell> heads = {"HOST", "AGENT", "RUNNING", "READY"};
  if (away) heads.push_back("WHY");
  Columns hosts(heads);
  for (const wire::HostView& host : reply.host()) {
    std::vector<Cell> cells = {host.name(), AgentCell(host, styles),
                               absl::StrCat(host.running()),
                               absl::StrCat(host.queued())};
    if (away) cells.push_back(AwayText(host, now));
    hosts.Add(std::move(cells));
  }
  if (!hosts.empty()) {
    absl::StrAppend(&out, out.empty() ? "" : "\n", hosts.Text(Limit(width)));
  }
  return out;
}

std::string FormatJob(const wire::JobView& job, absl::Time now,
                      const Styles& styles, size_t width) {
  Columns facts;
  facts.Add({"job", absl::StrCat(job.job())});
  facts.Add({"description", job.description()});
  facts.Add({"state", Cell(std::string(StateWord(job.state())),
                           StyleOf(job.state(), styles))});
  facts.Add({"tasks", Summary(job)});
  facts.Add({"injected", absl::StrCat(TimeText(job.injected_ms()), " by ",
                                      job.principal())});
  if (job.ended_ms() != 0) facts.Add({"ended", TimeText(job.ended_ms())});
  if (job.success_size() != 0) {
    facts.Add({"success to", absl::StrJoin(job.success(), " ")});
  }
  if (job.failure_size() != 0) {
    facts.Add({"failure to", absl::StrJoin(job.failure(), " ")});
  }
  for (const wire::JobNote& note : job.note()) {
    facts.Add({"operator", NoteLine(note)});
  }
  return absl::StrCat(facts.Text(Limit(width)), "\n",
                      TaskTable(job, now, styles, width));
}

std::string FormatTask(const wire::JobView& job, absl::string_view name,
                       absl::Time now, const Styles& styles) {
  for (const wire::TaskView& task : job.task()) {
    if (task.name() != name) continue;
    Columns facts;
    facts.Add({"task", absl::StrCat(job.job(), ".", task.name())});
    facts.Add({"host", task.host()});
    facts.Add({"command", Command(task)});
    facts.Add({"state", Cell(std::string(StateWord(task.state())),
                             StyleOf(task.state(), styles))});
    if (!task.why().empty()) facts.Add({"why", task.why()});
    facts.Add({"needs",
               task.needs().empty() ? "-" : absl::StrJoin(task.needs(), " ")});
    facts.Add({"eligible", TimeText(task.eligible_ms())});
    facts.Add({"attempts", absl::StrCat(task.attempts())});
    if (task.due_ms() != 0) facts.Add({"next try", TimeText(task.due_ms())});
    facts.Add({"took", TakenBy(task, now)});
    std::string out = facts.Text();
    Columns attempts({"TRY", "STARTED", "ENDED", "VERDICT", "REASON", "ID"});
    for (const wire::AttemptView& a : task.attempt()) {
      attempts.Add({absl::StrCat(a.number()), TimeText(a.started_ms()),
                    TimeText(a.ended_ms()),
                    std::string(VerdictWord(a.verdict())), a.reason(),
                    base::Hex(a.id())});
    }
    if (!attempts.empty()) absl::StrAppend(&out, "\n", attempts.Text());
    const std::string output = Output(task);
    if (!output.empty()) {
      absl::StrAppend(&out, "\noutput of the latest attempt:\n", output,
                      output.back() == '\n' ? "" : "\n");
    }
    return out;
  }
  return "";
}

std::string FormatLive(const wire::JobView& job, absl::Time now,
                       const Styles& styles, size_t width, size_t lines) {
  const auto counts = Count(job);
  const size_t total = std::max(job.task_size(), 1);
  const size_t ended = counts[wire::TASK_DONE] + counts[wire::TASK_FAILED] +
                       counts[wire::TASK_SKIPPED] +
                       counts[wire::TASK_CANCELLED];
  constexpr size_t kBar = 24;
  const size_t full = kBar * ended / total;
  std::string out =
      absl::StrCat("job ", job.job(), " [", std::string(full, '#'),
                   std::string(kBar - full, '.'), "] ", Summary(job), "\n");
  // What moves first, then what went wrong, then what waits.
  constexpr wire::TaskState kOrder[] = {
      wire::TASK_RUNNING, wire::TASK_DISPATCHED, wire::TASK_HELD,
      wire::TASK_FAILED,  wire::TASK_DELAYED,    wire::TASK_READY,
      wire::TASK_SKIPPED, wire::TASK_CANCELLED,  wire::TASK_WAITING,
      wire::TASK_DONE};
  Columns table;
  size_t left = lines;
  for (wire::TaskState state : kOrder) {
    for (const wire::TaskView& task : job.task()) {
      if (task.state() != state || left == 0) continue;
      left--;
      table.Add({absl::StrCat("  ", task.name()), task.host(),
                 Cell(std::string(StateWord(state)), StyleOf(state, styles)),
                 TakenBy(task, now), task.why()});
    }
  }
  return out + table.Text(Limit(width));
}

std::string FormatChanges(const wire::JobView* before,
                          const wire::JobView& job) {
  std::string out;
  for (int i = 0; i < job.task_size(); i++) {
    const wire::TaskView& task = job.task(i);
    const wire::TaskState state = task.state();
    if (before != nullptr && i < before->task_size() &&
        before->task(i).state() == state &&
        before->task(i).attempts() == task.attempts()) {
      continue;
    }
    // Being ready or given to the agent is over before one has read it.
    if (state == wire::TASK_WAITING || state == wire::TASK_READY ||
        state == wire::TASK_DISPATCHED) {
      continue;
    }
    absl::StrAppend(&out, job.job(), ".", task.name(), " on ", task.host(),
                    ": ", StateWord(state));
    if (state != wire::TASK_RUNNING && !task.why().empty()) {
      absl::StrAppend(&out, ": ", task.why());
    }
    out += '\n';
  }
  return out;
}

std::string StatusJson(const wire::Reply& reply) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject().Key("jobs").BeginArray();
  for (const wire::JobView& job : reply.job()) WriteJob(job, json);
  json.EndArray().Key("hosts").BeginArray();
  for (const wire::HostView& host : reply.host()) {
    json.BeginObject();
    json.Key("name").String(host.name());
    json.Key("connected").Bool(host.connected());
    if (!host.drained_by().empty()) {
      json.Key("drained_by").String(host.drained_by());
      json.Key("drained").String(TimeText(host.drained_ms()));
    }
    json.Key("running").Int(host.running());
    json.Key("ready").Int(host.queued());
    if (!host.away().empty()) json.Key("away").String(host.away());
    if (host.again_ms() != 0) {
      json.Key("again").String(TimeText(host.again_ms()));
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

std::string JobJson(const wire::JobView& job) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  WriteJob(job, json);
  return json.Take();
}

}  // namespace mcfeely
