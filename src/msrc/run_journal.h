// The record of runs: what was delivered where, by whom, and what became of it.
//
// One file a run, NAME.run in a folder, appended to: our own crash costs
// nothing, and that of the machine at most the hosts of the last moments. A
// file is lines of JSON: what is known at the start, a line for each host that
// is done with (msrc/host_report.h), and one at the end; a run without that one
// did not come to it. A run is named by when it began and some random letters,
// so names sort by time.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "msrc/host_report.h"
#include "sys/fd.h"

namespace msrc {

struct RunBegin {
  absl::Time at;
  std::string user, host;  // whose run, and where
  std::string folder;      // what was sent
  std::string recipe;      // its path, and the hash of it; may be empty
  std::string recipe_hash;
  std::string into;
  std::vector<std::string> utility;
  std::vector<std::string> hosts;  // elected, in order
  bool check = false;
};

class RunJournal {
 public:
  // A new file in `folder`, which is made when missing (mode 0700).
  static absl::StatusOr<RunJournal> Begin(const std::string& folder,
                                          const RunBegin& begin);
  const std::string& name() const { return name_; }
  absl::Status Add(const HostReport& report);
  absl::Status End(absl::Time at, int exit_code);

 private:
  RunJournal(std::string name, sys::Fd fd)
      : name_(std::move(name)), fd_(std::move(fd)) {}
  absl::Status Append(const std::string& line);
  absl::Status Sync();

  std::string name_;
  sys::Fd fd_;
};

// ${XDG_STATE_HOME:-~/.local/state}/fleetbox/msrc.
std::string RunJournalFolder();

// A run as its file has it.
struct PastRun {
  std::string name;
  RunBegin begin;
  struct Host {
    int status = 0;
    std::string phase;
    int64_t changes = 0;
  };
  std::map<std::string, Host> hosts;  // those that are done with
  std::optional<absl::Time> ended;
  int exit_code = 0;
  // Those that did not reach 0, in order: failed, or not done with.
  std::vector<std::string> Remaining() const;
  // Of these only those that failed.
  std::vector<std::string> Failed() const;
};

// InvalidArgument, with the line, for what is no journal. A last line that is
// not whole is passed over: it was being written.
absl::StatusOr<PastRun> ParseRun(absl::string_view text);

// The run of this name, or of the only one that begins with it; "" is the
// latest. NotFound; InvalidArgument when several do.
absl::StatusOr<PastRun> ReadRun(const std::string& folder,
                                const std::string& name);
// The latest first, at most so many; those that cannot be read are left out
// and named in `*bad`.
std::vector<PastRun> ListRuns(const std::string& folder, size_t most,
                              std::vector<std::string>* bad);

}  // namespace msrc
