// What a run is asked to do; the runner's owner fills it in.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fanout/outputs.h"
#include "fanout/plan.h"
#include "fanout/task_record.h"
#include "sys/child.h"
#include "sys/environment.h"
#include "text/dicer.h"

namespace fanout {

// A template that may be wrong: that shows when it is used.
using MaybeTemplate = absl::StatusOr<text::Template>;

struct RunOptions {
  MaybeTemplate command = absl::UnknownError("no command");
  // For each task the variable is set to what the template means.
  struct Variable {
    std::string name;
    MaybeTemplate value;
  };
  std::vector<Variable> variables;
  // Run once with `operands` when there was no item; its text is for messages.
  std::optional<MaybeTemplate> otherwise;
  std::string otherwise_text;
  std::vector<std::string> operands;
  bool operands_are_files = false;

  // In the place of items: commands as they are, with their seq.
  std::vector<std::pair<int64_t, std::string>> given;

  int jobs = 1;
  bool dry_run = false;         // only print
  bool print_commands = false;  // on standard output, before each starts
  bool print_to_trace = false;  // or rather on standard error
  bool trace = false;           // on standard error
  bool append_tokens = false;
  bool name_by_number = false;  // of sections
  bool rotate_slots = false;
  int input = 0;  // standard input of the tasks
  sys::Environment environment;
  // What tasks print; none: they have our descriptors.
  std::optional<OutputOptions> output;
  SectionQueue* sections = nullptr;
  std::string section_manager;  // the socket by which tasks know their section
  std::optional<MaybeTemplate> prefix, header, footer;
  // What stands around a section when header and footer do not.
  using Variables = std::vector<std::pair<std::string, std::string>>;
  std::function<std::string(const TaskRecord&, const Variables&,
                            int64_t number)>
      title, rule;
  // In their place where sections are folded.
  std::function<std::string(const std::vector<const TaskRecord*>&)> fold_title;

  // Values of forms that are the same for all.
  std::string token_source = "iota", counter_source = ".";
  std::string program, pid;
  bool from_script = false;
  std::string script, script_path, script_line;

  // Tasks lead process groups of their own, which are ended as a whole.
  bool own_groups = true;
  bool end_tasks = true;  // when we are ended
  absl::Duration kill_after = absl::Seconds(5);
  int nice = 0;
  std::vector<sys::ResourceLimit> limits;
  Plan::Policy policy;
  bool json = false;
};

}  // namespace fanout
