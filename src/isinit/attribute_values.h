// How the values of attributes are written: numbers, spans, signals, places.
// Each reader gives none for what is no such value; attributes.cc says what
// would be one. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isinit/attributes.h"

namespace isinit {

// `text` in quotes, for a message: cut to a length that can be read, nothing
// in it that moves a cursor.
std::string Quoted(absl::string_view text);

// [A-Za-z0-9_.@+-]{1,64}: groups, tags and levels.
bool IsName(absl::string_view text);
// [A-Za-z_][A-Za-z0-9_]*
bool IsVariableName(absl::string_view text);
// The names between the commas; none if one of them is no name.
std::optional<std::vector<std::string>> Names(absl::string_view text);

// Digits only, from `least` to `most`.
std::optional<int64_t> Whole(absl::string_view text, int64_t least,
                             int64_t most);
// The same, and a '-' may stand in front.
std::optional<int64_t> Signed(absl::string_view text, int64_t least,
                              int64_t most);
// "512", "64k", "1.5g": powers of 1024, k m g t in either case.
std::optional<int64_t> Bytes(absl::string_view text);
// "30s"; longer than zero.
std::optional<absl::Duration> Span(absl::string_view text);
std::optional<bool> YesNo(absl::string_view text);

// "TERM", "SIGTERM", "15", "RTMIN+3".
std::optional<int> SignalNumber(absl::string_view text);
// "net_bind_service", also with "cap_" in front and in capitals; "10".
std::optional<int> CapabilityNumber(absl::string_view name);

std::optional<StartLimit> ParseStartLimit(absl::string_view text);  // 5/10s
std::optional<Backoff> ParseBackoff(absl::string_view text);
// "level:NAME" and those of the words that are given.
using ConsequenceWord = std::pair<absl::string_view, Consequence::Kind>;
std::optional<Consequence> ParseConsequence(
    absl::string_view text, const std::vector<ConsequenceWord>& words);
std::optional<Readiness> ParseReadiness(absl::string_view text);
// Only what is looked at; how often, and what then, stays as it is in `health`.
bool ParseHealth(absl::string_view text, Health& health);
// Only where to; sizes stay as they are in `log`.
bool ParseLog(absl::string_view text, LogTo& log);
std::optional<ListenAt> ParseListen(absl::string_view text);
// "143:0,130:0"
std::optional<std::vector<std::pair<int, int>>> ParseExitCodes(
    absl::string_view text);

// What a limit of setrlimit(2) counts.
enum class LimitUnit { kCount, kBytes, kSeconds, kMicroseconds };
// "SOFT", "SOFT:HARD"; "unlimited" for either.
std::optional<NamedLimit> ParseLimit(absl::string_view text, int resource,
                                     LimitUnit unit);

}  // namespace isinit
