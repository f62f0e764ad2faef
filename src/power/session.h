// One connection to a device and the requests that share it: connects when
// there is something to do, logs in, runs the scripts of one request after the
// other, logs out when it was idle for a while. Pure; device(5) is the page.
//
//   kIdle -> kConnecting -> kLogin -> kReady -> kScripts -> kReady ...
//                 |            |        |  \-> kPing -> kReady
//                 |            |        v
//                 |            |     kLogout
//                 v            v        v
//               kIdle  <------------ Disconnect
//
// Whatever fails drops the connection and ends every request that waits. The
// next request connects anew.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "power/dialogue.h"
#include "power/telnet.h"

namespace power {

struct SessionOptions {
  bool telnet = false;  // options are taken out
  absl::Duration linger = absl::Seconds(10);
  bool keep = false;  // connected for ever, with a ping now and then
};

// Close what is open, wait, connect. Without a program: to the device; where
// that is a program (transport exec), say Connected at once.
struct Connect {
  absl::Duration after = {};
  std::vector<std::string> program = {};
};
struct Disconnect {};
struct RequestEnded {
  uint64_t request = 0;
  std::vector<RunEnded> runs = {};  // in the order of the request
};
using SessionEffect = std::variant<Connect, Disconnect, SendText, SendSecret,
                                   Pause, RequestEnded>;

class Session {
 public:
  Session(DialogueDevice device, SessionOptions options);

  using Effects = std::vector<SessionEffect>;
  // Runs of one verb. None: connects and logs in, and that is all.
  Effects Ask(uint64_t request, std::vector<ScriptRun> runs, absl::Time now);
  // A request that has not begun is forgotten; false if it has, or is unknown.
  bool Cancel(uint64_t request);
  Effects Connected(absl::Time now);
  Effects ConnectFailed(const Failure& failure, absl::Time now);
  Effects Received(absl::string_view bytes, absl::Time now);
  Effects Closed(absl::Time now,
                 const std::optional<Failure>& why = std::nullopt);
  Effects Woken(absl::Time now);
  // Ends what is under way with this, and drops the connection.
  Effects Abort(const Failure& failure, absl::Time now);
  // Logs out as soon as nothing is under way.
  Effects Finish(absl::Time now);

  absl::Time wake_at() const;
  bool idle() const { return state_ == State::kIdle; }
  // "connect", "login": how far it is, for people.
  absl::string_view phase() const;
  // For statistics: logins, and scripts of requests, that succeeded.
  int64_t logins() const { return logins_; }
  int64_t scripts_done() const { return scripts_done_; }
  bool logged_in() const {
    return state_ == State::kReady || state_ == State::kScripts ||
           state_ == State::kPing;
  }

 private:
  enum class State : uint8_t {
    kIdle,
    kConnecting,
    kLogin,
    kReady,
    kScripts,
    kPing,
    kLogout,
  };
  struct Request {
    uint64_t id = 0;
    std::vector<ScriptRun> runs = {};
    std::vector<std::optional<RunEnded>> ended = {};
  };
  void Take(Dialogue::Effects effects, absl::Time now, Effects* out);
  void Ended(RunEnded ended, absl::Time now, Effects* out);
  void Begin(State state, Verb verb, absl::Time now, Effects* out);
  void Next(absl::Time now, Effects* out);
  void Leave(Effects* out);
  void Drop(const Failure& failure, Effects* out);
  absl::Time ping_at() const;
  void Reset();
  std::string Wire(const std::string& bytes) const;

  DialogueDevice device_;
  SessionOptions options_;
  State state_ = State::kIdle;
  std::unique_ptr<Dialogue> dialogue_;
  TelnetFilter telnet_;
  std::deque<Request> requests_;  // the first is the one that runs
  absl::Time idle_since_ = absl::InfinitePast();
  bool finishing_ = false, closed_ = false;
  int64_t logins_ = 0, scripts_done_ = 0;
};

}  // namespace power
