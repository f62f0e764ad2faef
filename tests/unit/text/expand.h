// For the tests of templates: a template, expanded.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "text/dicer.h"

namespace text {

using Strings = std::vector<std::string>;

// What becomes of `text`, or "error: " and the message.
inline std::string ExpandWith(absl::string_view text,
                              const TemplateValues& values,
                              const TemplateSyntax& syntax = {},
                              bool with_tail = true) {
  const absl::StatusOr<Template> compiled = Template::Compile(text, syntax);
  if (!compiled.ok()) {
    return absl::StrCat("error: ", compiled.status().message());
  }
  std::string out;
  const absl::Status done = compiled->Expand(values, &out, with_tail);
  return done.ok() ? out : absl::StrCat("error: ", done.message());
}

inline std::string Expanded(absl::string_view text, const Strings& arguments,
                            const TemplateSyntax& syntax = {}) {
  TemplateValues values;
  values.arguments = arguments;
  values.number = "0";
  return ExpandWith(text, values, syntax);
}

}  // namespace text
