// One row for each attribute: how it is called, what its value looks like, and
// what it sets. Messages and suggestions are made of the rows, and
// tests/lint/isinittab.sh compares them with the page.
#include "isinit/attributes.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <limits>

#include "base/strings.h"
#include "isinit/attribute_values.h"
#include "isinit/limits.h"

namespace isinit {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostLines = 1'000'000'000;

// Takes the value if there is one.
template <typename T, typename U>
bool Take(T& to, std::optional<U> value) {
  if (!value) return false;
  to = static_cast<T>(*std::move(value));
  return true;
}

bool TakeText(std::string& to, absl::string_view value) {
  if (value.empty()) return false;
  to = std::string(value);
  return true;
}

bool TakePath(std::string& to, absl::string_view value) {
  return absl::StartsWith(value, "/") && TakeText(to, value);
}

// A user or a group: a name as passwd(5) has them, or a number.
bool TakeAccount(std::string& to, absl::string_view value) {
  const bool good =
      std::all_of(value.begin(), value.end(), [](unsigned char c) {
        return c > ' ' && c != 0x7f && c != ':' && c != ',' && c != '/';
      });
  return good && TakeText(to, value);
}

// A number that may be "none", which is 0.
bool TakeAmount(int64_t& to, absl::string_view value, int64_t least,
                int64_t most) {
  if (value == "none") {
    to = 0;
    return true;
  }
  return Take(to, Whole(value, least, most));
}

template <typename T>
void AddNew(std::vector<T>& to, T value) {
  if (std::find(to.begin(), to.end(), value) == to.end()) {
    to.push_back(std::move(value));
  }
}

bool AddNames(std::vector<std::string>& to, absl::string_view value) {
  std::optional<std::vector<std::string>> names = Names(value);
  if (!names) return false;
  for (std::string& name : *names) AddNew(to, std::move(name));
  return true;
}

// "a,b" of its group, or "group:G@LEVEL". Names may have an '@', too: the last
// one is in front of the level.
bool AddNeeds(Attributes& a, absl::string_view value) {
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> groups;
  for (absl::string_view need : absl::StrSplit(value, ',')) {
    if (!absl::ConsumePrefix(&need, "group:")) {
      if (!IsName(need)) return false;
      tags.emplace_back(need);
      continue;
    }
    const size_t at = need.rfind('@');
    if (at == absl::string_view::npos) return false;
    const absl::string_view group = need.substr(0, at);
    const absl::string_view level = need.substr(at + 1);
    if (!IsName(group) || !IsName(level)) return false;
    groups.emplace_back(group, level);
  }
  for (std::string& tag : tags) AddNew(a.needs, std::move(tag));
  for (auto& group : groups) AddNew(a.needs_groups, std::move(group));
  return true;
}

// Ours, which every process gets.
bool IsOurVariable(absl::string_view name) {
  return absl::StartsWith(name, "ISINIT_");
}

bool AddVariable(Surroundings& s, absl::string_view value) {
  const size_t equals = value.find('=');
  if (equals == absl::string_view::npos) return false;
  const absl::string_view name = value.substr(0, equals);
  if (!IsVariableName(name) || IsOurVariable(name)) return false;
  const absl::string_view front = value.substr(0, equals + 1);
  for (std::string& variable : s.environment) {
    if (!absl::StartsWith(variable, front)) continue;
    variable = std::string(value);
    return true;
  }
  s.environment.emplace_back(value);
  return true;
}

bool AddPassed(Surroundings& s, absl::string_view value) {
  if (value == "*" || value == "none") {
    s.pass_all = value == "*";
    s.pass.clear();
    return true;
  }
  const std::vector<absl::string_view> names = absl::StrSplit(value, ',');
  for (const absl::string_view name : names) {
    if (!IsVariableName(name) || IsOurVariable(name)) return false;
  }
  for (const absl::string_view name : names) AddNew(s.pass, std::string(name));
  return true;
}

bool AddSecret(Surroundings& s, absl::string_view value) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(value, absl::MaxSplits('=', 1));
  if (!IsVariableName(parts.first) || IsOurVariable(parts.first) ||
      !absl::StartsWith(parts.second, "/")) {
    return false;
  }
  for (auto& [name, path] : s.secrets) {
    if (name != parts.first) continue;
    path = std::string(parts.second);
    return true;
  }
  s.secrets.emplace_back(parts.first, parts.second);
  return true;
}

bool TakeUmask(Surroundings& s, absl::string_view value) {
  constexpr size_t kMostOctal = 4;
  if (value.empty() || value.size() > kMostOctal) return false;
  uint32_t mask = 0;
  for (const char c : value) {
    if (c < '0' || c > '7') return false;
    mask = mask * 8 + static_cast<uint32_t>(c - '0');
  }
  if (mask > 0777) return false;
  s.umask = mask;
  return true;
}

template <int kResource, LimitUnit kUnit>
bool SetLimit(Attributes& a, absl::string_view value) {
  const std::optional<NamedLimit> limit = ParseLimit(value, kResource, kUnit);
  if (!limit) return false;
  for (NamedLimit& known : a.surroundings.limits) {
    if (known.resource != kResource) continue;
    known = *limit;
    return true;
  }
  a.surroundings.limits.push_back(*limit);
  return true;
}

bool SetCapabilities(Attributes& a, absl::string_view value) {
  if (value == "all") {
    a.surroundings.capabilities.reset();
    return true;
  }
  std::vector<int> numbers;
  if (value != "none") {
    for (const absl::string_view name : absl::StrSplit(value, ',')) {
      const std::optional<int> number = CapabilityNumber(name);
      if (!number) return false;
      AddNew(numbers, *number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  a.surroundings.capabilities = std::move(numbers);
  return true;
}

bool SetExitCodes(Attributes& a, absl::string_view value) {
  const auto codes = ParseExitCodes(value);
  if (!codes) return false;
  for (const auto& [from, to] : *codes) {
    const auto known = std::find_if(
        a.exit_codes.begin(), a.exit_codes.end(),
        [from = from](const auto& pair) { return pair.first == from; });
    if (known != a.exit_codes.end()) {
      known->second = to;
    } else {
      a.exit_codes.emplace_back(from, to);
    }
  }
  return true;
}

bool SetMaxRestarts(Attributes& a, absl::string_view value) {
  if (value == "none") {
    a.max_restarts.reset();
    return true;
  }
  const auto number = Whole(value, 0, kNoLimit);
  if (number) a.max_restarts = static_cast<int>(*number);
  return number.has_value();
}

bool SetBackoff(Attributes& a, absl::string_view value) {
  if (value == "none") {
    a.backoff.reset();
    return true;
  }
  const std::optional<Backoff> backoff = ParseBackoff(value);
  if (backoff) a.backoff = backoff;
  return backoff.has_value();
}

bool SetLimitOfStarts(Attributes& a, absl::string_view value) {
  const std::optional<StartLimit> limit = ParseStartLimit(value);
  if (!limit) return false;
  a.limit.starts = limit->starts;
  a.limit.within = limit->within;
  return true;
}

bool SetTimeout(Attributes& a, absl::string_view value) {
  if (value == "none") {
    a.timeout = absl::InfiniteDuration();
    return true;
  }
  return Take(a.timeout, Span(value));
}

// Nothing to wait for is a sensible wish here.
std::optional<absl::Duration> SpanOrZero(absl::string_view value) {
  if (value == "0" || value == "0s") return absl::ZeroDuration();
  return Span(value);
}

bool SetReload(Attributes& a, absl::string_view value) {
  if (value != "keep" && value != "restart") return false;
  a.keep_on_reload = value == "keep";
  return true;
}

bool SetProcessorMost(Attributes& a, absl::string_view value) {
  constexpr int64_t kMostPercent = 1'000'000;
  absl::ConsumeSuffix(&value, "%");
  return TakeAmount(a.surroundings.processor_percent, value, 1, kMostPercent);
}

bool SetMemoryMost(Attributes& a, absl::string_view value) {
  if (value == "none") {
    a.surroundings.memory_bytes = 0;
    return true;
  }
  const auto bytes = Bytes(value);
  if (!bytes || *bytes == 0) return false;
  a.surroundings.memory_bytes = *bytes;
  return true;
}

bool SetLogSize(Attributes& a, absl::string_view value) {
  // Less would make a new file at every other line.
  constexpr int64_t kLeastBytes = 4096;
  const auto bytes = Bytes(value);
  if (!bytes || *bytes < kLeastBytes) return false;
  a.log.file_bytes = *bytes;
  return true;
}

bool SetLogRate(Attributes& a, absl::string_view value) {
  absl::ConsumeSuffix(&value, "/s");
  return TakeAmount(a.log.lines_per_second, value, 1, kMostLines);
}

bool SetGiveUp(Attributes& a, absl::string_view value) {
  using Kind = Consequence::Kind;
  return Take(a.give_up,
              ParseConsequence(value, {{"none", Kind::kNone},
                                       {"stop-group", Kind::kStopGroup},
                                       {"exit", Kind::kExit},
                                       {"reboot", Kind::kReboot}}));
}

bool SetUnhealthy(Attributes& a, absl::string_view value) {
  using Kind = Consequence::Kind;
  return Take(a.health.unhealthy,
              ParseConsequence(value, {{"notify", Kind::kNone},
                                       {"restart", Kind::kRestart},
                                       {"stop-group", Kind::kStopGroup}}));
}

using View = absl::string_view;
constexpr View kSpan = "a span such as 500ms, 31s or 5m";
constexpr View kSpanOrZero = "0 or a span such as 500ms, 31s or 5m";
constexpr View kSwitch = "yes or no";
constexpr View kPath = "a path from the root";
constexpr View kCount = "such as 1024, unlimited or 1024:4096";
constexpr View kBytes = "such as 512m, unlimited or 8m:1g";
constexpr View kTags = "tags with commas between them";

struct Row {
  View name;
  View shape;  // "is not ..."
  // False when the value is not of the shape: then it has set nothing.
  bool (*set)(Attributes&, View);
};

// Sorted. Resources are numbered as on all machines but Alpha, MIPS and SPARC
// (getrlimit(2)).
constexpr Row kRows[] = {
    {"after", kTags,
     [](Attributes& a, View v) { return AddNames(a.after, v); }},
    {"backoff", "such as 100ms..60s*2~20%, or none", SetBackoff},
    {"capabilities", "names of capabilities(7) with commas, none or all",
     SetCapabilities},
    {"cpu-max", "a percentage of one processor such as 150%, or none",
     SetProcessorMost},
    {"cwd", kPath,
     [](Attributes& a, View v) { return TakePath(a.surroundings.folder, v); }},
    {"env", "NAME=VALUE, NAME not beginning with ISINIT_",
     [](Attributes& a, View v) { return AddVariable(a.surroundings, v); }},
    {"env-file", kPath,
     [](Attributes& a, View v) {
       return TakePath(a.surroundings.environment_file, v);
     }},
    {"env-pass", "names of variables with commas between them, * or none",
     [](Attributes& a, View v) { return AddPassed(a.surroundings, v); }},
    {"essential", kSwitch,
     [](Attributes& a, View v) { return Take(a.essential, YesNo(v)); }},
    {"every", kSpan,
     [](Attributes& a, View v) { return Take(a.health.every, Span(v)); }},
    {"exit-codes", "pairs of codes up to 255 such as 143:0,130:0",
     SetExitCodes},
    {"fails", "a number from 1 to 1000",
     [](Attributes& a, View v) {
       return Take(a.health.fails, Whole(v, 1, 1000));
     }},
    {"forking", kSwitch,
     [](Attributes& a, View v) { return Take(a.forking, YesNo(v)); }},
    {"gate", kSwitch,
     [](Attributes& a, View v) { return Take(a.gate, YesNo(v)); }},
    {"grace", kSpanOrZero,
     [](Attributes& a, View v) { return Take(a.health.grace, SpanOrZero(v)); }},
    {"group", "the name or the number of a group",
     [](Attributes& a, View v) {
       return TakeAccount(a.surroundings.group, v);
     }},
    {"health", "cmd:COMMAND, tcp:PORT, http:PORT/PATH, unix:PATH or none",
     [](Attributes& a, View v) { return ParseHealth(v, a.health); }},
    {"health-timeout", kSpan,
     [](Attributes& a, View v) { return Take(a.health.timeout, Span(v)); }},
    {"lazy", kSwitch,
     [](Attributes& a, View v) { return Take(a.lazy, YesNo(v)); }},
    {"limit", "STARTS/SPAN such as 5/10s, of at most 1000 starts",
     SetLimitOfStarts},
    {"listen", "tcp:HOST:PORT, tcp::PORT or unix:PATH",
     [](Attributes& a, View v) {
       const std::optional<ListenAt> at = ParseListen(v);
       if (at) AddNew(a.listen, *at);
       return at.has_value();
     }},
    {"log", "file, none, kernel, console, syslog, inherit or '|TAG'",
     [](Attributes& a, View v) { return ParseLog(v, a.log); }},
    {"log-keep", "a number up to 1000",
     [](Attributes& a, View v) { return Take(a.log.keep, Whole(v, 0, 1000)); }},
    {"log-rate", "lines a second such as 100/s, or none", SetLogRate},
    {"log-size", "a size from 4k", SetLogSize},
    {"max-restarts", "a number, or none", SetMaxRestarts},
    {"memory-max", "a size such as 512m, or none", SetMemoryMost},
    {"needs", "tags, or group:GROUP@LEVEL, with commas between them", AddNeeds},
    {"nice", "a number from -20 to 19",
     [](Attributes& a, View v) {
       return Take(a.surroundings.nice, Signed(v, -20, 19));
     }},
    {"no-new-privs", kSwitch,
     [](Attributes& a, View v) {
       return Take(a.surroundings.no_new_privileges, YesNo(v));
     }},
    {"on-give-up", "none, stop-group, level:NAME, exit or reboot", SetGiveUp},
    {"on-unhealthy", "restart, stop-group, level:NAME or notify", SetUnhealthy},
    {"oom", "a number from -1000 to 1000",
     [](Attributes& a, View v) {
       const auto number = Signed(v, -1000, 1000);
       if (number) a.surroundings.out_of_memory = static_cast<int>(*number);
       return number.has_value();
     }},
    {"pause", kSpan,
     [](Attributes& a, View v) { return Take(a.limit.pause, Span(v)); }},
    {"pids-max", "a number, or none",
     [](Attributes& a, View v) {
       return TakeAmount(a.surroundings.processes, v, 1, kNoLimit);
     }},
    {"ready",
     "exec, exit, notify, fd:N, tcp:PORT, unix:PATH, file:PATH or cmd:COMMAND",
     [](Attributes& a, View v) { return Take(a.ready, ParseReadiness(v)); }},
    {"ready-timeout", kSpan,
     [](Attributes& a, View v) { return Take(a.ready_timeout, Span(v)); }},
    {"reload", "keep or restart", SetReload},
    {"rlimit-as", kBytes, SetLimit<9, LimitUnit::kBytes>},
    {"rlimit-core", kBytes, SetLimit<4, LimitUnit::kBytes>},
    {"rlimit-cpu", "such as 5m, unlimited or 5m:1h",
     SetLimit<0, LimitUnit::kSeconds>},
    {"rlimit-data", kBytes, SetLimit<2, LimitUnit::kBytes>},
    {"rlimit-fsize", kBytes, SetLimit<1, LimitUnit::kBytes>},
    {"rlimit-locks", kCount, SetLimit<10, LimitUnit::kCount>},
    {"rlimit-memlock", kBytes, SetLimit<8, LimitUnit::kBytes>},
    {"rlimit-msgqueue", kBytes, SetLimit<12, LimitUnit::kBytes>},
    {"rlimit-nice", kCount, SetLimit<13, LimitUnit::kCount>},
    {"rlimit-nofile", kCount, SetLimit<7, LimitUnit::kCount>},
    {"rlimit-nproc", kCount, SetLimit<6, LimitUnit::kCount>},
    {"rlimit-rss", kBytes, SetLimit<5, LimitUnit::kBytes>},
    {"rlimit-rtprio", kCount, SetLimit<14, LimitUnit::kCount>},
    {"rlimit-rttime", "such as 100ms, unlimited or 100ms:1s",
     SetLimit<15, LimitUnit::kMicroseconds>},
    {"rlimit-sigpending", kCount, SetLimit<11, LimitUnit::kCount>},
    {"rlimit-stack", kBytes, SetLimit<3, LimitUnit::kBytes>},
    {"secret", "NAME=PATH, the path from the root",
     [](Attributes& a, View v) { return AddSecret(a.surroundings, v); }},
    {"steady", kSpanOrZero,
     [](Attributes& a, View v) { return Take(a.steady, SpanOrZero(v)); }},
    {"stop", "a command",
     [](Attributes& a, View v) { return TakeText(a.stop_command, v); }},
    {"stop-signal", "a signal such as TERM, HUP or RTMIN+3",
     [](Attributes& a, View v) {
       return Take(a.stop_signal, SignalNumber(v));
     }},
    {"stop-timeout", kSpanOrZero,
     [](Attributes& a, View v) { return Take(a.stop_timeout, SpanOrZero(v)); }},
    {"timeout", "a span such as 60s, or none", SetTimeout},
    {"tty", kPath,
     [](Attributes& a, View v) {
       return TakePath(a.surroundings.terminal, v);
     }},
    {"umask", "an octal number up to 777",
     [](Attributes& a, View v) { return TakeUmask(a.surroundings, v); }},
    {"user", "the name or the number of a user",
     [](Attributes& a, View v) { return TakeAccount(a.surroundings.user, v); }},
};
constexpr bool ByName(const Row& a, const Row& b) { return a.name < b.name; }
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), ByName));

absl::Status Unknown(absl::string_view key) {
  std::string text = absl::StrCat("unknown attribute ", Quoted(key));
  if (key.size() <= kMaxNameBytes) {
    const std::vector<std::string> near = base::Nearest(key, AttributeNames());
    if (!near.empty()) absl::StrAppend(&text, ": is '", near[0], "' meant?");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

std::vector<absl::string_view> AttributeNames() {
  std::vector<absl::string_view> names;
  for (const Row& row : kRows) names.push_back(row.name);
  return names;
}

absl::Status SetAttribute(Attributes& attributes, absl::string_view word) {
  const size_t equals = word.find('=');
  const absl::string_view key = word.substr(0, equals);
  const Row* const row =
      std::lower_bound(std::begin(kRows), std::end(kRows), key,
                       [](const Row& r, View name) { return r.name < name; });
  if (row == std::end(kRows) || row->name != key) return Unknown(key);
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, ": ", what, row->shape));
  };
  View value = "yes";
  if (equals != absl::string_view::npos) {
    value = word.substr(equals + 1);
  } else if (row->shape != kSwitch) {
    return wrong("there is no value; it is ");
  }
  if (value.find('\0') == View::npos && row->set(attributes, value)) {
    return absl::OkStatus();
  }
  return wrong(absl::StrCat(Quoted(value), " is not "));
}

}  // namespace isinit
