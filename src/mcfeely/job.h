// A job as the server knows it: tasks by position, requirements between them,
// no groups, no names to resolve. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "mcfeely/rare.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// Whether a task is attempted once everything it requires has ended.
enum class RunIf : uint8_t { kSuccess, kFailure, kAlways };
// How the comm itself is run.
struct RunOptions {
  bool fail_on_timeout = false;  // instead of being tried again
  bool detach = false;           // what it leaves behind runs on
  // Of its output, so many first and so many last bytes are kept.
  size_t output_bytes = base::kKeptOutputBytes;
  std::string user;                      // "": the agent's own account
  std::vector<std::string> environment;  // NAME=VALUE, each name once
  std::string input;                     // name of one of Job::inputs; "": none

  friend bool operator==(const RunOptions&, const RunOptions&) = default;
};

struct TaskOptions {
  // The earliest start after becoming eligible.
  absl::Duration delay = absl::ZeroDuration();
  absl::Duration timeout = absl::ZeroDuration();  // zero: none
  int step = 5;  // of the back-off formula, 1 .. 1000
  absl::Duration retry_max = absl::InfiniteDuration();
  absl::Duration retry_for = absl::Hours(7 * 24);
  bool safe_to_repeat = true;
  RunOptions run = {};

  // schedule_options.h reads and checks these.
  RunIf run_if = RunIf::kSuccess;
  bool continue_if_failed = false;  // its failure skips no dependents
  int8_t priority = 0;              // -100 .. 100; higher ones go first
  int tries = 0;                    // at most so many attempts; 0: no limit
  absl::Time start = absl::InfinitePast();  // not before
  // A notice goes out when it is not done so long after becoming eligible.
  absl::Duration warn_after = absl::Hours(4);
  // The server limits how many of it run; "": none.
  std::string class_name = "";

  friend bool operator==(const TaskOptions&, const TaskOptions&) = default;
};

struct Task {
  std::string name, host, comm;
  std::vector<std::string> arguments;
  Rare<TaskOptions> options = {};

  friend bool operator==(const Task&, const Task&) = default;
};

// Every one of `tasks` requires every one of `needs`.
struct Requirement {
  std::vector<uint32_t> tasks, needs;

  friend bool operator==(const Requirement&, const Requirement&) = default;
};

// What a comm gets as its standard input: the contents of a file where the job
// was injected.
struct Input {
  std::string name, content;

  friend bool operator==(const Input&, const Input&) = default;
};

struct Job {
  std::string description;
  std::vector<std::string> success, failure;  // addresses
  Rare<std::string> key;
  std::vector<Task> tasks;
  std::vector<Requirement> requirements;
  absl::Time start = absl::InfinitePast();  // of all tasks: not before
  bool allow_unknown_hosts = false;
  bool hold = false;          // nothing starts before an operator releases it
  std::vector<Input> inputs;  // each name once

  friend bool operator==(const Job&, const Job&) = default;
};

fleetbox::wire::Job ToMessage(const Job& job);
// Every field checked against base/limits.h and the rules below, as a server
// must with what comes from outside: InvalidArgument names the task. A job with
// a cycle, an index out of range or a name given twice is refused here too.
absl::StatusOr<Job> FromMessage(const fleetbox::wire::Job& message);

// Text of a user as error messages quote it: 'text', with what is not printable
// escaped and what is long cut.
std::string Quoted(absl::string_view text);

// The rules for single fields; InvalidArgument says which is broken, and with
// what limit.
absl::Status CheckTaskName(absl::string_view name);  // of groups too
// [A-Za-z0-9][A-Za-z0-9._+-]*: a comm is a name in the comm folder, no path.
absl::Status CheckComm(absl::string_view comm);
// The same of another program that is named by its file; `what` is "the comm".
absl::Status CheckProgram(absl::string_view what, absl::string_view name);
// Letters, digits and . - _ : (an address may stand for a name); no '-' first.
absl::Status CheckHost(absl::string_view host);
absl::Status CheckArguments(const std::vector<std::string>& arguments);
// Of a report: no control byte, so that it cannot make a header line, and no
// '-' first, so that no mail program takes it for an option.
absl::Status CheckAddress(absl::string_view address);
absl::Status CheckDescription(absl::string_view description);
absl::Status CheckKey(absl::string_view key);  // may be empty: none
// step 1 .. 1000; spans of at most 100 years, none negative; retry_max and
// retry_for not zero, and infinite for "no limit".
absl::Status CheckOptions(const TaskOptions& options);
// Of an account: letters, digits, '.', '_' and '-', a letter or '_' first.
absl::Status CheckUser(absl::string_view user);
// Of a variable: letters, digits and '_', no digit first, and none of those
// that tell a comm about its task (MCFEELY_...).
absl::Status CheckVariableName(absl::string_view name);
// NAME=VALUE each, every name once, and how many and how long they may be.
absl::Status CheckEnvironment(const std::vector<std::string>& environment);
// Null when there is none of that name.
const Input* FindInput(const Job& job, absl::string_view name);

}  // namespace mcfeely
