// A job log of any bytes, cut anywhere (the first byte says how): no crash, the
// same history however it is cut, and a row that is taken is written, and read
// again, as the same.
#include "fanout/job_log.h"

#include <algorithm>

#include "base/status.h"

namespace {

absl::StatusOr<fanout::JobLogHistory> Read(absl::string_view log,
                                           size_t piece) {
  fanout::JobLogHistory history(/*keep_failed_commands=*/true);
  TRY(history.Feed(fanout::kJobLogHeader));
  for (; !log.empty(); log.remove_prefix(std::min(piece, log.size()))) {
    TRY(history.Feed(log.substr(0, piece)));
  }
  history.Finish();
  return history;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view log(reinterpret_cast<const char*>(data) + 1,
                              size - 1);
  const auto whole = Read(log, log.size() + 1);
  const auto pieces = Read(log, data[0] + 1);
  MUST(whole.ok() == pieces.ok());
  if (whole.ok()) {
    MUST(whole->tasks() == pieces->tasks());
    MUST(whole->FailedCommands() == pieces->FailedCommands());
    for (const auto& [seq, command] : whole->FailedCommands()) {
      const auto skip =
          whole->Skip(seq, command, fanout::JobLogHistory::Resume::kFailed);
      MUST(skip.ok() && !*skip);
    }
  }
  const absl::string_view line = log.substr(0, log.find('\n'));
  const absl::StatusOr<fanout::JobLogRow> row = fanout::ParseJobLogRow(line);
  if (!row.ok()) return 0;
  const std::string text = fanout::FormatJobLogRow(*row);
  MUST(std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n');
  const auto back = fanout::ParseJobLogRow(
      absl::string_view(text).substr(0, text.size() - 1));
  MUST(back.ok() && back->seq == row->seq && back->command == row->command);
  MUST(back->host == row->host && back->runtime == row->runtime);
  MUST(back->exit_status == row->exit_status && back->signal == row->signal);
  return 0;
}
