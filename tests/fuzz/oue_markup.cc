// Whatever markup comes, and whatever it is used on: no crash, and what is made
// stays within its limits. The first byte chooses the syntax; the rest is the
// markup and the facts, with NULs between them.
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "oue/facts_json.h"
#include "oue/markup.h"
#include "text/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  oue::Markup::Syntax syntax;
  syntax.utf8 = data[0] & 1;
  if (data[0] & 2) syntax.escape = '=';
  if (data[0] & 4) syntax.lines = 3;
  if (data[0] & 8) syntax.known = oue::kLineFields;
  const std::vector<absl::string_view> parts = absl::StrSplit(bytes, '\0');
  const auto part = [&parts](size_t i) {
    return i < parts.size() ? parts[i] : absl::string_view();
  };

  oue::Facts facts;
  facts.text = part(1);
  facts.file = facts.key = part(2);
  facts.memory = facts.accumulator = part(3);
  facts.old_memory = facts.previous = part(4);
  facts.count = static_cast<int64_t>(size);
  const std::string json = oue::FactsJson(facts, {.prev = true});
  MUST(text::Json::Parse(json).ok());

  const auto markup = oue::Markup::Compile(part(0), syntax);
  if (!markup.ok()) {
    MUST(absl::IsInvalidArgument(markup.status()));
    MUST(markup.status().message().size() < 400);
    return 0;
  }
  std::string made;
  const absl::Status done = markup->Expand(facts, &made);
  MUST(done.ok() || absl::IsInvalidArgument(done));
  const size_t forms =
      std::count(part(0).begin(), part(0).end(), syntax.escape);
  MUST(made.size() <= (forms + 1) * (base::kMaxTemplateBytes + size));
  if (markup->IsText()) MUST(made == facts.text);
  return 0;
}
