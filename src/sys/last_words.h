// What a child says last on its standard error: the reason of its end.
#pragma once

#include <string>

#include "sys/fd.h"
#include "sys/loop.h"

namespace sys {

inline constexpr size_t kLastWordsBytes = 1024;

// For whoever watches `errors`, which does not block, on the loop: reads what
// there is, and keeps the last kLastWordsBytes of all that came. At its end it
// is watched no more, and closed; harmless then.
void TakeLastWords(Loop& loop, Fd* errors, std::string* words);

}  // namespace sys
