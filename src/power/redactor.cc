#include "power/redactor.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "power/limits.h"

namespace power {
namespace {

constexpr size_t kKeptBytes = 4096;

// Where a sequence that begins with ESC ends; only what terminals call CSI and
// two-byte ones.
size_t SkipEscape(absl::string_view text, size_t at) {
  if (++at >= text.size()) return at;
  if (text[at] != '[') return at + 1;
  at++;
  while (at < text.size() && (text[at] < '@' || text[at] > '~')) at++;
  return std::min(at + 1, text.size());
}

std::string Printable(absl::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\033') {
      at = SkipEscape(text, at);
      continue;
    }
    at++;
    if (absl::ascii_isspace(c)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (c > ' ' && c <= '~') {
      out += c;
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

constexpr size_t kLeastWord = 3;

template <typename Visit>
void EachOf(const Hidden& hidden, Visit visit) {
  if (hidden.secret != nullptr && hidden.secret->size() > 0) {
    visit(hidden.secret->view());
  }
  if (hidden.words == nullptr) return;
  for (const std::string& word : *hidden.words) {
    if (word.size() >= kLeastWord) visit(absl::string_view(word));
  }
}

// What has none of them, and then the first, of several there the longest: its
// size, 0 without any.
size_t TakeFirst(const Hidden& hidden, absl::string_view text, size_t* at) {
  size_t size = 0;
  *at = text.size();
  EachOf(hidden, [&](absl::string_view word) {
    const size_t its = text.find(word);
    if (its == text.npos || its > *at || (its == *at && word.size() < size)) {
      return;
    }
    *at = its;
    size = word.size();
  });
  return size;
}

// Takes out what is there, and returns the rest behind the last one.
absl::string_view Replace(const Hidden& hidden, absl::string_view text,
                          std::string* out) {
  size_t at = 0;
  while (const size_t size = TakeFirst(hidden, text, &at)) {
    out->append(text.data(), at);
    *out += "***";
    text.remove_prefix(at + size);
  }
  return text;
}

}  // namespace

std::string Redacted(absl::string_view text, const Hidden& hidden) {
  std::string out;
  const absl::string_view rest = Replace(hidden, text, &out);
  out.append(rest.data(), rest.size());
  return out;
}

std::string RedactedSend(absl::string_view text, const Hidden& hidden) {
  const absl::string_view word = absl::StripTrailingAsciiWhitespace(text);
  if (hidden.words != nullptr && absl::c_linear_search(*hidden.words, word)) {
    return absl::StrCat("***", text.substr(word.size()));
  }
  return Redacted(text, hidden);
}

std::string Redactor::Feed(absl::string_view bytes) {
  std::string all = held_;
  all.append(bytes.data(), bytes.size());
  keys::Wipe(held_);
  std::string out;
  const absl::string_view rest = Replace(hidden_, all, &out);
  // The longest end that is a beginning of one.
  size_t held = 0;
  EachOf(hidden_, [&](absl::string_view word) {
    size_t its = std::min(rest.size(), word.size() - 1);
    while (rest.substr(rest.size() - its) != word.substr(0, its)) its--;
    held = std::max(held, its);
  });
  out.append(rest.data(), rest.size() - held);
  held_ = std::string(rest.substr(rest.size() - held));
  keys::Wipe(all);
  return out;
}

std::string Redactor::Flush() {
  std::string out = std::move(held_);
  held_.clear();
  return out;
}

RecentText::~RecentText() { keys::Wipe(bytes_); }

void RecentText::Append(absl::string_view bytes) {
  bytes.remove_prefix(bytes.size() > kKeptBytes ? bytes.size() - kKeptBytes
                                                : 0);
  if (bytes_.capacity() < 2 * kKeptBytes) bytes_.reserve(2 * kKeptBytes);
  if (bytes_.size() + bytes.size() > 2 * kKeptBytes) {
    bytes_.erase(0, bytes_.size() - kKeptBytes);
  }
  bytes_.append(bytes.data(), bytes.size());
}

std::string RecentText::Text() const {
  // Twice: control characters may stand between the letters of the secret.
  const std::string text =
      Redacted(Printable(Redacted(bytes_, hidden_)), hidden_);
  return text.substr(text.size() > kRecentBytes ? text.size() - kRecentBytes
                                                : 0);
}

}  // namespace power
