// Whatever command comes: no crash, and the words that are found, quoted again,
// are found again.
#include "text/simple_command.h"

#include "base/status.h"
#include "text/words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool utf8 : {true, false}) {
    const auto words = text::SimpleCommand(text, utf8);
    if (!words.has_value()) continue;
    MUST(!words->empty() && !words->front().empty());
    const auto again = text::SimpleCommand(text::JoinWords(*words), utf8);
    // QuoteWord puts the words that have a quote in them together of parts,
    // which is not done to the name of a program.
    if (words->front().find('\'') == std::string::npos) {
      MUST(again.has_value() && *again == *words);
    }
    // What is accepted is what words are everywhere, but for a leading exec.
    const auto split = text::SplitWords(text);
    MUST(split.ok() && split->size() >= words->size());
    const size_t skipped = split->size() - words->size();
    MUST(skipped <= 1 && (skipped == 0 || split->front() == "exec"));
    for (size_t i = 0; i < words->size(); i++) {
      MUST((*words)[i] == (*split)[i + skipped]);
    }
  }
  return 0;
}
