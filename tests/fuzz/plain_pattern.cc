// Regular expressions that are matched without libc: it compiles them, too, and
// finds the same. Up to the first NUL is the expression, behind it the text.
#include "power/plain_pattern.h"

#include <regex.h>

#include "base/status.h"
#include "power/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string pattern(all.substr(0, all.find('\0')));
  if (pattern.size() == size || pattern.size() > power::kMaxPatternBytes) {
    return 0;
  }
  const std::string text(all.substr(pattern.size() + 1));
  const auto plain = power::PlainPattern::Parse(pattern);
  if (!plain) return 0;
  power::Match match;
  const power::PlainPattern::Answer answer = plain->Find(text, &match);
  if (answer == power::PlainPattern::Answer::kGivenUp) return 0;

  regex_t regex;
  MUST(regcomp(&regex, pattern.c_str(), REG_EXTENDED) == 0);
  std::vector<regmatch_t> found(regex.re_nsub + 1);
  found[0].rm_so = 0;
  found[0].rm_eo = static_cast<regoff_t>(text.size());
  const bool is_found = regexec(&regex, text.c_str(), found.size(),
                                found.data(), REG_NOTEOL | REG_STARTEND) == 0;
  MUST(is_found == (answer == power::PlainPattern::Answer::kFound));
  for (size_t i = 0; is_found && i < found.size(); ++i) {
    MUST(found.size() == match.groups.size());
    MUST(match.groups[i]->begin == static_cast<size_t>(found[i].rm_so));
    MUST(match.groups[i]->end == static_cast<size_t>(found[i].rm_eo));
  }
  regfree(&regex);
  return 0;
}
