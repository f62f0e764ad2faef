#include "fanout/section_style.h"

#include <absl/strings/str_cat.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "text/size_expression.h"
#include "text/words.h"

namespace fanout {
namespace {

constexpr absl::string_view kWithValue = "HiLNOTuWaSp";

}  // namespace

absl::StatusOr<SectionStyle> ReadSectionStyle(absl::string_view text) {
  SectionStyle style;
  TRY_ASSIGN(const std::vector<std::string> words, text::SplitGrouped(text));
  for (size_t at = 0; at < words.size(); at++) {
    const absl::string_view word = words[at];
    if (word.size() < 2 || word[0] != '-' || word == "--") break;
    for (size_t i = 1; i < word.size(); i++) {
      const char letter = word[i];
      if (letter == 's') style.squeeze = true;
      if (kWithValue.find(letter) == absl::string_view::npos) continue;
      std::string value(word.substr(i + 1));
      if (value.empty()) {
        if (++at == words.size()) {
          return absl::InvalidArgumentError(
              absl::StrCat("-", std::string(1, letter), ": needs a value"));
        }
        value = words[at];
      }
      if (letter == 'T') style.title = value;
      if (letter == 'H') style.rule = value;
      if (letter == 'L') {
        TRY_ASSIGN(style.cap_bytes, text::ParseSizeExpression(value));
      }
      break;
    }
  }
  return style;
}

}  // namespace fanout
