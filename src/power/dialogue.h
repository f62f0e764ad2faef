// Runs the scripts of a specification over a connection: told what arrived and
// when, it answers with what is to be sent, and at the end with the states of
// plugs or why it failed. Pure: it has no socket, no clock and no password.
//
// A script waits for what the device prints, sends, and pauses. What arrives
// is kept (MatchBuffer), also from one script to the next; a match takes
// everything up to its end away. So a script is always at one statement, and
// waits for bytes, for a moment, or for a connection:
//
//   bytes     expect, expectany: until a regex matches, until the time limit of
//             the statement or of the whole script is over, or until the other
//             side closes
//   moment    delay
//   network   reconnect, run: the caller connects anew and says Connected
//
// Several scripts that are started together run one after the other; if the
// specification says `interleave yes`, another one goes on while one pauses.
// When one fails, those behind it fail, too: nobody knows where the device
// stands. The caller then drops the connection.
//
// `confirm` is where a device asks whether that is really meant. Script verify
// always answers no, every other one yes. What may have been carried out when a
// script fails is told by Failure::maybe_executed.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "keys/secret.h"
#include "power/match_buffer.h"
#include "power/outcome.h"
#include "power/redactor.h"
#include "power/specification.h"
#include "power/terminal_filter.h"

namespace power {

struct DevicePlug {
  std::string name;
  bool has_host = true;  // else foreachnode and requests for all leave it out
};

// The device that a dialogue is with. All that is borrowed must outlive it.
struct DialogueDevice {
  const Specification* specification = nullptr;
  std::vector<DevicePlug> plugs = {};  // in the device's order
  std::string user = {};
  // Only to be taken out of what people see; may be null.
  const keys::Secret* secret = nullptr;
  std::string address = {};  // what `run ... address` means
  // Instead of the model's: how long one statement waits; none without either.
  std::optional<absl::Duration> step_timeout = {};

  Hidden hidden() const { return {secret, &specification->secrets}; }
};

struct ScriptRun {
  const Script* script = nullptr;       // of the specification
  std::vector<std::string> plugs = {};  // one; several if _ranged; none if _all
};

struct PlugReport {
  std::string plug;
  PlugState state = PlugState::kUnknown;
  std::string value = {};               // as the device wrote it
  std::optional<Failure> failure = {};  // of setresult
  friend bool operator==(const PlugReport&, const PlugReport&) = default;
};

struct RunEnded {
  size_t run = 0;  // which one of those started together
  std::optional<Failure> failure = {};
  std::vector<PlugReport> plugs = {};  // those that were set, each once
  bool confirmation_reached = false;
  bool begun = true;  // else it failed with something before it
};
struct SendText {
  std::string bytes;
};
// The caller has it; over telnet it doubles a 0xFF in it.
struct SendSecret {
  SecretForm form = SecretForm::kRaw;
};
// Close, wait, connect again and say Connected. With a program: run that.
struct Reconnect {
  absl::Duration after = {};
  std::vector<std::string> program = {};
};
// A pause of the script begins; nothing to be done, but a trace shows it.
struct Pause {
  absl::Duration span = {};
};
using DialogueEffect =
    std::variant<SendText, SendSecret, Reconnect, Pause, RunEnded>;

class ScriptRunner;

class Dialogue {
 public:
  explicit Dialogue(DialogueDevice device);
  ~Dialogue();

  using Effects = std::vector<DialogueEffect>;
  // `runs` are of one verb; busy() must be false.
  Effects Start(std::vector<ScriptRun> runs, absl::Time now);
  Effects Received(absl::string_view bytes, absl::Time now);
  // With the reason, where the transport knows more than that.
  Effects Closed(absl::Time now,
                 const std::optional<Failure>& why = std::nullopt);
  // After a Reconnect. What had arrived before is gone.
  Effects Connected(absl::Time now);
  // That it could not be done.
  Effects ConnectFailed(const Failure& failure);
  Effects Woken(absl::Time now);

  bool busy() const;
  // When to call Woken; InfiniteFuture if never.
  absl::Time wake_at() const;

 private:
  void Step(absl::Time now, Effects* out);
  void FailAll(const Failure& failure, Effects* out);
  size_t NextReady(absl::Time now) const;

  DialogueDevice device_;
  TerminalFilter terminal_;
  MatchBuffer buffer_;
  RecentText recent_;
  std::optional<Failure> closed_;  // why
  std::vector<std::unique_ptr<ScriptRunner>> runners_;
  size_t active_ = 0;
};

}  // namespace power
