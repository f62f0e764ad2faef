#include "mcfeely/job_summary.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "base/time.h"
#include "mcfeely/view.h"

namespace mcfeely {

namespace pb = fleetbox::wire;

void JobSummary::Describe(absl::string_view all, absl::string_view by) {
  absl::string_view line = all.substr(0, all.find('\n'));
  const bool cut = line.size() > kMaxBytes;
  line = line.substr(0, kMaxBytes);
  // Not in the midst of a character.
  while (cut && !line.empty() && (line.back() & 0x80) != 0) {
    const bool first = (line.back() & 0x40) != 0;
    line.remove_suffix(1);
    if (first) break;
  }
  description = absl::StrCat(line, cut ? "..." : "");
  principal = std::string(by);
  words = absl::AsciiStrToLower(
      absl::StrCat(all.substr(0, kMaxWordsBytes / 2), " ", by, " "));
}

void JobSummary::AddTask(absl::string_view name, absl::string_view host,
                         pb::TaskState state) {
  if (state >= 0 && static_cast<size_t>(state) < tasks.size()) tasks[state]++;
  if (words.size() + name.size() + host.size() + 2 > kMaxWordsBytes) return;
  absl::StrAppend(&words, absl::AsciiStrToLower(name), " ",
                  absl::AsciiStrToLower(host), " ");
}

bool JobSummary::Matches(absl::string_view search) const {
  for (const absl::string_view word :
       absl::StrSplit(search, ' ', absl::SkipEmpty())) {
    if (word != absl::StrCat(job.value) &&
        !absl::StrContains(words, absl::AsciiStrToLower(word))) {
      return false;
    }
  }
  return true;
}

void JobSummary::WriteTo(text::JsonWriter& json) const {
  json.BeginObject();
  json.Key("job").Int(static_cast<int64_t>(job.value));
  json.Key("state").String(StateWord(state));
  json.Key("description").String(description);
  json.Key("principal").String(principal);
  const auto time = [&](absl::string_view key, uint64_t ms) {
    json.Key(key);
    ms == 0 ? json.Null()
            : json.String(
                  base::FormatTime(base::FromMillis(static_cast<int64_t>(ms))));
  };
  time("injected", injected_ms);
  time("ended", ended_ms);
  json.Key("tasks").BeginObject();
  for (size_t s = 0; s < tasks.size(); s++) {
    if (tasks[s] == 0) continue;
    json.Key(StateWord(static_cast<pb::TaskState>(s))).Int(tasks[s]);
  }
  json.EndObject().EndObject();
}

JobSummary SummaryOf(const pb::JobView& view) {
  JobSummary summary;
  summary.job = base::JobId{view.job()};
  summary.state = view.state();
  summary.injected_ms = view.injected_ms();
  summary.ended_ms = view.ended_ms();
  summary.Describe(view.description(), view.principal());
  for (const pb::TaskView& task : view.task()) {
    summary.AddTask(task.name(), task.host(), task.state());
  }
  return summary;
}

}  // namespace mcfeely
