// Limits on what a table may hold; limits(7) says the same for people.
#pragma once

#include <cstddef>

namespace isinit {

inline constexpr size_t kMaxTableBytes = 64 << 20;
inline constexpr size_t kMaxLineBytes = 1 << 20;  // joined lines are one
inline constexpr size_t kMaxEntries = 100'000;
inline constexpr size_t kMaxNameBytes = 64;     // of groups, tags and levels
inline constexpr size_t kMaxProblems = 1000;    // errors told, and warnings
inline constexpr size_t kMaxSocketBytes = 107;  // sun_path and its NUL
inline constexpr int kMaxStarts = 1000;         // N of limit=N/SPAN
inline constexpr int kMaxParallel = 100'000;    // simultaneous starts

}  // namespace isinit
