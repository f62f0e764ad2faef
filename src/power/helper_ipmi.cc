// ipmipower's lines.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "power/helper.h"
#include "power/host_list.h"
#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

struct Command {
  const char* word;
  IpmiCall call;
};
constexpr Command kCommands[] = {
    {"stat", {Action::kStatus, false, false}},
    {"on", {Action::kOn, false, false}},
    {"off", {Action::kOff, false, false}},
    {"cycle", {Action::kCycle, false, false}},
    {"reset", {Action::kReset, false, false}},
    {"soft", {Action::kSoft, false, false}},
    {"pulse", {Action::kNmi, false, false}},
    {"identify-on", {Action::kIdentifyOn, false, false}},
    {"identify-off", {Action::kIdentifyOff, false, false}},
    {"identify-status", {Action::kStatus, true, false}},
};

// In ipmipower's words.
std::string Words(const Failure& failure) {
  switch (failure.failure_class) {
    case FailureClass::kAuth:
      return absl::StrContains(failure.text, "user") ? "username invalid"
                                                     : "password invalid";
    case FailureClass::kPrivilege:
      return "privilege level cannot be obtained for this user";
    case FailureClass::kUnreachable:
      return "not discovered";
    case FailureClass::kTimeout:
      return "connection timeout";
    case FailureClass::kClosed:
      return "bad connection";
    case FailureClass::kState:
      return "session timeout";
    case FailureClass::kBusy:
      return "BMC busy";
    case FailureClass::kUnsupported:
      return "operation invalid";
    default:
      return "BMC error";
  }
}

class IpmiHelper : public Helper {
 public:
  explicit IpmiHelper(const HelperCommand& command)
      : Helper("ipmipower"),
        hosts_(command.hosts),
        waits_on_(command.wait_until_on),
        waits_off_(command.wait_until_off) {}

 private:
  void Run(const std::vector<std::string>& words) override {
    if (words[0] == "quit") return Quit();
    if (words[0] == "wait-until-on") return Toggle(words, &waits_on_);
    if (words[0] == "wait-until-off") return Toggle(words, &waits_off_);
    for (const Command& command : kCommands) {
      if (words[0] != command.word) continue;
      IpmiCall call = command.call;
      call.waits = (call.action == Action::kOn && waits_on_) ||
                   (call.action == Action::kOff && waits_off_);
      return Start(words.size() > 1 ? words[1] : "", call);
    }
    Say("unknown command - type \"help\"");
  }

  void Toggle(const std::vector<std::string>& words, bool* waits) {
    *waits = words.size() > 1 ? words[1] == "on" : !*waits;
    Say(absl::StrCat(words[0], " is now ", *waits ? "on" : "off"));
  }

  void Start(absl::string_view list, IpmiCall call) {
    std::vector<std::string> wanted = hosts_;
    if (!list.empty()) {
      auto hosts = ParseHostList(list, kMaxHelperHosts);
      if (!hosts.ok()) return Say("invalid hostname(s) specified");
      wanted = *std::move(hosts);
    }
    for (std::string& host : wanted) {
      if (std::find(hosts_.begin(), hosts_.end(), host) == hosts_.end()) {
        Say(absl::StrCat(text::Clean(host), ": unconfigured hostname"));
      } else {
        Call(std::move(host), call);
      }
    }
  }

  void Heard(const HelperCall& call, const HelperAnswer& answer) override {
    const IpmiCall& what = std::get<IpmiCall>(call.what);
    const bool asked = what.asks_beacon || what.action == Action::kStatus;
    std::string word = "ok";
    if (answer.failure) {
      word = Words(*answer.failure);
    } else if (asked) {
      word = answer.state == PlugState::kOn    ? "on"
             : answer.state == PlugState::kOff ? "off"
                                               : "unknown";
    }
    Say(absl::StrCat(call.host, ": ", word));
  }

  const std::vector<std::string> hosts_;
  bool waits_on_, waits_off_;
};

}  // namespace

std::unique_ptr<Helper> MakeIpmiHelper(const HelperCommand& command) {
  return std::make_unique<IpmiHelper>(command);
}

}  // namespace power
