#include "msrc/sender_limits.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/strings.h"
#include "msrc/receiver_limits.h"
#include "text/words.h"

namespace msrc {
namespace {

using Hours = SenderRule::Hours;
using Words = std::vector<std::string>;

constexpr absl::string_view kDays[] = {"mon", "tue", "wed", "thu",
                                       "fri", "sat", "sun"};
constexpr int kDayMinutes = 24 * 60;

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

std::optional<int> DayOf(absl::string_view name) {
  const auto* at = std::find(std::begin(kDays), std::end(kDays), name);
  if (at == std::end(kDays)) return std::nullopt;
  return static_cast<int>(at - std::begin(kDays));
}

// "08:30"; "24:00" is the end of the day.
std::optional<int> MinuteOf(absl::string_view text) {
  int hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':' || !absl::ascii_isdigit(text[0]) ||
      !absl::ascii_isdigit(text[3]) ||
      !absl::SimpleAtoi(text.substr(0, 2), &hour) ||
      !absl::SimpleAtoi(text.substr(3), &minute) || minute > 59 ||
      hour * 60 + minute > kDayMinutes) {
    return std::nullopt;
  }
  return hour * 60 + minute;
}

// "08:00-18:00", "mon-fri/08:00-18:00", "sat/00:00-24:00".
absl::StatusOr<Hours> ParseHours(absl::string_view text) {
  const auto bad = [text] {
    return Bad(absl::StrCat("'", base::Escape(text),
                            "' is not [DAY[-DAY]/]HH:MM-HH:MM"));
  };
  Hours hours;
  absl::string_view rest = text;
  if (const size_t slash = text.find('/'); slash != absl::string_view::npos) {
    const std::vector<absl::string_view> days =
        absl::StrSplit(text.substr(0, slash), '-');
    const std::optional<int> first = DayOf(days.front());
    const std::optional<int> last = DayOf(days.back());
    if (days.size() > 2 || !first || !last) return bad();
    hours.days = 0;
    for (int day = *first;; day = (day + 1) % 7) {
      hours.days |= 1u << day;
      if (day == *last) break;
    }
    rest = text.substr(slash + 1);
  }
  const std::vector<absl::string_view> ends = absl::StrSplit(rest, '-');
  if (ends.size() != 2) return bad();
  const std::optional<int> from = MinuteOf(ends[0]), to = MinuteOf(ends[1]);
  if (!from || !to || *from == *to || *from == kDayMinutes) return bad();
  hours.from_minute = *from;
  hours.to_minute = *to;
  return hours;
}

bool Holds(const Hours& hours, absl::Time now) {
  const int64_t minutes = absl::ToUnixSeconds(now) / 60;
  const int minute = static_cast<int>(minutes % kDayMinutes);
  // The first of January 1970 was a Thursday.
  const int day = static_cast<int>((minutes / kDayMinutes + 3) % 7);
  const auto on = [&hours](int d) { return (hours.days >> ((d + 7) % 7) & 1); };
  if (hours.from_minute < hours.to_minute) {
    return on(day) && minute >= hours.from_minute && minute < hours.to_minute;
  }
  return (on(day) && minute >= hours.from_minute) ||
         (on(day - 1) && minute < hours.to_minute);
}

bool IsPath(absl::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  if (path == "/") return true;
  for (absl::string_view part : absl::StrSplit(path.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool IsAtOrBelow(absl::string_view path, absl::string_view folder) {
  return folder == "/" || path == folder ||
         (absl::StartsWith(path, folder) && path[folder.size()] == '/');
}

absl::Status TakeWord(absl::string_view part, const std::string& word,
                      SenderRule& rule) {
  if (part == "allow") {
    rule.who.push_back(word);
  } else if (part == "into") {
    if (!IsPath(word)) {
      return Bad(absl::StrCat("'", base::Escape(word),
                              "' is no absolute path without '.', '..' and a "
                              "'/' at its end"));
    }
    rule.into.push_back(word);
  } else if (part == "run") {
    if (word == "...") {
      rule.any_utility = true;
      return absl::OkStatus();
    }
    const absl::StatusOr<Words> words = text::SplitWords(word);
    if (!words.ok()) return words.status();
    if (words->empty()) return Bad("a utility of no words");
    rule.run.push_back(word);
  } else if (part == "hours") {
    TRY_ASSIGN(const Hours hours, ParseHours(word));
    rule.hours.push_back(hours);
  } else {
    if (word == "set-id") {
      rule.set_id = true;
    } else if (word == "prune-all") {
      rule.prune_all = true;
    } else {
      return Bad(absl::StrCat("'", base::Escape(word),
                              "' is not one of: set-id prune-all"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SenderRule> ParseRule(absl::string_view line) {
  TRY_ASSIGN(const Words words, text::SplitWords(line));
  if (words.empty() || words[0] != "allow") {
    return Bad("a rule begins with 'allow'");
  }
  constexpr absl::string_view kParts[] = {"into", "run", "hours", "with"};
  SenderRule rule;
  absl::string_view part = "allow";
  size_t in_part = 0;
  for (size_t i = 1; i < words.size(); i++) {
    const auto* next =
        std::find(std::begin(kParts), std::end(kParts), words[i]);
    if (next == std::end(kParts)) {
      TRY(TakeWord(part, words[i], rule));
      in_part++;
      continue;
    }
    if (in_part == 0) return Bad(absl::StrCat("nothing follows '", part, "'"));
    part = *next;
    in_part = 0;
  }
  if (in_part == 0) return Bad(absl::StrCat("nothing follows '", part, "'"));
  if (rule.into.empty()) return Bad("it does not say into which folders");
  return rule;
}

bool IsUtility(const SenderWish& wish, const std::string& text) {
  if (!wish.argv) return absl::StrJoin(wish.utility, " ") == text;
  const absl::StatusOr<Words> words = text::SplitWords(text);
  return words.ok() && *words == wish.utility;
}

// What the rule lacks for the wish, or nothing; the earlier the farther.
std::string Lacks(const SenderRule& rule, const SenderWish& wish, int* reach) {
  const auto is_one = [&wish](const std::string& pattern) {
    return std::any_of(wish.principals.begin(), wish.principals.end(),
                       [&pattern](const std::string& principal) {
                         return base::GlobMatch(pattern, principal);
                       });
  };
  *reach = 0;
  if (std::none_of(rule.who.begin(), rule.who.end(), is_one)) {
    return "no rule is about the sender";
  }
  *reach = 1;
  if (std::none_of(rule.into.begin(), rule.into.end(),
                   [&wish](const std::string& folder) {
                     return IsAtOrBelow(wish.into, folder);
                   })) {
    return absl::StrCat("the folder '", base::Escape(wish.into),
                        "' is not allowed");
  }
  *reach = 2;
  if (!wish.utility.empty() && !rule.any_utility) {
    if (std::none_of(rule.run.begin(), rule.run.end(),
                     [&wish](const std::string& text) {
                       return IsUtility(wish, text);
                     })) {
      return "the utility is not allowed";
    }
    if (wish.embellished) {
      return "a shell, definitions, variables or a terminal of one's own are "
             "not "
             "allowed";
    }
  }
  if (wish.set_id && !rule.set_id) return "set-id bits are not allowed";
  if (wish.prune_all && !rule.prune_all) {
    return "removing what is not listed is not allowed";
  }
  *reach = 3;
  if (!rule.hours.empty() &&
      std::none_of(rule.hours.begin(), rule.hours.end(),
                   [&wish](const Hours& h) { return Holds(h, wish.now); })) {
    return "not at this hour";
  }
  return "";
}

}  // namespace

absl::StatusOr<SenderLimits> SenderLimits::Parse(absl::string_view text) {
  if (text.size() > kMaxLimitsFileBytes) {
    return Bad(absl::StrCat("more than ", kMaxLimitsFileBytes, " bytes"));
  }
  SenderLimits limits;
  limits.everything_ = false;
  int line = 0;
  for (absl::string_view row : absl::StrSplit(text, '\n')) {
    line++;
    row = absl::StripAsciiWhitespace(row);
    if (row.empty() || row[0] == '#') continue;
    if (limits.rules_.size() == kMaxLimitsRules) {
      return Bad(absl::StrCat("more than ", kMaxLimitsRules, " rules"));
    }
    absl::StatusOr<SenderRule> rule = ParseRule(row);
    if (!rule.ok()) {
      return base::Context(rule.status(), absl::StrCat("line ", line));
    }
    rule->line = line;
    limits.rules_.push_back(*std::move(rule));
  }
  return limits;
}

absl::Status SenderLimits::Check(const SenderWish& wish) const {
  if (everything_) return absl::OkStatus();
  std::string why = "no rule is about the sender";
  int nearest = 0;
  for (const SenderRule& rule : rules_) {
    int reach = 0;
    const std::string lacks = Lacks(rule, wish, &reach);
    if (lacks.empty()) return absl::OkStatus();
    if (reach > nearest) {
      nearest = reach;
      why = absl::StrCat("line ", rule.line, ": ", lacks);
    }
  }
  return absl::PermissionDeniedError(why);
}

std::string FormatRule(const SenderRule& rule) {
  std::string out = "allow";
  const auto put = [&out](absl::string_view word) {
    absl::StrAppend(&out, " ", text::QuoteWord(word));
  };
  for (const std::string& who : rule.who) put(who);
  absl::StrAppend(&out, " into");
  for (const std::string& folder : rule.into) put(folder);
  if (rule.any_utility || !rule.run.empty()) absl::StrAppend(&out, " run");
  if (rule.any_utility) put("...");
  for (const std::string& utility : rule.run) put(utility);
  if (!rule.hours.empty()) absl::StrAppend(&out, " hours");
  for (const Hours& hours : rule.hours) {
    for (int day = 0; day < 7; day++) {
      if (hours.days == 0x7f ? day > 0 : (hours.days >> day & 1) == 0) continue;
      absl::StrAppend(
          &out, " ", hours.days == 0x7f ? "" : absl::StrCat(kDays[day], "/"),
          absl::StrFormat("%02d:%02d-%02d:%02d", hours.from_minute / 60,
                          hours.from_minute % 60, hours.to_minute / 60,
                          hours.to_minute % 60));
    }
  }
  if (rule.set_id || rule.prune_all) absl::StrAppend(&out, " with");
  if (rule.set_id) put("set-id");
  if (rule.prune_all) put("prune-all");
  return out;
}

}  // namespace msrc
