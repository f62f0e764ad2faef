#include "oue/filter.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/status.h"
#include "oue/facts_json.h"
#include "oue/state_log.h"

namespace oue {
namespace {

// Reports of one that gathers come in pieces of about this size.
constexpr size_t kPieceBytes = 64 << 10;

constexpr int64_t kMostOld = int64_t{1} << 62;

constexpr Fields kOldFields =
    Has(Field::kOldMemory) | Has(Field::kOldCount) | Has(Field::kTotal);

Fields FieldsOf(const std::optional<Markup>& markup) {
  return markup ? markup->fields() : 0;
}

}  // namespace

Filter::Filter(FilterOptions options, std::string prev_name)
    : o_(std::move(options)),
      gathers_(o_.count || o_.last || o_.many),
      key_is_text_(o_.key.IsText()) {
  fields_ = o_.json ? kAllFields : o_.report.fields() | FieldsOf(o_.replay);
  memory_used_ = o_.has_state || (fields_ & Has(Field::kMemory)) != 0;
  if (memory_used_) fields_ |= o_.memory.fields();
  const bool weighs_old = o_.many && o_.include_prev;
  const Fields all = fields_ | FieldsOf(o_.first) | FieldsOf(o_.every);
  old_used_ = o_.has_prev && (weighs_old || (all & kOldFields) != 0);
  // What -x sees of an element must still be there at the end.
  if (old_used_) fields_ |= FieldsOf(o_.extract);
  keeps_places_ = (fields_ & kPlaceFields) != 0;
  keeps_texts_ = (fields_ & kLineFields) != 0 && !key_is_text_;
  files_.push_back({std::move(prev_name), 0});
}

// --- what is known before ---------------------------------------------------

void Filter::AddPrev(absl::string_view key, absl::string_view memory) {
  const KeyTable::Found found = prev_.Insert(key);
  if (found.is_new) old_memories_.emplace_back();
  old_memories_[found.index].assign(memory.data(), memory.size());
}

void Filter::Learn(absl::string_view key, absl::string_view memory) {
  if (o_.update) {
    AddPrev(key, memory);
    if (!replayed_) return;  // Replay will come by
  }
  const KeyTable::Found found = keys_.Insert(key);
  if (!gathers_) {
    if (!found.is_new) Withdraw(found.index);
    return;
  }
  if (!o_.update) {
    if (found.is_new) {
      AddColumns(kKeptOut);
    } else {
      counts_[found.index] = kKeptOut;
    }
  } else if (found.is_new) {
    AddColumns(0);
    SetPlace(found.index,
             {keys_.KeyOf(found.index), static_cast<int64_t>(prev_.size())}, 0);
  }
}

void Filter::Withdraw(size_t index) {
  const auto at = std::lower_bound(
      fresh_.begin(), fresh_.end(), index,
      [](const Fresh& fresh, size_t i) { return fresh.index < i; });
  if (at != fresh_.end() && at->index == index) at->withdrawn = true;
}

absl::Status Filter::Replay() {
  replayed_ = true;
  if (!o_.include_prev) return absl::OkStatus();
  for (size_t i = 0; i < prev_.size(); i++) TRY(ReplayOne(i));
  return absl::OkStatus();
}

absl::Status Filter::ReplayOne(size_t prev_index) {
  const absl::string_view key = prev_.KeyOf(prev_index);
  const size_t hash = KeyTable::HashOf(key);
  const KeyTable::Found found = keys_.Insert(key, hash);
  if (!found.is_new) return absl::OkStatus();
  const Element element = {key, static_cast<int64_t>(prev_index) + 1};
  if (gathers_) {
    AddColumns(0);
    SetPlace(found.index, element, 0);
    return absl::OkStatus();
  }
  Facts facts;
  facts.text = facts.key = key;
  facts.line_number = element.line_number;
  SetFile(0, &facts);
  if (old_used_) TRY(AddOld(key, hash, &facts));
  return Accept(found.index, &facts);
}

// --- the elements -----------------------------------------------------------

void Filter::BeginFile(std::string name, int64_t position) {
  files_.push_back({std::move(name), position});
  has_last_key_ = false;
}

absl::Status Filter::See(absl::Span<const Element> elements) {
  if (!key_is_text_) {
    for (const Element& element : elements) {
      Facts facts;
      facts.text = element.text;
      facts.line_number = element.line_number;
      SetFile(files_.size() - 1, &facts);
      key_.clear();
      TRY(base::Context(o_.key.Expand(facts, &key_), "-k"));
      TRY(SeeOne(element, key_, KeyTable::HashOf(key_)));
    }
    return absl::OkStatus();
  }
  // The waits for memory overlap; they are most of what a look-up costs.
  hashes_.clear();
  for (const Element& element : elements) {
    hashes_.push_back(KeyTable::HashOf(element.text));
    keys_.Prefetch(hashes_.back());
  }
  for (const size_t hash : hashes_) keys_.Approach(hash);
  for (size_t i = 0; i < elements.size(); i++) {
    TRY(SeeOne(elements[i], elements[i].text, hashes_[i]));
  }
  return absl::OkStatus();
}

bool Filter::KeptOutByPrev(absl::string_view key, size_t hash) const {
  if (!o_.has_prev) return false;
  if (!o_.only_prev && o_.include_prev) return false;
  const bool there = prev_.Find(key, hash) != KeyTable::kNone;
  return there != o_.only_prev;
}

absl::Status Filter::SeeOne(const Element& element, absl::string_view key,
                            size_t hash) {
  if (o_.squeeze) {
    if (has_last_key_ && key == last_key_) return absl::OkStatus();
    last_key_.assign(key.data(), key.size());
    has_last_key_ = true;
  }
  const KeyTable::Found found = keys_.Insert(key, hash);
  if (gathers_) return Gather(element, found, key, hash);
  return found.is_new ? SeeNew(element, found.index, hash) : absl::OkStatus();
}

absl::Status Filter::SeeNew(const Element& element, size_t index, size_t hash) {
  const absl::string_view key = keys_.KeyOf(index);
  if (KeptOutByPrev(key, hash)) return absl::OkStatus();
  Facts facts;
  TRY(Describe(element, key, hash, &facts));
  facts.count = 1;
  if (HasAccumulator()) {
    accumulator_.clear();
    TRY(Accumulate(&facts, &accumulator_, &previous_value_));
  }
  return Accept(index, &facts);
}

absl::Status Filter::Gather(const Element& element, KeyTable::Found found,
                            absl::string_view key, size_t hash) {
  const size_t index = found.index;
  if (found.is_new) AddColumns(KeptOutByPrev(key, hash) ? kKeptOut : 0);
  int64_t& count = counts_[index];
  if (count == kKeptOut) return absl::OkStatus();
  count++;
  if (found.is_new || o_.last) SetPlace(index, element, files_.size() - 1);
  if (!HasAccumulator()) return absl::OkStatus();
  Facts facts;
  TRY(Describe(element, keys_.KeyOf(index), hash, &facts));
  facts.count = count;
  return Accumulate(&facts, &accumulators_[index], &previous_[index]);
}

// But for its count.
absl::Status Filter::Describe(const Element& element, absl::string_view key,
                              size_t hash, Facts* facts) const {
  facts->text = element.text;
  facts->line_number = element.line_number;
  facts->key = key;
  SetFile(files_.size() - 1, facts);
  return old_used_ ? AddOld(key, hash, facts) : absl::OkStatus();
}

// At the first occurrence `accumulator` is empty.
absl::Status Filter::Accumulate(Facts* facts, std::string* accumulator,
                                std::string* previous) {
  previous->clear();
  if (o_.first && facts->count == 1) {
    TRY(base::Context(o_.first->Expand(*facts, accumulator), "-f"));
  }
  if (o_.every) {
    previous->swap(*accumulator);
    facts->accumulator = facts->previous = *previous;
    TRY(base::Context(o_.every->Expand(*facts, accumulator), "-e"));
  }
  facts->accumulator = *accumulator;
  facts->previous = *previous;
  return absl::OkStatus();
}

void Filter::AddColumns(int64_t count) {
  counts_.push_back(count);
  if (keeps_places_) places_.emplace_back();
  if (keeps_texts_) texts_.emplace_back();
  if (HasAccumulator()) {
    accumulators_.emplace_back();
    previous_.emplace_back();
  }
}

void Filter::SetPlace(size_t index, const Element& element, size_t file) {
  if (keeps_places_) places_[index] = {file, element.line_number};
  if (keeps_texts_) texts_[index] = std::string(element.text);
}

void Filter::SetFile(size_t file, Facts* facts) const {
  facts->file = files_[file].name;
  facts->file_position = files_[file].position;
}

// As strtol(3) with the base 0 reads it: -5, 0x1f, 017, and what follows a
// number does not matter.
absl::Status Filter::AddOld(absl::string_view key, size_t hash,
                            Facts* facts) const {
  const size_t index = prev_.Find(key, hash);
  if (index == KeyTable::kNone) return absl::OkStatus();
  facts->old_memory = old_memories_[index];
  std::string number;
  if (o_.extract) {
    TRY(base::Context(o_.extract->Expand(*facts, &number), "-x"));
  } else {
    number = old_memories_[index];
  }
  // Room for what is added to it.
  facts->old_count = std::clamp<int64_t>(strtoll(number.c_str(), nullptr, 0),
                                         -kMostOld, kMostOld);
  return absl::OkStatus();
}

// --- the answer -------------------------------------------------------------

absl::Status Filter::Accept(size_t index, Facts* facts) {
  // Differs: in a report the original counts from 1, against its manual.
  facts->unique = unique_++;
  const size_t from = memories_.size();
  if (memory_used_) {
    TRY(base::Context(o_.memory.Expand(*facts, &memories_), "-r"));
    facts->memory = absl::string_view(memories_).substr(from);
  }
  if (o_.json) {
    answer_ += FactsJson(*facts, {.terminator = o_.terminator,
                                  .prev = o_.has_prev,
                                  .accumulator = HasAccumulator()});
  } else if (facts->count == 0 && o_.replay) {
    TRY(base::Context(o_.replay->Expand(*facts, &answer_), "-B"));
  } else {
    TRY(base::Context(o_.report.Expand(*facts, &answer_), "-R"));
  }
  answer_ += o_.terminator;
  if (!o_.has_state) {
    memories_.clear();
    return absl::OkStatus();
  }
  bool store = true;
  if (o_.update) {
    const size_t old = prev_.Find(facts->key);
    store = old == KeyTable::kNone || old_memories_[old] != facts->memory;
  }
  fresh_.push_back({index, memories_.size(), answer_.size(), store, false});
  return absl::OkStatus();
}

absl::Status Filter::ReportOne(size_t index) {
  if (counts_[index] == kKeptOut) return absl::OkStatus();
  Facts facts;
  facts.key = keys_.KeyOf(index);
  facts.count = counts_[index];
  facts.text = keeps_texts_ ? absl::string_view(texts_[index]) : facts.key;
  if (keeps_places_) {
    facts.line_number = places_[index].line_number;
    SetFile(places_[index].file, &facts);
  }
  if (HasAccumulator()) {
    facts.accumulator = accumulators_[index];
    facts.previous = previous_[index];
  }
  if (old_used_) TRY(AddOld(facts.key, KeyTable::HashOf(facts.key), &facts));
  const int64_t seen = facts.count + (o_.include_prev ? facts.old_count : 0);
  if (o_.many && seen < *o_.many) return absl::OkStatus();
  return Accept(index, &facts);
}

absl::StatusOr<bool> Filter::Report() {
  for (; reported_ < counts_.size(); reported_++) {
    if (waiting_bytes() >= kPieceBytes && !o_.has_state) return true;
    TRY(ReportOne(reported_));
  }
  return false;
}

std::string Filter::Settle(std::string* entries) {
  if (!o_.has_state) return std::exchange(answer_, {});
  std::string answer;
  size_t answer_begin = 0, memory_begin = 0;
  for (const Fresh& fresh : fresh_) {
    if (!fresh.withdrawn) {
      answer.append(answer_, answer_begin, fresh.answer_end - answer_begin);
    }
    if (!fresh.withdrawn && fresh.store) {
      const absl::string_view key = keys_.KeyOf(fresh.index);
      const absl::string_view memory = absl::string_view(memories_).substr(
          memory_begin, fresh.memory_end - memory_begin);
      PutEntry(key, memory, entries);
      if (o_.update) AddPrev(key, memory);
    }
    answer_begin = fresh.answer_end;
    memory_begin = fresh.memory_end;
  }
  fresh_.clear();
  answer_.clear();
  memories_.clear();
  return answer;
}

std::string Filter::AllEntries() const {
  std::string entries;
  for (size_t i = 0; i < prev_.size(); i++) {
    PutEntry(prev_.KeyOf(i), old_memories_[i], &entries);
  }
  return entries;
}

}  // namespace oue
