#include "fanout/job_log.h"

#include <absl/hash/hash.h>
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"

namespace fanout {
namespace {

constexpr size_t kColumnsBeforeCommand = 8;

// The fields of a row as they stand there, borrowed.
struct Fields {
  absl::string_view column[kColumnsBeforeCommand];
  absl::string_view command;
};

bool Split(absl::string_view line, Fields* fields) {
  for (absl::string_view& column : fields->column) {
    const size_t tab = line.find('\t');
    if (tab == absl::string_view::npos) return false;
    column = line.substr(0, tab);
    line.remove_prefix(tab + 1);
  }
  fields->command = line;
  return true;
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"\t", "\\t"},
                                    {"\n", "\\n"},
                                    {absl::string_view("\0", 1), "\\0"}});
}

std::string Unescaped(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (text[i] == '\0') {
      out += '\n';
    } else if (text[i] != '\\') {
      out += text[i];
    } else if (next == '\\' || next == 't' || next == 'n' || next == '0') {
      out += next == 't'   ? '\t'
             : next == 'n' ? '\n'
             : next == '0' ? '\0'
                           : '\\';
      i++;
    } else {
      out += '\\';
    }
  }
  return out;
}

template <typename Number>
bool Whole(absl::string_view text, Number* number) {
  return absl::SimpleAtoi(text, number);
}

bool Milliseconds(absl::string_view text, int64_t* ms) {
  double seconds;
  if (!absl::SimpleAtod(absl::StripAsciiWhitespace(text), &seconds) ||
      !(std::fabs(seconds) < 1e12)) {
    return false;
  }
  *ms = std::llround(seconds * 1000);
  return true;
}

std::string Seconds(int64_t ms) {
  return absl::StrFormat("%10.3f", static_cast<double>(ms) / 1000);
}

absl::Status NoRow() {
  return absl::InvalidArgumentError("is not a row of a job log");
}

uint64_t HashOf(absl::string_view command) {
  return absl::Hash<absl::string_view>()(command);
}

}  // namespace

std::string FormatJobLogRow(const JobLogRow& row) {
  return absl::StrCat(row.seq, "\t", Escaped(row.host), "\t",
                      Seconds(absl::ToUnixMillis(row.start)), "\t",
                      Seconds(absl::ToInt64Milliseconds(row.runtime)), "\t",
                      row.sent_bytes, "\t", row.received_bytes, "\t",
                      row.exit_status, "\t", row.signal, "\t",
                      Escaped(row.command), "\n");
}

absl::StatusOr<JobLogRow> ParseJobLogRow(absl::string_view line) {
  Fields fields;
  JobLogRow row;
  int64_t start_ms, runtime_ms;
  if (!Split(line, &fields) || !Whole(fields.column[0], &row.seq) ||
      row.seq < 1 || !Milliseconds(fields.column[2], &start_ms) ||
      !Milliseconds(fields.column[3], &runtime_ms) ||
      !Whole(fields.column[4], &row.sent_bytes) ||
      !Whole(fields.column[5], &row.received_bytes) ||
      !Whole(fields.column[6], &row.exit_status) ||
      !Whole(fields.column[7], &row.signal)) {
    return NoRow();
  }
  row.host = Unescaped(fields.column[1]);
  row.start = absl::FromUnixMillis(start_ms);
  row.runtime = absl::Milliseconds(runtime_ms);
  row.command = Unescaped(fields.command);
  return row;
}

absl::Status JobLogHistory::Line(absl::string_view line) {
  lines_++;
  if (lines_ == 1) {
    if (line == kJobLogHeader.substr(0, kJobLogHeader.size() - 1)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("is not a job log: line 1 is no header");
  }
  Fields fields;
  Entry entry = {};
  int exit_status, signal;
  int64_t ms;
  if (!Split(line, &fields) || !Whole(fields.column[0], &entry.seq) ||
      entry.seq < 1 || !Milliseconds(fields.column[2], &ms) ||
      !Milliseconds(fields.column[3], &ms) ||
      !Whole(fields.column[6], &exit_status) ||
      !Whole(fields.column[7], &signal)) {
    return base::Context(NoRow(), absl::StrCat("line ", lines_));
  }
  if (entries_.size() == kMaxJobLogRows) {
    return absl::ResourceExhaustedError(
        absl::StrCat("has more than ", kMaxJobLogRows, " rows"));
  }
  const bool plain = fields.command.find_first_of(absl::string_view(
                         "\\\0", 2)) == absl::string_view::npos;
  std::string unescaped;
  if (!plain) unescaped = Unescaped(fields.command);
  const absl::string_view command = plain ? fields.command : unescaped;
  entry.command_hash = HashOf(command);
  entry.line = lines_;
  entry.failed = exit_status != 0 || signal != 0;
  entries_.push_back(entry);
  if (keep_failed_) {
    if (entry.failed) {
      failed_commands_[entry.seq] = std::string(command);
    } else {
      failed_commands_.erase(entry.seq);
    }
  }
  return absl::OkStatus();
}

absl::Status JobLogHistory::Feed(absl::string_view bytes) {
  for (size_t end; (end = bytes.find('\n')) != absl::string_view::npos;
       bytes.remove_prefix(end + 1)) {
    if (rest_.empty()) {
      TRY(Line(bytes.substr(0, end)));
      continue;
    }
    absl::StrAppend(&rest_, bytes.substr(0, end));
    TRY(Line(rest_));
    rest_.clear();
  }
  if (rest_.size() + bytes.size() > kMaxJobLogLineBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("line ", lines_ + 1, ": is longer than ",
                     kMaxJobLogLineBytes, " bytes"));
  }
  absl::StrAppend(&rest_, bytes);
  return absl::OkStatus();
}

void JobLogHistory::Finish() {
  rest_ = {};
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) {
              return a.seq != b.seq ? a.seq < b.seq : a.line > b.line;
            });
  entries_.erase(std::unique(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) {
                               return a.seq == b.seq;
                             }),
                 entries_.end());
}

absl::StatusOr<bool> JobLogHistory::Skip(int64_t seq, absl::string_view command,
                                         Resume resume) const {
  const auto at = std::lower_bound(
      entries_.begin(), entries_.end(), seq,
      [](const Entry& entry, int64_t wanted) { return entry.seq < wanted; });
  if (at == entries_.end() || at->seq != seq) return false;
  if (at->command_hash != HashOf(command)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Seq ", seq, " had another command (line ", at->line, ")"));
  }
  return resume == Resume::kAll || !at->failed;
}

std::vector<std::pair<int64_t, std::string>> JobLogHistory::FailedCommands()
    const {
  std::vector<std::pair<int64_t, std::string>> commands(
      failed_commands_.begin(), failed_commands_.end());
  std::sort(commands.begin(), commands.end());
  return commands;
}

}  // namespace fanout
