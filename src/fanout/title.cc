#include "fanout/title.h"

#include <absl/strings/str_cat.h>

namespace fanout {

// Differs: after an unknown escape the original wrote a percent sign and
// dropped the rest of the title.
std::string ExpandTitle(absl::string_view title, char escape,
                        const TitleValues& values,
                        std::vector<std::string>* warnings) {
  std::string out;
  bool newline = !title.empty(), warned = false;
  for (size_t at = 0; at < title.size(); at++) {
    if (title[at] != escape) {
      out += title[at];
      continue;
    }
    if (++at == title.size()) {
      newline = false;
      break;
    }
    const char c = title[at];
    if (c == escape) {
      out += escape;
    } else if (c == 'x') {
      absl::StrAppend(&out, values.name.empty() ? "?" : values.name);
    } else if (c == 's' || c == 'u') {
      absl::StrAppend(&out, values.number);
    } else if (c == '{') {
      // One that is never closed goes to the end, as in the original.
      const size_t end = std::min(title.find('}', at), title.size());
      const absl::string_view name = title.substr(at + 1, end - at - 1);
      if (const std::optional<std::string> value = values.variable(name)) {
        out += *value;
      } else {
        warnings->push_back(
            absl::StrCat("$", name, ": not in the environment"));
      }
      at = end;
    } else if (c != '0') {
      out += {escape, c};
      if (warned) continue;
      warned = true;
      warnings->push_back(
          absl::StrCat(std::string{escape, c}, ": unknown escape in a title"));
    }
  }
  if (newline) out += '\n';
  return out;
}

}  // namespace fanout
