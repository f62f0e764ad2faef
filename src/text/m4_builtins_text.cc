// The builtins that make texts out of texts, and numbers.
#include <absl/strings/str_cat.h>

#include <array>
#include <string>

#include "text/m4_builtins.h"
#include "text/m4_eval.h"
#include "text/m4_format.h"

namespace text::m4_builtins {
namespace {

// Bytes as the index of a table.
uint8_t Code(char c) { return static_cast<uint8_t>(c); }

// `a-d' written out, and `d-a' backwards.
std::string WithoutRanges(absl::string_view set) {
  std::string all;
  uint8_t from = 0;
  for (size_t i = 0; i < set.size(); ++i) {
    if (set[i] == '-' && from != 0) {
      if (++i == set.size()) {
        all += '-';
        break;
      }
      const uint8_t to = Code(set[i]);
      while (from != to) {
        from += from < to ? 1 : -1;
        all += static_cast<char>(from);
      }
    } else {
      all += set[i];
    }
    from = Code(set[i]);
  }
  return all;
}

// What a match is replaced by: \& and \0 are all of it, \1 to \9 its groups.
void Substitute(M4Engine& m4, absl::string_view text, const M4Pattern& match,
                absl::string_view replacement, M4Stack& out) {
  while (!m4.ended()) {
    const size_t backslash = replacement.find('\\');
    out.Append(replacement.substr(0, backslash));
    if (backslash == absl::string_view::npos) return;
    replacement.remove_prefix(backslash + 1);
    if (replacement.empty()) {
      m4.Warn("Warning: trailing \\ ignored in replacement");
      return;
    }
    const char c = replacement[0];
    replacement.remove_prefix(1);
    if (c == '&' || c == '0') {
      if (c == '0') m4.WarnOfBackslashZero();
      out.Append(text.substr(match.begin(0), match.end(0) - match.begin(0)));
    } else if (c >= '1' && c <= '9') {
      const int group = c - '0';
      if (group > match.groups()) {
        m4.Warn(
            absl::StrCat("Warning: sub-expression ", group, " not present"));
      } else if (match.took_part(group)) {
        out.Append(text.substr(match.begin(group),
                               match.end(group) - match.begin(group)));
      }
    } else {
      out.Append(c);
    }
  }
}

M4Pattern* Pattern(M4Engine& m4, absl::string_view pattern,
                   absl::string_view complaint) {
  absl::StatusOr<M4Pattern*> compiled = m4.patterns().Get(pattern);
  if (compiled.ok()) return *compiled;
  m4.Warn(absl::StrCat(complaint, " `", pattern,
                       "': ", compiled.status().message()));
  return nullptr;
}

void MatchFailed(M4Engine& m4, absl::string_view pattern) {
  m4.Warn(absl::StrCat("error matching regular expression `", pattern, "'"));
}

// One more or less, with wrap-around.
void Step(M4Engine& m4, const M4Args& args, uint32_t by, M4Stack& out) {
  int value = 0;
  if (!m4.Count(args, 1, 1) || !m4.Number(args, 1, &value)) return;
  out.Append(
      absl::StrCat(static_cast<int32_t>(static_cast<uint32_t>(value) + by)));
}

}  // namespace

void Len(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (m4.Count(args, 1, 1)) out.Append(absl::StrCat(args[1].size()));
}

void Index(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 2)) {
    if (args.size() == 1) out.Append("0");
    return;
  }
  const absl::string_view text = args[1], part = args[2];
  const void* found = part.empty()   ? text.data()
                      : text.empty() ? nullptr
                                     : memmem(text.data(), text.size(),
                                              part.data(), part.size());
  if (part.empty()) {
    out.Append("0");
  } else if (found == nullptr) {
    out.Append("-1");
  } else {
    out.Append(absl::StrCat(static_cast<const char*>(found) - text.data()));
  }
}

void Substr(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 3)) {
    out.Append(args[1]);
    return;
  }
  const absl::string_view text = args[1];
  int start = 0, length = 0;
  if (!m4.Number(args, 2, &start)) return;
  if (args.size() >= 3 && !m4.Number(args, 3, &length)) return;
  if (args.size() < 3) length = INT32_MAX;
  if (start < 0 || length <= 0 || static_cast<size_t>(start) >= text.size()) {
    return;
  }
  out.Append(text.substr(start, length));
}

void Translit(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 3)) {
    out.Append(args[1]);
    return;
  }
  const std::string from = WithoutRanges(args[2]);
  const std::string to = WithoutRanges(args[3]);
  constexpr int kKeep = -1, kDrop = -2;
  std::array<int, 256> becomes;
  becomes.fill(kKeep);
  for (size_t i = 0; i < from.size(); ++i) {
    int& byte = becomes[Code(from[i])];
    if (byte == kKeep) byte = i < to.size() ? Code(to[i]) : kDrop;
  }
  const absl::string_view text = args[1];
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = becomes[Code(text[i])];
    if (byte == kKeep) {
      const size_t begin = i;
      while (i + 1 < text.size() && becomes[Code(text[i + 1])] == kKeep) ++i;
      out.Append(text.substr(begin, i + 1 - begin));
    } else if (byte != kDrop) {
      out.Append(static_cast<char>(byte));
    }
  }
}

void Regexp(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 3)) {
    if (args.size() == 1) out.Append("0");
    return;
  }
  M4Pattern* pattern = Pattern(m4, args[2], "bad regular expression:");
  if (pattern == nullptr) return;
  const M4Pattern::Result result = pattern->Search(args[1], 0);
  if (result == M4Pattern::Result::kFailed) {
    MatchFailed(m4, args[2]);
  } else if (args.size() == 2) {
    out.Append(result == M4Pattern::Result::kFound
                   ? absl::StrCat(pattern->begin(0))
                   : "-1");
  } else if (result == M4Pattern::Result::kFound) {
    Substitute(m4, args[1], *pattern, args[3], out);
  }
}

void Patsubst(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 3)) {
    out.Append(args[1]);
    return;
  }
  M4Pattern* pattern = Pattern(m4, args[2], "bad regular expression");
  if (pattern == nullptr) return;
  m4.ShowEmptyResult();
  const absl::string_view text = args[1];
  for (size_t at = 0; at <= text.size() && !m4.ended();) {
    const M4Pattern::Result result = pattern->Search(text, at);
    if (result == M4Pattern::Result::kFailed) MatchFailed(m4, args[2]);
    if (result != M4Pattern::Result::kFound) {
      if (result == M4Pattern::Result::kNone) out.Append(text.substr(at));
      return;
    }
    const size_t begin = pattern->begin(0), end = pattern->end(0);
    out.Append(text.substr(at, begin - at));
    Substitute(m4, text, *pattern, args[3], out);
    at = end;
    // Behind an empty match one byte stays, or there would be no end.
    if (begin == end) {
      out.Append(text.substr(at, 1));
      ++at;
    }
    if (out.exceeded()) return;
  }
}

void Format(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (m4.Count(args, 1, SIZE_MAX)) FormatM4(m4, args, out);
}

void Incr(M4Engine& m4, const M4Args& args, M4Stack& out) {
  Step(m4, args, 1, out);
}

void Decr(M4Engine& m4, const M4Args& args, M4Stack& out) {
  Step(m4, args, UINT32_MAX, out);
}

void Eval(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 1, 3)) return;
  int radix = 10, digits = 1;
  if (!args[2].empty() && !m4.Number(args, 2, &radix)) return;
  if (radix < 1 || radix > 36) {
    m4.Warn(absl::StrCat("radix ", radix, " in builtin `", args.name(),
                         "' out of range"));
    return;
  }
  if (args.size() >= 3 && !m4.Number(args, 3, &digits)) return;
  if (digits < 0) {
    m4.Warn(absl::StrCat("negative width to builtin `", args.name(), "'"));
    return;
  }
  M4Sum sum;
  if (args[1].empty()) {
    m4.Warn(absl::StrCat("empty string treated as 0 in builtin `", args.name(),
                         "'"));
  } else {
    sum = EvaluateM4(args[1]);
    for (int i = 0; i < sum.single_equals; ++i) {
      m4.Warn("Warning: recommend ==, not =, for equality operator");
    }
    if (!sum.error.empty()) {
      const std::string complaint = absl::StrCat(sum.error, ": ", args[1]);
      if (sum.bad_operator) {
        m4.Error(complaint);
      } else {
        m4.Warn(complaint);
      }
      return;
    }
  }
  const std::string number = M4Digits(sum.value, radix, digits, out.room());
  if (number.empty() && sum.value != 0) {
    out.Append(out.room() + 1, '0');
    return;
  }
  out.Append(number);
}

}  // namespace text::m4_builtins
