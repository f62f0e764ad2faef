// Who holds which token. Pure.
//
// A table of tokens is lent to holders: a holder asks for some, waits if need
// be, is granted, and gives them back. Tokens are handed out in rotation from
// where the last allocation stopped.
//
// Requests are served in the order they came, with one exception: one that fits
// may overtake an older, larger one that does not, at most kMostOvertakes
// times; from then on tokens are saved up for the oldest.
//
//   asked ──► waiting ──Next──► granted ──GiveBack──► free again
//                └──TakeHopeless──► refused
//
// No two holders have the same token, and every token is either free, held, or
// gone from the table.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fanout {

// What a table starts from.
struct TokenTable {
  std::vector<std::string> tokens;
  std::string source;    // a file's name; "" for integers
  std::string comments;  // the file's, with their newlines
};
// The lines of a file: those that start with '#' are comments, empty ones are
// empty tokens. InvalidArgument "contains no lines", "no tokens, only comments
// generated", and for a token with a NUL in it.
absl::StatusOr<TokenTable> ParseTokens(absl::string_view text,
                                       std::string source);
TokenTable IntegerTokens(int count);

class Tokens {
 public:
  static constexpr int kMostOvertakes = 8;
  using Holder = int64_t;  // the caller's name for it
  struct Grant {
    Holder holder;
    std::vector<int> tokens;  // indexes
  };

  explicit Tokens(TokenTable table);

  // Asks for `min` to `max` tokens: as many as are free between the two. At
  // most one request of a holder waits. ResourceExhausted when there are not as
  // many as `min` at all; then nothing is asked.
  absl::Status Ask(Holder holder, int min, int max);
  // Not waiting any more.
  void Withdraw(Holder holder);
  // False when the holder does not have it.
  bool GiveBack(Holder holder, int token);
  // All it has: how many that were. GiveBackAll withdraws its request, too.
  int GiveBackHeld(Holder holder);
  int GiveBackAll(Holder holder);

  // Grants what can be granted now, one at a time: call after each of the above
  // until there is none.
  std::optional<Grant> Next(absl::Time now);

  // Reads a table anew: new tokens may be lent at once; of those that are not
  // in it any more free ones go at once, others when they are given back.
  // Indexes stay what they are.
  void Replace(TokenTable table);
  // Takes out a request for more than a new table has, and names its holder;
  // call after Replace until there is none.
  std::optional<Holder> TakeHopeless();

  int size() const { return size_; }  // tokens of the table
  // Of them, that nobody holds.
  int free() const { return static_cast<int>(free_.size()); }
  // One more than the largest index; between them may be some that are no
  // tokens any more, and not again yet.
  size_t indexes() const { return slots_.size(); }
  // Whether it is free or held; also one that is held and not in the table.
  bool is_token(int index) const;
  const std::string& text(int index) const { return slots_[index].text; }
  std::optional<Holder> holder(int index) const { return slots_[index].holder; }
  int held(Holder holder) const;  // how many it has
  const std::string& source() const { return source_; }
  const std::string& comments() const { return comments_; }
  size_t waiting() const { return requests_.size(); }
  // Holders that have had a token for longer than `lease`.
  std::vector<Holder> Overdue(absl::Duration lease, absl::Time now) const;

 private:
  struct Slot {
    std::string text;
    std::optional<Holder> holder;
    absl::Time since;
    bool gone = false;  // not in the table any more
  };
  struct Request {
    Holder holder;
    int min, max;
    int overtaken = 0;
  };
  std::vector<int> Take(Holder holder, int count, absl::Time now);
  void Free(int index);

  std::string source_, comments_;
  std::vector<Slot> slots_;
  int size_ = 0;
  std::set<int> free_;
  // Those that are held and not in the table any more, by their text.
  std::multimap<std::string, int> leaving_;
  std::map<Holder, std::set<int>> held_;
  std::deque<Request> requests_;  // the oldest first
  int next_ = 0;                  // where the rotation goes on
};

}  // namespace fanout
