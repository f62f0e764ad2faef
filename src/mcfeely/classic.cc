#include "mcfeely/classic.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <cstring>

#include "base/limits.h"
#include "base/status.h"

namespace mcfeely {
namespace {

absl::Status Wrong(const absl::AlphaNum& a, const absl::AlphaNum& b = "",
                   const absl::AlphaNum& c = "", const absl::AlphaNum& d = "") {
  return absl::InvalidArgumentError(absl::StrCat(a, b, c, d));
}

// Up to the next NUL, which is taken too.
absl::StatusOr<absl::string_view> TakeText(absl::string_view what,
                                           absl::string_view* bytes) {
  const size_t end = bytes->find('\0');
  if (end == absl::string_view::npos) return Wrong(what, " has no end");
  const absl::string_view text = bytes->substr(0, end);
  bytes->remove_prefix(end + 1);
  return text;
}

absl::StatusOr<uint8_t> TakeByte(absl::string_view* bytes) {
  if (bytes->empty()) return Wrong("the stream ends too early");
  const uint8_t byte = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  return byte;
}

absl::Status ReadTasks(absl::string_view bytes, Job* job) {
  while (!bytes.empty()) {
    const size_t position = job->tasks.size();
    if (position == base::kMaxTasks) {
      return Wrong("more than ", base::kMaxTasks, " tasks");
    }
    const std::string what = absl::StrCat("task ", position);
    const absl::StatusOr<uint32_t> length = TakeClassicNumber(&bytes);
    if (!length.ok() || bytes.size() < *length) {
      return Wrong(what, ": the stream ends too early");
    }
    absl::StatusOr<Task> task = ParseClassicTask(bytes.substr(0, *length));
    if (!task.ok()) return base::Context(task.status(), what);
    bytes.remove_prefix(*length);
    task->name = absl::StrCat(position);
    job->tasks.push_back(*std::move(task));
  }
  return absl::OkStatus();
}

absl::Status ReadWaiters(absl::string_view bytes, Job* job) {
  std::vector<uint32_t> required(job->tasks.size());
  std::vector<std::vector<uint32_t>> waiters(job->tasks.size());
  for (size_t t = 0; t < job->tasks.size(); t++) {
    const auto read = [&]() -> absl::Status {
      TRY_ASSIGN(required[t], TakeByte(&bytes));
      TRY_ASSIGN(const uint8_t count, TakeByte(&bytes));
      for (int i = 0; i < count; i++) {
        TRY_ASSIGN(const uint8_t waiter, TakeByte(&bytes));
        waiters[t].push_back(waiter);
      }
      return absl::OkStatus();
    };
    TRY(base::Context(read(), absl::StrCat("waiters of task ", t)));
  }
  if (!bytes.empty()) return Wrong("waiters of more tasks than there are");
  return AddClassicWaiters(required, waiters, job);
}

}  // namespace

absl::StatusOr<uint32_t> TakeClassicNumber(absl::string_view* bytes) {
  uint32_t number;
  if (bytes->size() < sizeof number) return Wrong("a number is cut off");
  memcpy(&number, bytes->data(), sizeof number);
  bytes->remove_prefix(sizeof number);
  return number;
}

absl::StatusOr<Task> ParseClassicTask(absl::string_view bytes) {
  Task task;
  TRY_ASSIGN(const absl::string_view host, TakeText("the host", &bytes));
  TRY_ASSIGN(const absl::string_view comm, TakeText("the comm", &bytes));
  task.host = std::string(host);
  task.comm = std::string(comm);
  while (!bytes.empty()) {
    TRY_ASSIGN(const absl::string_view argument,
               TakeText("the last argument", &bytes));
    task.arguments.emplace_back(argument);
  }
  return task;
}

std::vector<std::string> ClassicAddresses(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n\r\f\v"),
                        absl::SkipEmpty());
}

absl::Status AddClassicWaiters(
    const std::vector<uint32_t>& required,
    const std::vector<std::vector<uint32_t>>& waiters, Job* job) {
  std::vector<uint32_t> named(required.size());
  for (uint32_t t = 0; t < waiters.size(); t++) {
    for (const uint32_t waiter : waiters[t]) {
      if (waiter >= named.size()) {
        return Wrong("task ", job->tasks[t].name,
                     ": a task waits for it that is not in the job");
      }
      named[waiter]++;
    }
    if (!waiters[t].empty()) job->requirements.push_back({waiters[t], {t}});
  }
  for (size_t t = 0; t < named.size(); t++) {
    if (named[t] == required[t]) continue;
    return Wrong(absl::StrCat("task ", job->tasks[t].name, " requires ",
                              required[t], " tasks, but ", named[t],
                              " name it as waiting"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Job> ParseClassicJob(const ClassicStreams& streams) {
  Job job;
  TRY(ReadTasks(streams.tasks, &job));
  // The original took it, and kept it for ever.
  if (job.tasks.empty()) return Wrong("the job has no tasks");
  TRY(ReadWaiters(streams.waiters, &job));
  absl::string_view texts = streams.texts;
  TRY_ASSIGN(const absl::string_view description,
             TakeText("the description", &texts));
  TRY_ASSIGN(const absl::string_view failure,
             TakeText("the failure address", &texts));
  TRY_ASSIGN(const absl::string_view success,
             TakeText("the success address", &texts));
  if (!texts.empty()) return Wrong("bytes behind the success address");
  job.description = std::string(description);
  job.failure = ClassicAddresses(failure);
  job.success = ClassicAddresses(success);
  return FromMessage(ToMessage(job));
}

}  // namespace mcfeely
