// Whatever template comes, and whatever items: no crash, and what is made stays
// within its limits. The first byte chooses the syntax; the rest is a template,
// items and tokens, with NULs between them.
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "text/character.h"
#include "text/dicer.h"
#include "text/words.h"

namespace {

// One word, whatever it is: what %W promises.
void CheckWord(const std::string& item) {
  const auto word = text::Template::Compile("%W1");
  MUST(word.ok());
  text::TemplateValues values;
  values.arguments = absl::MakeConstSpan(&item, 1);
  std::string made;
  MUST(word->Expand(values, &made).ok());
  const auto words = text::SplitWords(made);
  MUST(words.ok() && words->size() == 1 && words->front() == item);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  text::TemplateSyntax syntax;
  syntax.utf8 = data[0] & 1;
  syntax.pack = data[0] & 2;
  if (data[0] & 4) syntax.escape = '=';
  if (data[0] & 8) syntax.escape = '1';

  std::vector<std::string> parts = absl::StrSplit(bytes, '\0');
  const std::string text = parts.front();
  parts.erase(parts.begin());
  (void)text::ParseCharacter(text);
  for (const std::string& item : parts) CheckWord(item);

  const auto compiled = text::Template::Compile(text, syntax);
  if (!compiled.ok()) {
    MUST(absl::IsInvalidArgument(compiled.status()));
    MUST(compiled.status().message().size() < 400);
    return 0;
  }
  text::TemplateValues values;
  values.arguments = parts;
  values.from_files = data[0] & 16;
  values.file_names = parts;
  values.tokens = parts;
  values.number = "12";
  values.from_script = data[0] & 32;
  values.script = values.script_line = text;
  std::string made;
  const absl::Status done = compiled->Expand(values, &made);
  MUST(done.ok() || absl::IsInvalidArgument(done));
  // A form may go beyond it once, and its quotes make three bytes of each.
  const size_t forms = std::count(text.begin(), text.end(), syntax.escape);
  MUST(made.size() <= (forms + 4) * 4 * (base::kMaxTemplateBytes + size));
  return 0;
}
