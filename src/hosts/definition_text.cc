#include "hosts/definition_text.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

namespace hosts {
namespace {

bool Nests(absl::string_view text) {
  int depth = 0;
  for (char c : text) {
    if (c == '`') depth++;
    if (c == '\'' && --depth < 0) return false;
  }
  return depth == 0;
}

}  // namespace

std::string DefinitionText(absl::string_view name, absl::string_view value) {
  if (Nests(name) && Nests(value)) {
    return absl::StrCat("define(`", name, "',`", value, "')dnl\n");
  }
  std::string open = "[", close = "]";
  while (absl::StrContains(value, open) || absl::StrContains(value, close) ||
         absl::StrContains(name, open) || absl::StrContains(name, close)) {
    open += '[';
    close += ']';
  }
  // A quote that ends in the byte the value ends in would end too early.
  if (!value.empty() && value.back() == ']')
    return absl::StrCat("changequote(<", open, ",", close, ">)define(<", open,
                        name, close, ">,<", open, value, close,
                        ">)changequote`'dnl\n");
  return absl::StrCat("changequote(", open, ",", close, ")define(", open, name,
                      close, ",", open, value, close, ")changequote`'dnl\n");
}

}  // namespace hosts
