#include "power/written_secrets.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/string_view.h>
#include <absl/strings/strip.h>

namespace power {
namespace {

using Kind = Statement::Kind;

// The letters of a regex as somebody would read it: of "[Pp]ass ?word ?:" they
// are "password:".
void Append(char c, std::string* out) {
  constexpr absl::string_view kLeftOut = " -_?()";
  if (!absl::StrContains(kLeftOut, c)) *out += absl::ascii_tolower(c);
}
std::string Letters(absl::string_view pattern) {
  std::string out;
  for (size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '[') {
      const size_t end = pattern.find(']', at + 2);
      if (end == absl::string_view::npos) break;
      Append(pattern[at + 1], &out);
      at = end;
    } else {
      Append(c, &out);
    }
  }
  return out;
}

bool AsksForSecret(const Pattern& pattern) {
  const std::string letters = Letters(pattern.text());
  constexpr absl::string_view kWords[] = {"assw", "assphrase", "asscode",
                                          "secret"};
  return absl::c_any_of(kWords, [&letters](absl::string_view word) {
    return absl::StrContains(letters, word);
  });
}

class Finder {
 public:
  // `is_asked`: what leads to the block asks for one.
  void Look(const std::vector<Statement>& body, bool is_asked) {
    for (const Statement& s : body) {
      if (s.kind == Kind::kExpect) is_asked = AsksForSecret(s.pattern);
      if (s.kind == Kind::kSend) {
        Sent(s.text, is_asked);
        is_asked = false;
      }
      for (const Branch& branch : s.branches) {
        Look(branch.body, branch.kind == Branch::Kind::kPattern &&
                              AsksForSecret(branch.pattern));
      }
      Look(s.body, is_asked);
    }
  }
  std::vector<std::string> Take() { return std::move(found_); }

 private:
  void Sent(absl::string_view text, bool is_asked) {
    text = absl::StripTrailingAsciiWhitespace(text);
    if (absl::ConsumePrefix(&text, "auth ")) {
      const size_t colon = text.find(':');
      is_asked = colon != absl::string_view::npos;
      if (is_asked) text.remove_prefix(colon + 1);
    }
    std::string word = absl::StrReplaceAll(text, {{"%%", "%"}});
    if (!is_asked || word.empty() || absl::c_linear_search(found_, word)) {
      return;
    }
    found_.push_back(std::move(word));
  }

  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> WrittenSecrets(const Specification& specification) {
  Finder finder;
  for (const Script& script : specification.scripts) {
    finder.Look(script.body, false);
  }
  return finder.Take();
}

}  // namespace power
