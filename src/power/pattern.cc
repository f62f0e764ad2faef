#include "power/pattern.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <regex.h>

#include <algorithm>

#include "power/limits.h"
#include "power/plain_pattern.h"

namespace power {

struct Pattern::Compiled {
  regex_t regex = {};
  bool made = false;
  std::optional<PlainPattern> plain = {};  // if it is of that kind
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() {
    if (made) regfree(&regex);
  }
  // libc is twice as fast when it need not say where groups are that the
  // pattern has not got: so many are `wanted`, and `found` holds one at least.
  bool Search(absl::string_view bytes, int flags, regmatch_t* found,
              size_t wanted) const {
    found[0].rm_so = 0;
    found[0].rm_eo = static_cast<regoff_t>(bytes.size());
    const char* begin = bytes.empty() ? "" : bytes.data();
    return regexec(&regex, begin, wanted, found, flags | REG_STARTEND) == 0;
  }
  PlainPattern::Answer Plainly(absl::string_view bytes, Match* match) const {
    return plain ? plain->Find(bytes, match) : PlainPattern::Answer::kGivenUp;
  }
};

namespace {

// libc writes out each copy that {N} asks for, and copies of copies: a short
// pattern may ask for gigabytes. Differs: powerman lets it.
absl::Status CheckCost(absl::string_view text) {
  int64_t copies = 1;
  for (size_t at = 0; at < text.size(); at++) {
    if (text[at] == '\\') {
      at++;
      if (at < text.size() && text[at] >= '1' && text[at] <= '9') {
        return absl::InvalidArgumentError(absl::StrCat(
            "\\", text.substr(at, 1), " refers back, which is not supported"));
      }
    } else if (text[at] == '{') {
      int64_t most = 1;
      while (++at < text.size() && text[at] != '}') {
        int64_t number = 0;
        while (at < text.size() && absl::ascii_isdigit(text[at])) {
          number = std::min<int64_t>(number * 10 + (text[at++] - '0'), 1 << 20);
        }
        most = std::max(most, number);
        if (at >= text.size() || text[at] == '}') break;
      }
      copies *= most;
      if (copies > kMaxPatternCopies) {
        return absl::InvalidArgumentError(
            absl::StrCat("repeats more than ", kMaxPatternCopies, " times"));
      }
    }
  }
  return absl::OkStatus();
}

std::string Reason(int code, const regex_t& regex) {
  char text[256];
  regerror(code, &regex, text, sizeof text);
  return text;
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Compile(absl::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is longer than ", kMaxPatternBytes, " bytes"));
  }
  if (text.empty()) return absl::InvalidArgumentError("is empty");
  if (text.find(char{0}) != absl::string_view::npos) {
    return absl::InvalidArgumentError("has a NUL");
  }
  if (absl::Status cost = CheckCost(text); !cost.ok()) return cost;
  auto compiled = std::make_shared<Compiled>();
  const std::string real =
      absl::StrReplaceAll(text, {{"\\r", "\r"}, {"\\n", "\n"}});
  const int code = regcomp(&compiled->regex, real.c_str(), REG_EXTENDED);
  if (code != 0) {
    return absl::InvalidArgumentError(Reason(code, compiled->regex));
  }
  compiled->made = true;
  compiled->plain = PlainPattern::Parse(real);
  Pattern pattern;
  pattern.text_ = std::string(text);
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

int Pattern::groups() const {
  return compiled_ == nullptr ? 0 : static_cast<int>(compiled_->regex.re_nsub);
}

std::optional<Match> Pattern::Find(absl::string_view bytes) const {
  if (compiled_ == nullptr) return std::nullopt;
  Match match;
  const PlainPattern::Answer answer = compiled_->Plainly(bytes, &match);
  if (answer == PlainPattern::Answer::kFound) return match;
  if (answer == PlainPattern::Answer::kNothing) return std::nullopt;
  regmatch_t found[kMaxPatternGroups + 1];
  const size_t wanted =
      static_cast<size_t>(std::min<int>(groups(), kMaxPatternGroups) + 1);
  if (!compiled_->Search(bytes, REG_NOTEOL, found, wanted)) return std::nullopt;
  match.groups.resize(wanted);
  for (size_t i = 0; i < wanted; ++i) {
    if (found[i].rm_so < 0) continue;
    match.groups[i] = {static_cast<size_t>(found[i].rm_so),
                       static_cast<size_t>(found[i].rm_eo)};
  }
  return match;
}

// Differs: powerman does not know the end of a value either, so that "^0$"
// never matches there.
bool Pattern::Matches(absl::string_view value) const {
  if (compiled_ == nullptr) return false;
  const PlainPattern::Answer answer = compiled_->Plainly(value, nullptr);
  if (answer != PlainPattern::Answer::kGivenUp) {
    return answer == PlainPattern::Answer::kFound;
  }
  regmatch_t found[1];
  return compiled_->Search(value, 0, found, 0);
}

}  // namespace power
