#include "mcfeely/classic_spool.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include "base/bytes.h"
#include "base/status.h"
#include "mcfeely/classic.h"

namespace mcfeely {
namespace {

using Numbered = ClassicFiles::Numbered;

absl::Status Wrong(const absl::AlphaNum& path, const absl::AlphaNum& what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

struct Info {
  bool done = false;
  uint32_t required = 0;
  std::vector<uint32_t> waiters;  // numbers
};

absl::StatusOr<std::vector<uint32_t>> ReadNumbers(const ClassicFile& file,
                                                  size_t from) {
  absl::string_view bytes = file.content;
  if (bytes.size() < from || (bytes.size() - from) % 4 != 0) {
    return Wrong(file.path, "is cut off");
  }
  bytes.remove_prefix(from);
  std::vector<uint32_t> numbers;
  while (!bytes.empty()) {
    TRY_ASSIGN(const uint32_t number, TakeClassicNumber(&bytes));
    numbers.push_back(number);
  }
  return numbers;
}

absl::StatusOr<Info> ReadInfo(const ClassicFile& file) {
  Info info;
  TRY_ASSIGN(info.waiters, ReadNumbers(file, 2));
  const uint8_t done = static_cast<uint8_t>(file.content[0]);
  if (done > 1) return Wrong(file.path, "neither done nor not done");
  info.done = done == 1;
  info.required = static_cast<uint8_t>(file.content[1]);
  return info;
}

absl::StatusOr<const ClassicFile*> Find(const Numbered& files,
                                        absl::string_view folder,
                                        uint32_t number,
                                        absl::string_view needed_by) {
  const auto found = files.find(number);
  if (found != files.end()) return &found->second;
  return Wrong(needed_by, absl::StrCat(folder, "/", number,
                                       " is missing, which it needs"));
}

absl::StatusOr<Task> ReadTask(const ClassicFile& file, uint32_t number) {
  const auto read = [&]() -> absl::StatusOr<Task> {
    TRY_ASSIGN(Task task, ParseClassicTask(file.content));
    task.name = absl::StrCat(number);
    TRY(CheckHost(task.host));
    TRY(CheckComm(task.comm));
    TRY(CheckArguments(task.arguments));
    return task;
  };
  absl::StatusOr<Task> task = read();
  if (!task.ok()) return base::Context(task.status(), file.path);
  return task;
}

// Texts end with the file, or with the NUL that came with them.
absl::string_view Text(const ClassicFile& file) {
  return absl::StripSuffix(file.content, absl::string_view("\0", 1));
}

absl::StatusOr<std::vector<std::string>> ReadAddresses(
    const ClassicFile& file) {
  std::vector<std::string> addresses = ClassicAddresses(Text(file));
  for (const std::string& address : addresses) {
    TRY(base::Context(CheckAddress(address), file.path));
  }
  return addresses;
}

// The whole job as it was injected, with its tasks' infos beside it.
struct Whole {
  Job job;
  std::vector<Info> infos;
};

absl::StatusOr<Whole> ReadWhole(const ClassicFiles& files, uint32_t number,
                                const ClassicFile& file) {
  Whole whole;
  TRY_ASSIGN(const std::vector<uint32_t> tasks, ReadNumbers(file, 1));
  if (tasks.empty()) return Wrong(file.path, "has no tasks");
  absl::flat_hash_map<uint32_t, uint32_t> positions;
  for (const uint32_t n : tasks) {
    if (!positions.emplace(n, positions.size()).second) {
      return Wrong(file.path, absl::StrCat("names task ", n, " twice"));
    }
    TRY_ASSIGN(const ClassicFile* task, Find(files.task, "task", n, file.path));
    TRY_ASSIGN(const ClassicFile* info, Find(files.info, "info", n, file.path));
    TRY_ASSIGN(Task read, ReadTask(*task, n));
    whole.job.tasks.push_back(std::move(read));
    TRY_ASSIGN(Info its, ReadInfo(*info));
    whole.infos.push_back(std::move(its));
  }
  std::vector<uint32_t> required;
  std::vector<std::vector<uint32_t>> waiters;
  for (size_t t = 0; t < tasks.size(); t++) {
    required.push_back(whole.infos[t].required);
    waiters.emplace_back();
    for (const uint32_t n : whole.infos[t].waiters) {
      const auto position = positions.find(n);
      if (position == positions.end()) {
        return Wrong(
            absl::StrCat("info/", tasks[t]),
            absl::StrCat("task ", n, " waits, but is not in ", file.path));
      }
      waiters.back().push_back(position->second);
    }
  }
  TRY(base::Context(AddClassicWaiters(required, waiters, &whole.job),
                    file.path));
  TRY_ASSIGN(const ClassicFile* desc,
             Find(files.desc, "desc", number, file.path));
  TRY_ASSIGN(const ClassicFile* fnot,
             Find(files.fnot, "fnot", number, file.path));
  TRY_ASSIGN(const ClassicFile* snot,
             Find(files.snot, "snot", number, file.path));
  whole.job.description = std::string(Text(*desc));
  TRY(base::Context(CheckDescription(whole.job.description), desc->path));
  TRY_ASSIGN(whole.job.failure, ReadAddresses(*fnot));
  TRY_ASSIGN(whole.job.success, ReadAddresses(*snot));
  // A number is used again as soon as its job has gone; with the time it is
  // this job's alone.
  whole.job.key = absl::StrCat("classic/", number, "/", desc->changed_ns);
  return whole;
}

// What is left to be done: what is done has met the requirements on it.
Job Rest(const Whole& whole) {
  Job rest = whole.job;
  rest.tasks.clear();
  rest.requirements.clear();
  std::vector<uint32_t> positions(whole.infos.size());
  for (size_t t = 0; t < whole.infos.size(); t++) {
    if (whole.infos[t].done) continue;
    positions[t] = static_cast<uint32_t>(rest.tasks.size());
    rest.tasks.push_back(whole.job.tasks[t]);
  }
  for (const Requirement& r : whole.job.requirements) {
    if (whole.infos[r.needs[0]].done) continue;
    Requirement left{{}, {positions[r.needs[0]]}};
    for (const uint32_t t : r.tasks) {
      if (!whole.infos[t].done) left.tasks.push_back(positions[t]);
    }
    if (!left.tasks.empty()) rest.requirements.push_back(std::move(left));
  }
  return rest;
}

void NoteReport(const ClassicFile& rep, std::vector<std::string>* notes) {
  for (absl::string_view line :
       absl::StrSplit(rep.content, '\n', absl::SkipEmpty())) {
    notes->push_back(absl::StrCat(rep.path, ": ", base::Escape(line)));
  }
  if (absl::StrContains(rep.content, ": failure: ")) {
    notes->push_back(absl::StrCat(
        rep.path,
        ": what failed is tried again, as the original did at its start"));
  }
}

}  // namespace

ClassicQueue ReadClassicQueue(const ClassicFiles& files) {
  ClassicQueue queue;
  absl::flat_hash_set<uint32_t> named;
  for (const auto& [number, file] : files.jobs) {
    if (const auto tasks = ReadNumbers(file, 1); tasks.ok()) {
      named.insert(tasks->begin(), tasks->end());
    }
    const absl::StatusOr<Whole> whole = ReadWhole(files, number, file);
    if (!whole.ok()) {
      queue.errors.emplace_back(whole.status().message());
      continue;
    }
    absl::StatusOr<Job> job = FromMessage(ToMessage(whole->job));
    if (job.ok()) job = FromMessage(ToMessage(Rest(*whole)));
    if (!job.ok()) {
      queue.errors.push_back(
          absl::StrCat(file.path, ": ", job.status().message()));
      continue;
    }
    if (const auto rep = files.rep.find(number); rep != files.rep.end()) {
      NoteReport(rep->second, &queue.notes);
    }
    if (job->tasks.empty()) {
      queue.notes.push_back(absl::StrCat(
          file.path, ": every task is done; only its report is made"));
    }
    queue.jobs.push_back({file.path, *std::move(job)});
  }
  const auto orphans = [&](const Numbered& all, const auto& has) {
    for (const auto& [number, file] : all) {
      if (has(number)) continue;
      queue.errors.push_back(absl::StrCat(file.path, ": belongs to no job"));
    }
  };
  const auto is_named = [&](uint32_t n) { return named.contains(n); };
  const auto is_job = [&](uint32_t n) { return files.jobs.contains(n); };
  orphans(files.task, is_named);
  orphans(files.info, is_named);
  for (const Numbered* texts :
       {&files.desc, &files.fnot, &files.snot, &files.rep}) {
    orphans(*texts, is_job);
  }
  for (const std::string& path : files.strange) {
    queue.errors.push_back(absl::StrCat(path, ": is not of a job"));
  }
  return queue;
}

}  // namespace mcfeely
