// The client's side of powerman's protocol: what is said to a server, what is
// shown of its answers, and what the whole ends with. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

namespace power {

// An option of powerman(1) that becomes a command. `targets` are words as they
// were given: "a b", "t[1-3]"; none for the form about all hosts.
struct PowermanWish {
  std::string command;  // "on", "status"
  std::optional<std::string> targets = {};
  bool first = false;  // telemetry, exprange: before all others
};

// The lines to send. `more`: words behind the options, which are targets of
// the last wish (as powerman 2.0 had it). InvalidArgument for what is no list
// of hosts, and for targets of a command that takes none.
absl::StatusOr<std::vector<std::string>> PowermanCommands(
    std::vector<PowermanWish> wishes, const std::vector<std::string>& more);

class PowermanTalk {
 public:
  struct Effects {
    std::string send = {};
    std::string print = {};
    // It is over: the exit code, 0 or the number of the answer that failed; or
    // why it cannot go on.
    std::optional<absl::StatusOr<int>> end = {};
  };

  // `goes_on`: also behind a command that failed, and that is no failure.
  PowermanTalk(std::vector<std::string> commands, bool goes_on);

  Effects Received(absl::string_view bytes);  // in any pieces
  Effects Closed();                           // by the server

 private:
  enum class State { kGreeting, kPrompt, kAnswer, kGoodbye, kOver };

  bool Step();  // false: more has to come
  std::optional<std::string> TakeLine();
  void Greeting(absl::string_view line);
  void Answer(absl::string_view line);
  void Next();
  void End(absl::StatusOr<int> how);

  const std::vector<std::string> commands_;
  const bool goes_on_;
  State state_ = State::kGreeting;
  size_t next_ = 0;  // command
  int code_ = 0;
  std::string received_;
  size_t looked_at_ = 0;  // of it, for the end of a line
  Effects out_;
};

}  // namespace power
