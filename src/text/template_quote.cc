#include "text/template_quote.h"

#include <array>
#include <cstdint>

namespace text {
namespace {

constexpr uint8_t Bit(Quote quote) { return 1 << static_cast<int>(quote); }

// Which characters get a backslash under which prefix.
//
// Differs: Q has, besides what the original quotes, those that are special in
// some shell at some place: ! in the history of bash, {} in its lists, ^ as the
// old pipe, % as a job, ] behind [. No shell minds a backslash too many.
constexpr std::array<uint8_t, 256> kBackslashed = [] {
  std::array<uint8_t, 256> table{};
  const auto mark = [&](const char* characters, uint8_t bits) {
    for (const char* c = characters; *c != '\0'; c++) {
      table[static_cast<unsigned char>(*c)] |= bits;
    }
  };
  mark("\"\\`$", Bit(Quote::kInDouble));
  mark("`$\\\"~*?[|&;()#='<>!{}^%]", Bit(Quote::kShell) | Bit(Quote::kWord));
  mark(" \t", Bit(Quote::kWord));
  return table;
}();

}  // namespace

void AppendQuoted(Quote quote, absl::string_view value, std::string* out) {
  if (quote == Quote::kNone) {
    out->append(value.data(), value.size());
    return;
  }
  if (quote == Quote::kWord && value.empty()) out->append("''");
  size_t copied = 0;
  const auto copy_up_to = [&](size_t i) {
    out->append(value.data() + copied, i - copied);
    copied = i;
  };
  for (size_t i = 0; i < value.size(); i++) {
    if (kBackslashed[static_cast<unsigned char>(value[i])] & Bit(quote)) {
      copy_up_to(i);
      out->push_back('\\');
    } else if (value[i] == '\n' && quote == Quote::kWord) {
      // A backslash would take the newline away.
      copy_up_to(i);
      out->append("'\n'");
      copied++;
    }
  }
  copy_up_to(value.size());
}

}  // namespace text
