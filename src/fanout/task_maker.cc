#include "fanout/task_maker.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <signal.h>

#include <utility>

#include "base/status.h"
#include "fanout/section.h"

namespace fanout {

text::TemplateValues TaskMaker::ValuesOf(const Task& task) const {
  text::TemplateValues values;
  values.arguments = task.group.arguments;
  values.from_files = !task.group.file_names.empty();
  values.file_names = task.group.file_names;
  values.tokens = task.tokens;
  values.number = task.record.number;
  values.token_source = options_.token_source;
  values.counter_source = options_.counter_source;
  values.pid = options_.pid;
  values.program = options_.program;
  values.from_script = options_.from_script;
  values.script = options_.script;
  values.script_path = options_.script_path;
  values.script_line = options_.script_line;
  return values;
}

sys::Environment TaskMaker::EnvironmentOf(const Task& task) const {
  sys::Environment environment = options_.environment;
  for (const auto& [name, value] : task.variables) environment.Set(name, value);
  return environment;
}

absl::Status TaskMaker::Expand(Task& task) const {
  if (task.fixed) return absl::OkStatus();
  task.variables.clear();
  for (const RunOptions::Variable& variable : options_.variables) {
    std::string value;
    absl::Status done = variable.value.status();
    if (done.ok()) done = variable.value->Expand(ValuesOf(task), &value, false);
    if (!done.ok())
      return base::Context(done, absl::StrCat("$", variable.name));
    task.variables.emplace_back(variable.name, std::move(value));
  }
  if (!task.variables.empty()) {
    task.environment = EnvironmentOf(task).entries();
  }
  const MaybeTemplate& command =
      task.otherwise ? *options_.otherwise : options_.command;
  TRY(command.status());
  task.record.command.clear();
  return command->Expand(ValuesOf(task), &task.record.command);
}

absl::StatusOr<sys::Spawner::Order> TaskMaker::MakeOrder(Task& task) {
  TRY_ASSIGN(Prepared prepared,
             commands_.Prepare(task.record.command,
                               options_.append_tokens
                                   ? absl::MakeConstSpan(task.tokens)
                                   : absl::Span<const std::string>()));
  task.direct = prepared.direct;
  sys::Spawner::Order order;
  order.nothing = prepared.nothing;
  order.argv = std::move(prepared.argv);
  order.options.program = std::move(prepared.program);
  order.options.in = options_.input;
  order.options.out = 1;
  order.options.err = 2;
  order.options.environment = task.environment.empty()
                                  ? &options_.environment.entries()
                                  : &task.environment;
  order.options.own_group = options_.own_groups;
  order.options.keep_descriptors = true;
  order.options.keep_signals = true;
  order.options.death_signal = options_.end_tasks ? SIGTERM : 0;
  order.options.nice = options_.nice;
  order.options.limits = options_.limits;
  return order;
}

void TaskMaker::EnterSection(Task& task, int64_t section) const {
  sys::Environment environment = EnvironmentOf(task);
  environment.Set(
      kSectionVariable,
      fanout::EnterSection(environment.Get(kSectionVariable).value_or(""),
                           options_.section_manager, section));
  task.environment = environment.entries();
  task.order.options.environment = &task.environment;
}

absl::StatusOr<std::string> TaskMaker::Text(const MaybeTemplate& which,
                                            const Task& task) const {
  TRY(which.status());
  const std::string status = absl::StrCat(task.record.outcome.code()),
                    signal = absl::StrCat(task.record.outcome.signal),
                    elapsed = absl::StrFormat(
                        "%.3f", absl::ToDoubleSeconds(task.record.wall));
  const std::pair<absl::string_view, absl::string_view> named[] = {
      {"status", status},
      {"signal", signal},
      {"elapsed", elapsed},
      {"host", task.record.host}};
  text::TemplateValues values = ValuesOf(task);
  values.named =
      absl::MakeConstSpan(named).first(task.record.host.empty() ? 3 : 4);
  std::string text;
  TRY(which->Expand(values, &text, false));
  return text;
}

}  // namespace fanout
