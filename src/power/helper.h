// The built-in co-processes: what ipmipower, snmppower and redfishpower answer
// to the lines that device files send them, without those programs. Pure: what
// a command needs of a controller is a call, which others carry out. The
// fourth, httppower, is web_prompt.h.
//
// A helper prompts ("ipmipower> "), takes a line, makes the calls that it
// means, prints a line for each answer, and prompts again when all have been
// answered. Lines that come meanwhile wait.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "keys/secret.h"
#include "power/helper_command.h"
#include "power/outcome.h"
#include "power/snmp_ber.h"

namespace power {

struct IpmiCall {
  Action action = Action::kStatus;
  bool asks_beacon = false;  // instead of the action
  bool waits = false;        // until the state has followed
};
struct SnmpCall {
  bool sets = false;
  SnmpOid oid = {};
  SnmpValue value = {};  // to set
  int version = 2;
  std::string user = {};                                 // of version 3
  std::shared_ptr<const keys::Secret> secret = nullptr;  // or the community
};
// A page of a web server behind TLS.
struct PageCall {
  bool posts = false;     // else it is read
  std::string path = {};  // "redfish/v1/Systems/1"
  std::string body = {};
  std::string header = {};  // "Name:value"; may be empty
  std::shared_ptr<const keys::Secret> credentials = nullptr;  // "user:password"
};
struct HelperCall {
  uint64_t id = 0;
  std::string host = {};  // as it was named
  std::variant<IpmiCall, SnmpCall, PageCall> what = {};
};
struct HelperAnswer {
  std::optional<Failure> failure = {};
  PlugState state = PlugState::kUnknown;  // of IPMI
  SnmpValue value = {};                   // of SNMP
  std::string body = {};                  // of a page, if it was no refusal
};

class Helper {
 public:
  // In this order.
  struct Effects {
    std::string say = {};
    std::vector<HelperCall> start = {};
    bool quit = false;
  };

  virtual ~Helper() = default;
  Effects Begin();
  Effects Received(absl::string_view bytes, absl::Time now);  // any pieces
  Effects Answered(uint64_t id, const HelperAnswer& answer, absl::Time now);
  Effects Wake(absl::Time now);  // at or after wake_at
  absl::Time wake_at() const;

 protected:
  explicit Helper(absl::string_view name) : name_(name) {}

  virtual void Run(const std::vector<std::string>& words) = 0;
  virtual void Heard(const HelperCall& call, const HelperAnswer& answer) = 0;

  void Say(absl::string_view line);
  void Print(absl::string_view text) {
    out_.say.append(text.data(), text.size());
  }
  // Made now, or at that time.
  void Call(std::string host, std::variant<IpmiCall, SnmpCall, PageCall> what,
            absl::Time at = absl::InfinitePast());
  void Quit() { out_.quit = true; }
  absl::Time now() const { return now_; }

 private:
  void Pump();
  Effects Take();
  bool is_busy() const { return !open_.empty() || !delayed_.empty(); }

  const std::string name_;
  absl::Time now_ = absl::InfinitePast();
  std::string received_;  // the beginning of a line
  bool too_long_ = false;
  std::deque<std::string> lines_;
  std::map<uint64_t, HelperCall> open_;
  std::multimap<absl::Time, HelperCall> delayed_;
  uint64_t next_id_ = 1;
  Effects out_;
};

// Of a command that ParseHelperCommand has read, but not of httppower.
std::unique_ptr<Helper> MakeHelper(const HelperCommand& command);

// Their own makers, each in a file of its own.
std::unique_ptr<Helper> MakeIpmiHelper(const HelperCommand& command);
std::unique_ptr<Helper> MakeSnmpHelper(const HelperCommand& command);
std::unique_ptr<Helper> MakeRedfishHelper(const HelperCommand& command);

}  // namespace power
