// Where a regular expression matches.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <optional>

namespace power {

// groups[0] is the whole of it; a group that takes no part is none.
struct Match {
  struct Span {
    size_t begin = 0, end = 0;
    friend bool operator==(const Span&, const Span&) = default;
  };
  absl::InlinedVector<std::optional<Span>, 4> groups;
  size_t begin() const { return groups[0]->begin; }
  size_t end() const { return groups[0]->end; }
};

}  // namespace power
