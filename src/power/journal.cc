#include "power/journal.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "power/limits.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/process_list.h"
#include "sys/users.h"

namespace power {
namespace {

constexpr absl::Duration kOpenTime = absl::Seconds(5);
constexpr absl::Duration kOpenPause = absl::Milliseconds(10);
// Then others have their turn.
constexpr absl::Duration kMostOpen = absl::Milliseconds(500);
// Records of one transaction: each is two operations at least.
constexpr size_t kRecordsAtOnce = 40;
constexpr size_t kMaxUnfinished = 20;  // of one host
constexpr int64_t kPrunedAtOnce = 100;

}  // namespace

std::string DefaultStateFolder() {
  if (sys::MyUid() == 0) return "/var/lib/fleetbox/power";
  const std::string state = sys::EnvironmentVariable("XDG_STATE_HOME");
  if (!state.empty()) return absl::StrCat(state, "/fleetbox/power");
  return absl::StrCat(sys::HomeFolder(), "/.local/state/fleetbox/power");
}

bool IsUnderWay(const JournalRecord& record) {
  const auto process = sys::ReadProcess(static_cast<int>(record.pid));
  return process.has_value() && !process->ended &&
         process->start_ticks == record.start_ticks;
}

Journal::Journal(sys::Loop& loop, std::string folder)
    : loop_(loop), folder_(std::move(folder)) {}

Journal::~Journal() {
  loop_.Cancel(timer_);
  if (is_writing_) loop_.LetGo();
}

void Journal::Begin(std::vector<JournalRecord> records,
                    std::function<void(const Begun&)> done) {
  Waiter waiter = {.hosts = {}, .done = std::move(done)};
  for (const JournalRecord& record : records) {
    waiter.hosts.push_back(record.host);
  }
  Job job = {.records = std::move(records), .ends = false, .waiters = {}};
  job.waiters.push_back(std::move(waiter));
  Add(std::move(job));
}

void Journal::End(std::vector<JournalRecord> records, Ended done) {
  Job job = {.records = std::move(records), .ends = true, .waiters = {}};
  job.told.push_back(std::move(done));
  Add(std::move(job));
}

void Journal::Add(Job job) {
  if (!waiting_.empty() && waiting_.back().ends == job.ends) {
    Job& last = waiting_.back();
    std::move(job.records.begin(), job.records.end(),
              std::back_inserter(last.records));
    std::move(job.waiters.begin(), job.waiters.end(),
              std::back_inserter(last.waiters));
    std::move(job.told.begin(), job.told.end(), std::back_inserter(last.told));
    return;
  }
  waiting_.push_back(std::move(job));
  Soon();
}

void Journal::Soon() {
  if (is_writing_ || timer_ != 0) return;
  give_up_ = sys::SteadyNow() + kOpenTime;
  timer_ = loop_.At(sys::SteadyNow(), [this] {
    timer_ = 0;
    Write();
  });
}

absl::Status Journal::Open() {
  if (engine_ != nullptr) return absl::OkStatus();
  TRY(sys::MakeFolders(folder_, 0700));
  TRY_ASSIGN(engine_,
             store::OpenSqlite({.folder = absl::StrCat(folder_, "/journal"),
                                .history = false},
                               store::SurroundingsOf(loop_)));
  opened_ = sys::SteadyNow();
  return absl::OkStatus();
}

void Journal::Write() {
  // The answer comes from the store's thread, which the loop does not see.
  if (!std::exchange(is_writing_, true)) loop_.Hold();
  const absl::Status opened = Open();
  if (absl::IsUnavailable(opened) && sys::SteadyNow() < give_up_) {
    timer_ = loop_.After(kOpenPause, [this] {
      timer_ = 0;
      Write();
    });
    return;
  }
  job_ = std::move(waiting_.front());
  waiting_.pop_front();
  begun_ = {};
  if (!opened.ok()) {
    JobDone(opened);
    return;
  }
  WriteJob(job_);
}

void Journal::WriteJob(Job job) {
  // All reading comes first: it would wait for what is being committed.
  std::vector<store::Transaction> transactions;
  for (size_t at = 0; at < job.records.size(); at += kRecordsAtOnce) {
    store::Transaction txn;
    const size_t end = std::min(at + kRecordsAtOnce, job.records.size());
    for (size_t i = at; i < end; ++i) {
      const JournalRecord& record = job.records[i];
      txn.operations.push_back(
          store::Put(RecordKey(record.id), RecordText(record)));
      if (!job.ends) {
        txn.operations.push_back(
            store::Put(OpenKey(record.host, record.id), ""));
      }
      const std::string prefix = OpenPrefix(record.host);
      const absl::StatusOr<store::RangeResult> open =
          engine_->Range(prefix, store::PrefixEnd(prefix), kMaxUnfinished);
      if (!open.ok()) continue;
      for (const store::Entry& entry : open->entries) {
        // One at a time works on a host: what is open when it has ended is
        // nobody's any more.
        if (job.ends && txn.operations.size() < base::kMaxTxnOperations) {
          txn.operations.push_back(store::Delete(entry.key));
        }
        if (job.ends) continue;
        const absl::StatusOr<store::Entry> earlier =
            engine_->Get(RecordKey(entry.key.substr(prefix.size())));
        if (!earlier.ok()) continue;
        absl::StatusOr<JournalRecord> parsed = ParseRecord(earlier->value);
        if (parsed.ok()) begun_.unfinished.push_back(*std::move(parsed));
      }
    }
    transactions.push_back(std::move(txn));
  }
  transactions_ = transactions.size() + 1;  // and this call
  for (store::Transaction& txn : transactions) {
    engine_->Commit(std::move(txn), [this, alive = std::weak_ptr<bool>(alive_)](
                                        const store::Outcome& outcome) {
      if (alive.expired()) return;
      Committed(outcome.kind == store::Outcome::Kind::kApplied
                    ? absl::OkStatus()
                    : outcome.why);
    });
  }
  const absl::StatusOr<store::EngineStatus> status = engine_->Status();
  if (status.ok() && status->bytes > kMaxJournalBytes) {
    store::Transaction prune;
    const absl::StatusOr<store::RangeResult> oldest = engine_->Range(
        kRecordPrefix, store::PrefixEnd(kRecordPrefix), kPrunedAtOnce);
    if (oldest.ok()) {
      for (const store::Entry& entry : oldest->entries) {
        prune.operations.push_back(store::Delete(entry.key));
      }
      engine_->Commit(std::move(prune), [](const store::Outcome&) {});
    }
  }
  Committed(absl::OkStatus());
}

void Journal::Committed(absl::Status status) {
  if (!status.ok() && begun_.status.ok()) begun_.status = std::move(status);
  if (--transactions_ == 0) JobDone(begun_.status);
}

void Journal::JobDone(absl::Status status) {
  begun_.status = std::move(status);
  const Job job = std::move(job_);
  const Begun begun = std::move(begun_);
  is_writing_ = false;
  loop_.LetGo();
  // Others may be waiting; and an engine must not go in its own callback.
  loop_.AtEndOfTurn([this, told = job.told, status = begun.status,
                     alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (!is_writing_) {
      if (waiting_.empty() || sys::SteadyNow() - opened_ > kMostOpen) {
        engine_.reset();
      }
      if (!waiting_.empty()) Soon();
    }
    for (const Ended& done : told) {
      if (done) done(status);
    }
  });
  for (const Waiter& waiter : job.waiters) {
    Begun its = {.status = begun.status, .unfinished = {}};
    for (const JournalRecord& record : begun.unfinished) {
      if (std::find(waiter.hosts.begin(), waiter.hosts.end(), record.host) !=
          waiter.hosts.end()) {
        its.unfinished.push_back(record);
      }
    }
    waiter.done(its);
  }
}

absl::Status Journal::Scan(const std::string& folder,
                           const std::function<void(JournalRecord)>& visit) {
  const std::string store = absl::StrCat(folder, "/journal");
  const absl::Time give_up = sys::SteadyNow() + kOpenTime;
  sys::Loop loop;
  while (true) {
    absl::Status bad;
    const absl::StatusOr<store::Revision> scanned =
        store::ScanSqlite(store, kRecordPrefix, [&](store::Entry entry) {
          absl::StatusOr<JournalRecord> record = ParseRecord(entry.value);
          if (record.ok()) {
            visit(*std::move(record));
          } else if (bad.ok()) {
            bad = absl::DataLossError(
                absl::StrCat(entry.key, ": ", record.status().message()));
          }
        });
    if (scanned.ok()) return bad;
    if (!absl::IsUnavailable(scanned.status()) || sys::SteadyNow() >= give_up) {
      return scanned.status();
    }
    loop.After(kOpenPause, [] {});
    loop.Run();
  }
}

}  // namespace power
