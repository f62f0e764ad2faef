// What is kept of a run of msrc, and what is asked of earlier ones.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/applet.h"
#include "hosts/run.h"
#include "hosts/voice.h"
#include "msrc/plan.h"
#include "msrc/run_journal.h"

namespace msrc {

// The record of this run. One that cannot be written is told of, once, and the
// run goes on without.
class RunRecord {
 public:
  RunRecord() = default;  // of nothing
  static RunRecord Begin(const Plan& plan, absl::Span<const std::string> words,
                         bool check, const hosts::Run& run);

  // By which receivers know the run: 16 bytes.
  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }  // "" if there is none
  void Add(const HostReport& report);
  void End(int exit_code);

 private:
  void Check(const absl::Status& status);

  std::optional<RunJournal> journal_;
  hosts::Voice voice_;
  std::string id_, name_;
};

// The id of the run of this name.
std::string RunId(absl::string_view name);

// The earlier run that --resume, --retry-failed or --attach is about; none if
// the line has none of them.
absl::StatusOr<std::optional<PastRun>> PastRunOf(const cli::Call& call);
// The hosts that are left of it. For --attach: all.
std::vector<std::string> HostsLeft(const cli::Call& call, const PastRun& past);

// What --history prints, for people or as lines of JSON.
std::string HistoryText(size_t most, bool json, const hosts::Voice& voice);

}  // namespace msrc
