// The server's side of powerman's protocol: what one client is answered. Pure.
//
// A client is greeted with a version and a prompt, and sends a command a line.
// Each is answered by lines that begin with a number (3xx: more follows; 1xx:
// done; 2xx: failed) and another prompt. There is one command at a time: lines
// that come meanwhile are answered with 208, without a prompt. Commands about
// hosts take one word, a list of names and ranges; without it, status, temp,
// beacon and device are about all of them.
//
// Differs: an invalid range is answered with 205 (powermand ends); nothing
// behind `quit` is carried out; `nodes` does not change the order in which
// later answers come; a temperature that is not known is told once, not as
// "(null)" before; a host's failure is also told in our words, as 309, unless
// powerman's (308) say all there is.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "power/service.h"

namespace power {

// What clients are greeted with. powerman complains of a server whose version
// is not its own; this is the one whose protocol we speak.
inline constexpr char kPowermanVersion[] = "2.3.27";
inline constexpr char kPowermanPrompt[] = "powerman> ";

class PowermanSession {
 public:
  // In this order.
  struct Effects {
    std::string send = {};
    std::optional<ServiceOrder> start = {};  // its results are told us
    bool close = false;                      // once all is sent
  };

  explicit PowermanSession(const Directory& directory)
      : directory_(directory) {}

  Effects Opened();
  Effects Received(absl::string_view bytes);  // in any pieces
  Effects ReceivedAll();                      // the client sends nothing more

  // Of the order that was started.
  Effects Result(const ServiceResult& result);
  Effects Telemetry(absl::string_view line);
  Effects Ended();

  bool is_busy() const { return command_.has_value(); }

 private:
  struct Answer {
    bool is_heard = false;
    PlugState state = PlugState::kUnknown;  // of the plug or its beacon
    std::string value = {};
  };
  struct Command {
    Verb verb = Verb::kStatus;
    std::vector<std::string> hosts = {};  // as given: some may come twice
    std::vector<size_t> places = {};      // of each in the order
    std::vector<Answer> answers = {};     // by place
    absl::flat_hash_set<std::string> told = {};  // 308: once is enough
    bool has_errors = false;
  };

  const Answer& AnswerTo(size_t host) const {
    return command_->answers[command_->places[host]];
  }
  void Line(absl::string_view line);
  bool AboutUs(absl::string_view line);
  bool AboutHosts(absl::string_view line);
  void Begin(Verb verb, std::optional<absl::string_view> list);
  std::optional<std::vector<std::string>> HostsOf(absl::string_view list);
  void Nodes();
  void Devices(std::optional<absl::string_view> list);
  void Report();
  void States();
  void Temperatures();
  void Say(int code, absl::string_view text);
  void Prompt() { out_.send += kPowermanPrompt; }
  Effects Take();

  const Directory& directory_;
  std::string line_;  // its beginning
  bool too_long_ = false;
  bool telemetry_ = false, expands_ = false;
  bool heard_all_ = false, quit_ = false;
  std::optional<Command> command_;
  Effects out_;
};

}  // namespace power
