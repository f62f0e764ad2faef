#include "mcfeely/jobfile.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/limits.h"
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
    parsed.job = Flatten(std::move(draft), options, errors);
  }
  parsed.errors = errors.Take();
  return parsed;
}

}  // namespace mcfeely
