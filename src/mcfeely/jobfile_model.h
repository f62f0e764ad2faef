// A job as it is written: names not resolved, groups and barriers still there.
// What both readers (text and JSON) make, and flatten.h takes. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mcfeely/job.h"
#include "mcfeely/jobfile.h"

namespace mcfeely {

// Where something is written: a line of a source or, in JSON, an item of an
// array: "virtdom.job:12", "virtdom.json: tasks[3]".
struct Place {
  uint32_t source = 0;
  uint32_t number = 0;         // of the line, from 1, or the item, from 0
  const char* part = nullptr;  // JSON: a literal, the array
};

// Collects every error of a job, so that all are told in one run. Keeps the
// first 1000 and counts the rest.
class JobErrors {
 public:
  explicit JobErrors(const std::vector<Source>& sources) : sources_(sources) {}
  void Add(const Place& place, absl::string_view message);
  void Add(const Place& place, const absl::Status& status) {
    Add(place, status.message());
  }
  // Of an option ("--only", "-D"), or with "" of nothing in particular: told
  // after the others.
  void AddOption(absl::string_view option, absl::string_view message);
  bool empty() const { return count_ == 0; }
  // "virtdom.job:12"
  std::string Where(const Place& place) const;
  // In order of place.
  std::vector<std::string> Take();

  // ", did you mean 'web' or 'wwwhup'?", or nothing. Comparing is slow, so only
  // the first unknown words of a job are compared, with not too many names.
  std::string DidYouMean(absl::string_view typed,
                         absl::Span<const absl::string_view> names);

 private:
  const std::vector<Source>& sources_;
  std::vector<std::pair<Place, std::string>> errors_;
  size_t count_ = 0;
  int suggestions_left_ = 20;
};

// `left` is what the line is about: the X of a requirement or an implication,
// the name of a group or barrier. `right` is the rest.
struct DraftLine {
  Place place;
  std::vector<std::string> left, right;
};

struct Draft {
  JobClock clock;
  std::string description, key;
  std::vector<std::string> success, failure;
  absl::Time start = absl::InfinitePast();
  bool hold = false;
  std::vector<Task> tasks;
  std::vector<Place> task_places;
  std::vector<DraftLine> groups, barriers, requirements, implications;
  // After other errors: names that are not to be told as unknown, and whether
  // a name could not even be read, so that any may seem to be missing.
  std::vector<std::string> forgiven;
  bool names_missing = false;
  Place end;                  // of the last source
  std::vector<Input> inputs;  // of the tasks, each once
};

// Names of options, in order of the alphabet.
extern const absl::Span<const absl::string_view> kTaskOptionNames;
// Sets the option `name`, a known one, to what is written behind its '='.
absl::Status SetTaskOption(absl::string_view name, absl::string_view value,
                           const JobClock& clock, TaskOptions& options);
// How an option's value is written; empty when it is the default, and for env,
// which may be given several times.
std::string TaskOptionText(absl::string_view name, const TaskOptions& options);
// How a number of bytes is written: "64k".
std::string SizeText(size_t bytes);

// Checks that hold wherever a job is written; errors name the field.
void CheckDraftTask(const Place& place, const Task& task, JobErrors& errors);
void AddAddresses(const Place& place, absl::string_view what,
                  std::vector<std::string> addresses,
                  std::vector<std::string>& to, JobErrors& errors);

// Adds every source, in order, to the draft. All texts share their parameters,
// which may be declared after their use and in another source.
void ReadSources(const std::vector<Source>& sources,
                 const absl::btree_map<std::string, std::string>& values,
                 Draft& draft, JobErrors& errors);
// Whether `source` is JSON: its first byte that is not blank is '{'.
bool IsJsonSource(const Source& source);
void ReadJsonSource(const Source& source, uint32_t number, Draft& draft,
                    JobErrors& errors);

}  // namespace mcfeely
