// The graph of a job's requirements: who requires whom, cycles, and what a
// failure takes along. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "mcfeely/job.h"

namespace mcfeely {

// Both directions, each edge once, as lists one behind the other (4 bytes an
// edge and direction).
class Graph {
 public:
  // InvalidArgument: an index out of range, more than base::kMaxEdges edges, or
  // requirements that repeat each other so often that only an attacker can mean
  // it (kMaxPairs). Cycles are not looked for here.
  static absl::StatusOr<Graph> Make(size_t tasks,
                                    absl::Span<const Requirement> requirements);

  size_t size() const { return needs_start_.size() - 1; }
  size_t edges() const { return needs_.size(); }
  // What `task` requires, and who requires it, ascending.
  absl::Span<const uint32_t> Needs(uint32_t task) const;
  absl::Span<const uint32_t> Dependents(uint32_t task) const;

  // Edges as written, before those given twice are dropped.
  static constexpr uint64_t kMaxPairs = 16 * uint64_t{base::kMaxEdges};

  // Whether some task requires itself, directly or not. Linear.
  bool HasCycle() const;
  // A shortest cycle, as positions in order, each requiring the next and the
  // last the first; empty when there is none. A task requiring itself is a
  // cycle of one. Looking for the very shortest is not linear, so the search
  // ends after some 50 million steps (below a second) with the shortest found
  // until then; graphs of up to 5000 edges are always searched whole.
  std::vector<uint32_t> ShortestCycle() const;
  // Every task that directly or indirectly requires `task`, ascending.
  std::vector<uint32_t> TransitiveDependents(uint32_t task) const;

 private:
  std::vector<uint32_t> needs_start_, needs_, dependents_start_, dependents_;
};

}  // namespace mcfeely
