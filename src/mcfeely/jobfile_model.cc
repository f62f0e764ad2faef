#include "mcfeely/jobfile_model.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/time.h"
#include "text/size_expression.h"

namespace mcfeely {
namespace {

constexpr size_t kMaxErrors = 1000;
constexpr size_t kMaxCompared = 2000;
constexpr uint32_t kLast = UINT32_MAX;

constexpr absl::string_view kOptions[] = {
    "class",          "delay",    "detach",    "env",       "if-failed",
    "output",         "priority", "retry-for", "retry-max", "run",
    "safe-to-repeat", "start",    "stdin",     "step",      "timeout",
    "timeout-result", "tries",    "user",      "warn-after"};

// The options of how a comm is run.
absl::Status SetRunOption(absl::string_view name, absl::string_view value,
                          RunOptions& run) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", Quoted(value), " is not ", what));
  };
  if (name == "detach") {
    if (value != "yes" && value != "no") return wrong("yes or no");
    run.detach = value == "yes";
  } else if (name == "timeout-result") {
    if (value != "defer" && value != "fail") return wrong("defer or fail");
    run.fail_on_timeout = value == "fail";
  } else if (name == "user") {
    TRY(CheckUser(value));
    run.user = std::string(value);
  } else if (name == "stdin") {
    if (value.size() < 2 || value[0] != '@') return wrong("@FILE");
    run.input = std::string(value.substr(1));
  } else if (name == "output") {
    const auto bytes = text::ParseSizeExpression(value);
    if (!bytes.ok() ||
        *bytes > static_cast<int64_t>(base::kMaxKeptOutputBytes)) {
      return wrong(absl::StrCat("a size such as 0, 512 or 64k, at most ",
                                SizeText(base::kMaxKeptOutputBytes)));
    }
    run.output_bytes = static_cast<size_t>(*bytes);
  } else {
    TRY(CheckEnvironment({std::string(value)}));
    std::vector<std::string>& all = run.environment;
    const absl::string_view name_of = value.substr(0, value.find('=') + 1);
    const auto same =
        std::find_if(all.begin(), all.end(), [&](const std::string& other) {
          return absl::StartsWith(other, name_of);
        });
    // A task's own stands before a default.
    if (same != all.end()) {
      *same = std::string(value);
    } else {
      all.emplace_back(value);
      if (const absl::Status status = CheckEnvironment(all); !status.ok()) {
        all.pop_back();
        return status;
      }
    }
  }
  return absl::OkStatus();
}

bool IsRunOption(absl::string_view name) {
  return name == "detach" || name == "env" || name == "output" ||
         name == "stdin" || name == "timeout-result" || name == "user";
}

std::string RunOptionText(absl::string_view name, const RunOptions& run) {
  if (name == "detach") return run.detach ? "yes" : "";
  if (name == "timeout-result") return run.fail_on_timeout ? "fail" : "";
  if (name == "user") return run.user;
  if (name == "stdin") return run.input.empty() ? "" : "@" + run.input;
  if (name == "output") {
    return run.output_bytes == base::kKeptOutputBytes
               ? ""
               : SizeText(run.output_bytes);
  }
  return "";
}

}  // namespace

const absl::Span<const absl::string_view> kTaskOptionNames = kOptions;

void JobErrors::Add(const Place& place, absl::string_view message) {
  if (count_++ >= kMaxErrors) return;
  errors_.emplace_back(place, absl::StrCat(Where(place), ": ", message));
}

void JobErrors::AddOption(absl::string_view option, absl::string_view message) {
  if (count_++ >= kMaxErrors) return;
  errors_.emplace_back(
      Place{kLast, kLast},
      absl::StrCat(option, option.empty() ? "" : ": ", message));
}

std::string JobErrors::Where(const Place& place) const {
  if (place.source >= sources_.size()) return "job";
  const std::string& name = sources_[place.source].name;
  if (place.part == nullptr) return absl::StrCat(name, ":", place.number);
  if (*place.part == '\0') return name;
  return absl::StrCat(name, ": ", place.part, "[", place.number, "]");
}

std::vector<std::string> JobErrors::Take() {
  std::stable_sort(
      errors_.begin(), errors_.end(), [](const auto& a, const auto& b) {
        const auto key = [](const Place& p) {
          return std::make_pair(p.source, p.part == nullptr ? p.number : 0);
        };
        return key(a.first) < key(b.first);
      });
  std::vector<std::string> out;
  for (auto& [place, message] : errors_) out.push_back(std::move(message));
  if (count_ > kMaxErrors) {
    out.push_back(absl::StrCat("and ", count_ - kMaxErrors, " errors more"));
  }
  return out;
}

std::string JobErrors::DidYouMean(absl::string_view typed,
                                  absl::Span<const absl::string_view> names) {
  if (suggestions_left_ == 0 || typed.size() > base::kMaxNameBytes) return "";
  suggestions_left_--;
  if (names.size() > kMaxCompared) names = names.subspan(0, kMaxCompared);
  std::vector<std::string> nearest = base::Nearest(typed, names);
  if (nearest.empty()) return "";
  // A name that is used twice, which is an error of its own, counts once.
  std::vector<std::string> once;
  for (std::string& name : nearest) {
    if (std::find(once.begin(), once.end(), name) == once.end()) {
      once.push_back(std::move(name));
    }
  }
  for (std::string& name : once) name = Quoted(name);
  return absl::StrCat(", did you mean ", absl::StrJoin(once, " or "), "?");
}

absl::Status SetTaskOption(absl::string_view name, absl::string_view value,
                           const JobClock& clock, TaskOptions& options) {
  if (IsScheduleOption(name)) {
    return SetScheduleOption(name, value, clock, options);
  }
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", Quoted(value), " is not ", what));
  };
  if (IsRunOption(name)) return SetRunOption(name, value, options.run);
  if (name == "step") {
    if (!absl::SimpleAtoi(value, &options.step) || options.step < 1 ||
        options.step > 1000) {
      options.step = 1;
      return wrong("a number from 1 to 1000");
    }
  } else if (name == "safe-to-repeat") {
    if (value != "yes" && value != "no") return wrong("yes or no");
    options.safe_to_repeat = value == "yes";
  } else {
    const bool may_be_forever = name == "retry-for" || name == "retry-max";
    absl::Duration span = absl::InfiniteDuration();
    if (!may_be_forever || value != "forever") {
      absl::StatusOr<absl::Duration> read = base::ParseDuration(value);
      if (!read.ok()) {
        return wrong(absl::StrCat(
            "a duration such as 30s, 5m, 2h, 7d",
            may_be_forever ? ", or forever" : ", at most 100 years"));
      }
      span = *read;
      if (may_be_forever && span == absl::ZeroDuration()) {
        return wrong("longer than zero");
      }
    }
    (name == "delay"       ? options.delay
     : name == "timeout"   ? options.timeout
     : name == "retry-for" ? options.retry_for
                           : options.retry_max) = span;
  }
  return absl::OkStatus();
}

std::string SizeText(size_t bytes) {
  return bytes != 0 && bytes % 1024 == 0 ? absl::StrCat(bytes / 1024, "k")
                                         : absl::StrCat(bytes);
}

std::string TaskOptionText(absl::string_view name, const TaskOptions& o) {
  if (IsScheduleOption(name)) return ScheduleOptionText(name, o);
  if (IsRunOption(name)) return RunOptionText(name, o.run);
  const TaskOptions usual;
  const auto span = [](absl::Duration d, absl::Duration by_default) {
    return d == by_default ? "" : base::FormatDuration(d);
  };
  if (name == "delay") return span(o.delay, usual.delay);
  if (name == "timeout") return span(o.timeout, usual.timeout);
  if (name == "retry-for") return span(o.retry_for, usual.retry_for);
  if (name == "retry-max") return span(o.retry_max, usual.retry_max);
  if (name == "step") return o.step == usual.step ? "" : absl::StrCat(o.step);
  return o.safe_to_repeat ? "" : "no";
}

void CheckDraftTask(const Place& place, const Task& task, JobErrors& errors) {
  for (const absl::Status& status :
       {CheckTaskName(task.name), CheckHost(task.host), CheckComm(task.comm),
        CheckArguments(task.arguments)}) {
    if (!status.ok()) errors.Add(place, status);
  }
}

void AddAddresses(const Place& place, absl::string_view what,
                  std::vector<std::string> addresses,
                  std::vector<std::string>& to, JobErrors& errors) {
  const size_t before = to.size();
  for (std::string& address : addresses) {
    const absl::Status status = CheckAddress(address);
    if (!status.ok()) errors.Add(place, status);
    to.push_back(std::move(address));
  }
  if (before <= base::kMaxAddresses && to.size() > base::kMaxAddresses) {
    errors.Add(place, absl::StrCat("more than ", base::kMaxAddresses,
                                   " addresses for ", what));
  }
}

}  // namespace mcfeely
