// The text people write: tasks, groups, requirements, implications. jobfile(5)
// is its description. Pure: who reads the file hands its text over.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>
#include <vector>

#include "mcfeely/job.h"
#include "mcfeely/schedule_options.h"

namespace mcfeely {

// A job file, or several one after the other, or `-e` lines.
struct Source {
  std::string name;  // for messages: "virtdom.job", "-e"
  std::string text;  // a text that begins with '{' is JSON
};

// What `--only` and its companions ask for; no names: the whole job.
struct Subset {
  std::vector<std::string> only;
  bool with_needs = false;
  bool with_dependents = false;
};

struct JobOptions {
  absl::btree_map<std::string, std::string> parameters;  // -D
  Subset subset;
  bool allow_empty = false;
  JobClock clock = {};  // for starts
  // What `stdin=@FILE` names; called once for each file.
  std::function<absl::StatusOr<std::string>(const std::string& file)>
      read_input = nullptr;
};

// Parses, fills in parameters, resolves names, takes the subset, flattens the
// groups and looks for cycles. On failure the vector is not empty: every error
// there is, each "file:line: what is wrong", in order.
struct Parsed {
  Job job;
  std::vector<std::string> errors;
};
Parsed ParseJob(const std::vector<Source>& sources, const JobOptions& options);

// The flat job, for `--check`: a job file that means the same; for `--dot`, a
// graph for graphviz; for `--json`, the model, which ParseJob reads too.
std::string FormatJobFile(const Job& job);
std::string FormatDot(const Job& job);
std::string FormatJson(const Job& job);

}  // namespace mcfeely
