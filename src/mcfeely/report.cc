#include "mcfeely/report.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"
#include "mcfeely/scheduler.h"
#include "mcfeely/view.h"
#include "text/json.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

namespace {

constexpr size_t kReportedLines = 20;

std::string Attempts(uint32_t n) {
  return n == 1 ? "1 attempt" : absl::StrCat(n, " attempts");
}

// The end of what a task printed; the head when that is all there was.
absl::string_view End(const wire::TaskView& task) {
  return task.tail().empty() ? task.head() : task.tail();
}

std::string TaskLine(const wire::TaskView& task) {
  std::string out = absl::StrCat("task ", task.name(), " (", task.comm(),
                                 ") to ", task.host(), ": ");
  const std::string when =
      absl::StrCat("(", Attempts(task.attempts()), ", ",
                   base::FormatTime(base::FromMillis(task.ended_ms())), ")");
  switch (task.state()) {
    case wire::TASK_DONE:
      absl::StrAppend(&out, "success: ", LastLines(End(task), 1),
                      End(task).empty() ? "" : " ", when, "\n");
      break;
    case wire::TASK_SKIPPED:
      absl::StrAppend(&out,
                      task.why() == kNotNeeded
                          ? "not needed: "
                          : "defuncted due to failure of dependent task: ",
                      task.why(), "\n");
      break;
    case wire::TASK_CANCELLED:
      absl::StrAppend(&out, task.why(), " ", when, "\n");
      break;
    case wire::TASK_HELD:
      absl::StrAppend(&out, "held: ", task.why(), " ", when, "\n");
      break;
    case wire::TASK_FAILED: {
      absl::StrAppend(&out, "failure: ", task.why(), " ", when, "\n");
      const std::string lines = LastLines(End(task), kReportedLines);
      if (!lines.empty()) {
        absl::StrAppend(&out, "    ",
                        absl::StrReplaceAll(lines, {{"\n", "\n    "}}), "\n");
      }
      break;
    }
    default:
      return "";
  }
  return out;
}

// Of a task that takes long; nothing has ended yet.
std::string LateLine(const wire::TaskView& task) {
  return absl::StrCat("task ", task.name(), " (", task.comm(), ") to ",
                      task.host(), ": not done yet: ", task.why(), " (",
                      Attempts(task.attempts()), ", eligible since ",
                      base::FormatTime(base::FromMillis(task.eligible_ms())),
                      ")\n");
}

}  // namespace

std::optional<absl::string_view> NotifyName(absl::string_view address) {
  if (!absl::ConsumePrefix(&address, "exec:")) return std::nullopt;
  return address;
}

std::string ReportJson(const wire::JobView& job,
                       const wire::PendingReport& report,
                       const net::Letter& letter) {
  text::JsonWriter json;
  json.BeginObject();
  json.Key("id").String(base::Hex(report.report_id()));
  json.Key("date").String(base::FormatTime(letter.date));
  json.Key("subject").String(letter.subject);
  json.Key("text").String(letter.body);
  json.EndObject();
  return absl::StrCat("{\"report\": ", json.Take(),
                      ",\n\"job\": ", JobJson(job), "}\n");
}

std::string LastLines(absl::string_view text, size_t count) {
  text = absl::StripSuffix(text, "\n");
  size_t begin = text.size();
  for (size_t lines = 0; lines < count && begin != 0; lines++) {
    const size_t newline = text.rfind('\n', begin - 1);
    begin = newline == absl::string_view::npos ? 0 : newline;
  }
  if (begin < text.size() && text[begin] == '\n') begin++;
  return std::string(text.substr(begin));
}

net::Letter MakeReport(const wire::JobView& job,
                       const wire::PendingReport& report,
                       const std::string& from, const std::string& host) {
  const bool held = report.about() == wire::PendingReport::TASK_HELD;
  const bool late = report.about() == wire::PendingReport::TASK_LATE;
  // As it ended; it may have been opened again since.
  const wire::JobState state =
      report.state() != wire::JOB_OPEN ? report.state() : job.state();
  const bool failed =
      held || late || state == wire::JOB_FAILED || state == wire::JOB_CANCELLED;
  const absl::string_view word = held   ? " held:  "
                                 : late ? " late:  "
                                 : state == wire::JOB_CANCELLED
                                     ? " cancelled:  "
                                 : failed ? " failure:  "
                                          : " success:  ";
  net::Letter letter;
  letter.from = from;
  const auto& addresses = failed ? job.failure() : job.success();
  for (const std::string& address : addresses) {
    if (!NotifyName(address).has_value()) letter.to.push_back(address);
  }
  letter.subject = std::string(absl::StripTrailingAsciiWhitespace(
      absl::StrCat("job ", job.job(), word, job.description())));
  letter.message_id =
      absl::StrCat("mcfeely.", base::Hex(report.report_id()), "@", host);
  letter.body = absl::StrCat("job ", job.job(), " report:\n");

  // In order of completion, as the original reports.
  std::vector<const wire::TaskView*> tasks;
  for (const wire::TaskView& task : job.task()) tasks.push_back(&task);
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto* a, const auto* b) {
                     return a->ended_ms() < b->ended_ms();
                   });
  absl::Time latest = base::FromMillis(job.injected_ms());
  for (const wire::TaskView* task : tasks) {
    if ((held || late) && task->index() != report.task()) continue;
    absl::StrAppend(&letter.body, late ? LateLine(*task) : TaskLine(*task));
    latest = std::max(latest, base::FromMillis(task->ended_ms()));
  }
  letter.date = job.ended_ms() != 0 ? base::FromMillis(job.ended_ms()) : latest;
  absl::StrAppend(
      &letter.body, "\nDescription:\n", job.description(), "\n\n",
      "Injected: ", base::FormatTime(base::FromMillis(job.injected_ms())),
      " by ", job.principal(), "\n");
  for (const wire::JobNote& note : job.note()) {
    absl::StrAppend(&letter.body, "Operator: ", NoteLine(note), "\n");
  }
  if (job.ended_ms() != 0) {
    absl::StrAppend(&letter.body, "Ended:    ",
                    base::FormatTime(base::FromMillis(job.ended_ms())), "\n");
  }
  return letter;
}

}  // namespace mcfeely
