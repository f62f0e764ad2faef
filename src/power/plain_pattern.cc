#include "power/plain_pattern.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "power/limits.h"

namespace power {
namespace {

// What stands for more than itself.
constexpr absl::string_view kMarks = "\\[](){}.*+?^$|";
constexpr size_t kStepsPerByte = 16, kLeastSteps = 1024;

using Bytes = std::bitset<256>;

size_t Index(char byte) { return static_cast<unsigned char>(byte); }

// \w and its like are not for us.
std::optional<char> TakeLiteral(absl::string_view* text) {
  const bool is_escaped = absl::StartsWith(*text, "\\");
  const absl::string_view rest = text->substr(is_escaped ? 1 : 0);
  if (rest.empty() || absl::StrContains(kMarks, rest[0]) != is_escaped) {
    return std::nullopt;
  }
  *text = rest.substr(1);
  return rest[0];
}

// One of letters or of digits, as people write them; [:alpha:] and its like,
// and what goes by the locale, are not for us.
bool IsRange(char from, char to) {
  return absl::ascii_isalnum(from) && absl::ascii_isalnum(to) &&
         absl::ascii_isdigit(from) == absl::ascii_isdigit(to) &&
         absl::ascii_islower(from) == absl::ascii_islower(to) && from <= to;
}

// Behind the bracket.
bool TakeClass(absl::string_view* text, Bytes* bytes) {
  const bool is_negated = absl::ConsumePrefix(text, "^");
  for (bool is_first = true; !text->empty(); is_first = false) {
    const char from = text->front();
    text->remove_prefix(1);
    if (from == ']' && !is_first) {
      if (is_negated) bytes->flip();
      return true;
    }
    const bool is_last = absl::StartsWith(*text, "]");
    if (from == '[' || !absl::ascii_isascii(from) ||
        (from == '-' && !is_first && !is_last)) {
      return false;
    }
    char to = from;
    if (text->size() > 1 && text->front() == '-' && (*text)[1] != ']') {
      to = (*text)[1];
      if (!IsRange(from, to)) return false;
      text->remove_prefix(2);
    }
    for (size_t byte = Index(from); byte <= Index(to); ++byte) bytes->set(byte);
  }
  return false;
}

// None may be the beginning of another: so there is nothing to choose.
bool AreDistinct(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const auto begins = [&](const std::string& other) {
      return &other != &word && absl::StartsWith(other, word);
    };
    if (absl::c_any_of(words, begins)) return false;
  }
  return words.size() > 1;
}

}  // namespace

bool PlainPattern::TakePiece(absl::string_view* text,
                             std::vector<Item>* items) {
  Item item;
  if (absl::ConsumePrefix(text, ".")) {
    item.bytes.set();
    item.bytes.reset(0);  // as libc has it
  } else if (absl::ConsumePrefix(text, "[")) {
    if (!TakeClass(text, &item.bytes)) return false;
  } else if (const std::optional<char> byte = TakeLiteral(text)) {
    item.bytes.set(Index(*byte));
  } else {
    return false;
  }
  const char mark = text->empty() ? '\0' : text->front();
  item.is_optional = mark == '*' || mark == '?';
  item.repeats = mark == '*' || mark == '+';
  if (item.is_optional || item.repeats) text->remove_prefix(1);
  items->push_back(std::move(item));
  return true;
}

// Behind the bracket; the other one is taken, too.
bool PlainPattern::TakeGroup(absl::string_view* text,
                             std::vector<Item>* items) {
  Item choice;
  absl::string_view rest = *text;
  choice.words.emplace_back();
  for (;;) {
    if (absl::ConsumePrefix(&rest, "|")) {
      choice.words.emplace_back();
    } else if (const std::optional<char> byte = TakeLiteral(&rest)) {
      choice.words.back() += *byte;
    } else {
      break;
    }
  }
  if (AreDistinct(choice.words) && absl::ConsumePrefix(&rest, ")")) {
    *text = rest;
    items->push_back(std::move(choice));
    return true;
  }
  const size_t before = items->size();
  while (!absl::StartsWith(*text, ")")) {
    if (!TakePiece(text, items)) return false;
  }
  text->remove_prefix(1);
  return items->size() > before;
}

std::optional<PlainPattern> PlainPattern::Parse(absl::string_view text) {
  PlainPattern pattern;
  while (!text.empty()) {
    const size_t before = pattern.items_.size();
    if (absl::ConsumePrefix(&text, "(")) {
      if (!TakeGroup(&text, &pattern.items_)) return std::nullopt;
      pattern.groups_.push_back({before, pattern.items_.size()});
    } else if (!TakePiece(&text, &pattern.items_)) {
      return std::nullopt;
    }
  }
  if (pattern.items_.empty() || pattern.items_.size() > kMaxPatternBytes ||
      pattern.groups_.size() > kMaxPatternGroups) {
    return std::nullopt;
  }
  return pattern;
}

// Each repetition first takes all it can get, then less and less; words leave
// no choice. So matches are met in the order in which POSIX prefers them when
// they are of one length, and the first of the longest is the one.
class PlainPattern::Search {
 public:
  Search(const std::vector<Item>& items, absl::string_view bytes)
      : items_(items),
        bytes_(bytes),
        steps_left_(kLeastSteps + kStepsPerByte * bytes.size()) {}

  // From the item on, which begins there.
  void Try(size_t item, size_t at) {
    for (; item < items_.size(); ++item) {
      const Item& its = items_[item];
      at_[item] = at;
      if (its.is_optional || its.repeats) return TryEach(item, at);
      if (!its.words.empty()) {
        const auto word = absl::c_find_if(its.words, [&](const auto& one) {
          return absl::StartsWith(bytes_.substr(at), one);
        });
        if (word == its.words.end()) return;
        at += word->size();
      } else if (at < bytes_.size() && its.Has(bytes_[at])) {
        ++at;
      } else {
        return;
      }
    }
    if (is_found_ && at <= found_[items_.size()]) return;
    is_found_ = true;
    at_[items_.size()] = at;
    std::copy_n(at_, items_.size() + 1, found_);
  }

  // Where a search goes on that has found nothing from `at`: a repetition at
  // its beginning has been tried with less already.
  size_t Behind(size_t at) const {
    if (!items_[0].repeats) return at + 1;
    while (at < bytes_.size() && items_[0].Has(bytes_[at])) ++at;
    return at + 1;
  }

  bool is_found() const { return is_found_; }
  bool is_given_up() const { return steps_left_ == 0; }
  Match::Span Found(size_t item, size_t end) const {
    return {found_[item], found_[end]};
  }

 private:
  void TryEach(size_t item, size_t at) {
    const Item& its = items_[item];
    const size_t most = its.repeats ? bytes_.size() : at + 1;
    size_t end = at;
    while (end < std::min(most, bytes_.size()) && its.Has(bytes_[end])) ++end;
    steps_left_ -= std::min(steps_left_, end - at + 1);
    const size_t least = its.is_optional ? at : at + 1;
    for (size_t next = end + 1; next-- > least && steps_left_ > 0;) {
      Try(item + 1, next);
      if (is_found_ && found_[items_.size()] == bytes_.size()) return;
    }
  }

  const std::vector<Item>& items_;
  const absl::string_view bytes_;
  size_t steps_left_;
  bool is_found_ = false;
  // Where each item begins; behind the last, where the match ends.
  size_t at_[kMaxPatternBytes + 1], found_[kMaxPatternBytes + 1];
};

PlainPattern::Answer PlainPattern::Find(absl::string_view bytes,
                                        Match* match) const {
  Search search(items_, bytes);
  for (size_t at = 0; at <= bytes.size() && !search.is_found();
       at = search.Behind(at)) {
    search.Try(0, at);
    if (search.is_given_up()) return Answer::kGivenUp;
  }
  if (!search.is_found()) return Answer::kNothing;
  if (match == nullptr) return Answer::kFound;
  match->groups.assign(1, search.Found(0, items_.size()));
  for (const auto& [first, end] : groups_) {
    match->groups.push_back(search.Found(first, end));
  }
  return Answer::kFound;
}

}  // namespace power
