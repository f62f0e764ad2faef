// redfishpower's lines.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>

#include "power/helper.h"
#include "power/host_list.h"
#include "power/limits.h"
#include "text/json.h"

namespace power {
namespace {

constexpr absl::Duration kPoll = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Seconds(60);  // of on and off

// What an answer says of the state, in redfishpower's words.
std::string StateWord(const std::string& body) {
  if (body.empty()) return "no output error";
  const auto json = text::Json::Parse(body);
  if (!json.ok()) return "parse error";
  const text::Json* state = json->Find("PowerState");
  if (state == nullptr) return "no powerstate";
  const std::string* word = state->AsString();
  if (word == nullptr) return "unknown";
  return absl::EqualsIgnoreCase(*word, "on")    ? "on"
         : absl::EqualsIgnoreCase(*word, "off") ? "off"
                                                : "unknown";
}

class RedfishHelper : public Helper {
 public:
  explicit RedfishHelper(const HelperCommand& command)
      : Helper("redfishpower"),
        hosts_(command.hosts),
        header_(command.header),
        paths_(command.paths),
        data_(command.data) {}

 private:
  // What is done to a host.
  struct Doing {
    std::string command;
    bool is_waiting = false;  // for its state to follow
    absl::Time until = absl::InfiniteFuture();
  };

  void Run(const std::vector<std::string>& words) override {
    const std::string& command = words[0];
    const std::string first = words.size() > 1 ? words[1] : "";
    const std::string second = words.size() > 2 ? words[2] : "";
    if (command == "quit") {
      Quit();
    } else if (command == "auth") {
      if (first.empty()) return Say("Usage: auth user:passwd");
      credentials_ = std::make_shared<const keys::Secret>(first);
    } else if (command == "setheader") {
      header_ = first;
    } else if (command == "setstatpath") {
      paths_["stat"] = first;
    } else if (command == "setonpath" || command == "setoffpath" ||
               command == "setcyclepath") {
      const std::string which = command.substr(3, command.size() - 7);
      paths_[which] = first;
      data_[which] = second;
    } else if (command == "stat" || command == "on" || command == "off" ||
               command == "cycle") {
      Start(command, first);
    } else {
      Say("type \"help\" for a list of commands");
    }
  }

  void Start(const std::string& command, const std::string& list) {
    if (command != "cycle" && paths_["stat"].empty()) {
      return Say("Statpath not setup");
    }
    if (command != "stat" && paths_[command].empty()) {
      return Say(absl::StrCat(command, " path not setup"));
    }
    if (command != "stat" && data_[command].empty()) {
      return Say(absl::StrCat(command, " postdata not setup"));
    }
    std::vector<std::string> wanted = hosts_;
    if (!list.empty()) {
      auto hosts = ParseHostList(list, kMaxHelperHosts);
      if (!hosts.ok()) return Say("illegal hosts input");
      wanted = *std::move(hosts);
    }
    for (const std::string& host : wanted) {
      if (std::find(hosts_.begin(), hosts_.end(), host) == hosts_.end()) {
        return Say(absl::StrCat("unknown host specified: ", host));
      }
    }
    for (const std::string& host : wanted) {
      doing_[host] = {.command = command, .until = now() + kLongest};
      Send(host, command);
    }
  }

  void Send(const std::string& host, const std::string& which,
            absl::Time at = absl::InfinitePast()) {
    PageCall call = {.posts = which != "stat",
                     .path = paths_[which],
                     .header = header_,
                     .credentials = credentials_};
    if (call.posts) call.body = data_[which];
    Call(host, std::move(call), at);
  }

  void Heard(const HelperCall& call, const HelperAnswer& answer) override {
    Doing& doing = doing_[call.host];
    const auto end = [&](absl::string_view word) {
      Say(absl::StrCat(call.host, ": ", word));
    };
    if (answer.failure) return end("error");
    if (doing.command == "stat") return end(StateWord(answer.body));
    if (doing.command == "cycle") return end("ok");
    if (doing.is_waiting && StateWord(answer.body) == doing.command) {
      return end("ok");
    }
    if (now() > doing.until) return end("timeout");
    doing.is_waiting = true;
    Send(call.host, "stat", now() + kPoll);
  }

  const std::vector<std::string> hosts_;
  std::string header_;
  std::map<std::string, std::string> paths_, data_;
  std::shared_ptr<const keys::Secret> credentials_;
  std::map<std::string, Doing> doing_;
};

}  // namespace

std::unique_ptr<Helper> MakeRedfishHelper(const HelperCommand& command) {
  return std::make_unique<RedfishHelper>(command);
}

}  // namespace power
