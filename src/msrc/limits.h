// Limits on what a recipe and a folder may hold.
#pragma once

#include <cstddef>

namespace msrc {

inline constexpr size_t kMaxRecipeBytes = 16 << 20;
inline constexpr size_t kMaxMacroBytes = 1 << 20;    // a value, expanded
inline constexpr int kMaxReferenceDepth = 100;       // of macros in macros
inline constexpr size_t kMaxReferences = 1'000'000;  // replaced, in a recipe
inline constexpr size_t kMaxNames = 100'000;         // of a folder, or a macro
inline constexpr size_t kMaxNameBytes = 4096;        // one name
inline constexpr size_t kMaxIncludeBytes = 1 << 20;  // HXINCLUDE, all files
inline constexpr size_t kMaxStepBytes = 64 << 20;    // of a script, one message

}  // namespace msrc
