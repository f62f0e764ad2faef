// glibc's re_search with its Emacs syntax is what GNU m4 uses, so that the two
// agree on every pattern. Only this file includes <regex.h>.
#include "text/m4_regex.h"

#include <absl/status/status.h>
#include <regex.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace text {
namespace {

// re_compile_pattern is recursive in the groups of a pattern.
constexpr int kMaxGroupDepth = 500;

bool TooDeep(absl::string_view pattern) {
  int depth = 0;
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    ++i;
    if (pattern[i] == '(' && ++depth > kMaxGroupDepth) return true;
    if (pattern[i] == ')' && depth > 0) --depth;
  }
  return false;
}

// A pattern without anything special is looked for as it stands.
bool IsPlain(absl::string_view pattern) {
  return !pattern.empty() &&
         pattern.find_first_of("\\[]*+?.^$") == absl::string_view::npos;
}

}  // namespace

struct M4Pattern::Compiled {
  re_pattern_buffer buffer = {};
  re_registers registers = {};
  std::string plain;  // not "": looked for instead
  ~Compiled() {
    free(registers.start);
    free(registers.end);
    regfree(&buffer);
  }
};

M4Pattern::M4Pattern() : compiled_(std::make_unique<Compiled>()) {}
M4Pattern::~M4Pattern() = default;

absl::StatusOr<std::unique_ptr<M4Pattern>> M4Pattern::Compile(
    absl::string_view pattern) {
  if (TooDeep(pattern)) {
    return absl::InvalidArgumentError("Groups nested too deeply");
  }
  std::unique_ptr<M4Pattern> made(new M4Pattern);
  Compiled& compiled = *made->compiled_;
  if (IsPlain(pattern)) {
    compiled.plain = std::string(pattern);
    return made;
  }
  // Looks for a first byte that can begin a match, 256 times faster.
  compiled.buffer.fastmap = static_cast<char*>(malloc(256));
  const char* error =
      re_compile_pattern(pattern.data(), pattern.size(), &compiled.buffer);
  if (error != nullptr) return absl::InvalidArgumentError(error);
  compiled.buffer.regs_allocated = REGS_UNALLOCATED;
  made->groups_ = static_cast<int>(compiled.buffer.re_nsub);
  return made;
}

M4Pattern::Result M4Pattern::Search(absl::string_view text, size_t from) {
  Compiled& compiled = *compiled_;
  if (!compiled.plain.empty()) {
    const void* found =
        from >= text.size()
            ? nullptr
            : memmem(text.data() + from, text.size() - from,
                     compiled.plain.data(), compiled.plain.size());
    if (found == nullptr) return Result::kNone;
    begin_[0] = static_cast<const char*>(found) - text.data();
    end_[0] = begin_[0] + compiled.plain.size();
    took_part_[0] = true;
    return Result::kFound;
  }
  if (text.size() > INT32_MAX) return Result::kFailed;
  const regoff_t size = static_cast<regoff_t>(text.size());
  const regoff_t begin = static_cast<regoff_t>(from);
  const regoff_t found = re_search(&compiled.buffer, text.data(), size, begin,
                                   size - begin, &compiled.registers);
  if (found == -1) return Result::kNone;
  if (found < 0) return Result::kFailed;
  const int known = static_cast<int>(compiled.registers.num_regs);
  for (int group = 0; group < kGroups; ++group) {
    took_part_[group] = group < known && compiled.registers.start[group] >= 0;
    if (!took_part_[group]) continue;
    begin_[group] = compiled.registers.start[group];
    end_[group] = compiled.registers.end[group];
  }
  return Result::kFound;
}

absl::StatusOr<M4Pattern*> M4PatternCache::Get(absl::string_view pattern) {
  ++clock_;
  Entry* oldest = &entries_[0];
  for (Entry& entry : entries_) {
    if (entry.compiled != nullptr && entry.pattern == pattern) {
      entry.used = clock_;
      return entry.compiled.get();
    }
    if (entry.used < oldest->used) oldest = &entry;
  }
  absl::StatusOr<std::unique_ptr<M4Pattern>> compiled =
      M4Pattern::Compile(pattern);
  if (!compiled.ok()) return compiled.status();
  oldest->pattern = std::string(pattern);
  oldest->compiled = *std::move(compiled);
  oldest->used = clock_;
  return oldest->compiled.get();
}

}  // namespace text
