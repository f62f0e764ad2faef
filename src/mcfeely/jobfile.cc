#include "mcfeely/jobfile.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "mcfeely/flatten.h"
#include "mcfeely/jobfile_model.h"

namespace mcfeely {
namespace {

Place EndOf(const std::vector<Source>& sources) {
  if (sources.empty()) return {};
  const uint32_t last = static_cast<uint32_t>(sources.size() - 1);
  const std::string& text = sources[last].text;
  if (IsJsonSource(sources[last])) return {last, 0, ""};
  const auto lines = std::count(text.begin(), text.end(), '\n') +
                     (text.empty() || text.back() != '\n');
  return {last, static_cast<uint32_t>(lines)};
}

// Each file is read once and told of once, where it is named first.
void ReadInputs(const JobOptions& options, Draft& draft, JobErrors& errors) {
  absl::flat_hash_set<std::string> seen;
  for (size_t t = 0; t < draft.tasks.size(); t++) {
    const std::string& name = draft.tasks[t].options->run.input;
    if (name.empty() || !seen.insert(name).second) continue;
    const Place& place = draft.task_places[t];
    if (seen.size() > base::kMaxInputs) {
      errors.Add(place,
                 absl::StrCat("stdin: more than ", base::kMaxInputs, " files"));
      return;
    }
    absl::StatusOr<std::string> content =
        options.read_input == nullptr
            ? absl::UnimplementedError(
                  absl::StrCat(Quoted(name), " cannot be read here"))
            : options.read_input(name);
    if (content.ok() && content->size() > base::kMaxInputBytes) {
      content = absl::ResourceExhaustedError(absl::StrCat(
          Quoted(name), " takes ", content->size(), " bytes; at most ",
          base::kMaxInputBytes, " are allowed"));
    }
    if (content.ok()) {
      draft.inputs.push_back({name, *std::move(content)});
    } else {
      errors.Add(place, base::Context(content.status(), "stdin"));
    }
  }
}

}  // namespace

Parsed ParseJob(const std::vector<Source>& sources, const JobOptions& options) {
  JobErrors errors(sources);
  Parsed parsed;
  size_t bytes = 0;
  for (const Source& source : sources) bytes += source.text.size();
  if (bytes > base::kMaxJobFileBytes) {
    errors.AddOption("",
                     absl::StrCat("the job takes ", bytes, " bytes; at most ",
                                  base::kMaxJobFileBytes, " are allowed"));
  } else {
    Draft draft;
    draft.end = EndOf(sources);
    draft.clock = options.clock;
    ReadSources(sources, options.parameters, draft, errors);
    ReadInputs(options, draft, errors);
    parsed.job = Flatten(std::move(draft), options, errors);
  }
  parsed.errors = errors.Take();
  return parsed;
}

}  // namespace mcfeely
