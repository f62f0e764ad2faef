// Recipes, and files of options: whatever the bytes, no crash, no end that does
// not come, and no value beyond its limit; what needs no shell is words.
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "msrc/destination.h"
#include "msrc/limits.h"
#include "msrc/m4_text.h"
#include "msrc/recipe_text.h"
#include "msrc/sorting.h"
#include "text/m4.h"

namespace {

std::optional<absl::string_view> Environment(absl::string_view name) {
  if (name == "HOME") return "/home/$$x";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  msrc::RecipeText recipe;
  recipe.text = text;
  recipe.hook = "__msrc";
  recipe.environment = Environment;
  const auto values = msrc::PlainValues(recipe, {"SEND", "MAP"});
  if (values.ok()) {
    msrc::MacroWords words;
    for (const std::string& value : *values) {
      MUST(value.size() <= 2 * msrc::kMaxMacroBytes);
      auto split = msrc::ValueWords(value);
      if (split.ok()) words[msrc::Macro::kSend] = *split;
    }
    const auto sorted = msrc::SortNames(words, {});
    if (sorted.ok()) MUST(sorted->send.size() <= msrc::kMaxNames);
  }
  (void)msrc::IncludeText({std::string(text)}, Environment);
  // m4 drops NUL bytes, which no name has.
  if (text.find('\0') != absl::string_view::npos || size > 4096) return 0;
  const auto same = text::ExpandM4("t", msrc::QuoteM4(text));
  MUST(same.ok() && *same == text);
  return 0;
}
