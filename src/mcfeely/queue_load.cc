// Reading a queue back.

#include <absl/container/flat_hash_set.h>
#include <absl/functional/function_ref.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "wire/compress.h"
#include "wire/message.h"

namespace mcfeely {

namespace pb = fleetbox::wire;

namespace {

// Values of up to 512 KiB: this bounds what is held at once.
constexpr int64_t kPage = 256;

// Every entry from `first` up to `last`, in order, page by page. Nobody else
// writes to the store meanwhile.
absl::Status ForEach(
    store::Engine& engine, std::string first, const std::string& last,
    absl::FunctionRef<absl::Status(const store::Entry&)> take) {
  while (true) {
    TRY_ASSIGN(const store::RangeResult page, engine.Range(first, last, kPage));
    for (const store::Entry& entry : page.entries) TRY(take(entry));
    if (!page.more) return absl::OkStatus();
    first = page.entries.back().key + std::string(1, '\0');
  }
}

absl::Status Bad(absl::string_view key, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(base::Escape(key), ": ", what));
}
absl::Status Bad(absl::string_view key, const absl::Status& status) {
  return status.ok() ? status : Bad(key, status.message());
}

uint32_t InTable(const pb::JobHead& head) {
  return head.in_table() == 0 ? kTasksInFormerTable : head.in_table();
}

// Pieces come in key order: head, parts, runs, text.
absl::Status TakePiece(const Keys::JobKey& key, const std::string& value,
                       Pieces& pieces) {
  const auto add = [&](const auto& records) {
    for (const pb::TaskRecord& record : records) {
      pieces.tasks.push_back(FromMessage(record));
    }
  };
  switch (key.kind) {
    case Keys::JobKey::Kind::kHead:
      TRY(UnpackMessage(value, pieces.head));
      pieces.has_head = true;
      add(pieces.head.task());
      return absl::OkStatus();
    case Keys::JobKey::Kind::kPart: {
      pb::JobPart part;
      TRY(UnpackMessage(value, part));
      if (key.number * InTable(pieces.head) != pieces.tasks.size() &&
          pieces.has_head) {
        return absl::InvalidArgumentError("the part before it is missing");
      }
      add(part.task());
      return absl::OkStatus();
    }
    case Keys::JobKey::Kind::kRun: {
      pb::TaskRuns runs;
      TRY(UnpackMessage(value, runs));
      if (key.number >= base::kMaxTasks) {
        return absl::InvalidArgumentError("there are not so many tasks");
      }
      if (pieces.attempts == nullptr) {
        pieces.attempts = std::make_unique<KeptAttempts>();
      }
      auto& kept = (*pieces.attempts)[static_cast<uint32_t>(key.number)];
      for (const pb::AttemptView& view : runs.attempt()) {
        kept.push_back(wire::Serialize(view));
      }
      return absl::OkStatus();
    }
    case Keys::JobKey::Kind::kText: {
      TRY_ASSIGN(const std::string text,
                 wire::UnpackValue(value, kTextPieceBytes));
      pieces.parcel += text;
      pieces.text_pieces++;
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPieces(const Pieces& p, const Job& spec) {
  if (p.head.job() != p.job.value) {
    return absl::InvalidArgumentError("it is the head of another job");
  }
  if (p.head.parcel().size() != sizeof(base::ParcelId::bytes)) {
    return absl::InvalidArgumentError("its parcel id is not of 16 bytes");
  }
  if (p.text_pieces != p.head.text_pieces()) {
    return absl::InvalidArgumentError("a piece of its text is missing");
  }
  if (p.head.tasks() != spec.tasks.size() ||
      p.tasks.size() != spec.tasks.size()) {
    return absl::InvalidArgumentError(
        "its records and its text differ in the number of tasks");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Queue::Load(store::Engine& engine, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  TRY(s.Load(engine));
  for (const auto& [key, report] : s.reports) {
    s.Emit(Action{SendReport{key, report.report}});
  }
  for (const auto& [host, record] : s.drained) s.Feed(HostDrained{host, true});
  s.Feed(Woken{});
  s.ReleaseIfIdle();
  return absl::OkStatus();
}

absl::Status Queue::State::Load(store::Engine& engine) {
  life = base::Hex(options.random_bytes(8));
  const auto number = [&](const std::string& key, uint64_t* n) -> absl::Status {
    const absl::StatusOr<store::Entry> entry = engine.Get(key);
    if (absl::IsNotFound(entry.status())) return absl::OkStatus();
    TRY(entry);
    if (key == keys.Step()) stored_step = entry->value;
    const auto read =
        UnpackNumber(absl::string_view(entry->value).substr(0, 16));
    if (!read.ok()) return Bad(key, read.status());
    *n = *read;
    return absl::OkStatus();
  };
  TRY(number(keys.Seq(), &stored_seq));
  TRY(number(keys.Step(), &step));
  last_number = stored_seq;

  const auto job_of = [&](const store::Entry& entry, absl::string_view value,
                          uint64_t* job) -> absl::Status {
    const absl::StatusOr<uint64_t> n = UnpackNumber(value);
    if (!n.ok()) return Bad(entry.key, n.status());
    if (*n == 0 || *n > stored_seq) return Bad(entry.key, "no such job");
    *job = *n;
    return absl::OkStatus();
  };
  TRY(ForEach(engine, keys.Parcels(), store::PrefixEnd(keys.Parcels()),
              [&](const store::Entry& entry) -> absl::Status {
                const auto id = keys.ParseParcel(entry.key);
                if (!id.has_value()) return Bad(entry.key, "not a parcel id");
                const absl::string_view value = entry.value;
                Decided& decided = parcels[*id];
                decided.principal = Principal(std::string(
                    value.substr(std::min<size_t>(16, value.size()))));
                return job_of(entry, value.substr(0, 16), &decided.job);
              }));
  const std::string idempotencies = keys.Idempotencies();
  TRY(ForEach(engine, idempotencies, store::PrefixEnd(idempotencies),
              [&](const store::Entry& entry) -> absl::Status {
                return job_of(
                    entry, entry.value,
                    &idempotent[entry.key.substr(idempotencies.size())]);
              }));
  TRY(ForEach(engine, keys.AllEnded(), store::PrefixEnd(keys.AllEnded()),
              [&](const store::Entry& entry) -> absl::Status {
                const auto job = keys.ParseEnded(entry.key);
                if (!job.has_value()) return Bad(entry.key, "not a job");
                ended_jobs.emplace(job->ms, job->job.value);
                return absl::OkStatus();
              }));
  TRY(LoadJobs(engine));
  TRY(LoadOperations(engine));
  const std::string all_drained = keys.AllDrained();
  TRY(ForEach(engine, all_drained, store::PrefixEnd(all_drained),
              [&](const store::Entry& entry) {
                return Bad(entry.key,
                           UnpackMessage(
                               entry.value,
                               drained[entry.key.substr(all_drained.size())]));
              }));
  return ForEach(engine, keys.Mails(), store::PrefixEnd(keys.Mails()),
                 [&](const store::Entry& entry) -> absl::Status {
                   pb::PendingReport report;
                   TRY(Bad(entry.key, UnpackMessage(entry.value, report)));
                   reports[entry.key] = {.report = std::move(report)};
                   return absl::OkStatus();
                 });
}

absl::Status Queue::State::LoadOperations(store::Engine& engine) {
  const std::string all = keys.AllOperations();
  return ForEach(engine, all, store::PrefixEnd(all),
                 [&](const store::Entry& entry) -> absl::Status {
                   const auto id = keys.ParseOperation(entry.key);
                   if (!id.has_value())
                     return Bad(entry.key, "not a parcel id");
                   const absl::string_view value = entry.value;
                   const auto ms = UnpackNumber(value.substr(0, 16));
                   if (!ms.ok()) return Bad(entry.key, ms.status());
                   operated[*id] = {static_cast<int64_t>(*ms),
                                    std::string(value.substr(16))};
                   operated_times.emplace(static_cast<int64_t>(*ms), *id);
                   return absl::OkStatus();
                 });
}

// Only what is open is read: the numbers between those of ended jobs.
absl::Status Queue::State::LoadJobs(store::Engine& engine) {
  Pieces pieces;
  std::vector<std::string> litter;
  const auto finish = [&]() -> absl::Status {
    if (pieces.job.value == 0) return absl::OkStatus();
    if (pieces.has_head) return AddLoaded(pieces);
    std::move(pieces.keys.begin(), pieces.keys.end(),
              std::back_inserter(litter));
    return absl::OkStatus();
  };
  std::vector<uint64_t> skip;
  for (const auto& [ms, job] : ended_jobs) skip.push_back(job);
  std::sort(skip.begin(), skip.end());
  std::string first = keys.Jobs();
  for (size_t i = 0; i <= skip.size(); i++) {
    const std::string last = i == skip.size() ? store::PrefixEnd(keys.Jobs())
                                              : keys.Job(JobId{skip[i]});
    if (first < last &&
        (i == 0 || i == skip.size() || skip[i] != skip[i - 1] + 1)) {
      TRY(ForEach(engine, first, last,
                  [&](const store::Entry& entry) -> absl::Status {
                    const auto key = keys.ParseJobKey(entry.key);
                    if (!key.has_value()) {
                      return Bad(entry.key, "not a record of a job");
                    }
                    if (key->job != pieces.job) {
                      TRY(finish());
                      pieces = Pieces();
                      pieces.job = key->job;
                    }
                    pieces.keys.push_back(entry.key);
                    return Bad(entry.key, TakePiece(*key, entry.value, pieces));
                  }));
    }
    if (i < skip.size()) first = store::PrefixEnd(keys.Job(JobId{skip[i]}));
  }
  TRY(finish());
  for (std::string& key : litter) {
    open.operations++;
    open.bytes += key.size();
    open.first.push_back({.operations = {store::Delete(std::move(key))}});
  }
  return absl::OkStatus();
}

absl::Status Queue::State::AddLoaded(Pieces& pieces) {
  // Ended, but no longer in the index: somebody else's to remove.
  if (pieces.head.state() != pb::JOB_OPEN) return absl::OkStatus();
  TRY_ASSIGN(std::unique_ptr<QueuedJob> job, MakeLoaded(pieces));
  const JobFlags flags = {.held = pieces.head.held(),
                          .start_now = pieces.head.start_now()};
  TRY(Bad(keys.Head(pieces.job),
          scheduler.Load(pieces.job, job->spec, std::move(pieces.tasks),
                         job->injected, flags)));
  jobs[pieces.job.value] = std::move(job);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<QueuedJob>> Queue::State::MakeLoaded(
    Pieces& pieces) {
  const std::string key = keys.Head(pieces.job);
  if (pieces.job.value > stored_seq) {
    return Bad(key, "its number was never given out");
  }
  absl::StatusOr<Job> spec = JobOfParcel(pieces.parcel);
  if (!spec.ok()) return Bad(keys.Text(pieces.job, 0), spec.status());
  TRY(Bad(key, CheckPieces(pieces, *spec)));
  auto job = std::make_unique<QueuedJob>();
  job->parcel = base::ParcelId::From(pieces.head.parcel());
  job->principal = Principal(pieces.head.principal());
  job->injected =
      base::FromMillis(static_cast<int64_t>(pieces.head.injected_ms()));
  job->text_pieces = pieces.text_pieces;
  job->in_table = InTable(pieces.head);
  job->spec = std::make_shared<const Job>(*std::move(spec));
  if (pieces.attempts != nullptr) {
    job->past.Edit().attempts = std::move(*pieces.attempts);
  }
  if (pieces.head.ends() > 0) job->past.Edit().ends = pieces.head.ends();
  if (pieces.head.note_size() > 0) {
    job->past.Edit().notes = {pieces.head.note().begin(),
                              pieces.head.note().end()};
  }
  return job;
}

// Of one job, `pieces.job`, that may have ended.
absl::Status Queue::State::ReadPieces(store::Engine& engine, Pieces& pieces) {
  const std::string prefix = keys.Job(pieces.job);
  TRY(ForEach(engine, prefix, store::PrefixEnd(prefix),
              [&](const store::Entry& entry) -> absl::Status {
                const auto key = keys.ParseJobKey(entry.key);
                if (!key.has_value()) {
                  return Bad(entry.key, "not a record of a job");
                }
                pieces.keys.push_back(entry.key);
                return Bad(entry.key, TakePiece(*key, entry.value, pieces));
              }));
  if (pieces.has_head) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("there is no job ", pieces.job.value));
}

}  // namespace mcfeely
