// xapply as a whole: its options, and the run that follows from them.
//
// Where the originals execute each other (xclate around ptbw around xapply),
// this is one process: a manager of the stream and one of the tokens on the
// run's own loop, announced to the tasks all the same, so that xclate and ptbw
// among what they run find them.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fanout/gauges.h"
#include "fanout/limits.h"
#include "fanout/outputs.h"
#include "fanout/plan.h"
#include "fanout/runner.h"

namespace fanout {

struct XapplyOptions {
  std::string program = "xapply";
  std::string command;
  bool from_script = false;
  std::string script_path, script_line;
  std::vector<std::string> operands;

  // Items.
  int count = 1;
  bool files = false;
  std::string pad;
  char delimiter = '\n';
  std::optional<std::string> args_from;
  std::optional<std::string> input;
  std::optional<std::string> otherwise;
  // In the place of all these: groups of `count` that are made elsewhere.
  std::optional<Items> source;

  // Commands.
  char escape = '%';
  std::vector<std::string> variables;  // "NAME" or "NAME=TEXT"
  std::optional<std::string> shell;
  ExecMode exec = ExecMode::kAuto;
  bool dry_run = false, print_commands = false, trace = false;
  std::optional<sys::Environment> environment;  // in the place of ours
  std::optional<int64_t> pack;                  // items in one command, at most

  // How many at once, and with what.
  int jobs = 1;
  std::string jobs_file;  // "" for none
  std::optional<int> tokens_each, pool_tasks;
  std::optional<std::string> token_source;
  bool append_tokens = false, outer_counter = false;
  GaugeLimits gauges;
  absl::Duration delay;
  int delayed_starts = 0;  // how many starts it holds for; 0 is all
  enum class JobServer { kOff, kAuto, kRequire } job_server = JobServer::kOff;
  bool export_job_server = false;

  // What they print.
  enum class Collate { kOff, kLive, kDone, kPlace, kLines };
  std::optional<Collate> collate;
  bool detached = false, squeeze = false, name_by_number = false;
  OutputOptions::Errors errors = OutputOptions::Errors::kPass;
  std::optional<std::string> tag, header, footer;
  std::optional<std::string> title, rule;  // as in xclate
  bool fold = false;  // equal output once, at the end, behind fold_title
  SpoolSpace::Options spool;
  bool json = false;
  std::string results;  // a folder; "" for none

  // What becomes of them.
  Plan::Policy policy;
  bool keep_failed_output = false;
  TaskLimits limits;
  absl::Duration kill_after = absl::Seconds(5);
  bool keep_children = false;
  std::string job_log;  // a file; "" for none
  enum class Resume { kNo, kAll, kFailed, kRetryFailed } resume = Resume::kNo;
  std::string events;  // a file or "fd:N"; "" for none
};

// How the run speaks to whoever started it.
struct XapplyFace {
  std::function<void(const absl::Status&)> warn;
  std::function<void(absl::string_view)> print;  // standard output
  std::function<void(absl::string_view)> trace;  // standard error
  // Each command of a dry run, in the place of `print`. May be null.
  std::function<void(const TaskRecord&, const RunOptions::Variables&)> planned;
  // On SIGUSR2, with `asked`; and now and then if `shows_progress`.
  std::function<void(const Runner::Counts&, bool asked)> progress;
  bool shows_progress = false;
  // An attempt of a task has ended, and its output has been passed on. May be
  // null.
  std::function<void(const TaskRecord&)> done;
  // What %{NAME} means in a title, before the environment is asked. May be
  // null.
  std::function<std::optional<std::string>(const TaskRecord&,
                                           absl::string_view name)>
      title_variable;
  // What stands before the output of these tasks, which is the same. Wanted
  // where it is folded.
  std::function<std::string(const std::vector<const TaskRecord*>&)> fold_title;
};

// The exit code.
absl::StatusOr<int> RunXapply(XapplyOptions options, const XapplyFace& face);

}  // namespace fanout
