#include "mcfeely/queue.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "mcfeely/report.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using Code = net::Receipt::Code;

namespace {

constexpr absl::Duration kFirstReportPause = absl::Minutes(1);
constexpr absl::Duration kLongestReportPause = absl::Hours(1);

// Each is a record of its own, and all go into one transaction.
constexpr size_t kMaxNotifyPrograms = 8;

std::string IdempotencyName(const std::string& principal,
                            const std::string& key) {
  return absl::StrCat(principal, absl::string_view("\0", 1), key);
}

// What an agent may say of one attempt; the rest is the scheduler's to judge.
absl::Status CheckResult(const pb::Result& result) {
  if (result.attempt().size() != sizeof(AttemptId::bytes)) {
    return absl::InvalidArgumentError("an attempt id is not of 16 bytes");
  }
  if (!pb::Verdict_IsValid(result.verdict()) ||
      result.verdict() == pb::VERDICT_NONE) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown verdict ", result.verdict()));
  }
  const size_t longest = std::max(result.head().size(), result.tail().size());
  if (longest > base::kMaxKeptOutputBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("output of ", longest, " bytes, at most ",
                     base::kMaxKeptOutputBytes, " are kept"));
  }
  return absl::OkStatus();
}

absl::Status CheckResults(const pb::Results& results) {
  for (const std::string& id : results.started()) {
    if (id.size() != sizeof(AttemptId::bytes)) {
      return absl::InvalidArgumentError("an attempt id is not of 16 bytes");
    }
  }
  for (const pb::Result& result : results.result()) TRY(CheckResult(result));
  return absl::OkStatus();
}

// An agent may say anything; later than a year is no better than a year.
absl::Duration RetryAfterOf(const pb::Result& result) {
  constexpr absl::Duration kLongest = absl::Hours(365 * 24);
  return absl::Milliseconds(static_cast<int64_t>(
      std::min(result.retry_after_ms(),
               static_cast<uint64_t>(absl::ToInt64Milliseconds(kLongest)))));
}

absl::Status CheckAnnounce(const pb::Announce& announce) {
  TRY(CheckHost(announce.host()));
  if (announce.journal().size() != 16) {
    return absl::InvalidArgumentError("a journal's id is not of 16 bytes");
  }
  for (const std::string& id : announce.attempt()) {
    if (id.size() != sizeof(AttemptId::bytes)) {
      return absl::InvalidArgumentError("an attempt id is not of 16 bytes");
    }
  }
  return absl::OkStatus();
}

// What could never be sent is refused now: nobody would be there to hear of it.
absl::Status CheckAddressees(const std::vector<std::string>& addresses) {
  size_t programs = 0;
  for (const std::string& address : addresses) {
    const auto program = NotifyName(address);
    if (!program.has_value()) {
      TRY(net::CheckMailAddress(address));
      continue;
    }
    // What keeps a comm in its folder keeps such a program in its own.
    TRY(base::Context(CheckProgram("the program", *program), Quoted(address)));
    if (++programs > kMaxNotifyPrograms) {
      return absl::InvalidArgumentError(absl::StrCat(
          "more than ", kMaxNotifyPrograms, " programs are to be told"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Queue::State::State(QueueOptions o)
    : options(std::move(o)),
      keys(options.name),
      scheduler(options.limits, [this] {
        return AttemptId::From(options.random_bytes(sizeof(AttemptId::bytes)));
      }) {}

Queue::Queue(QueueOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
Queue::~Queue() = default;

const Scheduler& Queue::scheduler() const { return state_->scheduler; }
size_t Queue::sent_attempts() const {
  // Of what waits for a batch some may have been ended with its agent.
  const size_t open = state_->scheduler.open_attempts();
  return open - std::min(open, state_->unsent);
}
absl::Status Queue::trouble() const { return state_->trouble; }
const absl::btree_map<std::string, pb::DrainedHost>& Queue::drained() const {
  return state_->drained;
}
std::optional<JobId> Queue::FindParcel(const base::ParcelId& parcel) const {
  const auto found = state_->parcels.find(parcel);
  if (found == state_->parcels.end()) return std::nullopt;
  return JobId{found->second.job};
}

// --- injection ---------------------------------------------------------------

void Queue::Inject(Injection injection, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto answer = [&](Code code, uint64_t number, std::string text) {
    s.Answer(injection.from, injection.parcel, code, number, std::move(text),
             /*at_once=*/true);
  };
  const auto foreign = [&] {
    answer(Code::kInvalid, 0, "somebody else has used this parcel's id");
  };
  // A repeat is answered before anything else is looked at: what was accepted
  // once stays accepted, whatever is known of hosts today.
  if (const auto known = s.parcels.find(injection.parcel);
      known != s.parcels.end()) {
    if (*known->second.principal != injection.principal) return foreign();
    return answer(Code::kAccepted, known->second.job, "");
  }
  if (const auto known = s.pending.find(injection.parcel);
      known != s.pending.end()) {
    if (*known->second->record.principal != injection.principal) {
      return foreign();
    }
    known->second->waiting.emplace_back(injection.from, injection.parcel);
    return;
  }
  std::string key;
  if (!injection.job.key().empty()) {
    key = IdempotencyName(injection.principal, injection.job.key());
    if (const auto known = s.idempotent.find(key);
        known != s.idempotent.end()) {
      return answer(Code::kAccepted, known->second, "");
    }
    if (const auto known = s.pending_keys.find(key);
        known != s.pending_keys.end()) {
      known->second->waiting.emplace_back(injection.from, injection.parcel);
      return;
    }
  }
  absl::StatusOr<Job> job = FromMessage(injection.job);
  absl::Status status = job.status();
  if (status.ok()) status = s.CheckInjection(*job);
  // Last: what is refused for good is told as that, whoever asks.
  if (status.ok() && s.options.may_run != nullptr) {
    status = s.options.may_run(injection.principal, *job);
  }
  if (absl::IsPermissionDenied(status)) {
    s.Log("job.refused", JobId{}, "", "",
          absl::StrCat(injection.principal, ": ", status.message()));
    s.ReleaseIfIdle();
    return answer(Code::kRefused, 0, std::string(status.message()));
  }
  if (absl::IsUnavailable(status)) {
    return answer(Code::kNotNow, 0, std::string(status.message()));
  }
  if (!status.ok()) {
    return answer(Code::kInvalid, 0, std::string(status.message()));
  }
  // When there is nothing else to write, an injection is what finds out whether
  // the store takes it again.
  const bool idle = s.backlog.empty() && s.open.empty();
  if (!s.trouble.ok() && (s.now < s.try_again || !idle)) {
    return answer(Code::kNotNow, 0, std::string(s.trouble.message()));
  }
  s.MakeRoom();
  auto pending = std::make_unique<Pending>();
  pending->job = JobId{++s.last_number};
  pending->key = std::move(key);
  pending->waiting.emplace_back(injection.from, injection.parcel);
  pending->record.parcel = injection.parcel;
  pending->record.principal = s.Principal(injection.principal);
  pending->record.injected = s.now;
  pending->record.spec = std::make_shared<const Job>(*std::move(job));
  s.Store(std::move(pending), std::move(injection.parcel_bytes));
}

absl::Status Queue::State::CheckInjection(const Job& job) const {
  TRY(CheckAddressees(job.success));
  TRY(CheckAddressees(job.failure));
  if (job.allow_unknown_hosts) return absl::OkStatus();
  absl::flat_hash_set<absl::string_view> seen;
  for (const Task& task : job.tasks) {
    if (!seen.insert(task.host).second) continue;
    if (connection_of.contains(task.host)) continue;
    if (options.known_host != nullptr && options.known_host(task.host)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("host '", task.host, "' is not known here"));
  }
  return absl::OkStatus();
}

void Queue::State::Accept(Pending& pending) {
  const JobId job = pending.job;
  const base::ParcelId parcel = pending.record.parcel;
  parcels[parcel] = {job.value, pending.record.principal};
  if (!pending.key.empty()) {
    idempotent[pending.key] = job.value;
    pending_keys.erase(pending.key);
  }
  stored_seq = std::max(stored_seq, job.value);
  for (const auto& [to, id] : pending.waiting) {
    Answer(to, id, Code::kAccepted, job.value, "", /*at_once=*/true);
  }
  auto& record = jobs[job.value];
  record = std::make_unique<QueuedJob>(std::move(pending.record));
  pending.record = QueuedJob();
  this->pending.erase(parcel);
  LogBy("job.accepted", job, "", "", *record->principal);
  open.waiting.changed.insert(job);
  Feed(JobAccepted{job, record->spec, record->injected});
}

// --- agents ------------------------------------------------------------------

void Queue::AgentOpened(Connection from, const pb::Announce& announce,
                        absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  // The server has checked that the channel is this host's; what does not make
  // sense all the same is treated as not said.
  if (!CheckAnnounce(announce).ok()) return;
  const std::string& host = announce.host();
  if (const auto before = s.host_of.find(from);
      before != s.host_of.end() && before->second != host) {
    s.AgentGone(std::string(before->second));
  }
  if (const auto former = s.connection_of.find(host);
      former != s.connection_of.end() && former->second != from) {
    s.host_of.erase(former->second);
    s.replaced[former->second] = host;
  }
  s.replaced.erase(from);
  s.connection_of[host] = from;
  s.host_of[from] = host;
  s.Log("host.connected", JobId{}, "", host, "");
  mcfeely::AgentOpened opened{host, JournalId::From(announce.journal()), {}};
  opened.known.reserve(announce.attempt_size());
  for (const std::string& id : announce.attempt()) {
    opened.known.push_back(AttemptId::From(id));
  }
  s.MakeRoom();
  s.Feed(opened);
  s.ReleaseIfIdle();
}

void Queue::AgentResults(Connection from, base::ParcelId parcel,
                         const pb::Results& results, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto found = s.host_of.find(from);
  if (found == s.host_of.end()) {
    // A result is not lost by this: it stays in the journal until it is
    // confirmed, and comes again on the newer channel.
    if (const auto old = s.replaced.find(from); old != s.replaced.end()) {
      return s.Answer(
          from, parcel, Code::kNotNow, 0,
          absl::StrCat("a newer channel of ", old->second, " has taken over"),
          /*at_once=*/true);
    }
    return s.Answer(from, parcel, Code::kRefused, 0,
                    "this channel has not said which host it is",
                    /*at_once=*/true);
  }
  if (const absl::Status status = CheckResults(results); !status.ok()) {
    return s.Answer(from, parcel, Code::kInvalid, 0,
                    std::string(status.message()), /*at_once=*/true);
  }
  const std::string host = found->second;
  for (const std::string& id : results.started()) {
    s.MakeRoom();
    s.Feed(AttemptStarted{host, AttemptId::From(id)});
  }
  for (const pb::Result& result : results.result()) {
    s.MakeRoom();
    s.result = &result;
    // What came in no parcel the server has made up: see server.cc.
    s.Feed(AttemptEnded{host, AttemptId::From(result.attempt()),
                        result.verdict(), result.reason(), RetryAfterOf(result),
                        /*tell=*/parcel.empty()});
    s.result = nullptr;
  }
  s.Answer(from, parcel, Code::kAccepted, 0, "", /*at_once=*/false);
  s.ReleaseIfIdle();
}

void Queue::Closed(Connection connection, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  s.replaced.erase(connection);
  const auto found = s.host_of.find(connection);
  if (found == s.host_of.end()) return;
  s.AgentGone(std::string(found->second));
  s.ReleaseIfIdle();
}

void Queue::State::AgentGone(const std::string& host) {
  const auto found = connection_of.find(host);
  host_of.erase(found->second);
  connection_of.erase(found);
  MakeRoom();
  Log("host.gone", JobId{}, "", host, "");
  Feed(AgentClosed{host});
}

// --- time --------------------------------------------------------------------

void Queue::Wake(absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  s.told_wake = s.scheduler_wake = absl::InfiniteFuture();
  while (!s.report_times.empty() && s.report_times.begin()->first <= s.now) {
    const std::string key = s.report_times.begin()->second;
    s.report_times.erase(s.report_times.begin());
    State::Report& report = s.reports.at(key);
    report.again = absl::InfiniteFuture();
    s.Emit(Action{SendReport{key, report.report}});
  }
  s.MakeRoom();
  s.Feed(Woken{});
  s.ReleaseIfIdle();
}

void Queue::State::Tick(absl::Time t) {
  now = std::max(now, base::FromMillis(base::ToMillis(t)));
}

// --- reports -----------------------------------------------------------------

void Queue::State::NewReport(pb::PendingReport report, uint64_t number,
                             std::vector<store::Operation>* also) {
  size_t added = 0;
  const auto add = [&](uint64_t n, absl::string_view notify) {
    report.set_report_id(options.random_bytes(16));
    report.set_notify(std::string(notify));
    const std::string key = keys.Mail(JobId{report.job()}, n);
    also->push_back(store::Put(key, PackMessage(report)));
    // One that was not sent yet is about the same, and older.
    if (const auto before = reports.find(key); before != reports.end()) {
      report_times.erase({before->second.again, key});
    }
    reports[key] = {.report = report};
    Emit(Action{SendReport{key, report}});
    added++;
  };
  // One letter for all who are mailed to, and one record for each program, so
  // that who was told is not told again when another could not be.
  const Job& spec = *jobs.at(report.job())->spec;
  const bool good = report.about() == pb::PendingReport::JOB_ENDED &&
                    report.state() == pb::JOB_DONE;
  bool mailed = false;
  uint64_t program = 0;
  for (const std::string& address : good ? spec.success : spec.failure) {
    if (const auto name = NotifyName(address)) {
      add(++program << 56 | number, *name);
    } else {
      mailed = true;
    }
  }
  if (mailed) add(number, "");
  open.operations += added;
}

void Queue::ReportSent(const std::string& key, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto found = s.reports.find(key);
  if (found == s.reports.end()) return;
  s.MakeRoom();
  s.open.first.push_back({.operations = {store::Delete(key)}});
  s.open.operations++;
  s.open.bytes += key.size();
  s.Log("job.reported", JobId{found->second.report.job()}, "", "", "");
  s.report_times.erase({found->second.again, key});
  s.reports.erase(found);
}

void Queue::ReportFailed(const std::string& key, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto found = s.reports.find(key);
  if (found == s.reports.end()) return;
  State::Report& report = found->second;
  const uint32_t tries = report.report.tries() + 1;
  absl::Duration pause = kFirstReportPause;
  for (uint32_t i = 1; i < tries && pause < kLongestReportPause; i++) {
    pause *= 2;
  }
  report.report.set_tries(tries);
  s.report_times.erase({report.again, key});
  report.again = s.now + std::min(pause, kLongestReportPause);
  s.report_times.emplace(report.again, key);
  s.MakeRoom();
  std::string value = PackMessage(report.report);
  s.open.operations++;
  s.open.bytes += key.size() + value.size();
  s.open.first.push_back({.operations = {store::Put(key, std::move(value))}});
}

}  // namespace mcfeely
