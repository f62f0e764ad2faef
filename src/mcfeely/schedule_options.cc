#include "mcfeely/schedule_options.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

namespace {

constexpr int kMaxPriority = 100;
constexpr int kMaxTries = 1'000'000;
constexpr uint64_t kForever = INT64_MAX;
constexpr int64_t kLastMillis = 253'402'300'799'999;  // of the year 9999

constexpr absl::string_view kNames[] = {
    "class", "if-failed", "priority", "run", "start", "tries", "warn-after"};
constexpr absl::string_view kRunWords[] = {"success", "failure", "always"};

absl::Status Wrong(absl::string_view name, absl::string_view value,
                   absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": ", Quoted(value), " is not ", what));
}

// The next moment at which clocks show this hour and minute; one that a change
// of the clocks leaves out is the moment of the change.
absl::Time NextAt(int hour, int minute, const JobClock& clock) {
  absl::CivilDay day = absl::ToCivilDay(clock.now, clock.zone);
  while (true) {
    const absl::Time at = absl::FromCivil(
        absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute),
        clock.zone);
    if (at > clock.now) return at;
    ++day;
  }
}

}  // namespace

absl::StatusOr<absl::Time> ParseStart(absl::string_view text,
                                      const JobClock& clock) {
  const bool has_clock = clock.now > absl::InfinitePast();
  if (has_clock && absl::StartsWith(text, "+")) {
    const auto span = base::ParseDuration(text.substr(1));
    if (span.ok()) return clock.now + *span;
  }
  int hour, minute;
  // SimpleAtoi takes signs and blanks, too.
  const auto digit = [&](size_t i) {
    return absl::ascii_isdigit(static_cast<unsigned char>(text[i]));
  };
  if (has_clock && text.size() == 5 && text[2] == ':' && digit(0) && digit(1) &&
      digit(3) && digit(4) && absl::SimpleAtoi(text.substr(0, 2), &hour) &&
      hour < 24 && absl::SimpleAtoi(text.substr(3), &minute) && minute < 60) {
    return NextAt(hour, minute, clock);
  }
  const auto time = base::ParseTime(text);
  if (time.ok() && *time > absl::UnixEpoch() &&
      absl::ToUnixMillis(*time) <= kLastMillis) {
    return *time;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      Quoted(text),
      " is not a time such as 2026-01-31T10:15:00Z, 10:15 or +2h"));
}

bool IsScheduleOption(absl::string_view name) {
  return std::find(std::begin(kNames), std::end(kNames), name) !=
         std::end(kNames);
}

absl::Status SetScheduleOption(absl::string_view name, absl::string_view value,
                               const JobClock& clock, TaskOptions& options) {
  if (name == "run") {
    const auto word =
        std::find(std::begin(kRunWords), std::end(kRunWords), value);
    if (word == std::end(kRunWords)) {
      return Wrong(name, value, "success, failure or always");
    }
    options.run_if = static_cast<RunIf>(word - std::begin(kRunWords));
  } else if (name == "if-failed") {
    if (value != "fail" && value != "continue") {
      return Wrong(name, value, "fail or continue");
    }
    options.continue_if_failed = value == "continue";
  } else if (name == "priority") {
    int n;
    if (!absl::SimpleAtoi(value, &n) || n < -kMaxPriority || n > kMaxPriority) {
      return Wrong(name, value, "a number from -100 to 100");
    }
    options.priority = static_cast<int8_t>(n);
  } else if (name == "tries") {
    int n;
    if (!absl::SimpleAtoi(value, &n) || n < 1 || n > kMaxTries) {
      return Wrong(name, value, absl::StrCat("a number from 1 to ", kMaxTries));
    }
    options.tries = n;
  } else if (name == "start") {
    const auto start = ParseStart(value, clock);
    if (!start.ok()) return base::Context(start.status(), name);
    options.start = *start;
  } else if (name == "warn-after") {
    const auto span = base::ParseDuration(value);
    if (value == "never") {
      options.warn_after = absl::InfiniteDuration();
    } else if (span.ok() && *span > absl::ZeroDuration()) {
      options.warn_after = *span;
    } else {
      return Wrong(name, value,
                   "a duration such as 30m, 4h, 2d, longer than zero, or "
                   "never");
    }
  } else {
    TRY(base::Context(CheckTaskName(value), name));
    options.class_name = std::string(value);
  }
  return absl::OkStatus();
}

std::string ScheduleOptionText(absl::string_view name, const TaskOptions& o) {
  const TaskOptions usual;
  if (name == "class") return o.class_name;
  if (name == "if-failed") return o.continue_if_failed ? "continue" : "";
  if (name == "priority") {
    return o.priority == 0 ? "" : absl::StrCat(int{o.priority});
  }
  if (name == "run") {
    return o.run_if == usual.run_if
               ? ""
               : std::string(kRunWords[static_cast<size_t>(o.run_if)]);
  }
  if (name == "start") {
    return o.start == usual.start ? "" : base::FormatTime(o.start);
  }
  if (name == "tries") return o.tries == 0 ? "" : absl::StrCat(o.tries);
  if (o.warn_after == usual.warn_after) return "";
  return o.warn_after == absl::InfiniteDuration()
             ? "never"
             : base::FormatDuration(o.warn_after);
}

absl::Status CheckScheduleOptions(const TaskOptions& o) {
  const auto outside = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is out of range"));
  };
  if (o.run_if > RunIf::kAlways) return outside("run");
  if (o.priority < -kMaxPriority || o.priority > kMaxPriority) {
    return outside("priority");
  }
  if (o.tries < 0 || o.tries > kMaxTries) return outside("tries");
  if (o.class_name.empty()) return absl::OkStatus();
  return base::Context(CheckTaskName(o.class_name), "class");
}

// What is the default is left out: see ToMessage(Job).
void WriteScheduleOptions(const TaskOptions& o, wire::TaskOptions* m) {
  m->set_run(static_cast<wire::TaskOptions::Run>(o.run_if));
  m->set_continue_if_failed(o.continue_if_failed);
  m->set_priority(o.priority);
  m->set_tries(static_cast<uint32_t>(o.tries));
  m->set_start_ms(StartToMillis(o.start));
  m->set_class_name(o.class_name);
  if (o.warn_after == absl::InfiniteDuration()) {
    m->set_warn_after_ms(kForever);
  } else if (o.warn_after != TaskOptions().warn_after) {
    m->set_warn_after_ms(
        static_cast<uint64_t>(absl::ToInt64Milliseconds(o.warn_after)));
  }
}

absl::Status ReadScheduleOptions(const wire::TaskOptions& m, TaskOptions* o) {
  const auto outside = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is out of range"));
  };
  if (!wire::TaskOptions::Run_IsValid(m.run())) return outside("run");
  o->run_if = static_cast<RunIf>(m.run());
  o->continue_if_failed = m.continue_if_failed();
  if (m.priority() < -kMaxPriority || m.priority() > kMaxPriority) {
    return outside("priority");
  }
  o->priority = static_cast<int8_t>(m.priority());
  if (m.tries() > kMaxTries) return outside("tries");
  o->tries = static_cast<int>(m.tries());
  TRY_ASSIGN(o->start, StartFromMillis(m.start_ms()));
  o->class_name = m.class_name();
  if (m.warn_after_ms() == kForever) {
    o->warn_after = absl::InfiniteDuration();
  } else if (m.warn_after_ms() > static_cast<uint64_t>(kLastMillis)) {
    return outside("warn-after");
  } else if (m.warn_after_ms() != 0) {
    o->warn_after = absl::Milliseconds(static_cast<int64_t>(m.warn_after_ms()));
  }
  return absl::OkStatus();
}

uint64_t StartToMillis(absl::Time start) {
  return start == absl::InfinitePast()
             ? 0
             : static_cast<uint64_t>(base::ToMillis(start));
}

absl::StatusOr<absl::Time> StartFromMillis(uint64_t ms) {
  if (ms == 0) return absl::InfinitePast();
  if (ms > static_cast<uint64_t>(kLastMillis)) {
    return absl::InvalidArgumentError("start is beyond the year 9999");
  }
  return base::FromMillis(static_cast<int64_t>(ms));
}

}  // namespace mcfeely
