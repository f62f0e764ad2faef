// What a protocol over HTTP has to say to the steps of plug_action.h: the calls
// that each takes, one after the other. Pure.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/plug_action.h"
#include "power/web_link.h"

namespace power {

// What comes next, or what came of it.
struct WebMove {
  enum class Kind : uint8_t {
    kAsk,         // `ask`; the reply is told
    kPause,       // nothing until `until`; told without a reply
    kReady,       // of Open and Leave: that was all
    kState,       // the plug is `state`
    kSwitched,    // taken
    kWasSo,       // not carried out, as it is so already
    kAllowed,     // may switch
    kSetting,     // what was set `is_so`
    kUntold,      // whether it may switch is not known
    kImpossible,  // `failure`: the plug's state does not allow it
    kLost,        // `failure`: no answer came to a command
    kFailed,      // `failure`
  };
  Kind kind = Kind::kReady;
  WebAsk ask = {};
  absl::Time until = absl::InfinitePast();
  PlugState state = PlugState::kUnknown;
  std::optional<bool> is_so = {};  // nullopt: it cannot be read
  Failure failure = {};
  std::string remark = {};  // what a person may want to know

  static WebMove Ask(WebAsk ask) {
    return {.kind = Kind::kAsk, .ask = std::move(ask)};
  }
  static WebMove Pause(absl::Time until) {
    return {.kind = Kind::kPause, .until = until};
  }
  static WebMove State(PlugState state) {
    return {.kind = Kind::kState, .state = state};
  }
  static WebMove Setting(std::optional<bool> is_so) {
    return {.kind = Kind::kSetting, .is_so = is_so};
  }
  static WebMove Of(Kind kind) { return {.kind = kind}; }
  static WebMove Fail(Failure failure, Kind kind = Kind::kFailed) {
    return {.kind = kind, .failure = std::move(failure)};
  }
  static WebMove Fail(FailureClass failure_class, std::string text) {
    return Fail({.failure_class = failure_class, .text = std::move(text)});
  }
};

struct WebOrder {
  Action action = Action::kStatus;
  std::string plug = {};
  ActionOptions options = {};
};

class WebProtocol {
 public:
  virtual ~WebProtocol() = default;

  // Before the first order; a failure is that of every order.
  virtual WebMove Open(const WebReply* reply, absl::Time now) = 0;
  // One step of one order (a position in the list the protocol was made with).
  // First without a reply, then with the reply to each call, until the move is
  // neither kAsk nor kPause. Other orders may take their turn in a pause.
  virtual WebMove Step(size_t order, const PlugAction::Next& next,
                       const WebReply* reply, absl::Time now) = 0;
  // After the last order, whatever came of them: leaves what a good guest
  // leaves.
  virtual WebMove Leave(const WebReply* reply, absl::Time now) = 0;
  // Whether the account got us in.
  virtual bool is_in() const = 0;
};

}  // namespace power
