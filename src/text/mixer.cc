#include "text/mixer.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "text/utf8.h"

namespace text {
namespace {

bool IsSeparator(int c) { return c == ',' || c == ' ' || c == '\t'; }

bool EndsChain(int c) {
  return IsSeparator(c) || c == ')' || c == TemplateScanner::kEnd;
}

absl::Status SyntaxError(const TemplateScanner& in) {
  return in.Fail("syntax error in expression", "mixer ");
}

// What stands between two marks, the first of which has been taken. Where the
// marks differ, pairs of them may stand in it.
absl::Status ReadText(TemplateScanner& in, char open, char close,
                      absl::string_view* text) {
  const size_t from = in.at();
  for (int depth = 1;;) {
    const int c = in.Peek();
    if (c == TemplateScanner::kEnd) {
      return in.Fail(absl::StrCat("missing close quote (",
                                  absl::string_view(&close, 1), ")"),
                     "mixer ");
    }
    if (c == close) {
      if (--depth == 0) break;
    } else if (c == open) {
      depth++;
    }
    in.Skip(1);
  }
  *text = in.Since(from);
  in.Skip(1);
  return absl::OkStatus();
}

}  // namespace

// --- Reading ----------------------------------------------------------------

absl::Status Mixer::Read(TemplateScanner& in, size_t depth) {
  for (;;) {
    while (IsSeparator(in.Peek())) in.Skip(1);
    if (in.TakeIf(')')) return absl::OkStatus();
    if (in.Peek() == TemplateScanner::kEnd) {
      return in.Fail("missing close parenthesis ())", "mixer ");
    }
    chains_.emplace_back();
    TRY(ReadChain(in, depth, &chains_.back()));
  }
}

absl::Status Mixer::ReadChain(TemplateScanner& in, size_t depth, Chain* chain) {
  while (in.Peek() == '(') {
    if (depth == base::kMaxTemplateDepth) {
      return in.Fail("groups nested too deep", "mixer ");
    }
    in.Skip(1);
    chain->groups.emplace_back();
    TRY(chain->groups.back().Read(in, depth + 1));
  }
  while (!EndsChain(in.Peek())) {
    chain->parts.emplace_back();
    TRY(ReadPart(in, &chain->parts.back()));
  }
  return absl::OkStatus();
}

absl::Status Mixer::ReadPart(TemplateScanner& in, Part* part) {
  part->is_text = true;
  if (in.TakeIf('"')) return ReadText(in, '"', '"', &part->text);
  if (in.TakeIf('`')) return ReadText(in, '`', '\'', &part->text);
  part->is_text = false;
  return ReadRange(in, part);
}

absl::Status Mixer::ReadRange(TemplateScanner& in, Part* part) {
  constexpr Position kFirst{.number = 1, .from_end = false};
  constexpr Position kLast{.number = 1, .from_end = true};
  part->from = kFirst;
  part->to = kLast;
  if (in.TakeIf('*')) return absl::OkStatus();
  if (in.rest().substr(0, 2) == "~*") {
    in.Skip(2);
    std::swap(part->from, part->to);
    return absl::OkStatus();
  }
  TRY(ReadPosition(in, &part->from));
  part->to = part->from;
  if (!in.TakeIf('-')) return absl::OkStatus();
  if (in.TakeIf('*')) {
    part->to = kLast;
    return absl::OkStatus();
  }
  return ReadPosition(in, &part->to);
}

absl::Status Mixer::ReadPosition(TemplateScanner& in, Position* position) {
  const bool tilde = in.TakeIf('~');
  if (in.TakeIf('$')) {
    *position = {.number = 1, .from_end = !tilde};
    return absl::OkStatus();
  }
  if (!in.AtDigit()) return SyntaxError(in);
  *position = {.number = std::max<size_t>(in.TakeNumber(), 1),
               .from_end = tilde};
  return absl::OkStatus();
}

// --- Mixing -----------------------------------------------------------------

// A value as a row of characters.
class Mixer::Characters {
 public:
  Characters(absl::string_view value, bool utf8) : value_(value) {
    const auto is_ascii = [](unsigned char c) { return c < 0x80; };
    if (!utf8 || std::all_of(value.begin(), value.end(), is_ascii) ||
        !IsUtf8(value)) {
      count_ = value.size();
      return;
    }
    for (size_t i = 0; i < value.size(); i++) {
      if ((value[i] & 0xC0) != 0x80) starts_.push_back(i);
    }
    count_ = starts_.size();
  }

  void AppendRange(Position first, Position last, std::string* out) const {
    size_t from = PlaceOf(first), to = PlaceOf(last);
    if (std::min(from, to) > count_) return;
    from = std::min(from, count_);
    to = std::min(to, count_);
    if (from <= to) {
      const size_t begin = StartOf(from);
      out->append(value_.data() + begin, StartOf(to + 1) - begin);
      return;
    }
    for (size_t i = from; i >= to; i--) {
      out->append(value_.data() + StartOf(i), StartOf(i + 1) - StartOf(i));
    }
  }

 private:
  size_t PlaceOf(Position p) const {
    if (!p.from_end) return p.number;
    return p.number <= count_ ? count_ - p.number + 1 : 1;
  }
  // Of the character at `place`, from 1; the one behind the last has one too.
  size_t StartOf(size_t place) const {
    if (starts_.empty()) return place - 1;
    return place <= count_ ? starts_[place - 1] : value_.size();
  }

  absl::string_view value_;
  size_t count_;
  std::vector<size_t> starts_;  // empty: every byte is one
};

absl::Status Mixer::Append(absl::string_view value, bool utf8,
                           std::string* out) const {
  if (chains_.empty()) {
    out->append(value.data(), value.size());
    return absl::OkStatus();
  }
  const size_t begin = out->size();
  // Groups that double their value, one after another, would soon fill any
  // memory.
  const auto check = [&] {
    return out->size() - begin <= base::kMaxTemplateBytes
               ? absl::OkStatus()
               : absl::InvalidArgumentError(absl::StrCat(
                     "makes more than ", base::kMaxTemplateBytes, " bytes"));
  };
  for (const Chain& chain : chains_) {
    absl::string_view current = value;
    std::string made;
    for (const Mixer& group : chain.groups) {
      std::string next;
      TRY(group.Append(current, utf8, &next));
      made = std::move(next);
      current = made;
    }
    if (chain.parts.empty()) {
      // Differs: the original dropped it, too, when there was something before
      // it. That of a chain with another one behind it has always been dropped.
      if (&chain != &chains_.back()) continue;
      out->append(current.data(), current.size());
      TRY(check());
      continue;
    }
    const Characters characters(current, utf8);
    for (const Part& part : chain.parts) {
      if (part.is_text) {
        out->append(part.text.data(), part.text.size());
      } else {
        characters.AppendRange(part.from, part.to, out);
      }
      TRY(check());
    }
  }
  return absl::OkStatus();
}

}  // namespace text
