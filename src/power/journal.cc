#include "power/journal.h"

#include <absl/algorithm/container.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "power/journal_rows.h"
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
// Then others have their turn, who look for it now and then.
constexpr absl::Duration kMostOpen = absl::Milliseconds(500);
constexpr absl::Duration kTurn = absl::Milliseconds(30);
// Closing flushes: it waits until what was written has had its effect.
constexpr absl::Duration kLinger = absl::Milliseconds(50);
// So long that a thousand plugs that end together have all been told of.
constexpr absl::Duration kLater = absl::Milliseconds(25);
constexpr size_t kHostsInRow = 250;  // so that it is far from the store's limit
constexpr int64_t kMaxRowsOfAction = kHostsInRow + 1;
constexpr size_t kDetailBytesInRow = 32 << 10;  // likewise
constexpr size_t kBytesAtOnce = base::kMaxTxnBytes / 4;
constexpr int64_t kMaxOpenActions = 10'000;
constexpr int64_t kPrunedAtOnce = 100;

bool IsSameButForTime(const JournalAction& a, const JournalAction& b) {
  return a.verb == b.verb && a.uid == b.uid && a.login == b.login &&
         a.via == b.via && a.pid == b.pid && a.start_ticks == b.start_ticks;
}

absl::StatusOr<std::unique_ptr<store::Engine>> OpenEngine(
    const std::string& folder, const store::Surroundings& surroundings) {
  TRY(sys::MakeFolders(folder, 0700));
  return store::OpenSqlite(
      {.folder = absl::StrCat(folder, "/journal"), .history = false},
      surroundings);
}

}  // namespace

std::string DefaultStateFolder() {
  if (sys::MyUid() == 0) return "/var/lib/fleetbox/power";
  const std::string state = sys::EnvironmentVariable("XDG_STATE_HOME");
  if (!state.empty()) return absl::StrCat(state, "/fleetbox/power");
  return absl::StrCat(sys::HomeFolder(), "/.local/state/fleetbox/power");
}

bool IsUnderWay(const JournalRecord& record) {
  const JournalAction& action = record.action;
  const auto process = sys::ReadProcess(static_cast<int>(action.pid));
  return process.has_value() && !process->ended &&
         process->start_ticks == action.start_ticks;
}

Journal::Journal(sys::Loop& loop, std::string folder)
    : loop_(loop), folder_(std::move(folder)) {}

Journal::~Journal() {
  loop_.Cancel(timer_);
  loop_.Cancel(idle_);
  loop_.Cancel(later_timer_);
  if (is_writing_) loop_.LetGo();
}

std::vector<RecordId> Journal::Begin(const JournalAction& action,
                                     std::vector<JournalHost> hosts,
                                     std::function<void(const Begun&)> done) {
  CallLater();
  Job& job = LastJob(false);
  Waiter waiter = {.hosts = {}, .done = std::move(done)};
  waiter.hosts.reserve(hosts.size());
  std::vector<RecordId> ids;
  ids.reserve(hosts.size());
  bool goes_on =
      !job.begun.empty() && IsSameButForTime(job.begun.back().action, action);
  for (JournalHost& host : hosts) {
    if (!goes_on || job.begun.back().hosts.size() == kHostsInRow) {
      goes_on = true;
      job.begun.push_back(
          {.action_id = NewActionId(action.at, sys::RandomBytes(4)),
           .action = action,
           .hosts = {}});
    }
    BegunRow& row = job.begun.back();
    ids.push_back({.action = row.action_id, .host = row.hosts.size()});
    waiter.hosts.push_back(host.name);
    row.hosts.push_back(std::move(host));
  }
  job.waiters.push_back(std::move(waiter));
  Soon();
  return ids;
}

void Journal::End(RecordId id, std::string host, JournalEnd end, Ended done) {
  Job& job = LastJob(true);
  job.ended.push_back(
      {.id = std::move(id), .host = std::move(host), .end = std::move(end)});
  job.told.push_back(std::move(done));
  Soon();
}

void Journal::Later(std::function<void()> f) {
  later_.push_back(std::move(f));
  if (later_timer_ != 0) return;
  later_timer_ = loop_.After(kLater, [this] {
    later_timer_ = 0;
    CallLater();
  });
}

void Journal::CallLater() {
  loop_.Cancel(std::exchange(later_timer_, 0));
  for (const std::function<void()>& f : std::exchange(later_, {})) f();
}

// The one that waits last, if it is of that kind.
Journal::Job& Journal::LastJob(bool of_ends) {
  if (waiting_.empty() || waiting_.back().ended.empty() == of_ends) {
    waiting_.emplace_back();
  }
  return waiting_.back();
}

void Journal::Soon() {
  if (is_writing_ || is_opening_ || timer_ != 0) return;
  const absl::Time begin = std::max(sys::SteadyNow(), not_before_);
  give_up_ = begin + kOpenTime;
  timer_ = loop_.At(begin, [this] {
    timer_ = 0;
    Write();
  });
}

absl::Status Journal::Open() {
  if (engine_ != nullptr) return absl::OkStatus();
  TRY_ASSIGN(engine_, OpenEngine(folder_, store::SurroundingsOf(loop_)));
  opened_ = sys::SteadyNow();
  return absl::OkStatus();
}

void Journal::OpenAhead(sys::Pool& pool) {
  if (engine_ != nullptr || is_writing_ || is_opening_ || timer_ != 0 ||
      sys::SteadyNow() < not_before_) {
    return;
  }
  is_opening_ = true;
  auto engine = std::make_shared<std::unique_ptr<store::Engine>>();
  pool.Run(
      [engine, folder = folder_, surroundings = store::SurroundingsOf(loop_)] {
        auto opened = OpenEngine(folder, surroundings);
        if (opened.ok()) *engine = *std::move(opened);
      },
      [this, engine, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) Opened(std::move(*engine));
      });
}

void Journal::Opened(std::unique_ptr<store::Engine> engine) {
  is_opening_ = false;
  engine_ = std::move(engine);
  opened_ = sys::SteadyNow();
  if (waiting_.empty()) {
    CloseWhenIdle();
  } else {
    Soon();
  }
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
  loop_.Cancel(std::exchange(idle_, 0));
  job_ = std::move(waiting_.front());
  waiting_.pop_front();
  begun_ = {};
  if (!opened.ok()) {
    JobDone(opened);
    return;
  }
  // All reading comes first: it would wait for what is being committed.
  std::vector<store::Operation> operations =
      job_.ended.empty() ? BeginOperations() : EndOperations();
  std::vector<store::Operation> oldest = OldestToDelete();
  std::move(oldest.begin(), oldest.end(), std::back_inserter(operations));
  Commit(std::move(operations));
}

std::vector<store::Entry> Journal::OpenActions() {
  absl::StatusOr<store::RangeResult> open = engine_->Range(
      kOpenPrefix, store::PrefixEnd(kOpenPrefix), kMaxOpenActions);
  return open.ok() ? std::move(open->entries) : std::vector<store::Entry>();
}

void Journal::ReadUnfinished(
    absl::string_view action_id,
    const absl::flat_hash_set<absl::string_view>& hosts) {
  const std::string first = BegunKey(action_id);
  const absl::StatusOr<store::RangeResult> rows =
      engine_->Range(first, store::PrefixEnd(first), kMaxRowsOfAction);
  if (!rows.ok()) return;
  JournalReader reader([&](JournalRecord record) {
    if (hosts.contains(record.host.name)) {
      begun_.unfinished.push_back(std::move(record));
    }
  });
  for (const store::Entry& row : rows->entries) {
    // Whoever reads the journal is told; what is begun now can be written.
    reader.Add(row.key, row.value).IgnoreError();
  }
  reader.Finish();
}

std::vector<store::Operation> Journal::BeginOperations() {
  std::vector<store::Operation> operations;
  for (const BegunRow& row : job_.begun) {
    std::vector<absl::string_view> names;
    names.reserve(row.hosts.size());
    for (const JournalHost& host : row.hosts) names.push_back(host.name);
    operations.push_back(
        store::Put(BegunKey(row.action_id), BegunText(row.action, row.hosts)));
    operations.push_back(store::Put(OpenKey(row.action_id), OpenText(names)));
  }
  const std::vector<store::Entry> open_actions = OpenActions();
  if (open_actions.empty()) return operations;
  absl::flat_hash_set<absl::string_view> hosts;
  for (const BegunRow& row : job_.begun) {
    for (const JournalHost& host : row.hosts) hosts.insert(host.name);
  }
  for (const store::Entry& open : open_actions) {
    absl::flat_hash_set<absl::string_view> both;
    for (const absl::string_view name : ParseOpen(open.value)) {
      if (hosts.contains(name)) both.insert(name);
    }
    if (!both.empty()) {
      ReadUnfinished(absl::StripPrefix(open.key, kOpenPrefix), both);
    }
  }
  return operations;
}

std::vector<store::Operation> Journal::EndOperations() {
  std::vector<store::Operation> operations;
  absl::flat_hash_set<absl::string_view> hosts;
  struct Row {
    std::vector<NumberedEnd> ends;
    size_t bytes = 0;
  };
  std::map<absl::string_view, Row> rows;  // by action
  const auto write = [&](absl::string_view action_id, const Row& row) {
    operations.push_back(store::Put(EndedKey(action_id, row.ends.front().host),
                                    EndedText(row.ends)));
  };
  for (HostEnd& ended : job_.ended) {
    hosts.insert(ended.host);
    Row& row = rows[ended.id.action];
    row.bytes += ended.end.detail.size();
    row.ends.push_back({ended.id.host, std::move(ended.end)});
    if (row.bytes < kDetailBytesInRow) continue;
    write(ended.id.action, row);
    row = {};
  }
  for (const auto& [action_id, row] : rows) {
    if (!row.ends.empty()) write(action_id, row);
  }
  // One at a time works on a host: what is open when it has ended is nobody's
  // any more.
  for (store::Entry& open : OpenActions()) {
    std::vector<absl::string_view> names = ParseOpen(open.value);
    const auto rest = std::remove_if(
        names.begin(), names.end(),
        [&](absl::string_view name) { return hosts.contains(name); });
    if (rest == names.end()) continue;
    names.erase(rest, names.end());
    operations.push_back(
        names.empty() ? store::Delete(std::move(open.key))
                      : store::Put(std::move(open.key), OpenText(names)));
  }
  return operations;
}

std::vector<store::Operation> Journal::OldestToDelete() {
  std::vector<store::Operation> operations;
  const absl::StatusOr<store::EngineStatus> status = engine_->Status();
  if (!status.ok() || status->bytes <= kMaxJournalBytes) return operations;
  const absl::StatusOr<store::RangeResult> oldest = engine_->Range(
      kRecordPrefix, store::PrefixEnd(kRecordPrefix), kPrunedAtOnce);
  if (!oldest.ok()) return operations;
  for (const store::Entry& entry : oldest->entries) {
    operations.push_back(store::Delete(entry.key));
    const absl::string_view id = absl::StripPrefix(entry.key, kRecordPrefix);
    if (!absl::StrContains(id, '/')) {
      operations.push_back(store::Delete(OpenKey(id)));
    }
  }
  return operations;
}

// All of these become durable with one flush (store/sqlite_engine.cc).
void Journal::Commit(std::vector<store::Operation> operations) {
  std::vector<store::Transaction> transactions;
  size_t bytes = 0;
  for (store::Operation& operation : operations) {
    bytes += operation.key.size() + operation.value.size();
    if (transactions.empty() || bytes > kBytesAtOnce ||
        transactions.back().operations.size() == base::kMaxTxnOperations) {
      transactions.emplace_back();
      bytes = 0;
    }
    transactions.back().operations.push_back(std::move(operation));
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
  // Not here: an engine must not go in its own callback.
  loop_.AtEndOfTurn([this, told = job.told, status = begun.status,
                     alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (!is_writing_) GoOnOrClose();
    for (const Ended& done : told) {
      if (done) done(status);
    }
  });
  for (const Waiter& waiter : job.waiters) {
    Begun its = {.status = begun.status, .unfinished = {}};
    for (const JournalRecord& record : begun.unfinished) {
      if (absl::c_linear_search(waiter.hosts, record.host.name)) {
        its.unfinished.push_back(record);
      }
    }
    waiter.done(its);
  }
}

// Others may be waiting for their turn.
void Journal::GoOnOrClose() {
  if (engine_ != nullptr && sys::SteadyNow() - opened_ > kMostOpen) {
    engine_.reset();
    not_before_ = sys::SteadyNow() + kTurn;
  }
  if (!waiting_.empty()) {
    Soon();
  } else {
    CloseWhenIdle();
  }
}

void Journal::CloseWhenIdle() {
  if (engine_ == nullptr) return;
  loop_.Cancel(idle_);
  idle_ = loop_.After(kLinger, [this] {
    if (!is_writing_) engine_.reset();
  });
}

absl::Status Journal::Scan(const std::string& folder,
                           const std::function<void(JournalRecord)>& visit) {
  const std::string store = absl::StrCat(folder, "/journal");
  const absl::Time give_up = sys::SteadyNow() + kOpenTime;
  sys::Loop loop;
  while (true) {
    absl::Status bad;
    JournalReader reader(visit);
    const absl::StatusOr<store::Revision> scanned =
        store::ScanSqlite(store, kRecordPrefix, [&](store::Entry entry) {
          absl::Status added = reader.Add(entry.key, entry.value);
          if (!added.ok() && bad.ok()) bad = std::move(added);
        });
    reader.Finish();
    if (scanned.ok()) return bad;
    if (!absl::IsUnavailable(scanned.status()) || sys::SteadyNow() >= give_up) {
      return scanned.status();
    }
    loop.After(kOpenPause, [] {});
    loop.Run();
  }
}

}  // namespace power
