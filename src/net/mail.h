// A letter, handed to a sendmail-compatible program. Never through a shell;
// neither an address nor a subject can add a header.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "sys/loop.h"

namespace net {

struct Letter {
  std::string from;             // may be empty
  std::vector<std::string> to;  // at least one
  std::string subject;          // any bytes; encoded as RFC 2047 asks
  std::string message_id;       // without the angle brackets
  absl::Time date;
  std::string body;  // any bytes, lines end with \n
};

// Whether this can be an address at all: printable ASCII without blanks and
// without what has a meaning in a header (,;:<>()[]\"), not beginning with '-',
// at most base::kMaxAddressBytes.
absl::Status CheckMailAddress(absl::string_view address);
// The message as RFC 5322 has it, lines ending with \n as sendmail(8) takes
// them. The body goes as it is (8bit); in base64 when it has what 8bit may not
// have: a line over 998 bytes, a zero byte, a CR. InvalidArgument for an
// address or message id that is none.
absl::StatusOr<std::string> FormatLetter(const Letter& letter);
// Runs `program` (words) with the letter on its stdin, at most a minute, after
// which it is killed. `done` comes on the loop, never before SendLetter has
// returned: ok when it exited with 0. Needs SIGPIPE to be ignored.
void SendLetter(sys::Loop& loop, const std::vector<std::string>& program,
                const Letter& letter, std::function<void(absl::Status)> done);

// What a program is started with when it is not just its words.
struct FedProgram {
  std::vector<std::string> words;
  int executable = -1;  // as sys::SpawnOptions has them
  const std::vector<std::string>* environment = nullptr;
  std::string folder = {};
};
// The same with any text for any program. What `program` borrows is needed
// until this returns.
void FeedProgram(sys::Loop& loop, const FedProgram& program, std::string text,
                 std::function<void(absl::Status)> done);

}  // namespace net
