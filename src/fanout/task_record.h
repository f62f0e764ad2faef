// What is known of a task, as JSON: the lines of --events and --json, and the
// meta.json of --results.
//
// Text is a string if it is UTF-8, else {"b64": "..."}: of a command, an
// argument and output alike. Times are UTC with milliseconds, spans seconds
// with at most six decimals, sizes bytes.
//
//   {"event":"start","time":T,"seq":1,"number":"0","xid":"a","args":["a"],
//    "command":"echo a","attempt":1}
//   {"event":"output","seq":1,"stdout":2,"stderr":0}
//   {"event":"end","time":T,"seq":1,"number":"0","xid":"a","args":["a"],
//    "status":0,"signal":0,"timeout":false,"attempt":1,"wall":0.002,
//    "user":0.001,"sys":0.001,"maxrss":1884160}
//
// with "host" behind "number" where tasks are about hosts.
//
//   {"event":"summary","time":T,"started":2,"done":2,"failed":0,"skipped":0,
//    "retried":0,"wall":0.004}
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fanout/outcome.h"

namespace fanout {

struct TaskRecord {
  int64_t seq = 0;     // from 1, as in the job log
  std::string number;  // %u: "0"; "00" of the else command
  std::string xid;     // the name of its section
  std::string host;    // that it is about; "" for none in particular
  std::vector<std::string> args;
  std::string command;
  int attempt = 1;
  absl::Time start, end;  // the wall clock's
  Outcome outcome;
  absl::Duration wall, user, system;
  int64_t max_resident_bytes = 0;
  int64_t stdout_bytes = 0, stderr_bytes = 0;
};

struct RunSummary {
  absl::Time end;
  // Tasks, however often each was tried; `done` are those that ended.
  int64_t started = 0, done = 0, failed = 0, skipped = 0, retried = 0;
  absl::Duration wall;
};

// Each is one line, with its newline.
std::string StartEvent(const TaskRecord& task);
std::string OutputEvent(const TaskRecord& task);
std::string EndEvent(const TaskRecord& task);
std::string SummaryEvent(const RunSummary& summary);

// A whole document, for people too.
std::string MetaJson(const TaskRecord& task);
// What MetaJson wrote, but for the arguments. InvalidArgument for anything
// else.
absl::StatusOr<TaskRecord> ParseMeta(absl::string_view json);

// A line of --json is made of these around the two outputs, each of which is
// one value (fanout/json_bytes.h has what writes a long one piece by piece):
//   {"seq":1,"args":["a"],"status":0,"signal":0,"stdout": ... ,"stderr": ...
//    ,"wall":0.002}
std::string ResultBegin(const TaskRecord& task);
absl::string_view ResultMiddle();
std::string ResultEnd(const TaskRecord& task);

}  // namespace fanout
