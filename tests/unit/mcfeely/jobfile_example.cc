#include "unit/mcfeely/jobfile_example.h"

#include <absl/strings/str_cat.h>

#include "mcfeely/graph.h"

namespace mcfeely {

std::string Edges(const Job& job) {
  absl::StatusOr<Graph> graph = Graph::Make(job.tasks.size(), job.requirements);
  REQUIRE(graph.ok());
  std::vector<std::string> out;
  for (uint32_t t = 0; t < graph->size(); t++) {
    std::vector<std::string> needs;
    for (uint32_t n : graph->Needs(t)) needs.push_back(job.tasks[n].name);
    if (needs.empty()) continue;
    out.push_back(
        absl::StrCat(job.tasks[t].name, ":", absl::StrJoin(needs, ",")));
  }
  return absl::StrJoin(out, " ");
}

std::string Names(const Job& job) {
  std::vector<std::string> names;
  for (const Task& task : job.tasks) names.push_back(task.name);
  return absl::StrJoin(names, " ");
}

}  // namespace mcfeely
