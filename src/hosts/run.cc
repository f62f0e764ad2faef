#include "hosts/run.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/status.h"
#include "hosts/election.h"
#include "sys/signals.h"

namespace hosts {

Run::Run(Order order, Voice voice)
    : order_(std::move(order)),
      voice_(std::move(voice)),
      search_(order_.environment),
      work_(order_.signals),
      input_(work_) {}

Run::~Run() {
  if (options().Debugs('R') && !work_.PathIfMade().empty()) {
    voice_.Debug('R', work_.PathIfMade());
  }
}

absl::StatusOr<std::unique_ptr<Run>> Run::Begin(Order order, Voice voice) {
  std::unique_ptr<Run> run(new Run(std::move(order), std::move(voice)));
  TRY(run->OrSignal(run->Prepare()));
  return run;
}

absl::Status Run::OrSignal(const absl::Status& status) const {
  const int signal = work_.WaitingSignal();
  if (status.ok() || signal == 0) return status;
  return cli::FailWith(128 + signal,
                       absl::StrCat("ended by ", sys::SignalName(signal)));
}

void Run::SetOperands(std::vector<Operand> operands) {
  operands_ = std::move(operands);
  streams_->SetOperandCount(operands_.size());
}

void Run::DefineForEach(std::function<void(Stream&, size_t host)> define) {
  streams_->SetHostDefinitions(std::move(define));
}

absl::StatusOr<Expander> Run::MakeExpander() {
  TRY_ASSIGN(std::string folder, work_.Path());
  streams_->SetWorkFolder(folder);
  return Expander(*streams_, operands_, std::move(folder));
}

absl::Status Run::Prepare() {
  const HostOptions& options = order_.options;
  TRY_ASSIGN(Fleet fleet, LoadFleet(options, search_, input_, voice_));
  fleet_ = std::make_unique<Fleet>(std::move(fleet));
  if (!order_.operands.empty()) {
    TRY_ASSIGN(operands_, ReadOperands(order_.operands, options.literals,
                                       search_, input_));
  }
  if (order_.check_operands) TRY(order_.check_operands(operands_));
  std::function<std::string()> interrupted = order_.interrupted;
  if (order_.signals == WorkFolder::Signals::kHere) {
    interrupted = [this]() -> std::string {
      const int signal = work_.WaitingSignal();
      if (signal != 0) return sys::SignalName(signal);
      return stop_ ? "interrupted" : "";
    };
  }
  streams_ =
      std::make_unique<Streams>(options, *fleet_, search_, order_.environment,
                                voice_, std::move(interrupted));
  TRY(streams_->ReadPreloads());
  TRY_ASSIGN(const std::vector<bool> admitted,
             Admitted(options, fleet_->table, voice_));
  TRY_ASSIGN(elected_, Elect(*streams_, admitted));
  streams_->SetElected(elected_.size());
  streams_->SetOperandCount(operands_.size());
  if (options.merge && order_.merge_to_file) {
    TRY_ASSIGN(const std::string path, work_.Write("merged.cf", MergedText()));
    streams_->SetMergedFile(path);
  }
  if (!work_.PathIfMade().empty()) {
    streams_->SetWorkFolder(work_.PathIfMade());
  }
  return absl::OkStatus();
}

std::string Run::MergedText() const {
  return MergedFile(fleet_->table, elected_, order_.options.merge.value_or(""),
                    order_.options.definitions);
}

void Run::ReportChangedFiles() const {
  for (const std::string& path : streams_->files().Changed()) {
    voice_.Warn(absl::StrCat(path, ": has changed since it was read"));
  }
}

std::string VersionLines(const HostOptions& options, const Search& search,
                         const sys::Environment& environment) {
  const auto from = [](bool given) {
    return given ? "environment" : "default";
  };
  const auto tmpdir = environment.Get("TMPDIR");
  const auto line = [&](absl::string_view text) {
    return absl::StrCat(options.program, ": ", text, "\n");
  };
  return absl::StrCat(
      line(absl::StrCat("default column headers: %", options.key)),
      line(absl::StrCat("replace an empty control with: ", kDefaultControl)),
      line(absl::StrCat("cache recipe file: ", kRecipeName)),
      line(absl::StrCat(from(search.list_given()),
                        " search list: ", search.list())),
      line(absl::StrCat(from(search.own_folder_given()),
                        " double-dash directory: ", search.own_folder())),
      line(absl::StrCat(
          "template for private file space: ",
          tmpdir && !tmpdir->empty() ? *tmpdir : absl::string_view("/tmp"), "/",
          WorkFolder::kPrefix, "XXXXXX")));
}

}  // namespace hosts
