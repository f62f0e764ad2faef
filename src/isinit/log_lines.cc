#include "isinit/log_lines.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

namespace isinit {

std::string LogStamp(absl::Time now) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone());
}

int64_t LogLines::Add(absl::string_view bytes, absl::Time now, bool stamped,
                      std::string* lines) {
  const std::string stamp = LogStamp(now);
  int64_t count = 0;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const size_t room = kMostLogLineBytes - partial_.size();
    const bool whole = end != absl::string_view::npos && end <= room;
    const absl::string_view part =
        bytes.substr(0, whole ? end : std::min(room, bytes.size()));
    bytes.remove_prefix(part.size() + (whole ? 1 : 0));
    // One that is just as long as it may be can still be followed by its end.
    if (!whole && bytes.empty()) {
      partial_.append(part.data(), part.size());
      break;
    }
    if (partial_.empty()) {
      count += Line(part, now, stamp, stamped, lines);
      continue;
    }
    partial_.append(part.data(), part.size());
    count += Line(partial_, now, stamp, stamped, lines);
    // Its room, too: an entry that is silent takes none.
    partial_ = std::string();
  }
  return count;
}

int64_t LogLines::Finish(absl::Time now, bool stamped, std::string* lines) {
  if (partial_.empty()) return 0;
  const std::string text = std::move(partial_);
  partial_ = std::string();
  return Line(text, now, LogStamp(now), stamped, lines);
}

bool LogLines::Allow(absl::Time now) {
  if (rate_ <= 0) return true;
  const double most = static_cast<double>(rate_);
  if (now > refilled_) {
    const double gained = refilled_ == absl::InfinitePast()
                              ? most
                              : absl::ToDoubleSeconds(now - refilled_) * most;
    allowance_ = std::min(most, allowance_ + gained);
    refilled_ = now;
  }
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

int64_t LogLines::Line(absl::string_view text, absl::Time now,
                       const std::string& stamp, bool stamped,
                       std::string* lines) {
  if (!Allow(now)) {
    dropped_++;
    unsaid_++;
    return 0;
  }
  int64_t count = 1;
  const auto put = [&](absl::string_view line) {
    if (stamped) absl::StrAppend(lines, stamp, " ");
    absl::StrAppend(lines, line, "\n");
    Remember(stamp, line);
  };
  if (unsaid_ > 0) {
    put(absl::StrCat("isinit: ", unsaid_, " lines dropped, above ", rate_,
                     " a second"));
    unsaid_ = 0;
    count++;
  }
  put(text);
  return count;
}

void LogLines::Remember(absl::string_view stamp, absl::string_view text) {
  absl::StrAppend(&tail_, stamp, " ", text.substr(0, kTailLineBytes), "\n");
  if (++tail_lines_ <= kTailLines) return;
  tail_.erase(0, tail_.find('\n') + 1);
  tail_lines_--;
}

std::vector<std::string> LogLines::Tail() const {
  std::vector<std::string> lines = absl::StrSplit(tail_, '\n');
  lines.pop_back();
  return lines;
}

}  // namespace isinit
