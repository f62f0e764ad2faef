// Who may run what, where and as whom; who may operate a queue; who may look at
// it. mcfeely-policy(5) describes the file. The server judges each job by its
// file, and each agent each task by its own. Pure: who reads the file hands its
// text over.
//
// Rules only allow, and what no rule allows is refused. So their order means
// nothing, and a rule that is added takes nothing away.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <string>
#include <vector>

#include "mcfeely/job.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// What somebody wants to run. Borrows all its texts.
struct RunRequest {
  absl::string_view host, comm;
  std::vector<absl::string_view> arguments;
  absl::string_view user;                    // "": the agent's own account
  std::vector<absl::string_view> variables;  // names, of env=
  bool input = false;                        // stdin=
  bool detach = false;
};
RunRequest RequestOf(const Task& task);
RunRequest RequestOf(absl::string_view host,
                     const fleetbox::wire::Attempt& attempt);

struct PolicyRule {
  enum class What { kRun, kOperate, kRead };
  int line = 0;
  std::string text;  // as a line of a file that means the same
  What what = What::kRun;
  std::vector<std::string> who;  // all of these are patterns
  std::string comm;
  std::vector<std::string> arguments;
  bool more_arguments = false;         // "..." ends them
  std::vector<std::string> hosts;      // empty: all
  std::vector<std::string> users;      // empty: only the agent's own account
  std::vector<std::string> variables;  // that env= may set
  bool input = false, detach = false;

  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

struct PolicyAnswer {
  bool allowed = false;
  // The rule that allows it, as "FILE:LINE", or which came nearest and what it
  // lacks: "FILE:LINE: the host 'db1' is not allowed".
  std::string why;
};

class Policy {
 public:
  // Where there is no file, everybody who is trusted may do everything.
  Policy() = default;
  struct Parsed;
  // `file` is for messages.
  static Parsed Parse(absl::string_view text, absl::string_view file);

  // What the rules about one principal allow. Borrows the policy.
  class Rights {
   public:
    PolicyAnswer MayRun(const RunRequest& request) const;
    PolicyAnswer MayOperate() const;
    PolicyAnswer MayRead() const;  // whoever may operate may
    const std::vector<const PolicyRule*>& rules() const { return rules_; }

   private:
    friend class Policy;
    PolicyAnswer MayDo(absl::Span<const PolicyRule::What> any,
                       absl::string_view verb) const;
    const Policy* policy_;
    std::string principal_;
    std::vector<const PolicyRule*> rules_;
  };
  Rights RightsOf(absl::string_view principal) const;

  bool everything() const { return everything_; }
  const std::vector<PolicyRule>& rules() const { return rules_; }

 private:
  bool everything_ = true;
  std::string file_;
  std::vector<PolicyRule> rules_;
};

// On failure `errors` is not empty: every error there is, each "FILE:LINE: what
// is wrong", in order, and the policy allows nothing.
struct Policy::Parsed {
  Policy policy;
  std::vector<std::string> errors;
};

// Whether somebody may run all tasks of a job. PermissionDenied names the first
// task that is refused, and the rule.
absl::Status CheckJobPolicy(const Policy& policy, absl::string_view principal,
                            const Job& job);
// Whether somebody may ask this. Whoever injected a job (`is_own`) may look at
// it; other looking takes the right to read, everything else that to operate.
absl::Status CheckQueryPolicy(const Policy& policy, absl::string_view principal,
                              const fleetbox::wire::Query& query,
                              const std::function<bool(uint64_t job)>& is_own);

}  // namespace mcfeely
