#include "text/words.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

namespace text {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

absl::Status At(size_t i, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("character ", i + 1, ": ", what));
}

absl::Status NeverClosed(size_t i, char quote) {
  return At(i, absl::StrCat("the ", absl::string_view(&quote, 1),
                            " is never closed"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  size_t quote_at = 0;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (c == '\0') return At(i, "a NUL");
    if (quote == '\'') {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\\') {
      if (i + 1 == text.size()) return At(i, "nothing follows the backslash");
      const char next = text[i + 1];
      if (next == '\0') return At(i + 1, "a NUL");
      i++;
      // A backslash before a newline joins two lines and leaves nothing.
      if (next == '\n') continue;
      if (quote == '"' && next != '$' && next != '`' && next != '"' &&
          next != '\\') {
        word += c;
      }
      word += next;
      in_word = true;
    } else if (quote == '"') {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      quote_at = i;
      in_word = true;
    } else if (IsBlank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return NeverClosed(quote_at, quote);
  if (in_word) words.push_back(std::move(word));
  return words;
}

absl::StatusOr<std::vector<std::string>> SplitGrouped(absl::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c != '\'' && c != '"') {
      word += c;
      continue;
    }
    const size_t end = text.find(c, i + 1);
    if (end == absl::string_view::npos) return NeverClosed(i, c);
    absl::StrAppend(&word, text.substr(i + 1, end - i - 1));
    i = end;
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::string QuoteWord(absl::string_view word) {
  // '~' and '=' mean something to a shell only in some places; '#' only at the
  // beginning. Quoting them always is right everywhere.
  const bool plain =
      !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
               absl::string_view("_-./:@%+,").find(c) !=
                   absl::string_view::npos;
      });
  if (plain) return std::string(word);
  std::string out = "'";
  for (char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string JoinWords(absl::Span<const std::string> words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += QuoteWord(word);
  }
  return out;
}

}  // namespace text
