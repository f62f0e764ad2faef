#include "mcfeely/job.h"

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/time.h"
#include "mcfeely/graph.h"
#include "mcfeely/schedule_options.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

namespace {

constexpr absl::Duration kLongest = absl::Hours(100 * 365 * 24);
constexpr uint64_t kForever = INT64_MAX;

absl::Status Wrong(const absl::AlphaNum& what, const absl::AlphaNum& why) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", why));
}

bool HasNul(absl::string_view text) {
  return text.find('\0') != absl::string_view::npos;
}

absl::Status CheckText(absl::string_view what, absl::string_view text,
                       size_t max) {
  if (text.size() > max) {
    return Wrong(what, absl::StrCat("takes ", text.size(), " bytes; at most ",
                                    max, " are allowed"));
  }
  if (HasNul(text)) return Wrong(what, "holds a NUL byte");
  return absl::OkStatus();
}

}  // namespace

std::string Quoted(absl::string_view text) {
  std::string shown = base::Escape(text.substr(0, 80));
  return absl::StrCat("'", shown, text.size() > 80 ? "..." : "", "'");
}

absl::Status CheckTaskName(absl::string_view name) {
  if (name.empty()) return Wrong("the name", "is empty");
  if (name.size() > base::kMaxNameBytes) {
    return Wrong(
        absl::StrCat("the name ", Quoted(name)),
        absl::StrCat("is longer than ", base::kMaxNameBytes, " bytes"));
  }
  if (!base::IsName(name, base::kMaxNameBytes)) {
    return Wrong(absl::StrCat("the name ", Quoted(name)),
                 "is not letters, digits, '.', '_' and '-', a letter or digit "
                 "first");
  }
  return absl::OkStatus();
}

absl::Status CheckComm(absl::string_view comm) {
  return CheckProgram("the comm", comm);
}

absl::Status CheckProgram(absl::string_view what, absl::string_view name) {
  if (name.empty()) return Wrong(what, "is empty");
  if (name.size() > base::kMaxCommBytes) {
    return Wrong(
        absl::StrCat(what, " ", Quoted(name)),
        absl::StrCat("is longer than ", base::kMaxCommBytes, " bytes"));
  }
  const auto allowed = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '+' ||
           c == '-';
  };
  if (!absl::ascii_isalnum(static_cast<unsigned char>(name[0])) ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return Wrong(absl::StrCat(what, " ", Quoted(name)),
                 "is not letters, digits, '.', '_', '+' and '-', a letter or "
                 "digit first");
  }
  return absl::OkStatus();
}

absl::Status CheckHost(absl::string_view host) {
  if (host.empty()) return Wrong("the host", "is empty");
  if (host.size() > base::kMaxHostNameBytes) {
    return Wrong(
        absl::StrCat("the host ", Quoted(host)),
        absl::StrCat("is longer than ", base::kMaxHostNameBytes, " bytes"));
  }
  const auto allowed = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' ||
           c == ':';
  };
  if (host[0] == '-' || !std::all_of(host.begin(), host.end(), allowed)) {
    return Wrong(absl::StrCat("the host ", Quoted(host)),
                 "is not letters, digits, '.', '-', '_' and ':', no '-' first");
  }
  return absl::OkStatus();
}

absl::Status CheckArguments(const std::vector<std::string>& arguments) {
  if (arguments.size() > base::kMaxTaskArguments) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments.size(), " arguments; at most ",
                     base::kMaxTaskArguments, " are allowed"));
  }
  // With the NUL each of them ends in: Linux refuses a single argument of
  // 128 KiB without it.
  size_t bytes = 0;
  for (size_t i = 0; i < arguments.size(); i++) {
    if (HasNul(arguments[i])) {
      return Wrong(absl::StrCat("argument ", i + 1), "holds a NUL byte");
    }
    bytes += arguments[i].size() + 1;
  }
  if (bytes > base::kMaxTaskBytes) {
    return Wrong("the arguments",
                 absl::StrCat("take ", bytes, " bytes; at most ",
                              base::kMaxTaskBytes, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status CheckAddress(absl::string_view address) {
  const std::string what = absl::StrCat("the address ", Quoted(address));
  if (address.empty()) return Wrong("the address", "is empty");
  if (address.size() > base::kMaxAddressBytes) {
    return Wrong(what, absl::StrCat("is longer than ", base::kMaxAddressBytes,
                                    " bytes"));
  }
  if (address[0] == '-') return Wrong(what, "begins with '-'");
  for (unsigned char c : address) {
    if (absl::ascii_iscntrl(c)) return Wrong(what, "holds a control character");
  }
  return absl::OkStatus();
}

absl::Status CheckDescription(absl::string_view description) {
  return CheckText("the description", description, base::kMaxDescriptionBytes);
}

absl::Status CheckKey(absl::string_view key) {
  return CheckText("the key", key, base::kMaxJobKeyBytes);
}

const Input* FindInput(const Job& job, absl::string_view name) {
  for (const Input& input : job.inputs) {
    if (input.name == name) return &input;
  }
  return nullptr;
}

absl::Status CheckUser(absl::string_view user) {
  const std::string what = absl::StrCat("the user ", Quoted(user));
  if (user.empty()) return Wrong("the user", "is empty");
  if (user.size() > base::kMaxUserBytes) {
    return Wrong(
        what, absl::StrCat("is longer than ", base::kMaxUserBytes, " bytes"));
  }
  const auto allowed = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  };
  const unsigned char first = static_cast<unsigned char>(user[0]);
  if (!(absl::ascii_isalpha(first) || first == '_') ||
      !std::all_of(user.begin(), user.end(), allowed)) {
    return Wrong(what,
                 "is not letters, digits, '.', '_' and '-', a letter or '_' "
                 "first");
  }
  return absl::OkStatus();
}

absl::Status CheckVariableName(absl::string_view name) {
  const std::string what = absl::StrCat("the variable ", Quoted(name));
  if (name.empty()) return Wrong("a variable", "has no name");
  const auto allowed = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '_';
  };
  if (absl::ascii_isdigit(static_cast<unsigned char>(name[0])) ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return Wrong(what, "is not letters, digits and '_', no digit first");
  }
  if (absl::StartsWith(name, "MCFEELY_")) {
    return Wrong(what, "tells a comm about its task");
  }
  return absl::OkStatus();
}

absl::Status CheckEnvironment(const std::vector<std::string>& environment) {
  if (environment.size() > base::kMaxVariables) {
    return Wrong(
        "env", absl::StrCat("is given ", environment.size(), " times; at most ",
                            base::kMaxVariables, " are allowed"));
  }
  size_t bytes = 0;
  absl::flat_hash_set<absl::string_view> names;
  for (const std::string& variable : environment) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos) {
      return Wrong(absl::StrCat("env: ", Quoted(variable)), "has no =VALUE");
    }
    const absl::string_view name =
        absl::string_view(variable).substr(0, equals);
    TRY(base::Context(CheckVariableName(name), "env"));
    if (HasNul(variable)) {
      return Wrong(absl::StrCat("env: ", name), "holds a NUL byte");
    }
    if (!names.insert(name).second) {
      return Wrong(absl::StrCat("env: ", name), "is given twice");
    }
    bytes += variable.size() + 1;
  }
  if (bytes > base::kMaxVariableBytes) {
    return Wrong("env", absl::StrCat("takes ", bytes, " bytes; at most ",
                                     base::kMaxVariableBytes, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const TaskOptions& options) {
  if (options.step < 1 || options.step > 1000) {
    return Wrong("step", absl::StrCat("is ", options.step,
                                      ", not a number from 1 to 1000"));
  }
  const auto check = [](absl::string_view what, absl::Duration d, bool zero,
                        bool infinite) -> absl::Status {
    if (infinite && d == absl::InfiniteDuration()) return absl::OkStatus();
    if (d < absl::ZeroDuration()) return Wrong(what, "is negative");
    if (d > kLongest) return Wrong(what, "is longer than 100 years");
    if (!zero && d == absl::ZeroDuration()) return Wrong(what, "is zero");
    return absl::OkStatus();
  };
  TRY(check("delay", options.delay, true, false));
  TRY(check("timeout", options.timeout, true, false));
  TRY(check("retry-max", options.retry_max, false, true));
  TRY(check("retry-for", options.retry_for, false, true));
  TRY(check("warn-after", options.warn_after, false, true));
  TRY(CheckScheduleOptions(options));
  const RunOptions& run = options.run;
  if (!run.user.empty()) TRY(CheckUser(run.user));
  TRY(CheckEnvironment(run.environment));
  if (run.output_bytes > base::kMaxKeptOutputBytes) {
    return Wrong("output",
                 absl::StrCat("is ", run.output_bytes, " bytes; at most ",
                              base::kMaxKeptOutputBytes, " are kept"));
  }
  return CheckText("the name of the input", run.input, base::kMaxPathBytes);
}

namespace {

void RunToMessage(const RunOptions& run, wire::TaskOptions* to) {
  to->set_timeout_fails(run.fail_on_timeout);
  to->set_user(run.user);
  for (const std::string& v : run.environment) to->add_environment(v);
  to->set_input(run.input);
  if (run.output_bytes != base::kKeptOutputBytes) {
    to->set_output_bytes(static_cast<uint32_t>(run.output_bytes));
  }
  to->set_detach(run.detach);
}

}  // namespace

// What is the default is left out, so that most tasks have no options at all.
wire::Job ToMessage(const Job& job) {
  wire::Job m;
  m.set_description(job.description);
  for (const std::string& a : job.success) m.add_success(a);
  for (const std::string& a : job.failure) m.add_failure(a);
  m.set_key(*job.key);
  m.set_allow_unknown_hosts(job.allow_unknown_hosts);
  m.set_start_ms(StartToMillis(job.start));
  m.set_hold(job.hold);
  m.mutable_task()->Reserve(static_cast<int>(job.tasks.size()));
  const TaskOptions usual;
  for (const Task& task : job.tasks) {
    wire::Task* t = m.add_task();
    t->set_name(task.name);
    t->set_host(task.host);
    t->set_comm(task.comm);
    for (const std::string& a : task.arguments) t->add_argument(a);
    const TaskOptions& o = *task.options;
    if (o == usual) continue;
    wire::TaskOptions* to = t->mutable_options();
    to->set_delay_ms(absl::ToInt64Milliseconds(o.delay));
    to->set_timeout_ms(absl::ToInt64Milliseconds(o.timeout));
    if (o.step != usual.step) to->set_step(o.step);
    if (o.retry_max != usual.retry_max) {
      to->set_retry_max_ms(absl::ToInt64Milliseconds(o.retry_max));
    }
    if (o.retry_for == absl::InfiniteDuration()) {
      to->set_retry_for_ms(kForever);
    } else if (o.retry_for != usual.retry_for) {
      to->set_retry_for_ms(absl::ToInt64Milliseconds(o.retry_for));
    }
    to->set_not_safe_to_repeat(!o.safe_to_repeat);
    WriteScheduleOptions(o, to);
    RunToMessage(o.run, to);
  }
  for (const Input& input : job.inputs) {
    wire::Input* to = m.add_input();
    to->set_name(input.name);
    to->set_content(input.content);
  }
  for (const Requirement& r : job.requirements) {
    wire::Requirement* to = m.add_requirement();
    to->mutable_task()->Add(r.tasks.begin(), r.tasks.end());
    to->mutable_needs()->Add(r.needs.begin(), r.needs.end());
  }
  return m;
}

namespace {

absl::StatusOr<absl::Duration> FromMillis(absl::string_view what, uint64_t ms) {
  if (ms > static_cast<uint64_t>(absl::ToInt64Milliseconds(kLongest))) {
    return Wrong(what, "is longer than 100 years");
  }
  return absl::Milliseconds(static_cast<int64_t>(ms));
}

absl::StatusOr<TaskOptions> OptionsFrom(const wire::TaskOptions& m) {
  TaskOptions o;
  TRY_ASSIGN(o.delay, FromMillis("delay", m.delay_ms()));
  TRY_ASSIGN(o.timeout, FromMillis("timeout", m.timeout_ms()));
  if (m.step() > 1000) return Wrong("step", "is more than 1000");
  if (m.step() != 0) o.step = static_cast<int>(m.step());
  if (m.retry_max_ms() != 0) {
    TRY_ASSIGN(o.retry_max, FromMillis("retry-max", m.retry_max_ms()));
  }
  if (m.retry_for_ms() == kForever) {
    o.retry_for = absl::InfiniteDuration();
  } else if (m.retry_for_ms() != 0) {
    TRY_ASSIGN(o.retry_for, FromMillis("retry-for", m.retry_for_ms()));
  }
  o.safe_to_repeat = !m.not_safe_to_repeat();
  TRY(ReadScheduleOptions(m, &o));
  RunOptions& run = o.run;
  run.fail_on_timeout = m.timeout_fails();
  run.user = m.user();
  run.environment.assign(m.environment().begin(), m.environment().end());
  run.input = m.input();
  if (m.has_output_bytes()) run.output_bytes = m.output_bytes();
  run.detach = m.detach();
  TRY(CheckOptions(o));
  return o;
}

absl::StatusOr<Task> TaskFrom(const wire::Task& m) {
  Task task{m.name(),
            m.host(),
            m.comm(),
            {m.argument().begin(), m.argument().end()},
            {}};
  TRY(CheckTaskName(task.name));
  TRY(CheckHost(task.host));
  TRY(CheckComm(task.comm));
  TRY(CheckArguments(task.arguments));
  TRY_ASSIGN(task.options, OptionsFrom(m.options()));
  return task;
}

template <typename Field>
absl::StatusOr<std::vector<std::string>> AddressesFrom(absl::string_view what,
                                                       const Field& field) {
  if (static_cast<size_t>(field.size()) > base::kMaxAddresses) {
    return Wrong(what,
                 absl::StrCat("has ", field.size(), " addresses; at most ",
                              base::kMaxAddresses, " are allowed"));
  }
  for (const std::string& address : field) {
    TRY(base::Context(CheckAddress(address), what));
  }
  return std::vector<std::string>(field.begin(), field.end());
}

absl::StatusOr<std::vector<Input>> InputsFrom(const wire::Job& m) {
  std::vector<Input> inputs;
  absl::flat_hash_set<absl::string_view> names;
  if (static_cast<size_t>(m.input_size()) > base::kMaxInputs) {
    return Wrong("the job",
                 absl::StrCat("holds ", m.input_size(), " inputs; at most ",
                              base::kMaxInputs, " are allowed"));
  }
  for (const wire::Input& input : m.input()) {
    if (input.name().empty() || !names.insert(input.name()).second) {
      return Wrong(absl::StrCat("the input ", Quoted(input.name())),
                   "is there twice, or has no name");
    }
    TRY(CheckText("the name of the input", input.name(), base::kMaxPathBytes));
    if (input.content().size() > base::kMaxInputBytes) {
      return Wrong(
          absl::StrCat("the input ", Quoted(input.name())),
          absl::StrCat("takes ", input.content().size(), " bytes; at most ",
                       base::kMaxInputBytes, " are allowed"));
    }
    inputs.push_back({input.name(), input.content()});
  }
  return inputs;
}

}  // namespace

absl::StatusOr<Job> FromMessage(const wire::Job& m) {
  Job job;
  job.description = m.description();
  job.key = m.key();
  job.allow_unknown_hosts = m.allow_unknown_hosts();
  TRY_ASSIGN(job.start, StartFromMillis(m.start_ms()));
  job.hold = m.hold();
  TRY(CheckDescription(job.description));
  TRY(CheckKey(*job.key));
  TRY_ASSIGN(job.success, AddressesFrom("success", m.success()));
  TRY_ASSIGN(job.failure, AddressesFrom("failure", m.failure()));
  if (static_cast<size_t>(m.task_size()) > base::kMaxTasks) {
    return absl::InvalidArgumentError(
        absl::StrCat(m.task_size(), " tasks; at most ", base::kMaxTasks,
                     " are allowed in a job"));
  }
  TRY_ASSIGN(job.inputs, InputsFrom(m));
  absl::flat_hash_set<absl::string_view> inputs;
  for (const Input& input : job.inputs) inputs.insert(input.name);
  job.tasks.reserve(m.task_size());
  absl::flat_hash_set<absl::string_view> names;
  for (int i = 0; i < m.task_size(); i++) {
    const auto what = [&] {
      return absl::StrCat("task ", i, " ", Quoted(m.task(i).name()));
    };
    absl::StatusOr<Task> task = TaskFrom(m.task(i));
    if (!task.ok()) {
      return m.task_size() == 1 ? task.status()
                                : base::Context(task.status(), what());
    }
    if (!names.insert(m.task(i).name()).second) {
      return Wrong(what(), "has the name of another task");
    }
    const std::string& input = task->options->run.input;
    if (!input.empty() && !inputs.contains(input)) {
      return Wrong(what(), absl::StrCat("is given ", Quoted(input),
                                        ", which the job does not hold"));
    }
    job.tasks.push_back(*std::move(task));
  }
  job.requirements.reserve(m.requirement_size());
  for (const wire::Requirement& r : m.requirement()) {
    if (r.task_size() == 0 || r.needs_size() == 0) {
      return absl::InvalidArgumentError("a requirement has an empty side");
    }
    job.requirements.push_back({{r.task().begin(), r.task().end()},
                                {r.needs().begin(), r.needs().end()}});
  }
  TRY_ASSIGN(Graph graph, Graph::Make(job.tasks.size(), job.requirements));
  if (graph.HasCycle()) {
    const uint32_t on_it = graph.ShortestCycle().front();
    return Wrong(absl::StrCat("task ", Quoted(job.tasks[on_it].name)),
                 "requires itself, directly or through others");
  }
  return job;
}

}  // namespace mcfeely
