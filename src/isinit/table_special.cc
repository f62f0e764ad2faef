#include "isinit/table_special.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/strings.h"
#include "isinit/attribute_values.h"
#include "isinit/limits.h"

namespace isinit {
namespace {

using View = absl::string_view;

bool TakePath(std::string& to, View value) {
  const bool good = absl::StartsWith(value, "/");
  if (good) to = std::string(value);
  return good;
}

bool SetSocket(Table& table, View value) {
  return value.size() <= kMaxSocketBytes && TakePath(table.socket, value);
}

// Nothing behind the name is a yes: ":::watch:".
bool SetSwitch(bool& to, View value) {
  const std::optional<bool> is = value.empty() ? true : YesNo(value);
  if (is) to = *is;
  return is.has_value();
}

std::vector<View> Words(View value) {
  return absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

bool AddBoot(Table& table, View value) {
  const std::vector<View> words = Words(value);
  if (words.size() != 2 || !IsName(words[0]) || !IsName(words[1])) return false;
  table.boot.emplace_back(words[0], words[1]);
  return true;
}

// "uid=N", "gid=N" or "*".
bool SetWho(Allow& allow, View who) {
  if (who == "*") {
    allow.everyone = true;
    return true;
  }
  allow.of_group = absl::StartsWith(who, "gid=");
  if (!absl::ConsumePrefix(&who, "uid=") &&
      !absl::ConsumePrefix(&who, "gid=")) {
    return false;
  }
  // (uid_t)-1 is nobody (setreuid(2)).
  constexpr int64_t kLast = std::numeric_limits<uint32_t>::max() - 1;
  const std::optional<int64_t> number = Whole(who, 0, kLast);
  if (number) allow.number = static_cast<uint32_t>(*number);
  return number.has_value();
}

bool AddAllow(Table& table, View value) {
  const std::vector<View> words = Words(value);
  Allow allow;
  if (words.size() != 3 || !SetWho(allow, words[0])) return false;
  allow.tell = words[1] == "tell";
  if (!allow.tell && words[1] != "status") return false;
  if (words[2] != "*" && !IsName(words[2])) return false;
  allow.group = std::string(words[2]);
  table.allow.push_back(std::move(allow));
  return true;
}

bool SetParallel(Table& table, View value) {
  const std::optional<int64_t> number = Whole(value, 0, kMaxParallel);
  if (number) table.parallel = static_cast<int>(*number);
  return number.has_value();
}

bool SetMounts(Table& table, View value) {
  constexpr View kWords[] = {"none", "container", "rescue", "full"};
  const bool good = std::find(std::begin(kWords), std::end(kWords), value) !=
                    std::end(kWords);
  if (good) table.mounts = std::string(value);
  return good;
}

bool SetHaltTimeout(Table& table, View value) {
  const std::optional<absl::Duration> span = Span(value);
  if (span) table.halt_timeout = *span;
  return span.has_value();
}

struct Row {
  View name;
  View shape;                 // "is not ..."
  bool once;                  // a second line takes its place
  bool (*set)(Table&, View);  // changes nothing when it is not of the shape
};
constexpr View kPath = "a path from the root";
constexpr View kSwitch = "yes or no";
// "compat" is looked at while lines are split, "opt" while entries are read.
constexpr Row kRows[] = {
    {"allow", "uid=N, gid=N or *; then tell or status; then a group or *",
     false, AddAllow},
    {"boot", "a group and its level", false, AddBoot},
    {"clstat", kPath, true,
     [](Table& t, View v) { return TakePath(t.clstat, v); }},
    {"compat", kSwitch, true,
     [](Table&, View v) {
       bool unused;
       return SetSwitch(unused, v);
     }},
    {"halt-timeout", "a span such as 60s or 5m", true, SetHaltTimeout},
    {"hook", "a command", true,
     [](Table& t, View v) {
       if (!v.empty()) t.hook = std::string(v);
       return !v.empty();
     }},
    {"initstat", kPath, true,
     [](Table& t, View v) { return TakePath(t.initstat, v); }},
    {"log", kPath, true,
     [](Table& t, View v) { return TakePath(t.log_folder, v); }},
    {"mounts", "none, container, rescue or full", true, SetMounts},
    {"opt", "a tag or *, and attributes", false,
     [](Table&, View) { return false; }},
    {"parallel", "a number up to 100000", true, SetParallel},
    {"socket", "a path from the root, of at most 107 bytes", true, SetSocket},
    {"watch", kSwitch, true,
     [](Table& t, View v) { return SetSwitch(t.watch, v); }},
    {"watchdog", kPath, true,
     [](Table& t, View v) { return TakePath(t.watchdog, v); }},
};
static_assert(kMaxParallel == 100'000 && kMaxSocketBytes == 107,
              "the texts above say so");

const Row* Find(View name) {
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows),
                   [&](const Row& r) { return r.name == name; });
  return row == std::end(kRows) ? nullptr : row;
}

}  // namespace

bool IsSpecial(View name) { return Find(name) != nullptr; }

bool IsGivenOnce(View name) {
  const Row* const row = Find(name);
  return row != nullptr && row->once;
}

std::string UnknownSpecial(View name) {
  std::string text = absl::StrCat(
      "unknown line ",
      Quoted(absl::StrCat(":::", name.substr(0, kMaxNameBytes), ":")));
  std::vector<View> names;
  for (const Row& row : kRows) names.push_back(row.name);
  const std::vector<std::string> near = name.size() <= kMaxNameBytes
                                            ? base::Nearest(name, names)
                                            : std::vector<std::string>();
  if (!near.empty()) absl::StrAppend(&text, ": is '", near[0], "' meant?");
  return text;
}

absl::Status SetSpecial(Table& table, View name, View value) {
  const Row* const row = Find(name);
  if (row == nullptr) return absl::InvalidArgumentError(UnknownSpecial(name));
  if (row->set(table, value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": ", Quoted(value), " is not ", row->shape));
}

}  // namespace isinit
