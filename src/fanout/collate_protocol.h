// The protocol "xclate 0.8" between a manager of a collated stream and its
// clients, over a unix socket. Pure: bytes in, requests and answers out.
//
// The manager greets with "0.8" and NUL. The client sends its name and NUL
// (newline and CR end it, too) and gets its section's number and a newline.
// From then on it sends requests of four bytes, three characters and a NUL:
//
//   "?T " "?H "   the title, the rule: "<length>:<text>" NUL, the length with
//                 the NUL; "." for none
//   "?L "         bytes to buffer: digits and newline; "." for none
//   "?s " "?q "   whether sections without output vanish ("s"), whether small
//                 finished ones may be sent back ("q"): the letter or "-", NUL
//   "?d " "?: "   published ("d"); persistent (":") or ending ("Q")
//   "o1 "         wants the stream: later the descriptor comes with "out <n>",
//                 n being how many sections came out before
//   "o0 " "o2 "   wants the manager's input and error: "in", "err", with the
//                 stream
//   "ow " "od "   at once: the widow stream, "widow"; the working folder, "."
//   "ex " "hd " "bx " "rf " "qm "  will run a command, has data, is full, is
//                 finished, is finished and could be sent back
//   three digits  the section's status
//   "Q! " "cq " "-V "  end when nobody is left; goodbye; the greeting again
//
// Descriptors come by SCM_RIGHTS. A section ends when its connection does.
//
// Requests of our own; nobody sends them to a manager that did not set
// xcl_section (fanout/section.h):
//
//   "nDD" ...     two digits of a section's number each
//   "on "         wants its turn within that section, which it is inside of:
//                 "own <n>" and a newline come without a descriptor when no
//                 other client is inside the same section, for it is to write
//                 to its own standard output, wherever the section has led
//                 that. If there is no such section any more: as "o1 "
//   "wDD"         could not write to the stream, errno DD
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "fanout/collate.h"

namespace fanout {

inline constexpr absl::string_view kProtocolVersion = "0.8";
inline constexpr size_t kMaxSectionNameBytes = 63;
// What a filter reports: its producer's status is unknown. Also of a section
// whose client was killed.
inline constexpr int kStatusUnknown = 76;

struct Request {
  enum class Kind {
    kName,     // text
    kTitle,    // the answers to these are texts
    kRule,     //
    kCap,      // a number
    kSqueeze,  // flags
    kQuick,
    kPublished,
    kPersistent,
    kStream,
    kInput,
    kError,
    kWidow,
    kFolder,
    kReport,  // ready; `quick` if it could be sent back
    kStatus,  // number
    kFinish,
    kGoodbye,
    kVersion,
    kInside,       // number
    kWriteFailed,  // number: errno
    kOther,        // well formed, and unknown
  };
  Kind kind = Kind::kOther;
  std::string text;
  int64_t number = 0;
  Ready ready = Ready::kNot;
  bool quick = false;
};

// What a client sends, as the manager reads it.
class RequestReader {
 public:
  void Feed(absl::string_view bytes) { absl::StrAppend(&bytes_, bytes); }
  // The next one; none when it has not come whole. InvalidArgument when this is
  // not our protocol, or a name is too long: nothing makes sense after that.
  absl::StatusOr<std::optional<Request>> Next();
  // Takes what was fed and not read yet.
  std::string TakeRest() { return std::exchange(bytes_, {}); }
  size_t rest_bytes() const { return bytes_.size(); }

 private:
  absl::StatusOr<Request> Read(absl::string_view four);
  std::string bytes_;
  bool named_ = false;
  int64_t inside_ = 0;  // of the digits that came
  int inside_digits_ = 0;
};

// What a manager answers, as a client reads it.
struct Answer {
  enum class Kind { kGreeting, kSection, kText, kNumber, kFlag, kMessage };
  Kind kind = Kind::kMessage;
  std::optional<std::string> text;  // kText, kMessage: without the newline
  std::optional<int64_t> number;    // kSection, kNumber
  char flag = '-';
};

class AnswerReader {
 public:
  // What will come next, after all that is expected already. What comes when
  // nothing is expected is a message.
  void Expect(Answer::Kind kind) { expected_.push_back(kind); }
  void Feed(absl::string_view bytes) { absl::StrAppend(&bytes_, bytes); }
  // A descriptor came with the last bytes fed, so that a message ends there,
  // newline or not.
  void EndMessage() { message_ends_ = true; }
  // The next whole one; none when there is none. InvalidArgument when it makes
  // no sense or is too long.
  absl::StatusOr<std::optional<Answer>> Next();
  bool expects_nothing() const { return expected_.empty(); }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
  std::deque<Answer::Kind> expected_;
  bool message_ends_ = false;
};

// The requests by which a client tells of these.
std::string ReportRequest(Ready ready, bool quick);
std::string StatusRequest(int status);  // 0 to 999
std::string InsideRequest(int64_t section);
std::string WriteFailedRequest(int error_number);
// "?T " and the like: the three characters with their NUL.
std::string PlainRequest(absl::string_view three);
// The answer to kTitle and kRule.
std::string TextAnswer(const std::optional<std::string>& text);

}  // namespace fanout
