#include "fanout/tokens.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace fanout {

absl::StatusOr<TokenTable> ParseTokens(absl::string_view text,
                                       std::string source) {
  if (text.empty()) return absl::InvalidArgumentError("contains no lines");
  TokenTable table;
  table.source = std::move(source);
  int line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line_number++;
    if (!line.empty() && line[0] == '#') {
      absl::StrAppend(&table.comments, line, "\n");
    } else if (line.find('\0') != absl::string_view::npos) {
      // Clients are told the tokens with a NUL after each.
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line_number, ": a token with a NUL in it"));
    } else {
      table.tokens.emplace_back(line);
    }
  }
  if (table.tokens.empty()) {
    return absl::InvalidArgumentError("no tokens, only comments generated");
  }
  return table;
}

TokenTable IntegerTokens(int count) {
  TokenTable table;
  for (int i = 0; i < count; i++) table.tokens.push_back(absl::StrCat(i));
  return table;
}

Tokens::Tokens(TokenTable table) { Replace(std::move(table)); }

// --- asking and giving back --------------------------------------------------

absl::Status Tokens::Ask(Holder holder, int min, int max) {
  MUST(0 <= min && min <= max);
  for (const Request& request : requests_) MUST(request.holder != holder);
  if (min > size_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(min, " tokens asked for, of ", size_));
  }
  requests_.push_back({.holder = holder, .min = min, .max = max});
  return absl::OkStatus();
}

void Tokens::Withdraw(Holder holder) {
  const auto found = std::find_if(
      requests_.begin(), requests_.end(),
      [&](const Request& request) { return request.holder == holder; });
  if (found != requests_.end()) requests_.erase(found);
}

bool Tokens::GiveBack(Holder holder, int token) {
  const auto held = held_.find(holder);
  if (held == held_.end() || held->second.erase(token) == 0) return false;
  if (held->second.empty()) held_.erase(held);
  Free(token);
  return true;
}

int Tokens::GiveBackAll(Holder holder) {
  Withdraw(holder);
  return GiveBackHeld(holder);
}

int Tokens::GiveBackHeld(Holder holder) {
  const auto held = held_.find(holder);
  if (held == held_.end()) return 0;
  const std::set<int> tokens = std::move(held->second);
  held_.erase(held);
  for (int token : tokens) Free(token);
  return static_cast<int>(tokens.size());
}

void Tokens::Free(int index) {
  Slot& slot = slots_[index];
  slot.holder.reset();
  // Where one of the same text is leaving, that one stays and this one goes:
  // there are not to be more of a text at work than are in the table.
  auto leaving = leaving_.find(slot.text);
  if (slot.gone) {
    while (leaving->second != index) ++leaving;
    leaving_.erase(leaving);
  } else if (leaving != leaving_.end()) {
    slots_[leaving->second].gone = false;
    leaving_.erase(leaving);
    slot.gone = true;
  } else {
    free_.insert(index);
    return;
  }
  while (!slots_.empty() && slots_.back().gone && !slots_.back().holder) {
    slots_.pop_back();
  }
}

std::optional<Tokens::Grant> Tokens::Next(absl::Time now) {
  // Whether an older request has been overtaken often enough: whoever needs no
  // token at all may still pass.
  bool saving = false;
  for (auto request = requests_.begin(); request != requests_.end();
       ++request) {
    const int available = saving ? 0 : free();
    if (request->min > available) {
      saving = saving || request->overtaken >= kMostOvertakes;
      continue;
    }
    const Request granted = *request;
    const int count = std::min(granted.max, available);
    if (count > 0) {
      for (auto older = requests_.begin(); older != request; ++older) {
        older->overtaken++;
      }
    }
    requests_.erase(request);
    return Grant{granted.holder, Take(granted.holder, count, now)};
  }
  return std::nullopt;
}

std::vector<int> Tokens::Take(Holder holder, int count, absl::Time now) {
  std::vector<int> taken;
  for (int i = 0; i < count; i++) {
    auto next = free_.lower_bound(next_);
    if (next == free_.end()) next = free_.begin();
    const int index = *next;
    free_.erase(next);
    slots_[index].holder = holder;
    slots_[index].since = now;
    held_[holder].insert(index);
    taken.push_back(index);
    next_ = index + 1;
  }
  return taken;
}

// --- another table -----------------------------------------------------------

void Tokens::Replace(TokenTable table) {
  source_ = std::move(table.source);
  comments_ = std::move(table.comments);
  size_ = static_cast<int>(table.tokens.size());
  free_.clear();
  leaving_.clear();
  std::map<absl::string_view, int> wanted;
  for (const std::string& text : table.tokens) wanted[text]++;
  for (Slot& slot : slots_) slot.gone = true;
  // A token that is held stays the one it is: if a free one of the same text
  // stayed instead, there would be two of them at work.
  for (const bool held : {true, false}) {
    for (Slot& slot : slots_) {
      if (slot.holder.has_value() != held) continue;
      const auto want = wanted.find(slot.text);
      if (want == wanted.end() || want->second == 0) continue;
      want->second--;
      slot.gone = false;
    }
  }
  size_t unused = 0;
  for (const std::string& text : table.tokens) {
    int& want = wanted[text];
    if (want == 0) continue;
    want--;
    while (unused < slots_.size() &&
           (!slots_[unused].gone || slots_[unused].holder)) {
      unused++;
    }
    if (unused == slots_.size()) slots_.emplace_back();
    slots_[unused].text = text;
    slots_[unused].gone = false;
  }
  while (!slots_.empty() && slots_.back().gone && !slots_.back().holder) {
    slots_.pop_back();
  }
  for (size_t i = 0; i < slots_.size(); i++) {
    const int index = static_cast<int>(i);
    if (!slots_[i].gone && !slots_[i].holder) {
      free_.insert(free_.end(), index);
    } else if (slots_[i].gone && slots_[i].holder) {
      leaving_.emplace(slots_[i].text, index);
    }
  }
}

std::optional<Tokens::Holder> Tokens::TakeHopeless() {
  for (auto request = requests_.begin(); request != requests_.end();
       ++request) {
    if (request->min <= size_) continue;
    const Holder holder = request->holder;
    requests_.erase(request);
    return holder;
  }
  return std::nullopt;
}

// --- what is there -----------------------------------------------------------

bool Tokens::is_token(int index) const {
  return index >= 0 && static_cast<size_t>(index) < slots_.size() &&
         (!slots_[index].gone || slots_[index].holder);
}

int Tokens::held(Holder holder) const {
  const auto held = held_.find(holder);
  return held == held_.end() ? 0 : static_cast<int>(held->second.size());
}

std::vector<Tokens::Holder> Tokens::Overdue(absl::Duration lease,
                                            absl::Time now) const {
  std::vector<Holder> overdue;
  for (const auto& [holder, tokens] : held_) {
    const bool any = std::any_of(tokens.begin(), tokens.end(), [&](int token) {
      return now - slots_[token].since > lease;
    });
    if (any) overdue.push_back(holder);
  }
  return overdue;
}

}  // namespace fanout
