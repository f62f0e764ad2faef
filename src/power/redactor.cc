#include "power/redactor.h"

#include <absl/strings/ascii.h>

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

}  // namespace

std::string Redacted(absl::string_view text, const keys::Secret* secret) {
  if (secret == nullptr || secret->size() == 0) return std::string(text);
  std::string out;
  while (true) {
    const size_t at = text.find(secret->view());
    if (at == absl::string_view::npos) break;
    out.append(text.data(), at);
    out += "***";
    text.remove_prefix(at + secret->size());
  }
  out.append(text.data(), text.size());
  return out;
}

std::string Redactor::Feed(absl::string_view bytes) {
  if (secret_ == nullptr || secret_->size() == 0) return std::string(bytes);
  const absl::string_view secret = secret_->view();
  std::string all = held_;
  all.append(bytes.data(), bytes.size());
  keys::Wipe(held_);
  std::string out;
  absl::string_view rest = all;
  for (size_t at; (at = rest.find(secret)) != absl::string_view::npos;) {
    out.append(rest.data(), at);
    out += "***";
    rest.remove_prefix(at + secret.size());
  }
  // The longest end that is a beginning of the secret.
  size_t held = std::min(rest.size(), secret.size() - 1);
  while (rest.substr(rest.size() - held) != secret.substr(0, held)) held--;
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
      Redacted(Printable(Redacted(bytes_, secret_)), secret_);
  return text.substr(text.size() > kRecentBytes ? text.size() - kRecentBytes
                                                : 0);
}

}  // namespace power
