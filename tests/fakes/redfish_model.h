// A model of a Redfish service: systems whose state follows after a while, or
// never; sessions that are counted; tasks; and the ways of services to say no.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakes/web_model.h"

namespace fakes {

struct RedfishOptions {
  std::string user = "root", password = "calvin";
  std::string role = "Operator";
  int systems = 1, outlets = 0;
  absl::Duration follows = absl::Seconds(4);  // between asked and so
  bool is_frozen = false;                     // says yes and does nothing
  bool has_sessions = true, has_accounts = true;
  bool action_info = false;  // instead of allowable values
  bool absolute_targets = false;
  bool wants_tags = false;    // If-Match, else 412
  bool makes_tasks = false;   // 202
  bool forgets_boot = false;  // says yes and keeps nothing
  bool shows_boot = true;
  std::string task_ends = "Completed";
  size_t page = 1000;  // members of a page
  std::vector<std::string> reset_types = {
      "On",           "ForceOff", "GracefulShutdown",
      "ForceRestart", "Nmi",      "PowerCycle"};
};

class RedfishModel : public WebModel {
 public:
  explicit RedfishModel(RedfishOptions options);
  WebSaid Answer(const WebHeard& heard, absl::Time now) override;

  struct Machine {
    bool is_on = true;
    bool goes_on = true;  // to which it goes
    absl::Time at = absl::InfinitePast();
    bool is_lit = false;
    std::string boots = "None Disabled";  // target, and whether
  };
  std::vector<Machine> systems, outlets;
  std::string StateOf(Machine& machine, absl::Time now);

  RedfishOptions options;
  // Asked first; nullopt leaves it to the model.
  std::function<std::optional<WebSaid>(const WebHeard&)> before;
  std::vector<std::string> calls;  // "POST /redfish/..."
  std::vector<std::string> asked;  // "1 ForceOff"
  std::set<std::string> sessions;
  int sessions_made = 0, refused = 0, most_sessions = 0;

 private:
  WebSaid Route(const WebHeard& heard, absl::Time now);
  WebSaid System(size_t index, const WebHeard& heard, absl::Time now);
  WebSaid Reset(Machine& machine, const std::string& name,
                const WebHeard& heard, absl::Time now);
  WebSaid Collection(const std::string& target, size_t count);
  bool MayCome(const WebHeard& heard);

  std::map<std::string, absl::Time> tasks_;
};

WebSaid RedfishError(int status, const std::string& id,
                     const std::string& message);

}  // namespace fakes
