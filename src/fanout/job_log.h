// The job log (--joblog): a line for each attempt that ended, with the columns
// of GNU parallel.
//
//   Seq Host Starttime JobRuntime Send Receive Exitval Signal Command
//
// They are separated by tabs; the first line names them. Starttime is seconds
// since 1970, JobRuntime seconds, both as printf's "%10.3f" writes them (so a
// short run time begins with blanks). Send and Receive are bytes of input and
// output. Exitval is 0 when a signal ended it, 124 after a time-out.
//
// The command is the rest of the line, in which
//
//   \\ is a backslash, \t a tab, \n a newline, \0 a NUL
//
// so that a row is always one line and a command can be had back exactly.
// Differs: GNU parallel writes a newline as a NUL and leaves the others alone.
// Its logs are understood as far as that can be: a NUL is read as a newline,
// and a backslash before any other character as a backslash.
//
// A row counts when its newline is there. A process that is killed, or a disk
// that is full, can leave a last line without one: it is ignored when read, and
// removed before more is appended. To end it with a newline instead would make
// a whole row of it, with a command that is cut off.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fanout {

inline constexpr absl::string_view kJobLogHeader =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\t"
    "Command\n";
inline constexpr size_t kMaxJobLogLineBytes = 8 << 20;
inline constexpr size_t kMaxJobLogRows = 50'000'000;

struct JobLogRow {
  int64_t seq = 0;  // from 1
  std::string host;
  absl::Time start;
  absl::Duration runtime;
  int64_t sent_bytes = 0, received_bytes = 0;
  int exit_status = 0, signal = 0;
  std::string command;
};
// With its newline.
std::string FormatJobLogRow(const JobLogRow& row);
// `line` without its newline. InvalidArgument.
absl::StatusOr<JobLogRow> ParseJobLogRow(absl::string_view line);

// What a log says of each task: how its last attempt ended, and whether its
// command was the same. 24 bytes a row, and as much again while it is read; of
// commands only a hash is kept, but
// for those that failed when they are asked for.
class JobLogHistory {
 public:
  enum class Resume {
    kAll,     // skip whatever is in the log
    kFailed,  // skip only what ended with 0
  };

  explicit JobLogHistory(bool keep_failed_commands = false)
      : keep_failed_(keep_failed_commands) {}

  // The file, piece by piece, cut anywhere; then Finish. InvalidArgument,
  // naming the line, for what is no job log; ResourceExhausted above the
  // limits. After a failure it is of no use.
  absl::Status Feed(absl::string_view bytes);
  // Ignores a last line without a newline.
  void Finish();

  // Whether a task need not run. InvalidArgument when it is in the log with
  // another command: "Seq 7 had another command (line 8)".
  absl::StatusOr<bool> Skip(int64_t seq, absl::string_view command,
                            Resume resume) const;
  // The tasks that failed, by Seq, with their commands: for --retry-failed.
  std::vector<std::pair<int64_t, std::string>> FailedCommands() const;

  size_t tasks() const { return entries_.size(); }

 private:
  struct Entry {
    int64_t seq;
    uint64_t command_hash;
    uint32_t line;
    bool failed;
  };
  absl::Status Line(absl::string_view line);

  bool keep_failed_;
  std::string rest_;  // a line that is not whole yet
  uint32_t lines_ = 0;
  std::vector<Entry> entries_;  // after Finish by seq, one each
  absl::flat_hash_map<int64_t, std::string> failed_commands_;
};

}  // namespace fanout
