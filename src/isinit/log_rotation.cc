#include "isinit/log_rotation.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <map>

namespace isinit {
namespace {

constexpr absl::string_view kShape = "20260131T101504.120345Z";

// Whether it is a time as OldLogName writes it.
bool IsTime(absl::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); i++) {
    if (absl::ascii_isdigit(kShape[i]) ? !absl::ascii_isdigit(text[i])
                                       : text[i] != kShape[i]) {
      return false;
    }
  }
  return true;
}

struct Forms {
  bool plain = false, compressed = false;
};

}  // namespace

std::string LogName(absl::string_view tag) { return absl::StrCat(tag, ".log"); }

std::string OldLogName(absl::string_view tag, absl::Time now) {
  return absl::StrCat(
      LogName(tag), ".",
      absl::FormatTime("%Y%m%dT%H%M%E6SZ", now, absl::UTCTimeZone()));
}

LogTidying TidyLogs(absl::string_view tag, absl::Span<const std::string> names,
                    int keep) {
  LogTidying tidying;
  const std::string prefix = absl::StrCat(LogName(tag), ".");
  std::map<std::string, Forms> old;  // by time
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, prefix)) continue;
    absl::string_view rest = absl::string_view(name).substr(prefix.size());
    const bool cut_short = absl::ConsumeSuffix(&rest, ".zst.new");
    const bool compressed = !cut_short && absl::ConsumeSuffix(&rest, ".zst");
    if (!IsTime(rest)) continue;
    if (cut_short) {
      tidying.remove.push_back(name);
    } else {
      Forms& forms = old[std::string(rest)];
      (compressed ? forms.compressed : forms.plain) = true;
    }
  }
  const int count = static_cast<int>(old.size());
  int at = 0;
  for (const auto& [time, forms] : old) {
    const std::string name = prefix + time;
    const bool stays = at++ >= count - std::max(keep, 0);
    // A compressed one is put in place whole, so the plain one is over.
    if (forms.plain && (forms.compressed || !stays)) {
      tidying.remove.push_back(name);
    } else if (forms.plain) {
      tidying.compress.push_back(name);
    }
    if (forms.compressed && !stays) tidying.remove.push_back(name + ".zst");
  }
  return tidying;
}

}  // namespace isinit
