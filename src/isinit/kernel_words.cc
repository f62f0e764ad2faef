#include "isinit/kernel_words.h"

#include <absl/strings/strip.h>

#include <utility>

namespace isinit {

KernelWords ReadKernelWords(absl::string_view line) {
  KernelWords words;
  const auto take = [&words](std::string word) {
    absl::string_view rest = word;
    if (word == "single" || word == "rescue" || word == "S" || word == "1") {
      words.rescue = true;
    } else if (absl::ConsumePrefix(&rest, "isinit.group=")) {
      words.group = std::string(rest);
    } else if (absl::ConsumePrefix(&rest, "isinit.level=")) {
      words.level = std::string(rest);
    } else if (absl::ConsumePrefix(&rest, "isinit.table=")) {
      words.table = std::string(rest);
    }
  };
  std::string word;
  bool quoted = false;
  for (char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
      take(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  take(word);
  return words;
}

}  // namespace isinit
