#include "power/relay_run.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "cli/report.h"
#include "power/limits.h"
#include "power/plan_text.h"
#include "power/reboot_options.h"
#include "power/relay_answer.h"
#include "sys/process.h"

namespace power {
namespace {

using fleetbox::wire::PowerAnswer;

// So that one message never gets too long, however long the names are.
constexpr size_t kHostsInOne = 200;

}  // namespace

RelayRun::RelayRun(sys::Loop& loop, RelayOrder order, Options options,
                   Tell tell)
    : loop_(loop),
      order_(std::move(order)),
      options_(std::move(options)),
      tell_(std::move(tell)) {
  options_.run.connect_timeout = order_.connect_timeout;
  options_.run.ignores_lockout = order_.plan.force;
  options_.run.record.clear();
  // Nobody is there who could be asked for a password.
  options_.run.secrets.terminal.clear();
}

void RelayRun::Start() {
  loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) Begin();
  });
}

void RelayRun::Begin() {
  const absl::Status planned = Plan();
  if (!planned.ok()) {
    Finish(cli::ExitCode(planned), planned.message());
    return;
  }
  TellHosts();
  if (order_.dry_run) {
    ShowPlan();
  } else {
    Carry();
  }
}

absl::Status RelayRun::Plan() {
  TRY_ASSIGN(inventory_, NeedInventory(options_.inventory));
  TRY_ASSIGN(plan_, NeedPlan(inventory_, order_.choice, order_.plan));
  return absl::OkStatus();
}

void RelayRun::TellHosts() {
  const CampaignRequest& request = plan_.request;
  size_t host = 0;
  do {
    PowerAnswer answer;
    const size_t end = std::min(host + kHostsInOne, request.hosts.size());
    for (; host < end; ++host) {
      fleetbox::wire::PowerHost& its = *answer.add_host();
      its.set_name(request.hosts[host].name);
      std::string feeds;
      for (const CampaignHost::Feed& feed : request.hosts[host].feeds) {
        absl::StrAppend(&feeds, feeds.empty() ? "" : " ",
                        request.pcus[feed.pcu].name, "/", feed.plug);
      }
      its.set_feeds(feeds);
    }
    answer.set_planned(host == request.hosts.size());
    tell_(std::move(answer));
  } while (host < request.hosts.size());
}

void RelayRun::Ended(size_t host, const HostResult& result) {
  results_.push_back(result);
  PowerAnswer answer;
  *answer.mutable_result() = EncodeResult(host, result);
  tell_(std::move(answer));
}

void RelayRun::ShowPlan() {
  PowerAnswer answer;
  std::string text = PlanText(plan_);
  text.resize(std::min(text.size(), kMaxRelayPlanBytes));
  answer.set_plan(std::move(text));
  tell_(std::move(answer));
  size_t host = 0;
  for (const HostResult& result : PlanResults(plan_)) Ended(host++, result);
  Finish(ExitCodeOf(results_));
}

void RelayRun::Carry() {
  CampaignRun::Callbacks callbacks;
  callbacks.ended = [this](size_t host, const HostResult& result) {
    Ended(host, result);
  };
  callbacks.note = [this](const std::string& line) {
    PowerAnswer answer;
    answer.set_note(line);
    tell_(std::move(answer));
  };
  if (order_.trace) {
    callbacks.trace = [this](absl::string_view pcu, absl::string_view line) {
      PowerAnswer answer;
      answer.set_trace_pcu(std::string(pcu));
      answer.set_trace(std::string(line));
      tell_(std::move(answer));
    };
  }
  // The run is not to be deleted by its own event.
  callbacks.done = [this] {
    loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) Finish(ExitCodeOf(results_));
    });
  };
  std::vector<CampaignRun::RunPcu> pcus;
  for (PlannedPcu& pcu : plan_.pcus) {
    pcus.push_back({pcu.pcu, std::move(pcu.ways), std::move(pcu.plugs)});
  }
  sys::HideMemory();
  run_.emplace(loop_, plan_.request, std::move(pcus), options_.run,
               std::move(callbacks), options_.means);
  run_->Start();
  if (was_abandoned_) {
    run_->Abandon();
  } else if (was_interrupted_) {
    run_->Interrupt();
  }
}

void RelayRun::Interrupt() {
  was_interrupted_ = true;
  if (run_.has_value()) run_->Interrupt();
}

void RelayRun::Abandon() {
  was_abandoned_ = true;
  if (run_.has_value()) run_->Abandon();
}

void RelayRun::Finish(int exit_code, absl::string_view error) {
  PowerAnswer answer;
  answer.set_last(true);
  answer.set_exit_code(static_cast<uint32_t>(exit_code));
  answer.set_error(std::string(error));
  tell_(std::move(answer));
}

}  // namespace power
