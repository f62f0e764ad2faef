// For programs that cannot go on without what they asked for.
#pragma once

#include <absl/status/statusor.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bench {

[[noreturn]] inline void Die(const absl::Status& status) {
  fprintf(stderr, "bench: %s\n", status.ToString().c_str());
  exit(1);
}

template <typename T>
T Need(absl::StatusOr<T> v) {
  if (!v.ok()) Die(v.status());
  return *std::move(v);
}

inline void Need(const absl::Status& s) {
  if (!s.ok()) Die(s);
}

}  // namespace bench
