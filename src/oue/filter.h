// Which elements pass, and what is said of each.
//
// An element has a key. It is accepted when its key is not in the state and,
// with a prev, not in prev (`only_prev`: only if it is there); of the elements
// with one key that is the first. Then it gets a memory, which the state keeps,
// and a report, which is the answer.
//
// A filter that streams decides at each element. One that gathers (it counts,
// takes the last element of a key, or only keys that come often) decides at the
// end, in the order in which the keys first came; the memory it takes grows
// with the number of keys.
// Differs: the order of the original is none unless -s is given.
//
// Replay (`include_prev`): the keys of prev come first, as elements of their
// own that are no occurrence. If prev is the state itself (`update`), what is
// in it does not keep an element out, but gets a new memory.
//
// Several processes may share a state. So what was accepted stands under
// reserve until Settle: before that the caller tells what others have stored
// since (Learn), and what is among that is withdrawn.
//
// The order of calls: Learn for what is in the state and AddPrev for what is in
// prev, Replay, then BeginFile and See for each file, and Report until it says
// that there is no more. In between Settle, each time with the state locked.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oue/cutter.h"
#include "oue/key_table.h"
#include "oue/markup.h"

namespace oue {

struct FilterOptions {
  Markup key, report, memory;
  std::optional<Markup> replay = {};   // -B: instead of `report`
  std::optional<Markup> first = {};    // -f
  std::optional<Markup> every = {};    // -e
  std::optional<Markup> extract = {};  // -x: of prev's memory, else that itself
  bool count = false;                  // -c
  bool last = false;                   // -l
  std::optional<int64_t> many = {};    // -d, -M: only keys that come so often
  bool squeeze = false;                // -S
  bool has_prev = false, include_prev = false, only_prev = false;
  bool has_state = false, update = false;
  bool json = false;  // reports are objects
  char terminator = '\n';
};

class Filter {
 public:
  explicit Filter(FilterOptions options, std::string prev_name = "");

  void Learn(absl::string_view key, absl::string_view memory);
  void AddPrev(absl::string_view key, absl::string_view memory);

  // Each may add to the answer. InvalidArgument, naming the option, when a
  // mixer makes too much.
  absl::Status Replay();
  void BeginFile(std::string name, int64_t position);  // from 1
  absl::Status See(absl::Span<const Element> elements);
  // Once all was seen: the next reports of one that gathers. False when that
  // was the last.
  absl::StatusOr<bool> Report();

  // Bytes of the answer, and of what the state shall keep, so far.
  size_t waiting_bytes() const { return answer_.size() + memories_.size(); }
  // Takes the answer, and with a state appends what that shall keep to
  // `entries` (PutEntry).
  std::string Settle(std::string* entries);
  // Under `update`: all that the state shall hold, what was settled included.
  std::string AllEntries() const;

 private:
  // Of keys that are not accepted, instead of a count.
  static constexpr int64_t kKeptOut = -1;

  // Accepted and not settled.
  struct Fresh {
    size_t index;
    size_t memory_end, answer_end;  // in memories_, answer_
    bool store, withdrawn;
  };
  struct Place {
    size_t file;  // in files_
    int64_t line_number;
  };
  struct File {
    std::string name;
    int64_t position;
  };

  bool KeptOutByPrev(absl::string_view key, size_t hash) const;
  bool HasAccumulator() const { return o_.first || o_.every; }
  absl::Status SeeOne(const Element& element, absl::string_view key,
                      size_t hash);
  absl::Status SeeNew(const Element& element, size_t index, size_t hash);
  absl::Status Gather(const Element& element, KeyTable::Found found,
                      absl::string_view key, size_t hash);
  absl::Status Describe(const Element& element, absl::string_view key,
                        size_t hash, Facts* facts) const;
  void AddColumns(int64_t count);
  void Withdraw(size_t index);
  void SetPlace(size_t index, const Element& element, size_t file);
  absl::Status Accumulate(Facts* facts, std::string* accumulator,
                          std::string* previous);
  absl::Status ReplayOne(size_t prev_index);
  absl::Status ReportOne(size_t index);
  absl::Status Accept(size_t index, Facts* facts);
  absl::Status AddOld(absl::string_view key, size_t hash, Facts* facts) const;
  void SetFile(size_t file, Facts* facts) const;

  const FilterOptions o_;
  const bool gathers_;
  const bool key_is_text_;
  // What reports and memories are made of, and what an element needs beside its
  // key while it waits for them.
  Fields fields_ = 0;
  bool memory_used_, old_used_, keeps_places_, keeps_texts_;

  KeyTable keys_;                          // seen, or in the state
  KeyTable prev_;                          // in prev
  std::vector<std::string> old_memories_;  // by index in prev_
  bool replayed_ = false;
  std::vector<File> files_;  // 0 is prev
  std::string last_key_;     // -S
  bool has_last_key_ = false;
  int64_t unique_ = 0;  // accepted so far

  // Of one that gathers, by index in keys_; empty when nobody asks for it.
  std::vector<int64_t> counts_;
  std::vector<Place> places_;
  std::vector<std::string> texts_, accumulators_, previous_;
  size_t reported_ = 0;

  std::string answer_, memories_;
  std::vector<Fresh> fresh_;
  std::vector<size_t> hashes_;
  // Kept for their room.
  std::string key_, accumulator_, previous_value_;
};

}  // namespace oue
