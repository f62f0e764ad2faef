#include "power/reboot_face.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "power/campaign_run.h"
#include "power/plan_text.h"
#include "power/reboot_options.h"
#include "power/relay_face.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace power {
namespace {

// The results as they come in, told: those of one turn of the loop together,
// as a thousand may come in one. Without a loop, all at the end.
class Teller {
 public:
  Teller(const cli::Call& call, const RebootOptions& options, size_t hosts,
         sys::Loop* loop)
      : call_(call), options_(options), hosts_(hosts), loop_(loop) {}

  void Ended(size_t host, const HostResult& result) {
    results_.push_back(result);
    if (options_.json) {
      Print(absl::StrCat(ResultJson(result), "\n"));
    } else if (options_.legacy_output) {
      LegacyEnded(host, result);
    } else if (!options_.quiet || !IsSuccess(result.outcome)) {
      Print(absl::StrCat(ResultLine(result),
                         options_.verbose && result.attempts > 1
                             ? absl::StrCat(" ", result.attempts, " tries")
                             : "",
                         "\n"));
    }
    if (loop_ == nullptr || std::exchange(is_waiting_, true)) return;
    loop_->AtEndOfTurn([this] {
      Tell();
      ShowProgress();
    });
  }

  // When they are known only later.
  void SetHosts(size_t hosts) { hosts_ = hosts; }

  void Plan(const std::string& text) {
    if (options_.json || options_.quiet || options_.legacy_output) return;
    cli::Print(text);
  }

  void Note(const std::string& line) {
    Tell();
    progress_.Clear();
    cli::Warn(call_, absl::UnknownError(line));
    ShowProgress();
  }

  void Trace(absl::string_view pcu, absl::string_view line) {
    Tell();
    progress_.Above(absl::StrCat(pcu, ": ", line, "\n"));
  }

  void ShowProgress() {
    progress_.Show(absl::StrCat(Word(options_.plan.action), ": ",
                                results_.size(), " of ", hosts_));
  }

  // The end of the answer; the exit code.
  int Finish() {
    Tell();
    progress_.Clear();
    if (options_.plan.action == Action::kStatus && !options_.json &&
        !options_.legacy_output && !options_.quiet && !options_.dry_run) {
      cli::Print(StateSummary(results_));
    }
    return ExitCodeOf(results_);
  }

 private:
  void Print(absl::string_view text) { absl::StrAppend(&text_, text); }

  void Tell() {
    is_waiting_ = false;
    if (text_.empty()) return;
    progress_.Clear();
    cli::Print(text_);
    cli::Flush();
    text_.clear();
  }

  // The original's words, in the order of the targets.
  void LegacyEnded(size_t host, const HostResult& result) {
    waiting_[host] =
        absl::StrCat("Rebooting ", result.host, "\n",
                     IsSuccess(result.outcome) ? "success" : "failed", "\n");
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      Print(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

  const cli::Call& call_;
  const RebootOptions& options_;
  size_t hosts_;
  sys::Loop* const loop_;
  std::string text_;
  bool is_waiting_ = false;  // for the end of the turn
  std::vector<HostResult> results_;
  std::map<size_t, std::string> waiting_;
  size_t next_ = 0;
  cli::Progress progress_;
};

constexpr size_t kDescriptorsOfPcu = 3;

constexpr char kInterrupted[] =
    "interrupted: what has begun is brought to its end; once more gives that "
    "up";

// The first signal ends what can be ended well, the second everything.
void OnSignal(CampaignRun& run, Teller& teller, int& signals) {
  if (++signals == 1) {
    teller.Note(kInterrupted);
    run.Interrupt();
  } else {
    run.Abandon();
  }
}

int Carry(const cli::Call& call, const RebootOptions& options,
          CampaignPlan plan) {
  // A line each, and what a program behind it needs; before any thread is made.
  sys::RaiseDescriptorLimit();
  sys::MakeRoomForDescriptors(kDescriptorsOfPcu *
                              std::min(plan.pcus.size(), options.plan.at_once));
  sys::Loop loop;
  Teller teller(call, options, plan.request.hosts.size(), &loop);
  CampaignRun::Callbacks callbacks;
  callbacks.ended = [&](size_t host, const HostResult& result) {
    teller.Ended(host, result);
  };
  callbacks.note = [&](const std::string& line) { teller.Note(line); };
  if (options.trace) {
    callbacks.trace = [&](absl::string_view pcu, absl::string_view line) {
      teller.Trace(pcu, line);
    };
  }
  callbacks.done = [&] { loop.Stop(); };
  std::vector<CampaignRun::RunPcu> pcus;
  for (PlannedPcu& pcu : plan.pcus) {
    pcus.push_back({pcu.pcu, std::move(pcu.ways), std::move(pcu.plugs)});
  }
  int signals = 0;
  std::optional<CampaignRun> run;
  // Made before any thread is.
  sys::Signals watch(loop, sys::NotIgnored({SIGINT, SIGTERM, SIGHUP}),
                     [&](int) { OnSignal(*run, teller, signals); });
  run.emplace(loop, std::move(plan.request), std::move(pcus), options.run,
              std::move(callbacks));
  sys::HideMemory();
  run->Start();
  teller.ShowProgress();
  loop.Run();
  return teller.Finish();
}

int Show(const cli::Call& call, const RebootOptions& options,
         const CampaignPlan& plan) {
  Teller teller(call, options, plan.request.hosts.size(), nullptr);
  teller.Plan(PlanText(plan));
  size_t host = 0;
  for (const HostResult& result : PlanResults(plan)) {
    teller.Ended(host++, result);
  }
  return teller.Finish();
}

// Another host does it; what it says is told as if it were done here.
absl::StatusOr<int> CarryVia(const cli::Call& call,
                             const RebootOptions& options) {
  sys::Loop loop;
  Teller teller(call, options, 0, &loop);
  const ViaCallbacks callbacks = {
      .hosts = [&](size_t hosts) { teller.SetHosts(hosts); },
      .plan = [&](const std::string& text) { teller.Plan(text); },
      .ended = [&](size_t host,
                   const HostResult& result) { teller.Ended(host, result); },
      .note = [&](const std::string& line) { teller.Note(line); },
      .trace = [&](const std::string& pcu,
                   const std::string& line) { teller.Trace(pcu, line); },
      .interrupted = [&] { teller.Note(kInterrupted); }};
  TRY_ASSIGN(const int code, AskVia(loop, options, callbacks));
  teller.Finish();
  return code;
}

}  // namespace

absl::StatusOr<int> RunAction(const cli::Call& call, Action action,
                              std::vector<std::string> operands) {
  TRY_ASSIGN(RebootOptions options,
             ReadRebootOptions(call, action, std::move(operands)));
  if (options.choice.words.empty()) return cli::UsageError("no targets");
  if (!options.via.empty()) return CarryVia(call, options);
  TRY_ASSIGN(const Inventory inventory, NeedInventory(call));
  TRY_ASSIGN(CampaignPlan plan,
             NeedPlan(inventory, options.choice, options.plan));
  if (!options.run.record.empty() && plan.pcus.size() > 1) {
    return cli::UsageError("--record: keeps what is said to one PCU");
  }
  if (options.dry_run) return Show(call, options, plan);
  return Carry(call, options, std::move(plan));
}

}  // namespace power
