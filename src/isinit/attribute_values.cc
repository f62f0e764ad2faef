#include "isinit/attribute_values.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <limits>

#include "base/time.h"
#include "isinit/limits.h"
#include "text/utf8.h"

namespace isinit {
namespace {

constexpr size_t kQuotedColumns = 60;
// 18 digits fit an int64_t, whatever they are.
constexpr size_t kMostDigits = 18;
constexpr int kHighestPort = 65535;
constexpr int kHighestSignal = 64;
// glibc's and the kernel's 32 and 33 are the C library's own.
constexpr int kFirstRealTime = 34;

struct NamedNumber {
  absl::string_view name;
  int number;
};
constexpr NamedNumber kSignals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT},
    {"ILL", SIGILL},   {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},
    {"BUS", SIGBUS},   {"FPE", SIGFPE},       {"KILL", SIGKILL},
    {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},     {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},
    {"URG", SIGURG},   {"XCPU", SIGXCPU},     {"XFSZ", SIGXFSZ},
    {"PROF", SIGPROF}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"POLL", SIGPOLL},     {"PWR", SIGPWR},
    {"SYS", SIGSYS},
};

// By number: the kernel's include/uapi/linux/capability.h.
constexpr absl::string_view kCapabilities[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

bool IsDigits(absl::string_view text) {
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// "3", "0.75": no signs, blanks, exponents or words.
std::optional<double> Decimal(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('.', 1));
  const bool point = parts.first.size() != text.size();
  double number;
  if (!IsDigits(parts.first) || (point && !IsDigits(parts.second)) ||
      !absl::SimpleAtod(text, &number)) {
    return std::nullopt;
  }
  return number;
}

bool IsPath(absl::string_view text) {
  return text.size() > 1 && text[0] == '/';
}

std::optional<int> Port(absl::string_view text) {
  return Whole(text, 1, kHighestPort);
}

// What follows "KIND:" if that is what `text` begins with.
std::optional<absl::string_view> After(absl::string_view kind,
                                       absl::string_view text) {
  if (!absl::ConsumePrefix(&text, kind) || !absl::ConsumePrefix(&text, ":")) {
    return std::nullopt;
  }
  return text;
}

std::optional<uint64_t> LimitValue(absl::string_view text, LimitUnit unit) {
  // RLIM_INFINITY
  if (text == "unlimited") return std::numeric_limits<uint64_t>::max();
  switch (unit) {
    case LimitUnit::kCount:
      return Whole(text, 0, std::numeric_limits<int64_t>::max());
    case LimitUnit::kBytes:
      return Bytes(text);
    case LimitUnit::kSeconds: {
      const std::optional<absl::Duration> span = Span(text);
      if (!span) return std::nullopt;
      // A part of a second would be no time at all.
      return absl::ToInt64Seconds(absl::Ceil(*span, absl::Seconds(1)));
    }
    case LimitUnit::kMicroseconds: {
      const std::optional<absl::Duration> span = Span(text);
      if (!span) return std::nullopt;
      return absl::ToInt64Microseconds(*span);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string Quoted(absl::string_view text) {
  // Cut first: cleaning a line of a megabyte would be for nothing.
  constexpr size_t kMostBytes = 4 * kQuotedColumns;
  const std::string front = text::Clean(text.substr(0, kMostBytes));
  return absl::StrCat("'", text::Cut(front, kQuotedColumns), "'");
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '@' ||
                  c == '+' || c == '-';
         });
}

bool IsVariableName(absl::string_view text) {
  return !text.empty() && !absl::ascii_isdigit(text[0]) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_';
         });
}

std::optional<std::vector<std::string>> Names(absl::string_view text) {
  std::vector<std::string> names;
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    if (!IsName(name)) return std::nullopt;
    names.emplace_back(name);
  }
  return names;
}

std::optional<int64_t> Whole(absl::string_view text, int64_t least,
                             int64_t most) {
  int64_t number;
  if (!IsDigits(text) || !absl::SimpleAtoi(text, &number) || number < least ||
      number > most) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> Signed(absl::string_view text, int64_t least,
                              int64_t most) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  const auto number = Whole(text, 0, std::numeric_limits<int64_t>::max());
  if (!number) return std::nullopt;
  const int64_t value = negative ? -*number : *number;
  if (value < least || value > most) return std::nullopt;
  return value;
}

std::optional<int64_t> Bytes(absl::string_view text) {
  constexpr absl::string_view kUnits = "kmgt";
  int shift = 0;
  if (!text.empty()) {
    const size_t unit = kUnits.find(absl::ascii_tolower(text.back()));
    if (unit != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const std::optional<double> number = Decimal(text);
  // A part of a byte is a mistake.
  if (!number || (shift == 0 && !IsDigits(text))) return std::nullopt;
  const double bytes = *number * static_cast<double>(int64_t{1} << shift);
  if (bytes >= 1e18) return std::nullopt;
  // A double holds not every number of 18 digits.
  if (shift == 0) return Whole(text, 0, std::numeric_limits<int64_t>::max());
  return static_cast<int64_t>(bytes);
}

std::optional<absl::Duration> Span(absl::string_view text) {
  const absl::StatusOr<absl::Duration> span = base::ParseDuration(text);
  if (!span.ok() || *span <= absl::ZeroDuration()) return std::nullopt;
  return *span;
}

std::optional<bool> YesNo(absl::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}

std::optional<int> SignalNumber(absl::string_view text) {
  if (const auto number = Whole(text, 1, kHighestSignal)) return *number;
  const std::string upper = absl::AsciiStrToUpper(text);
  absl::string_view name = upper;
  absl::ConsumePrefix(&name, "SIG");
  for (const NamedNumber& signal : kSignals) {
    if (signal.name == name) return signal.number;
  }
  if (!absl::ConsumePrefix(&name, "RTMIN")) return std::nullopt;
  if (name.empty()) return kFirstRealTime;
  if (!absl::ConsumePrefix(&name, "+")) return std::nullopt;
  const auto above = Whole(name, 0, kHighestSignal - kFirstRealTime);
  if (!above) return std::nullopt;
  return static_cast<int>(kFirstRealTime + *above);
}

std::optional<int> CapabilityNumber(absl::string_view name) {
  // Kernels to come will have some that have no name here.
  constexpr int kHighest = 63;
  if (const auto number = Whole(name, 0, kHighest)) return *number;
  const std::string lower = absl::AsciiStrToLower(name);
  const auto* const found =
      std::find(std::begin(kCapabilities), std::end(kCapabilities),
                absl::StripPrefix(lower, "cap_"));
  if (found == std::end(kCapabilities)) return std::nullopt;
  return static_cast<int>(found - std::begin(kCapabilities));
}

std::optional<StartLimit> ParseStartLimit(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  const auto starts = Whole(parts.first, 1, kMaxStarts);
  const auto within = Span(parts.second);
  if (!starts || !within) return std::nullopt;
  return StartLimit{.starts = static_cast<int>(*starts), .within = *within};
}

// FIRST..LONGEST[*FACTOR][~PERCENT%]
std::optional<Backoff> ParseBackoff(absl::string_view text) {
  constexpr double kMostFactor = 100;
  // With all of it, a pause could be none.
  constexpr int kMostJitter = 90;
  Backoff backoff;
  const size_t tilde = text.find('~');
  if (tilde != absl::string_view::npos) {
    absl::string_view percent = text.substr(tilde + 1);
    if (!absl::ConsumeSuffix(&percent, "%")) return std::nullopt;
    const auto jitter = Whole(percent, 0, kMostJitter);
    if (!jitter) return std::nullopt;
    backoff.jitter_percent = static_cast<int>(*jitter);
    text = text.substr(0, tilde);
  }
  const size_t star = text.find('*');
  if (star != absl::string_view::npos) {
    const auto factor = Decimal(text.substr(star + 1));
    if (!factor || *factor < 1 || *factor > kMostFactor) return std::nullopt;
    backoff.factor = *factor;
    text = text.substr(0, star);
  }
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits("..", 1));
  const auto first = Span(ends.first);
  const auto longest = Span(ends.second);
  if (!first || !longest || *longest < *first) return std::nullopt;
  backoff.first = *first;
  backoff.longest = *longest;
  return backoff;
}

std::optional<Consequence> ParseConsequence(
    absl::string_view text, const std::vector<ConsequenceWord>& words) {
  for (const auto& [word, kind] : words) {
    if (text == word) return Consequence{.kind = kind};
  }
  const auto level = After("level", text);
  if (!level || !IsName(*level)) return std::nullopt;
  return Consequence{.kind = Consequence::Kind::kLevel,
                     .level = std::string(*level)};
}

std::optional<Readiness> ParseReadiness(absl::string_view text) {
  using Kind = Readiness::Kind;
  // 0 to 2 are its standard files.
  constexpr int kFirstDescriptor = 3, kLastDescriptor = 1023;
  if (text == "exec") return Readiness{.kind = Kind::kExec};
  if (text == "exit") return Readiness{.kind = Kind::kExit};
  if (text == "notify") return Readiness{.kind = Kind::kNotify};
  if (const auto number = After("fd", text)) {
    const auto n = Whole(*number, kFirstDescriptor, kLastDescriptor);
    if (!n) return std::nullopt;
    return Readiness{.kind = Kind::kDescriptor, .number = static_cast<int>(*n)};
  }
  if (const auto number = After("tcp", text)) {
    const auto port = Port(*number);
    if (!port) return std::nullopt;
    return Readiness{.kind = Kind::kTcp, .number = *port};
  }
  if (const auto path = After("unix", text)) {
    if (!IsPath(*path) || path->size() > kMaxSocketBytes) return std::nullopt;
    return Readiness{.kind = Kind::kUnix, .text = std::string(*path)};
  }
  if (const auto path = After("file", text)) {
    if (!IsPath(*path)) return std::nullopt;
    return Readiness{.kind = Kind::kFile, .text = std::string(*path)};
  }
  const auto command = After("cmd", text);
  if (!command || command->empty()) return std::nullopt;
  return Readiness{.kind = Kind::kCommand, .text = std::string(*command)};
}

bool ParseHealth(absl::string_view text, Health& health) {
  using Kind = Health::Kind;
  const auto set = [&](Kind kind, int port, absl::string_view what) {
    health.kind = kind;
    health.port = port;
    health.text = std::string(what);
    return true;
  };
  if (text == "none") return set(Kind::kNone, 0, "");
  if (const auto command = After("cmd", text)) {
    return !command->empty() && set(Kind::kCommand, 0, *command);
  }
  if (const auto number = After("tcp", text)) {
    const auto port = Port(*number);
    return port && set(Kind::kTcp, *port, "");
  }
  if (const auto path = After("unix", text)) {
    return IsPath(*path) && path->size() <= kMaxSocketBytes &&
           set(Kind::kUnix, 0, *path);
  }
  const auto http = After("http", text);
  if (!http) return false;
  const size_t slash = std::min(http->find('/'), http->size());
  const auto port = Port(http->substr(0, slash));
  const absl::string_view path = http->substr(slash);
  const bool printable = std::all_of(path.begin(), path.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  return port && printable &&
         set(Kind::kHttp, *port, path.empty() ? "/" : path);
}

bool ParseLog(absl::string_view text, LogTo& log) {
  using Kind = LogTo::Kind;
  constexpr std::pair<absl::string_view, Kind> kPlaces[] = {
      {"file", Kind::kFile},     {"none", Kind::kNone},
      {"kernel", Kind::kKernel}, {"console", Kind::kConsole},
      {"syslog", Kind::kSyslog}, {"inherit", Kind::kInherit},
  };
  for (const auto& [word, kind] : kPlaces) {
    if (text != word) continue;
    log.kind = kind;
    log.tag.clear();
    return true;
  }
  if (!absl::ConsumePrefix(&text, "|")) return false;
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!IsName(text)) return false;
  log.kind = Kind::kEntry;
  log.tag = std::string(text);
  return true;
}

std::optional<ListenAt> ParseListen(absl::string_view text) {
  if (const auto path = After("unix", text)) {
    if (!IsPath(*path) || path->size() > kMaxSocketBytes) return std::nullopt;
    return ListenAt{.is_unix = true, .path = std::string(*path)};
  }
  const auto place = After("tcp", text);
  if (!place) return std::nullopt;
  // The last colon: an address of IPv6 has some of its own.
  const size_t colon = place->rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const auto port = Port(place->substr(colon + 1));
  absl::string_view host = place->substr(0, colon);
  const bool bracketed =
      absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool good = std::all_of(host.begin(), host.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' ||
           (bracketed && (c == ':' || c == '%'));
  });
  if (!port || !good || (bracketed && host.empty())) return std::nullopt;
  return ListenAt{.host = std::string(host), .port = *port};
}

std::optional<std::vector<std::pair<int, int>>> ParseExitCodes(
    absl::string_view text) {
  std::vector<std::pair<int, int>> codes;
  for (const absl::string_view pair : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(pair, absl::MaxSplits(':', 1));
    const auto from = Whole(ends.first, 0, 255);
    const auto to = Whole(ends.second, 0, 255);
    if (!from || !to) return std::nullopt;
    codes.emplace_back(*from, *to);
  }
  return codes;
}

std::optional<NamedLimit> ParseLimit(absl::string_view text, int resource,
                                     LimitUnit unit) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  const bool both = parts.first.size() != text.size();
  const auto soft = LimitValue(parts.first, unit);
  const auto hard = both ? LimitValue(parts.second, unit) : soft;
  if (!soft || !hard || *soft > *hard) return std::nullopt;
  return NamedLimit{.resource = resource, .soft = *soft, .hard = *hard};
}

}  // namespace isinit
