// Command templates once more, for tests: slow, obvious, and written from the
// rules without a look at src/text. Text is matched against the grammar, rule
// by rule, and what a rule has matched is evaluated from its text, again and
// again, with copies of everything.
#pragma once

#include <string>

#include "text/dicer.h"

namespace text {

struct SlowResult {
  enum class Kind { kText, kWrongTemplate, kWrongValues };
  Kind kind = Kind::kText;
  std::string text;
  bool refers = false, tokens = false;  // unless the template is wrong
};

// Limits are not looked at: only for templates that are far from them.
SlowResult SlowExpand(const std::string& text, const TemplateSyntax& syntax,
                      const TemplateValues& values, bool with_tail);

}  // namespace text
