#include "mcfeely/flatten.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "mcfeely/graph.h"
#include "mcfeely/job_names.h"

namespace mcfeely {
namespace {

// Of both sides of all requirements together. A product of n edges has at most
// 2n, so that only requirements that repeat each other are met by it.
constexpr size_t kMaxSides = 4 * base::kMaxEdges;
constexpr size_t kShownOfCycle = 50;

void SortUnique(std::vector<uint32_t>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

class Flattener {
 public:
  Flattener(Draft draft, const JobOptions& options, JobErrors& errors)
      : draft_(std::move(draft)),
        options_(options),
        errors_(errors),
        names_(draft_, errors) {}

  Job Run() {
    if (draft_.tasks.size() + draft_.barriers.size() > base::kMaxTasks) {
      const size_t n = base::kMaxTasks;
      errors_.Add(n < draft_.tasks.size() ? draft_.task_places[n]
                                          : draft_.barriers.back().place,
                  absl::StrCat("more than ", n, " tasks and barriers"));
    }
    ReadRequirements();
    ReadImplications();
    std::vector<uint32_t> only = ReadOnly();
    if (draft_.tasks.empty() && !options_.allow_empty &&
        !draft_.names_missing && draft_.forgiven.empty()) {
      errors_.Add(draft_.end, "the job has no tasks");
    }
    absl::StatusOr<Graph> graph = Graph::Make(names_.points(), requirements_);
    if (!graph.ok()) {
      errors_.Add(draft_.end, graph.status());
      return {};
    }
    TellCycle(*graph);
    if (!errors_.empty()) return {};
    chosen_.assign(names_.size(), only.empty());
    if (!only.empty()) TakeSubset(*graph, only);
    if (names_.points() > names_.tasks()) PassThroughBarriers(*graph);
    if (!errors_.empty()) return {};
    return Build();
  }

 private:
  const std::vector<uint32_t>& Points(uint32_t group) {
    auto [at, is_new] = points_of_.try_emplace(group);
    if (is_new) at->second = names_.Points(group);
    return at->second;
  }

  std::vector<uint32_t> Side(const DraftLine& line,
                             const std::vector<std::string>& texts) {
    std::vector<uint32_t> side;
    for (const std::string& text : texts) {
      const auto name = names_.Find(text, &line.place, "", errors_);
      if (!name.has_value()) continue;
      if (!names_.IsGroup(*name)) {
        side.push_back(*name);
        continue;
      }
      const std::vector<uint32_t>& points = Points(*name);
      if (points.empty() && !names_.Forgiven(text)) {
        errors_.Add(line.place,
                    absl::StrCat("the group ", Quoted(text),
                                 " is empty, so nothing would wait for it; "
                                 "declare it as a barrier if that is meant"));
      }
      sides_ += points.size();
      if (sides_ > kMaxSides) break;
      side.insert(side.end(), points.begin(), points.end());
    }
    SortUnique(side);
    return side;
  }

  void ReadRequirements() {
    for (const DraftLine& line : draft_.requirements) {
      Requirement r{Side(line, line.left), Side(line, line.right)};
      if (sides_ > kMaxSides) {
        errors_.Add(
            line.place,
            absl::StrCat("the requirements repeat each other: they "
                         "name more than ",
                         kMaxSides, " members of groups; a job has at most ",
                         base::kMaxEdges, " edges"));
        return;
      }
      if (r.tasks.empty() || r.needs.empty()) continue;
      requirements_.push_back(std::move(r));
      places_.push_back(line.place);
    }
  }

  void ReadImplications() {
    implied_.resize(names_.size());
    for (const DraftLine& line : draft_.implications) {
      const auto x = names_.Find(line.left[0], &line.place, "", errors_);
      for (const std::string& text : line.right) {
        const auto y = names_.Find(text, &line.place, "", errors_);
        if (x.has_value() && y.has_value()) implied_[*x].push_back(*y);
      }
    }
  }

  std::vector<uint32_t> ReadOnly() {
    std::vector<uint32_t> only;
    for (const std::string& text : options_.subset.only) {
      const auto name = names_.Find(text, nullptr, "--only", errors_);
      if (name.has_value()) only.push_back(*name);
    }
    return only;
  }

  void TellCycle(const Graph& graph) {
    std::vector<uint32_t> cycle = graph.ShortestCycle();
    if (cycle.empty()) return;
    const auto holds = [](const std::vector<uint32_t>& side, uint32_t point) {
      return std::binary_search(side.begin(), side.end(), point);
    };
    size_t at = 0;
    while (!holds(requirements_[at].tasks, cycle[0]) ||
           !holds(requirements_[at].needs, cycle[1 % cycle.size()])) {
      at++;
    }
    cycle.push_back(cycle[0]);
    std::vector<std::string> shown;
    for (size_t i = 0; i < cycle.size(); i++) {
      if (i < kShownOfCycle || i + 2 >= cycle.size()) {
        shown.emplace_back(names_.Text(cycle[i]));
      } else if (i == kShownOfCycle) {
        shown.push_back(absl::StrCat("(", cycle.size() - 2 - i, " more)"));
      }
    }
    errors_.Add(places_[at], absl::StrCat("the requirements make a cycle: ",
                                          absl::StrJoin(shown, " -> ")));
  }

  // --- subset --------------------------------------------------------------

  enum class Follow { kNothing, kDependents, kNeeds };

  void TakeSubset(const Graph& graph, const std::vector<uint32_t>& only) {
    met_.assign(names_.size(), 0);
    for (uint32_t name : only) Choose(name);
    Close(graph, Follow::kNothing);
    if (options_.subset.with_dependents) Close(graph, Follow::kDependents);
    if (options_.subset.with_needs) Close(graph, Follow::kNeeds);
  }

  // A point, or a group as a whole.
  void Choose(uint32_t name) {
    if (chosen_[name]) return;
    chosen_[name] = 1;
    open_.push_back(name);
  }

  // What `name` implies, once it or a member of it is chosen.
  void Meet(uint32_t name) {
    if (met_[name]) return;
    met_[name] = 1;
    for (uint32_t y : implied_[name]) Choose(y);
    met_open_.push_back(name);
  }

  void Close(const Graph& graph, Follow follow) {
    for (uint32_t name = 0; name < names_.points(); name++) {
      if (chosen_[name] && follow != Follow::kNothing) open_.push_back(name);
    }
    while (!open_.empty()) {
      const uint32_t name = open_.back();
      open_.pop_back();
      if (names_.IsGroup(name)) {
        for (uint32_t member : names_.Members(name)) Choose(member);
        continue;
      }
      Meet(name);
      while (!met_open_.empty()) {
        const uint32_t met = met_open_.back();
        met_open_.pop_back();
        for (uint32_t group : names_.GroupsOf(met)) Meet(group);
      }
      if (follow == Follow::kDependents) {
        for (uint32_t d : graph.Dependents(name)) Choose(d);
      } else if (follow == Follow::kNeeds) {
        for (uint32_t n : graph.Needs(name)) Choose(n);
      }
    }
  }

  // --- barriers ------------------------------------------------------------

  // Whatever requires a barrier requires what the barrier requires. Points are
  // taken in an order in which each comes after what it requires, so that a
  // barrier behind a barrier is resolved already.
  void PassThroughBarriers(const Graph& graph) {
    const uint32_t first = names_.tasks();
    std::vector<std::vector<uint32_t>> behind(names_.points() - first);
    std::vector<uint32_t> open, needs(names_.points());
    for (uint32_t p = 0; p < names_.points(); p++) {
      needs[p] = graph.Needs(p).size();
      if (needs[p] == 0) open.push_back(p);
    }
    const auto resolve = [&](absl::Span<const uint32_t> points) {
      std::vector<uint32_t> tasks;
      for (uint32_t p : points) {
        if (p < first)
          tasks.push_back(p);
        else
          tasks.insert(tasks.end(), behind[p - first].begin(),
                       behind[p - first].end());
      }
      SortUnique(tasks);
      return tasks;
    };
    size_t total = 0;
    for (size_t i = 0; i < open.size(); i++) {
      const uint32_t p = open[i];
      if (p >= first) {
        behind[p - first] = resolve(graph.Needs(p));
        total += behind[p - first].size();
        if (total > kMaxSides) {
          errors_.Add(
              draft_.end,
              absl::StrCat("the barriers stand for more than ", kMaxSides,
                           " edges; a job has at most ", base::kMaxEdges));
          return;
        }
      }
      for (uint32_t d : graph.Dependents(p)) {
        if (--needs[d] == 0) open.push_back(d);
      }
    }
    total = 0;
    for (Requirement& r : requirements_) {
      r.tasks.erase(std::lower_bound(r.tasks.begin(), r.tasks.end(), first),
                    r.tasks.end());
      r.needs = r.tasks.empty() ? r.tasks : resolve(r.needs);
      total += r.needs.size();
      if (total > 2 * kMaxSides) break;
    }
    const absl::Status status =
        total > 2 * kMaxSides
            ? absl::InvalidArgumentError(
                  absl::StrCat("more than ", base::kMaxEdges,
                               " edges between tasks, behind barriers"))
            : base::StatusOf(Graph::Make(names_.tasks(), requirements_));
    if (!status.ok()) errors_.Add(draft_.end, status);
  }

  // --- the flat job --------------------------------------------------------

  Job Build() {
    Job job;
    job.description = std::move(draft_.description);
    job.start = draft_.start;
    job.hold = draft_.hold;
    job.key = std::move(draft_.key);
    job.success = std::move(draft_.success);
    job.failure = std::move(draft_.failure);
    constexpr uint32_t kLeftOut = UINT32_MAX;
    std::vector<uint32_t> position(names_.tasks(), kLeftOut);
    for (uint32_t t = 0; t < names_.tasks(); t++) {
      if (!chosen_[t]) continue;
      position[t] = job.tasks.size();
      // The names index borrows from the draft; it is not used any more.
      job.tasks.push_back(std::move(draft_.tasks[t]));
    }
    const auto chosen = [&](std::vector<uint32_t>& side) {
      size_t kept = 0;
      for (uint32_t t : side) {
        if (position[t] != kLeftOut) side[kept++] = position[t];
      }
      side.resize(kept);
    };
    for (Requirement& r : requirements_) {
      chosen(r.tasks);
      chosen(r.needs);
      if (r.tasks.empty() || r.needs.empty()) continue;
      job.requirements.push_back(std::move(r));
    }
    if (job.tasks.empty() && !options_.allow_empty) {
      errors_.AddOption("--only", "no task is chosen");
    }
    TakeInputs(job);
    CheckSize(job);
    return job;
  }

  void TakeInputs(Job& job) {
    absl::flat_hash_set<absl::string_view> used;
    for (const Task& task : job.tasks) used.insert(task.options->run.input);
    for (Input& input : draft_.inputs) {
      if (used.contains(input.name)) job.inputs.push_back(std::move(input));
    }
  }

  void CheckSize(const Job& job) {
    size_t at_most = job.description.size() + job.key->size() + (1 << 20);
    for (const Input& input : job.inputs) {
      at_most += input.name.size() + input.content.size() + 20;
    }
    for (const Task& task : job.tasks) {
      at_most += 200 + task.name.size() + task.host.size() + task.comm.size();
      for (const std::string& a : task.arguments) at_most += a.size() + 6;
      const RunOptions& run = task.options->run;
      at_most += run.input.size() + run.user.size();
      for (const std::string& v : run.environment) at_most += v.size() + 6;
    }
    for (const Requirement& r : job.requirements) {
      at_most += 20 + 5 * (r.tasks.size() + r.needs.size());
    }
    // Exactly only when it is near: that takes a copy.
    if (at_most <= base::kMaxBodyBytes) return;
    const size_t bytes = ToMessage(job).ByteSizeLong();
    if (bytes <= base::kMaxBodyBytes) return;
    errors_.Add(draft_.end,
                absl::StrCat("the job takes ", bytes, " bytes; at most ",
                             base::kMaxBodyBytes, " are allowed"));
  }

  Draft draft_;
  const JobOptions& options_;
  JobErrors& errors_;
  JobNames names_;
  std::vector<Requirement> requirements_;  // sides ascending
  std::vector<Place> places_;              // of requirements_
  size_t sides_ = 0;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> points_of_;
  std::vector<std::vector<uint32_t>> implied_;  // by name
  std::vector<uint8_t> chosen_, met_;           // by name
  std::vector<uint32_t> open_, met_open_;
};

}  // namespace

Job Flatten(Draft draft, const JobOptions& options, JobErrors& errors) {
  return Flattener(std::move(draft), options, errors).Run();
}

}  // namespace mcfeely
