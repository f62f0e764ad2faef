#include "mcfeely/graph.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <numeric>

#include "base/status.h"

namespace mcfeely {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr int64_t kMaxSteps = 50'000'000;

absl::Span<const uint32_t> Row(const std::vector<uint32_t>& start,
                               const std::vector<uint32_t>& items,
                               uint32_t row) {
  return absl::MakeConstSpan(items).subspan(start[row],
                                            start[row + 1] - start[row]);
}

absl::Status CheckRange(size_t tasks, const Requirement& r) {
  for (const auto* side : {&r.tasks, &r.needs}) {
    for (uint32_t task : *side) {
      if (task >= tasks) {
        return absl::InvalidArgumentError(
            absl::StrCat("a requirement names task ", task, " of ", tasks));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

// A task's row is made from the requirements it stands in, with a mark at each
// need already taken: linear in the pairs written, and never more memory than
// the edges that are left, though a product may name each of them many times.
absl::StatusOr<Graph> Graph::Make(size_t tasks,
                                  absl::Span<const Requirement> requirements) {
  uint64_t pairs = 0;
  std::vector<size_t> start(tasks + 1, 0);
  for (const Requirement& r : requirements) {
    TRY(CheckRange(tasks, r));
    pairs += uint64_t{r.tasks.size()} * r.needs.size();
    if (pairs > kMaxPairs) {
      return absl::InvalidArgumentError(
          absl::StrCat("the requirements spell out more than ", kMaxPairs,
                       " edges; a job has at most ", base::kMaxEdges));
    }
    for (uint32_t task : r.tasks) start[task + 1]++;
  }
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<uint32_t> stands_in(start.back());
  std::vector<size_t> at(start.begin(), start.end() - 1);
  for (size_t i = 0; i < requirements.size(); i++) {
    for (uint32_t task : requirements[i].tasks) stands_in[at[task]++] = i;
  }

  Graph g;
  g.needs_start_.reserve(tasks + 1);
  g.needs_start_.push_back(0);
  g.dependents_start_.assign(tasks + 1, 0);
  std::vector<uint32_t> taken_by(tasks, kNone);
  for (uint32_t task = 0; task < tasks; task++) {
    const size_t row = g.needs_.size();
    for (size_t i = start[task]; i < start[task + 1]; i++) {
      for (uint32_t need : requirements[stands_in[i]].needs) {
        if (taken_by[need] == task) continue;
        taken_by[need] = task;
        g.needs_.push_back(need);
        g.dependents_start_[need + 1]++;
      }
      if (g.needs_.size() > base::kMaxEdges) {
        return absl::InvalidArgumentError(absl::StrCat(
            "more than ", base::kMaxEdges, " edges between tasks"));
      }
    }
    std::sort(g.needs_.begin() + row, g.needs_.end());
    g.needs_start_.push_back(g.needs_.size());
  }
  std::partial_sum(g.dependents_start_.begin(), g.dependents_start_.end(),
                   g.dependents_start_.begin());
  g.dependents_.resize(g.needs_.size());
  std::vector<uint32_t> next(g.dependents_start_.begin(),
                             g.dependents_start_.end() - 1);
  for (uint32_t task = 0; task < tasks; task++) {
    for (uint32_t need : g.Needs(task)) g.dependents_[next[need]++] = task;
  }
  return g;
}

absl::Span<const uint32_t> Graph::Needs(uint32_t task) const {
  return Row(needs_start_, needs_, task);
}
absl::Span<const uint32_t> Graph::Dependents(uint32_t task) const {
  return Row(dependents_start_, dependents_, task);
}

namespace {

// What is left of a graph after taking away, again and again, every task that
// requires nothing or is required by nothing: cycles and what lies between
// them. Each task left requires another one that is left.
class Peeled {
 public:
  explicit Peeled(const Graph& graph)
      : graph_(graph),
        here_(graph.size(), 1),
        needs_(graph.size()),
        dependents_(graph.size()) {
    for (uint32_t t = 0; t < graph.size(); t++) {
      needs_[t] = graph.Needs(t).size();
      dependents_[t] = graph.Dependents(t).size();
    }
    for (uint32_t t = 0; t < graph.size(); t++) {
      if (here_[t] && (needs_[t] == 0 || dependents_[t] == 0)) Remove(t);
    }
  }
  bool Has(uint32_t task) const { return here_[task]; }
  void Remove(uint32_t task) {
    here_[task] = 0;
    std::vector<uint32_t> gone = {task};
    while (!gone.empty()) {
      const uint32_t t = gone.back();
      gone.pop_back();
      for (uint32_t d : graph_.Dependents(t)) {
        if (--needs_[d] == 0 && here_[d]) here_[d] = 0, gone.push_back(d);
      }
      for (uint32_t n : graph_.Needs(t)) {
        if (--dependents_[n] == 0 && here_[n]) here_[n] = 0, gone.push_back(n);
      }
    }
  }

 private:
  const Graph& graph_;
  std::vector<uint8_t> here_;
  std::vector<uint32_t> needs_, dependents_;
};

// Any cycle among what is left, met by going from need to need.
std::vector<uint32_t> AnyCycle(const Graph& graph, const Peeled& left,
                               uint32_t from) {
  std::vector<uint32_t> path;
  std::vector<uint32_t> place(graph.size(), kNone);
  uint32_t at = from;
  while (place[at] == kNone) {
    place[at] = path.size();
    path.push_back(at);
    for (uint32_t need : graph.Needs(at)) {
      if (left.Has(need)) {
        at = need;
        break;
      }
    }
  }
  path.erase(path.begin(), path.begin() + place[at]);
  return path;
}

}  // namespace

bool Graph::HasCycle() const {
  const Peeled left(*this);
  for (uint32_t t = 0; t < size(); t++) {
    if (left.Has(t)) return true;
  }
  return false;
}

// From each task in turn the shortest way back to it, no longer than the best
// so far; then the task is taken away, and with it all that is on no other
// cycle.
std::vector<uint32_t> Graph::ShortestCycle() const {
  for (uint32_t t = 0; t < size(); t++) {
    const auto needs = Needs(t);
    if (std::binary_search(needs.begin(), needs.end(), t)) return {t};
  }
  Peeled left(*this);
  std::vector<uint32_t> best, queue, parent(size()), seen_from(size(), kNone);
  int64_t steps = kMaxSteps;
  for (uint32_t root = 0; root < size(); root++) {
    if (!left.Has(root)) continue;
    if (best.empty()) best = AnyCycle(*this, left, root);
    if (best.size() == 2 || steps < 0) break;
    queue = {root};
    seen_from[root] = root;
    uint32_t last = kNone;
    size_t depth = 1, level_end = 1;  // of the cycle that would close here
    for (size_t i = 0; i < queue.size() && last == kNone; i++) {
      if (i == level_end) depth++, level_end = queue.size();
      if (depth >= best.size()) break;
      for (uint32_t need : Needs(queue[i])) {
        steps--;
        if (need == root) last = queue[i];
        if (!left.Has(need) || seen_from[need] == root) continue;
        seen_from[need] = root;
        parent[need] = queue[i];
        queue.push_back(need);
      }
    }
    if (last != kNone) {
      best.clear();
      for (uint32_t t = last; t != root; t = parent[t]) best.push_back(t);
      best.push_back(root);
      std::reverse(best.begin(), best.end());
    }
    left.Remove(root);
  }
  return best;
}

std::vector<uint32_t> Graph::TransitiveDependents(uint32_t task) const {
  std::vector<bool> seen(size());
  std::vector<uint32_t> found = {task};
  seen[task] = true;
  for (size_t i = 0; i < found.size(); i++) {
    for (uint32_t d : Dependents(found[i])) {
      if (!seen[d]) seen[d] = true, found.push_back(d);
    }
  }
  found.erase(found.begin());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace mcfeely
