#include "sys/log.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/bytes.h"
#include "base/time.h"
#include "sys/clock.h"

namespace sys {
namespace {

constinit std::atomic<LogLevel> log_level = LogLevel::kEvent;
constinit std::atomic<int> also_log_to = -1;
constinit thread_local std::string* gathered = nullptr;

bool IsPlainWord(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c) && c != '"' && c != '=' && c != '\\';
  });
}

// Whole lines in one call of at most PIPE_BUF bytes, unless one line is longer:
// so those of several threads and processes do not mix. What a full or broken
// pipe does not take is lost: a log that blocks would stop the loop.
void Write(absl::string_view lines) {
  for (int fd : {STDERR_FILENO, also_log_to.load(std::memory_order_relaxed)}) {
    if (fd < 0 || lines.empty()) continue;
    while (write(fd, lines.data(), lines.size()) < 0 && errno == EINTR) {
    }
  }
}

void Print(absl::string_view event, absl::Span<const LogField> fields) {
  const int kept = errno;
  const std::string line = absl::StrCat(base::FormatTime(WallNow()), " ",
                                        LogLine(event, fields), "\n");
  if (gathered == nullptr) {
    Write(line);
  } else {
    if (gathered->size() + line.size() > PIPE_BUF) {
      Write(*gathered);
      gathered->clear();
    }
    *gathered += line;
  }
  errno = kept;
}

}  // namespace

void SetLogLevel(LogLevel level) {
  log_level.store(level, std::memory_order_relaxed);
}

bool LogsAt(LogLevel level) {
  return level <= log_level.load(std::memory_order_relaxed);
}

void AlsoLogTo(int fd) { also_log_to.store(fd, std::memory_order_relaxed); }

std::string LogLine(absl::string_view event,
                    absl::Span<const LogField> fields) {
  std::string line(event);
  line.reserve(128);
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", field.key, "=");
    if (field.value.empty()) {
      line += "\"\"";
    } else if (IsPlainWord(field.value)) {
      line += field.value;
    } else {
      absl::StrAppend(
          &line, "\"",
          absl::StrReplaceAll(base::Escape(field.value), {{"\"", "\\\""}}),
          "\"");
    }
  }
  return line;
}

void Log(absl::string_view event, std::initializer_list<LogField> fields) {
  Print(event, fields);
}

void Log(absl::string_view event, absl::Span<const LogField> fields) {
  Print(event, fields);
}

void LogStep(absl::string_view event, std::initializer_list<LogField> fields) {
  if (LogsAt(LogLevel::kStep)) Print(event, fields);
}

LogTogether::LogTogether() { gathered = &lines_; }

LogTogether::~LogTogether() {
  gathered = nullptr;
  const int kept = errno;
  Write(lines_);
  errno = kept;
}

}  // namespace sys
