// Whatever text comes: no crash, and words that are quoted read back the same.
// Text made clean stays as it is when made clean again.
#include "text/words.h"

#include "base/status.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto words = text::SplitWords(text);
  if (words.ok()) {
    const auto again = text::SplitWords(text::JoinWords(*words));
    MUST(again.ok() && *again == *words);
  }
  // Words of that kind hold no more than the text does.
  if (const auto grouped = text::SplitGrouped(text); grouped.ok()) {
    size_t bytes = 0;
    for (const std::string& word : *grouped) bytes += word.size();
    MUST(bytes + (grouped->empty() ? 0 : grouped->size() - 1) <= size);
  }
  const std::string clean = text::Clean(text);
  MUST(text::IsUtf8(clean));
  MUST(text::Clean(clean) == clean);
  MUST(text::Width(text::Cut(clean, size % 50)) <= size % 50);
  return 0;
}
