// Makes of a group of items what is executed: the command and the environment
// that the run's templates mean, and the texts that stand around its output.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "fanout/command.h"
#include "fanout/run_options.h"
#include "fanout/task.h"
#include "sys/spawner.h"

namespace fanout {

class TaskMaker {
 public:
  // `options` outlives this.
  TaskMaker(const RunOptions& options, CommandMaker commands)
      : options_(options), commands_(std::move(commands)) {}

  // Sets the task's command and variables, from its group, number and tokens.
  // A template that is wrong, or asks for what is not there, shows here.
  absl::Status Expand(Task& task) const;
  // The task's order points to its environment. Errors as CommandMaker's.
  absl::StatusOr<sys::Spawner::Order> MakeOrder(Task& task);
  // The environment, once more, with the section that the task's clients of
  // xclate write to.
  void EnterSection(Task& task, int64_t section) const;
  // A prefix, header or footer; its outcome and its wall time are known in it.
  absl::StatusOr<std::string> Text(const MaybeTemplate& which,
                                   const Task& task) const;
  // Programs that were found may not be there any more.
  void ForgetPrograms() { commands_.ForgetAll(); }

 private:
  text::TemplateValues ValuesOf(const Task& task) const;
  // That of the run with the task's variables.
  sys::Environment EnvironmentOf(const Task& task) const;

  const RunOptions& options_;
  CommandMaker commands_;
};

}  // namespace fanout
