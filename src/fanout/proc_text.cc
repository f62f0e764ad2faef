#include "fanout/proc_text.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <vector>

#include "fanout/numbers.h"

namespace fanout {
namespace {

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
}

// Of a file with lines "NAME NUMBER" or "NAME: NUMBER UNIT": that number.
std::optional<int64_t> Named(absl::string_view text, absl::string_view name) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, name) || rest.empty()) continue;
    if (rest[0] != ' ' && rest[0] != '\t' && rest[0] != ':') continue;
    const std::vector<absl::string_view> words =
        Words(rest.substr(rest[0] == ':'));
    if (!words.empty()) return WholeNumber(words[0]);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> LoadAverage(absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text);
  if (words.empty()) return std::nullopt;
  return DecimalNumber(words[0]);
}

std::optional<int64_t> MemoryAvailable(absl::string_view text) {
  const std::optional<int64_t> kib = Named(text, "MemAvailable");
  if (!kib.has_value() || *kib > INT64_MAX / 1024) return std::nullopt;
  return *kib * 1024;
}

std::optional<double> Pressure(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, "some avg10=")) continue;
    return DecimalNumber(rest.substr(0, rest.find(' ')));
  }
  return std::nullopt;
}

std::optional<SwapCounts> Swapped(absl::string_view text) {
  const std::optional<int64_t> in = Named(text, "pswpin");
  const std::optional<int64_t> out = Named(text, "pswpout");
  if (!in.has_value() || !out.has_value()) return std::nullopt;
  return SwapCounts{*in, *out};
}

std::optional<std::string> CgroupPath(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view path = line;
    // Version 2 is the hierarchy 0, which has no controllers of its own name.
    if (absl::ConsumePrefix(&path, "0::") && !path.empty() && path[0] == '/') {
      return std::string(path);
    }
  }
  return std::nullopt;
}

std::optional<int64_t> CgroupBytes(absl::string_view text) {
  return WholeNumber(absl::StripSuffix(text, "\n"));
}

int64_t CgroupReclaimable(absl::string_view text) {
  return Named(text, "inactive_file").value_or(0);
}

std::optional<double> CgroupProcessors(absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text);
  if (words.size() != 2) return std::nullopt;
  const std::optional<int64_t> quota = WholeNumber(words[0]);
  const std::optional<int64_t> period = WholeNumber(words[1]);
  if (quota.value_or(0) < 1 || period.value_or(0) < 1) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace fanout
