// The bytes between a pool of tokens and its clients: "ptbw 0.4". Pure.
//
// The client says who it is in a line, PID or PID@HOST, which is only shown.
// Then it sends letters; decimal digits before one are its number (0 if there
// are none), a newline forgets them. What is answered:
//
//   S    how many tokens, and their bytes with one more for each: "4,16\n"
//   V    "0.4\n"
//   U    "+FILE", "=FUNCTION" or "-unknown", and NUL
//   T    all tokens, each with NUL; one that is none any more is empty
//   R    how many tokens a request is expected to be for
//   J    the bytes of the longest token
//   C    the bytes of the comments, newline, the comments
//   M    the utility's process id, or 0
//   nG   n tokens, waiting for them: "1,2\n"; "-1\n" if there never will be
//   P    one token that is free now; or "-1\n"
//   nN   "+TOKEN\n", or "-No\n"
//   nO   who has it: a process id, 0, or "-1\n" for what is no token
//   nD   gives one back: "1\n", or "0\n"
//   F    gives all back: how many those were
//   Q    asks a persistent pool to end: "+Yes\n", or "-No\n"
//   .    gives all back and hangs up, as the end of the connection does
//
// and "-No\n" to anything else. Ours has one more, which an original refuses:
//
//   nW   as many as are free now, but not more than n: "1,2\n"; or "\n"
//
// Answers come in the order of the requests. Of what follows a G that waits,
// D, F, Q and . are carried out at once nevertheless, up to the first other.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "fanout/tokens.h"

namespace fanout {

// What a client says it is.
struct Announced {
  int pid = 0;
  std::string host;  // "" for ours
};

struct PoolRequest {
  enum class Kind {
    kAnnounce,  // always the first, and only once
    kSpace,
    kVersion,
    kSource,
    kTokens,
    kGroup,
    kLongest,
    kComments,
    kUtility,
    kGet,
    kGetFree,
    kGetOne,
    kText,
    kHolder,
    kGiveBack,
    kGiveBackAll,
    kFinish,
    kGoodbye,
    kUnknown,
  };
  Kind kind = Kind::kUnknown;
  int number = 0;  // at most kMostPoolNumber, for anything beyond
  Announced announced;
};
constexpr int kMostPoolNumber = 999'999'999;
constexpr size_t kMaxAnnouncementBytes = 300;

// Takes a client's bytes apart.
class PoolRequestReader {
 public:
  void Feed(absl::string_view bytes) { absl::StrAppend(&rest_, bytes); }
  // None when there is no whole one. InvalidArgument when the first line is not
  // who it is; nothing makes sense any more then.
  absl::StatusOr<std::optional<PoolRequest>> Next();
  size_t rest_bytes() const { return rest_.size() - at_; }

 private:
  absl::StatusOr<std::optional<PoolRequest>> Announcement();
  std::string rest_;
  size_t at_ = 0;  // what of it is read
  bool announced_ = false;
  int number_ = 0;
};

// What a pool is asked about itself that is not in its table.
struct PoolFacts {
  int group = 1;
  int utility_pid = 0;
  int holder_pid = 0;  // of the token a kHolder is about, if it is held
};
// The answer to a question, kSpace to kUtility, kText and kHolder; "-No\n" to
// kUnknown. Not for what changes something.
std::string PoolAnswer(const PoolRequest& request, const Tokens& tokens,
                       const PoolFacts& facts);
// "1,2\n", "\n" for no tokens.
std::string GrantAnswer(const std::vector<int>& tokens);
std::string NumberAnswer(int number);
std::string YesAnswer(bool yes);  // "+Yes\n", "-No\n"

// --- the client's side -------------------------------------------------------

// One answer, whose kind depends on what was asked.
struct PoolReply {
  enum class Kind {
    kNumbers,  // comma separated, and newline
    kSource,   // NUL-terminated
    kTexts,    // as many as were expected, each NUL-terminated
    kText,     // '+' and the token, or "-No"; newline
  };
  Kind kind;
  std::vector<int64_t> numbers;
  // The source's name, its sign dropped; the token.
  std::string text;
  // Of kText: it is a token; of kSource: '+' or '='; of kNumbers: not "-No".
  bool known = false;
  bool file = false;  // of kSource: '+'
  std::vector<std::string> texts;
};

// Takes a pool's bytes apart: what has been asked is expected, in its order.
class PoolReplyReader {
 public:
  // `count` of kTexts; of kNumbers at most as many numbers.
  void Expect(PoolReply::Kind kind, size_t count = 2);
  void Feed(absl::string_view bytes) { absl::StrAppend(&rest_, bytes); }
  // None when the next is not whole. InvalidArgument when it cannot be one, or
  // nothing is expected.
  absl::StatusOr<std::optional<PoolReply>> Next();

 private:
  struct Expected {
    PoolReply::Kind kind;
    size_t count;
  };
  std::string rest_;
  size_t searched_ = 0;  // of it, without finding an end
  size_t ends_ = 0;      // of texts, found there
  std::deque<Expected> expected_;
};

}  // namespace fanout
