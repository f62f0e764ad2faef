// Event lines on standard error (or where SetLogFile says):
//   2025-01-31T10:15:04.120Z task.deferred job=31 task=2 why="refused"
// The event name occurs once in the source. Values that are not plain words
// are quoted and escaped, so no value can forge a line.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace sys {

struct LogField {
  absl::string_view key;
  std::string value;
  LogField(absl::string_view k, const absl::AlphaNum& v)
      : key(k), value(v.Piece()) {}
};

enum class LogLevel { kEvent, kStep, kBytes };  // always, -v, -d
void SetLogLevel(LogLevel level);
bool LogsAt(LogLevel level);
// An event that is news to the operator.
void Log(absl::string_view event, std::initializer_list<LogField> fields);
void Log(absl::string_view event, absl::Span<const LogField> fields);
// One step of the work; printed with -v.
void LogStep(absl::string_view event, std::initializer_list<LogField> fields);
// How a line looks without its time; for the event log file.
std::string LogLine(absl::string_view event, absl::Span<const LogField> fields);
// Lines also go to this descriptor (the event log of a server); -1 for none.
void AlsoLogTo(int fd);

// While one lives, what its thread logs is gathered and written with one call
// for many lines, at the latest when it ends. Not nested.
class LogTogether {
 public:
  LogTogether();
  ~LogTogether();
  LogTogether(const LogTogether&) = delete;
  LogTogether& operator=(const LogTogether&) = delete;

 private:
  std::string lines_;
};

}  // namespace sys
