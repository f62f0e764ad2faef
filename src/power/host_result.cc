#include "power/host_result.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "power/plug_range.h"
#include "text/json.h"

namespace power {
namespace {

std::string DoneWords(const HostResult& result) {
  switch (result.action) {
    case Action::kStatus:
    case Action::kBeacon:
      return std::string(Word(result.after));
    case Action::kTemperature:
      return result.value;
    case Action::kVerify:
      return absl::StrCat("verified ", Word(result.verified));
    case Action::kOn:
    case Action::kOff:
      return std::string(Word(result.action));
    case Action::kCycle:
      return "cycled";
    case Action::kReset:
      return "reset";
    case Action::kSoft:
      return "shut down";
    case Action::kNmi:
      return "nmi sent";
    case Action::kIdentifyOn:
    case Action::kIdentifyOff:
    case Action::kBootNone:
    case Action::kBootPxe:
    case Action::kBootDisk:
    case Action::kBootCdrom:
    case Action::kBootBios:
      return std::string(Word(result.action));
  }
  return "";
}

std::string AlreadyWords(const HostResult& result) {
  if (result.action == Action::kReset) return "not reset";
  return absl::StrCat("already ", Word(result.after));
}

std::string SuccessWords(const HostResult& result) {
  switch (result.outcome) {
    case HostOutcome::kAlready:
      return AlreadyWords(result);
    case HostOutcome::kAccepted:
      return absl::StrCat(Word(result.action), " accepted");
    case HostOutcome::kPlanned:
      return absl::StrCat(
          "would ", OnlyLooks(result.action) ? "read" : Word(result.action));
    default:
      return DoneWords(result);
  }
}

// In brackets behind what was done.
std::string Remark(const HostResult& result) {
  std::string was;
  if (result.action == Action::kCycle && IsSuccess(result.outcome) &&
      result.outcome != HostOutcome::kPlanned &&
      result.before != PlugState::kUnknown) {
    was = absl::StrCat("was ", Word(result.before));
  }
  if (result.detail.empty() || result.detail == was) return was;
  return was.empty() ? result.detail : absl::StrCat(was, ", ", result.detail);
}

std::string Beginning(const HostResult& result) {
  switch (result.outcome) {
    case HostOutcome::kFailed:
      return absl::StrCat("FAILED ", Word(result.failure_class), ": ",
                          result.detail);
    case HostOutcome::kSkipped:
      return absl::StrCat("skipped: ", result.detail);
    case HostOutcome::kManual:
      return absl::StrCat("manual: ", result.detail);
    case HostOutcome::kUnknown:
      return absl::StrCat("UNKNOWN: ", result.detail);
    default: {
      const std::string remark = Remark(result);
      return remark.empty()
                 ? SuccessWords(result)
                 : absl::StrCat(SuccessWords(result), " (", remark, ")");
    }
  }
}

absl::string_view LegacyPrefix(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::kAuth:
      return "Password exception: ";
    case FailureClass::kUnreachable:
      return "No Transport: ";
    case FailureClass::kTimeout:
      return "Timeout exception: ";
    case FailureClass::kClosed:
      return "EOF connection reset: ";
    case FailureClass::kPrompt:
      return "Prompt exception: ";
    case FailureClass::kDevice:
      return "Sequence error: ";
    case FailureClass::kPlug:
      return "No ports exception: ";
    default:
      return "";
  }
}

// Which exit code a class of failures has when all are of that kind.
int CodeOf(const HostResult& result) {
  if (result.outcome == HostOutcome::kManual) return 7;
  if (result.outcome == HostOutcome::kSkipped) return 6;
  if (result.outcome == HostOutcome::kUnknown) return 75;
  switch (result.failure_class) {
    case FailureClass::kAuth:
    case FailureClass::kPrivilege:
      return 3;
    case FailureClass::kUnreachable:
    case FailureClass::kTimeout:
    case FailureClass::kClosed:
      return 4;
    case FailureClass::kState:
      return 5;
    case FailureClass::kBusy:
    case FailureClass::kLocked:
      return 6;
    case FailureClass::kUnsupported:
      return 7;
    default:
      return 1;
  }
}

}  // namespace

absl::string_view Word(HostOutcome outcome) {
  switch (outcome) {
    case HostOutcome::kDone:
      return "done";
    case HostOutcome::kAlready:
      return "already";
    case HostOutcome::kAccepted:
      return "accepted";
    case HostOutcome::kPlanned:
      return "planned";
    case HostOutcome::kFailed:
      return "failed";
    case HostOutcome::kSkipped:
      return "skipped";
    case HostOutcome::kManual:
      return "manual";
    case HostOutcome::kUnknown:
      return "unknown";
  }
  return "";
}

bool IsSuccess(HostOutcome outcome) {
  return outcome == HostOutcome::kDone || outcome == HostOutcome::kAlready ||
         outcome == HostOutcome::kAccepted || outcome == HostOutcome::kPlanned;
}

std::string ResultLine(const HostResult& result) {
  std::string line = absl::StrCat(result.host, ": ", Beginning(result));
  if (!result.feeds.empty()) absl::StrAppend(&line, " ", result.feeds);
  if (!result.transport.empty()) absl::StrAppend(&line, " ", result.transport);
  if (result.attempts > 0 && IsSuccess(result.outcome)) {
    absl::StrAppend(
        &line, absl::StrFormat(" %.1fs", absl::ToDoubleSeconds(result.took)));
  }
  return line;
}

std::string LegacyAnswer(const HostResult& result) {
  if (IsSuccess(result.outcome)) return "0";
  if (result.outcome != HostOutcome::kFailed) return result.detail;
  return absl::StrCat(LegacyPrefix(result.failure_class), result.detail);
}

std::string ResultJson(const HostResult& result) {
  text::JsonWriter out;
  const std::vector<std::string> feeds =
      absl::StrSplit(result.feeds, ' ', absl::SkipEmpty());
  std::pair<std::string, std::string> first;
  if (!feeds.empty()) first = absl::StrSplit(feeds[0], absl::MaxSplits('/', 1));
  const bool is_failed = result.outcome == HostOutcome::kFailed;
  out.BeginObject();
  out.Key("target").String(result.host);
  out.Key("pcu").String(first.first);
  out.Key("plug").String(first.second);
  if (feeds.size() > 1) {
    out.Key("feeds").BeginArray();
    for (const std::string& feed : feeds) out.String(feed);
    out.EndArray();
  }
  out.Key("action").String(Word(result.action));
  out.Key("outcome").String(Word(result.outcome));
  if (is_failed) {
    out.Key("class").String(Word(result.failure_class));
  } else {
    out.Key("class").Null();
  }
  out.Key("detail").String(result.detail);
  out.Key("before").String(Word(result.before));
  out.Key("after").String(Word(result.after));
  if (result.action == Action::kVerify) {
    out.Key("verified").String(Word(result.verified));
  }
  out.Key("transport").String(result.transport);
  out.Key("attempts").Int(result.attempts);
  out.Key("ms").Int(absl::ToInt64Milliseconds(result.took));
  out.Key("started").String(result.started == absl::InfinitePast()
                                ? ""
                                : base::FormatTime(result.started));
  out.Key("journal").String(result.journal);
  out.Key("legacy").String(LegacyAnswer(result));
  out.EndObject();
  return out.Take();
}

int ExitCodeOf(absl::Span<const HostResult> results) {
  if (std::any_of(results.begin(), results.end(),
                  [](const HostResult& r) { return r.was_interrupted; })) {
    return 8;
  }
  bool mixed = false, any_success = false;
  int code = 0;
  for (const HostResult& result : results) {
    if (IsSuccess(result.outcome)) {
      any_success = true;
      continue;
    }
    const int its = CodeOf(result);
    mixed = mixed || (code != 0 && code != its);
    code = its;
  }
  // "Every failure is": what succeeded beside it does not matter, but for what
  // was left out on purpose.
  if (mixed ||
      (code == 6 && any_success &&
       std::any_of(results.begin(), results.end(), [](const HostResult& r) {
         return r.outcome == HostOutcome::kSkipped;
       }))) {
    return 1;
  }
  return code;
}

std::string StateSummary(absl::Span<const HostResult> results) {
  constexpr std::pair<PlugState, absl::string_view> kLines[] = {
      {PlugState::kOn, "on:      "},
      {PlugState::kOff, "off:     "},
      {PlugState::kUnknown, "unknown: "},
  };
  std::string text;
  for (const auto& [state, title] : kLines) {
    std::vector<std::string> hosts;
    for (const HostResult& result : results) {
      const PlugState its = result.after == PlugState::kPending
                                ? PlugState::kUnknown
                                : result.after;
      if (its == state) hosts.push_back(result.host);
    }
    absl::StrAppend(&text, title, FoldRange(std::move(hosts)), "\n");
  }
  return text;
}

}  // namespace power
