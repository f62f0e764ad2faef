#include "msrc/direct_run.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "fanout/readings.h"
#include "hosts/close_run.h"
#include "hosts/drive_supply.h"
#include "hosts/fold_names.h"
#include "msrc/bundle.h"
#include "msrc/closing_facts.h"
#include "msrc/delivery_run.h"
#include "msrc/host_facts.h"
#include "msrc/own_terminal.h"
#include "msrc/relays.h"
#include "msrc/run_on_hosts.h"
#include "msrc/tar_run.h"
#include "msrc/utility_input.h"
#include "msrc/utility_message.h"
#include "msrc/utility_words.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/terminal.h"
#include "sys/users.h"

namespace msrc {
namespace {

constexpr size_t kExpanders = 4;  // threads, beside the loop
constexpr int kUsage = 64, kBadData = 65, kOutputLost = 74;  // exit-codes(7)
constexpr size_t kMostDifferences = 16 << 20;  // bytes that are kept to fold

fleetbox::wire::Terminal TerminalHere() {
  fleetbox::wire::Terminal terminal;
  terminal.set_columns(
      static_cast<uint32_t>(sys::TerminalColumns(STDIN_FILENO)));
  terminal.set_lines(static_cast<uint32_t>(sys::TerminalLines(STDIN_FILENO)));
  terminal.set_type(sys::EnvironmentVariable("TERM"));
  // One of a type that cannot be told is still one.
  if (!IsTerminal(terminal)) terminal.set_type("dumb");
  return terminal;
}

// The hosts of a run, with their texts, as what is to be delivered.
class ExpandedHosts : public HostSupply {
 public:
  static absl::StatusOr<std::unique_ptr<ExpandedHosts>> Make(
      const Plan& plan, const DirectOrder& order, const SharedDelivery& shared,
      hosts::Run& run) {
    std::unique_ptr<ExpandedHosts> made(
        new ExpandedHosts(plan, order, shared, run));
    UtilityPlan& utility = made->utility_;
    utility.utility = &order.utility;
    utility.detach = order.delivery->detach;
    utility.time = order.drive->commands.policy.timeout.Limit().value_or(
        absl::InfiniteDuration());
    TRY_ASSIGN(utility.input, UtilityInput(order.drive->commands, run));
    if (order.delivery->tty) utility.terminal = TerminalHere();
    TRY_ASSIGN(hosts::Expander expander, run.MakeExpander());
    made->expander_.emplace(std::move(expander));
    const size_t ahead = static_cast<size_t>(std::max(order.drive->preload, 2));
    TRY_ASSIGN(made->supply_,
               hosts::Supply::Make(
                   run, *made->expander_, ahead,
                   std::min<size_t>(fanout::Processors(), kExpanders)));
    return made;
  }

  absl::StatusOr<Got> Next(SuppliedHost* host) override {
    hosts::Supply::Made made;
    const absl::StatusOr<hosts::Supply::Got> got = supply_->Next(&made);
    // Interrupted by a signal, which is yet to be told.
    if (absl::IsAborted(got.status())) return Got::kWait;
    TRY(got.status());
    if (*got == hosts::Supply::Got::kWait) return Got::kWait;
    if (*got == hosts::Supply::Got::kEnd) return Got::kEnd;
    Fill(made, host);
    return Got::kHost;
  }
  int ready_fd() const override { return supply_->ready_fd(); }
  // The utility has it. Borrowed.
  void SetTerminal(OwnTerminal* terminal) { terminal_ = terminal; }

 private:
  ExpandedHosts(const Plan& plan, const DirectOrder& order,
                const SharedDelivery& shared, hosts::Run& run)
      : plan_(plan), order_(order), shared_(shared), run_(run) {}

  void Fill(hosts::Supply::Made& made, SuppliedHost* host) {
    hosts::HostTexts& texts = made.texts;
    if (!texts.messages.empty()) run_.voice().raw(texts.messages);
    host->position = made.position;
    host->job.name =
        std::string(run_.table().HostName(run_.elected()[made.position]));
    if (texts.failure.status != 0) {
      host->status = texts.failure.status;
      host->error = texts.failure.why;
      return;
    }
    const absl::Status filled = FillJob(texts, &host->job);
    if (!filled.ok()) {
      host->status = hosts::kExpansionFailed + kBadData;
      host->error = std::string(filled.message());
      return;
    }
    // Its files are read when they are asked for.
    host->job.keep = std::make_shared<hosts::HostTexts>(std::move(texts));
  }

  absl::Status FillJob(const hosts::HostTexts& texts, HostJob* job) {
    TRY_ASSIGN(HostFacts facts, ReadFacts(texts.words[0]));
    job->login = std::move(facts.login);
    job->ssh = std::move(facts.ssh);
    job->into = plan_.into.path;
    job->utility = UtilityMessage(utility_, facts.shell, facts.defs);
    job->input = utility_.input;
    job->terminal = terminal_;
    job->runs = order_.utility.words.empty() ? HostJob::Runs::kNothing
                                             : HostJob::Runs::kAtOnce;
    return shared_.AddOwn(absl::MakeConstSpan(texts.words).subspan(1), job);
  }

  const Plan& plan_;
  const DirectOrder& order_;
  const SharedDelivery& shared_;
  hosts::Run& run_;
  UtilityPlan utility_;
  OwnTerminal* terminal_ = nullptr;
  std::optional<hosts::Expander> expander_;
  std::unique_ptr<hosts::Supply> supply_;
};

// As xapply takes the same options.
fanout::OutputOptions OutputOf(const fanout::XapplyOptions& o) {
  using Collate = fanout::XapplyOptions::Collate;
  fanout::OutputOptions output;
  output.errors = o.errors;
  output.squeeze = output.hold = output.fold = o.fold;
  output.space = o.spool;
  output.space.memory_bytes =
      std::max<size_t>(o.spool.spool_bytes * o.jobs, 1 << 20);
  if (o.tag) {
    output.way = fanout::OutputOptions::Way::kLines;
  } else if (o.collate == Collate::kPlace) {
    output.order = fanout::CollateOrder::kPlace;
  }
  return output;
}

std::string FoldTitle(const std::vector<std::string>& names) {
  const std::string count =
      names.size() > 1 ? absl::StrCat(" (", names.size(), " hosts)") : "";
  return absl::StrCat("==> ", hosts::FoldNames(names), count, " <==\n");
}

class Direct {
 public:
  Direct(const DirectOrder& order, hosts::Run& run,
         const fanout::XapplyFace& face)
      : order_(order),
        drive_(*order.drive),
        run_(run),
        face_(face),
        facts_(run.elected().size()),
        differences_(kMostDifferences) {}

  absl::Status Go(const RunShared& shared, ExpandedHosts& supply) {
    counts_.total = static_cast<int64_t>(run_.elected().size());
    counts_.begin = sys::SteadyNow();
    sys::Signals signals(loop_, sys::NotIgnored({SIGINT, SIGTERM, SIGHUP}),
                         [this](int signal) { Interrupt(signal); });
    if (order_.delivery->tty) {
      terminal_.emplace(loop_);
      supply.SetTerminal(&*terminal_);
    }
    const RelayOptions& relays = order_.delivery->relays;
    if (!relays.hosts.empty()) {
      relays_ = std::make_unique<Relays>(loop_, shared, relays);
    }
    TRY_ASSIGN(delivery_,
               DeliveryRun::Start(loop_, shared, supply, Options(), Events()));
    loop_.Run();
    statuses_ = delivery_->statuses();
    delivery_.reset();
    relays_.reset();
    terminal_.reset();
    return failure_;
  }

  // After Go, without its supply: the hosts that are left.
  absl::Status GoByTar(const Plan& plan, std::vector<hosts::Operand> maps) {
    if (by_tar_.empty() || signal_ != 0 || output_lost_) {
      return absl::OkStatus();
    }
    TarRun part;
    part.maps = std::move(maps);
    part.positions = std::move(by_tar_);
    // While it runs these hosts alone are elected.
    part.ended = [this, all = run_.elected()](size_t position, int status) {
      statuses_[position] = status;
      HostReport report;
      report.position = position;
      report.host = std::string(run_.table().HostName(all[position]));
      report.status = status;
      report.phase = PhaseOfScript(status);
      Report(report);
    };
    return RunByTar(plan, order_, std::move(part), run_, face_);
  }

  // After that.
  absl::StatusOr<int> End() {
    if (!differences_.Text().empty()) cli::Print(differences_.Text());
    run_.ReportChangedFiles();
    const bool closes = drive_.closing.IsWanted();
    if (!closes && !drive_.always_zero && !output_lost_) {
      for (const std::string& line : failures_.Lines(statuses_.size())) {
        run_.voice().Warn(line);
      }
    }
    if (const std::string names = NotStarted(); !names.empty()) {
      run_.voice().Warn(names);
    }
    std::optional<int> closed;
    if (closes) {
      hosts::ClosingOptions closing = drive_.closing;
      closing.more = [this](size_t position) { return facts_.Of(position); };
      TRY_ASSIGN(closed, hosts::RunClosing(run_, closing, drive_.commands.shell,
                                           statuses_));
    }
    if (output_lost_) return kOutputLost;
    if (signal_ != 0) return 128 + signal_;
    if (closed) return *closed;
    return drive_.always_zero ? 0 : hosts::ExitCodeOf(statuses_);
  }

 private:
  // Who has not had its turn, when something has ended the run.
  std::string NotStarted() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < statuses_.size(); i++) {
      if (statuses_[i] != hosts::kNotStarted) continue;
      names.emplace_back(run_.table().HostName(run_.elected()[i]));
    }
    if (names.empty()) return "";
    return absl::StrCat(names.size(), " of ", statuses_.size(),
                        " hosts not started: ", hosts::FoldNames(names));
  }

  DeliveryRunOptions Options() const {
    DeliveryRunOptions options;
    options.waves = order_.delivery->waves;
    options.waves.jobs = drive_.commands.jobs;
    options.hosts = run_.elected().size();
    options.retry = order_.delivery->retry;
    options.relays = relays_.get();
    options.output = OutputOf(drive_.commands);
    if (drive_.commands.tag) {
      options.prefix = [](const HostJob& job) {
        return absl::StrCat(job.name, "\t");
      };
    }
    if (drive_.commands.fold) options.header = FoldTitle;
    return options;
  }

  DeliveryRunEvents Events() {
    DeliveryRunEvents events;
    events.reported = [this](const HostReport& report) { Reported(report); };
    events.differences = [this](const HostReport& report,
                                const fleetbox::wire::Applied& applied,
                                const wire::Manifest& manifest) {
      for (const auto& diff : applied.diff()) {
        if (diff.entry() >= manifest.entries().size()) continue;
        differences_.Add(report, manifest.entries()[diff.entry()].path,
                         diff.text());
      }
    };
    events.failed = [this](const absl::Status& why) {
      if (failure_.ok()) failure_ = why;
      delivery_->Cancel(SIGTERM);
    };
    events.output_failed = [this](const absl::Status& why) {
      output_lost_ = true;
      // Whoever has read enough knows that.
      if (!absl::IsFailedPrecondition(why)) {
        run_.voice().Warn(std::string(why.message()));
      }
      delivery_->Cancel(SIGTERM);
    };
    events.done = [this] { loop_.Stop(); };
    return events;
  }

  void Reported(const HostReport& report) {
    if (order_.shows_noise) ShowNoise(report);
    if (report.no_executable && order_.may_use_tar) {
      run_.voice().Warn(
          absl::StrCat(report.host, ": ", report.error, "; tar is used"));
      by_tar_.push_back(report.position);
      return;
    }
    counts_.done++;
    if (report.status != 0) counts_.failed++;
    Report(report);
    counts_.running = static_cast<int64_t>(delivery_->running());
    if (face_.shows_progress && face_.progress) face_.progress(counts_, false);
  }

  void Report(const HostReport& report) {
    failures_.Add(report);
    facts_.Add(report);
    if (order_.record != nullptr) order_.record->Add(report);
    for (const std::string& warning : report.warnings) {
      run_.voice().Warn(absl::StrCat(report.host, ": ", warning));
    }
    if (order_.delivery->report_json) cli::Print(ReportJson(report));
    if (order_.delivery->policy.check() && !order_.delivery->report_json) {
      cli::Print(CheckLine(report));
    }
  }

  void ShowNoise(const HostReport& report) const {
    for (const absl::string_view line :
         absl::StrSplit(report.noise, '\n', absl::SkipEmpty())) {
      run_.voice().Debug(
          'X', absl::StrCat(report.host, ": says: ", base::Escape(line)));
    }
  }

  // What --check says of a host.
  static std::string CheckLine(const HostReport& report) {
    // One that has failed has not compared all there is.
    if (!report.answered || report.status != 0) return "";
    std::string text = absl::StrCat(report.host, ": ", report.created.size(),
                                    " to create, ", report.changed.size(),
                                    " to change, ", report.mode_only.size(),
                                    " of another mode, ", report.removed.size(),
                                    " to remove, ", report.same, " the same\n");
    const auto list = [&](absl::string_view sign, const auto& paths) {
      for (const std::string& path : paths) {
        absl::StrAppend(&text, "  ", sign, " ", path, "\n");
      }
    };
    list("+", report.created);
    list("~", report.changed);
    list("m", report.mode_only);
    list("-", report.removed);
    return text;
  }

  void Interrupt(int signal) {
    signal_ = signal;
    delivery_->Cancel(signal == SIGHUP ? SIGHUP : SIGTERM);
  }

  const DirectOrder& order_;
  const hosts::DriveOptions& drive_;
  hosts::Run& run_;
  const fanout::XapplyFace& face_;
  sys::Loop loop_;
  std::optional<OwnTerminal> terminal_;
  std::unique_ptr<Relays> relays_;
  std::unique_ptr<DeliveryRun> delivery_;
  std::vector<int> statuses_;
  FailureList failures_;
  ClosingFacts facts_;
  std::vector<size_t> by_tar_;  // positions
  DiffFolder differences_;
  fanout::Runner::Counts counts_;
  absl::Status failure_;
  bool output_lost_ = false;
  int signal_ = 0;
};

}  // namespace

namespace {

absl::Status CheckOneHost(absl::string_view option, const hosts::Run& run) {
  if (run.elected().size() == 1) return absl::OkStatus();
  return cli::FailWith(kUsage, absl::StrCat(option, ": ", run.elected().size(),
                                            " hosts are elected, and it is "
                                            "for one"));
}

absl::StatusOr<int> BundleFor(const RunShared& shared,
                              const DeliveryOptions& options,
                              const hosts::Run& run, HostSupply& supply) {
  TRY(CheckOneHost("--bundle", run));
  SuppliedHost host;
  for (;;) {
    TRY_ASSIGN(const HostSupply::Got got, supply.Next(&host));
    if (got != HostSupply::Got::kWait) break;
    pollfd ready = {.fd = supply.ready_fd(), .events = POLLIN, .revents = 0};
    // A signal that waits is told by the supply.
    poll(&ready, 1, 100);
  }
  if (host.status != 0) return absl::InvalidArgumentError(host.error);
  TRY(WriteBundle(shared, host.job, sys::WallNow() + options.bundle_time,
                  options.bundle));
  return 0;
}

}  // namespace

absl::StatusOr<int> RunDirect(const Plan& plan, const DirectOrder& order,
                              hosts::Run& run, const fanout::XapplyFace& face) {
  if (order.delivery->tty) TRY(CheckOneHost("--tty", run));
  TRY_ASSIGN(const std::unique_ptr<SharedDelivery> shared,
             SharedDelivery::Make(plan, *order.delivery,
                                  run.streams().environment(), run.voice()));
  std::vector<hosts::Operand> maps = run.operands();
  hosts::Operand facts;
  facts.given = facts.source = "facts";
  facts.content = std::make_shared<const std::string>(FactsText());
  SetOperands(run, std::move(facts), std::nullopt);
  TRY_ASSIGN(std::unique_ptr<ExpandedHosts> supply,
             ExpandedHosts::Make(plan, order, *shared, run));
  if (!order.delivery->bundle.empty()) {
    return BundleFor(shared->shared(), *order.delivery, run, *supply);
  }
  Direct direct(order, run, face);
  TRY(run.OrSignal(direct.Go(shared->shared(), *supply)));
  supply.reset();
  TRY(direct.GoByTar(plan, std::move(maps)));
  return direct.End();
}

}  // namespace msrc
