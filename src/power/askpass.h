// How ssh gets a password that is in nobody's command line or environment: its
// askpass program is our own executable, under a private name in a folder that
// only we may enter, which asks back through a socket in the same folder.
// Whoever asks must be a child of the ssh program it was made for: a jump
// host's ssh, which inherits all that, is told nothing.
//
//   askpass  "confirm", "none" or nothing; a line end; the question; end
//   answer   "+" and the answer, or "-"
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "keys/secret.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace power {

// The private name, and what it runs: the exit code. `path` is what it was
// started as, `words` what stands behind that.
inline constexpr char kAskpassName[] = "pcu-askpass";
int AskpassMain(absl::string_view path, absl::Span<const std::string> words);

class AskpassServer {
 public:
  // Null for no answer.
  using Answer = std::function<const keys::Secret*(absl::string_view question,
                                                   bool is_confirm)>;
  // The loop outlives it. `executable` is what the name leads to.
  static absl::StatusOr<std::unique_ptr<AskpassServer>> Make(
      sys::Loop& loop, const std::string& executable, Answer answer);
  ~AskpassServer();

  // For SSH_ASKPASS.
  std::string program() const;
  // Before anybody can ask.
  void AllowChildrenOf(int pid) { parent_ = pid; }

 private:
  AskpassServer(sys::Loop& loop, sys::TemporaryFolder folder, Answer answer)
      : loop_(loop), folder_(std::move(folder)), answer_(std::move(answer)) {}
  void OnCaller();
  void OnQuestion(int fd);
  void Reply(int fd, absl::string_view question);

  struct Caller {
    sys::Fd fd;
    std::string question;
  };
  sys::Loop& loop_;
  sys::TemporaryFolder folder_;
  Answer answer_;
  sys::Fd listener_;
  int parent_ = 0;
  std::map<int, Caller> callers_;
};

}  // namespace power
