#include "power/plan_text.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/time.h"
#include "power/ability.h"
#include "power/plan_check.h"
#include "power/script_choice.h"
#include "power/secret_source.h"
#include "power/ways.h"

namespace power {
namespace {

// Of each PCU its plugs, each once, in the order in which they are named.
using Plugs = std::vector<std::vector<std::string>>;
void AddPlugs(const std::vector<CampaignFeed>& feeds, Plugs& plugs) {
  for (const CampaignFeed& feed : feeds) {
    std::vector<std::string>& its = plugs[feed.pcu];
    if (!absl::c_linear_search(its, feed.plug)) its.push_back(feed.plug);
  }
}

// What a host waits for, in brackets behind what would be done to it.
class TurnTexts {
 public:
  explicit TurnTexts(const CampaignRequest& request) : request_(request) {
    if (!EndsOff(request.action)) return;
    for (const CampaignHost& host : request.hosts) {
      for (const size_t parent : host.parents) {
        for (std::optional<size_t> at = parent; at.has_value();
             at = request.parents[*at].parent) {
          first_[request.parents[*at].name].push_back(host.name);
        }
      }
    }
  }
  std::string Of(const CampaignHost& host) const {
    std::vector<std::string> parts, parents;
    for (const size_t parent : host.parents) {
      parents.push_back(request_.parents[parent].name);
    }
    if (!parents.empty()) {
      parts.push_back(absl::StrCat(
          EndsOff(request_.action) ? "unless its parent " : "once its parent ",
          absl::StrJoin(parents, ", "),
          EndsOff(request_.action) ? " is off" : " is on"));
    }
    if (const auto found = first_.find(host.name); found != first_.end()) {
      parts.push_back(absl::StrCat("after ", FoldHosts(found->second)));
    }
    return absl::StrJoin(parts, ", ");
  }

 private:
  const CampaignRequest& request_;
  absl::flat_hash_map<std::string, std::vector<std::string>> first_;
};

std::string WayText(const PlannedPcu& pcu, const WayIn& way) {
  const std::string& host = pcu.pcu->host.empty() ? pcu.pcu->ip : pcu.pcu->host;
  if (IsLocal(way.way.transport)) return way.way.transport;
  return absl::StrCat(way.way.transport, " ", host, ":",
                      way.way.port.value_or(0));
}

std::string AccountText(const Pcu& pcu) {
  std::vector<std::string> parts;
  if (!pcu.user.empty()) parts.push_back(absl::StrCat("user ", pcu.user));
  if (pcu.secret.kind == SecretSource::Kind::kClear) {
    parts.push_back("secret ***");
  } else if (pcu.secret.kind != SecretSource::Kind::kNone) {
    parts.push_back(absl::StrCat("secret ", SourceText(pcu.secret)));
  }
  return absl::StrJoin(parts, ", ");
}

// " by ssh h:22, else telnet h:23; user apc, secret pdu-rack3"
std::string WayInText(const PlannedPcu& planned) {
  std::string text;
  for (const WayIn& way : planned.ways) {
    absl::StrAppend(&text, text.empty() ? " by " : ", else ",
                    WayText(planned, way));
  }
  const std::string account = AccountText(*planned.pcu);
  return account.empty() ? text : absl::StrCat(text, "; ", account);
}

std::string ActionText(Action action, const CampaignPcu& pcu,
                       const std::vector<std::string>& plugs) {
  std::string text = absl::StrCat(
      Word(action), " plugs ", absl::StrJoin(plugs, " "), " in ",
      pcu.settings.sessions == 1
          ? "one session"
          : absl::StrCat("at most ", pcu.settings.sessions, " sessions"));
  if (pcu.settings.stagger > absl::ZeroDuration()) {
    absl::StrAppend(&text, ", power-ons ",
                    base::FormatDuration(pcu.settings.stagger), " apart");
  }
  if (action == Action::kCycle) {
    absl::StrAppend(
        &text, pcu.options.native_cycle
                   ? ", by its own cycle"
                   : absl::StrCat(", off for ",
                                  base::FormatDuration(pcu.options.off_time)));
  }
  return text;
}

// The scripts that are run, where they are the model's: "login, off, on".
std::string DialogueText(const PlannedPcu& pcu, const CampaignPcu& planned,
                         const CampaignRequest& request) {
  const Action action = request.action;
  if (pcu.ways.empty()) return "";
  const Specification& spec = *pcu.ways.front().specification;
  std::vector<Verb> verbs = {Verb::kLogin};
  const std::optional<Verb> verb = VerbOf(action);
  if (verb != Verb::kStatus) verbs.push_back(Verb::kStatus);
  if (action == Action::kVerify) {
    if (request.with_confirmation) verbs.push_back(Verb::kVerify);
  } else if (action == Action::kCycle &&
             !OptionsByScripts(planned.options, spec).native_cycle) {
    verbs.insert(verbs.end(), {Verb::kOff, Verb::kOn});
  } else if (verb.has_value()) {
    verbs.push_back(*verb);
  }
  verbs.push_back(Verb::kLogout);
  std::vector<std::string> names;
  for (const Verb each : verbs) {
    if (HasScript(spec, each)) names.push_back(ScriptName(each, Form::kPlain));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::string PlanText(const CampaignPlan& plan) {
  Plugs plugs(plan.pcus.size()), looks(plan.pcus.size());
  const std::vector<std::optional<Failure>> why_not = WhyNot(plan);
  for (size_t i = 0; i < why_not.size(); ++i) {
    const CampaignHost& host = plan.request.hosts[i];
    if (host.skipped.has_value() || why_not[i].has_value()) continue;
    AddPlugs(host.feeds, plugs);
  }
  for (const CampaignParent& parent : plan.request.parents) {
    AddPlugs(parent.feeds, looks);
  }
  std::string text;
  for (size_t i = 0; i < plan.pcus.size(); ++i) {
    if (plugs[i].empty() && looks[i].empty()) continue;
    const CampaignPcu& pcu = plan.request.pcus[i];
    absl::StrAppend(&text, "pcu ", pcu.name, ": ", plan.pcus[i].pcu->model);
    if (pcu.refused.has_value()) {
      absl::StrAppend(&text, ", ", pcu.refused->text, "\n");
      continue;
    }
    if (pcu.is_manual) {
      absl::StrAppend(&text, ", by a person\n");
      continue;
    }
    absl::StrAppend(&text, WayInText(plan.pcus[i]), "\n");
    if (!plugs[i].empty()) {
      absl::StrAppend(&text, "  ",
                      ActionText(plan.request.action, pcu, plugs[i]), "\n");
      const std::string dialogue =
          DialogueText(plan.pcus[i], pcu, plan.request);
      if (!dialogue.empty()) {
        absl::StrAppend(&text, "  scripts ", dialogue, "\n");
      }
    }
    if (!looks[i].empty()) {
      absl::StrAppend(&text, "  status plugs ", absl::StrJoin(looks[i], " "),
                      ", of parents\n");
    }
  }
  return text;
}

std::vector<HostResult> PlanResults(const CampaignPlan& plan) {
  const TurnTexts turns(plan.request);
  const std::vector<std::optional<Failure>> why_not = WhyNot(plan);
  std::vector<HostResult> results;
  for (const CampaignHost& host : plan.request.hosts) {
    HostResult result;
    result.host = host.name;
    result.action = plan.request.action;
    result.outcome = HostOutcome::kPlanned;
    std::vector<std::string> ways;
    for (const CampaignHost::Feed& feed : host.feeds) {
      const CampaignPcu& pcu = plan.request.pcus[feed.pcu];
      absl::StrAppend(&result.feeds, result.feeds.empty() ? "" : " ", pcu.name,
                      "/", feed.plug);
      const std::string way = absl::StrJoin(pcu.ways, ",");
      if (std::find(ways.begin(), ways.end(), way) == ways.end()) {
        ways.push_back(way);
      }
      if (pcu.is_manual) {
        result.outcome = HostOutcome::kManual;
        result.detail = absl::StrCat("a person has to do it at ", pcu.name);
      } else if (pcu.refused.has_value()) {
        result.outcome = HostOutcome::kFailed;
        result.failure_class = pcu.refused->failure_class;
        result.detail = pcu.refused->text;
      }
    }
    const std::optional<Failure>& cannot = why_not[results.size()];
    if (result.outcome == HostOutcome::kPlanned && cannot.has_value()) {
      result.outcome = HostOutcome::kFailed;
      result.failure_class = cannot->failure_class;
      result.detail = cannot->text;
    }
    if (result.outcome == HostOutcome::kPlanned) result.detail = turns.Of(host);
    result.transport = absl::StrJoin(ways, " ");
    if (host.skipped.has_value()) {
      result.outcome = HostOutcome::kSkipped;
      result.detail = *host.skipped;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace power
