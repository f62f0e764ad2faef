// From what changed to transactions, and from their outcome to what may be
// done.

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "wire/compress.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using store::Outcome;

namespace {

// A batch is closed before an event that finds it this full, so that what one
// ordinary event changes always goes into one transaction with what was there.
constexpr size_t kFullOperations = 100;
constexpr size_t kFullBytes = 640 << 10;
// The most a task's record grows by when something happens to it.
constexpr size_t kRecordBytes = kMaxReasonBytes + 112;
constexpr size_t kHeadBytes = 512;  // of a head without its tasks
// Kept free in a transaction for the record that numbers it.
constexpr size_t kStepBytes = 1 << 10;

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Seconds(30);

// In a SendAttempts.
constexpr size_t kMaxSentAttempts = 256;
constexpr size_t kMaxSentBytes = 4 << 20;

size_t Weigh(const Group& group) {
  size_t bytes = 0;
  for (const store::Condition& c : group.conditions) {
    bytes += c.key.size() + c.value.size();
  }
  for (const store::Operation& o : group.operations) {
    bytes += o.key.size() + o.value.size();
  }
  return bytes;
}

pb::Attempt AttemptMessage(const Sending& sending) {
  const Dispatch& d = sending.dispatch;
  const Task& task = sending.spec->tasks[d.task.value];
  pb::Attempt attempt;
  attempt.set_id(std::string(d.attempt.view()));
  attempt.set_job(d.job.value);
  attempt.set_task(d.task.value);
  attempt.set_number(d.number);
  attempt.set_task_name(task.name);
  attempt.set_comm(task.comm);
  for (const std::string& a : task.arguments) attempt.add_argument(a);
  attempt.set_description(sending.spec->description);
  attempt.set_timeout_ms(
      static_cast<uint64_t>(absl::ToInt64Milliseconds(task.options->timeout)));
  attempt.set_principal(*sending.principal);
  const RunOptions& run = task.options->run;
  attempt.set_timeout_fails(run.fail_on_timeout);
  attempt.set_user(run.user);
  for (const std::string& v : run.environment) attempt.add_environment(v);
  if (const Input* input = FindInput(*sending.spec, run.input)) {
    attempt.set_stdin(input->content);
  }
  if (run.output_bytes != base::kKeptOutputBytes) {
    attempt.set_output_bytes(static_cast<uint32_t>(run.output_bytes));
  }
  attempt.set_detach(run.detach);
  return attempt;
}

}  // namespace

// --- noting what changed ----------------------------------------------------

OpenBatch::Table& Queue::State::Touch(JobId job, uint32_t part) {
  const auto [at, is_new] =
      open.table_at.try_emplace({job.value, part}, open.tables.size());
  if (is_new) {
    open.tables.push_back({job, part, {}});
    open.operations++;
    const QueuedJob& record = *jobs.at(job.value);
    open.bytes += kHeadBytes + record.principal->size();
    for (const pb::JobNote& note : record.past->notes) {
      open.bytes += note.ByteSizeLong();
    }
    const size_t tasks = record.spec->tasks.size();
    const bool whole = part == OpenBatch::kHead;
    if (!whole || !record.has_parts()) {
      const size_t first = whole ? 0 : size_t{part} * record.in_table;
      const size_t end = std::min(tasks, first + record.in_table);
      for (size_t t = first; t < end; t++) {
        const TaskStatus& status = StatusOf(job, static_cast<uint32_t>(t));
        open.bytes +=
            status.stored == pb::TaskRecord::UNTOUCHED
                ? 2
                : kRecordBytes - kMaxReasonBytes + status.reason->size();
      }
    }
  }
  return open.tables[at->second];
}

void Queue::State::TouchTask(JobId job, uint32_t task) {
  Touch(job, OpenBatch::PartOf(*jobs.at(job.value), task));
  open.bytes += kRecordBytes;
}

const TaskStatus& Queue::State::StatusOf(JobId job, uint32_t task) const {
  const QueuedJob& record = *jobs.at(job.value);
  const std::optional<QueuedJob::End>& end = record.past->end;
  return end.has_value() ? end->tasks[task]
                         : scheduler.Record(job, TaskIndex{task});
}

void Queue::State::Store(std::unique_ptr<Pending> owned,
                         std::string parcel_bytes) {
  Pending& pending = *owned;
  const JobId job = pending.job;
  QueuedJob& record = pending.record;
  this->pending[record.parcel] = std::move(owned);
  if (!pending.key.empty()) pending_keys[pending.key] = &pending;

  std::vector<Group> ahead;
  for (size_t at = 0; at < parcel_bytes.size(); at += kTextPieceBytes) {
    ahead.push_back(
        {.operations = {store::Put(
             keys.Text(job, record.text_pieces++),
             wire::PackValue(
                 absl::string_view(parcel_bytes).substr(at, kTextPieceBytes)))},
         .injection = &pending});
  }
  const size_t tasks = record.spec->tasks.size();
  if (record.has_parts()) {
    for (size_t at = 0; at < tasks; at += record.in_table) {
      pb::JobPart part;
      for (size_t t = at; t < std::min(tasks, at + record.in_table); t++) {
        part.add_task();
      }
      ahead.push_back(
          {.operations = {store::Put(keys.Part(job, at / record.in_table),
                                     PackMessage(part))},
           .injection = &pending});
    }
  }
  Group last{.injection = &pending};
  const std::string number = PackNumber(job.value);
  const std::string parcel_key = keys.Parcel(record.parcel);
  last.conditions.push_back(store::Absent(parcel_key));
  last.operations.push_back(
      store::Put(parcel_key, absl::StrCat(number, *record.principal)));
  if (!pending.key.empty()) {
    const std::string key =
        keys.Idempotency(*record.principal, *record.spec->key);
    last.conditions.push_back(store::Absent(key));
    last.operations.push_back(store::Put(key, number));
  }
  last.operations.push_back(store::Put(keys.Seq(), number));
  last.operations.push_back(
      store::Put(keys.Head(job), PackMessage(HeadOf(job, record))));

  size_t operations = last.operations.size(), bytes = Weigh(last);
  for (const Group& group : ahead) {
    operations += group.operations.size();
    bytes += Weigh(group);
  }
  if (operations <= base::kMaxTxnOperations - kFullOperations &&
      bytes <= base::kMaxTxnBytes - kFullBytes - kStepBytes) {
    for (Group& group : ahead) {
      std::move(group.operations.begin(), group.operations.end(),
                std::back_inserter(last.operations));
    }
    open.operations += operations;
    open.bytes += bytes;
    open.injected.push_back(std::move(last));
    open.injections.push_back(&pending);
    return;
  }
  // In steps, as a batch of its own: the head comes last, and with it the job.
  CloseBatch();
  Batch batch;
  for (Group& group : ahead) {
    pending.pieces.push_back(group.operations[0].key);
    batch.groups.push_back(std::move(group));
  }
  batch.groups.push_back(std::move(last));
  batch.injections.push_back(&pending);
  backlog.push_back(std::move(batch));
}

void Queue::State::MakeRoom() {
  if (open.operations >= kFullOperations || open.bytes >= kFullBytes) {
    CloseBatch();
  }
}

// --- closing a batch --------------------------------------------------------

pb::JobHead Queue::State::HeadOf(JobId id, const QueuedJob& job) const {
  pb::JobHead head;
  head.set_job(id.value);
  head.set_parcel(std::string(job.parcel.view()));
  head.set_principal(*job.principal);
  head.set_injected_ms(static_cast<uint64_t>(base::ToMillis(job.injected)));
  const uint32_t tasks = static_cast<uint32_t>(job.spec->tasks.size());
  head.set_tasks(tasks);
  head.set_text_pieces(job.text_pieces);
  head.set_in_table(job.in_table);
  const QueuedJob::Past& past = *job.past;
  if (past.end.has_value()) {
    head.set_state(past.end->state);
    head.set_ended_ms(static_cast<uint64_t>(base::ToMillis(past.end->when)));
  }
  for (const pb::JobNote& note : past.notes) *head.add_note() = note;
  head.set_ends(past.ends);
  const bool known = past.end.has_value() || scheduler.Has(id);
  if (scheduler.Has(id)) {
    head.set_held(scheduler.Flags(id).held);
    head.set_start_now(scheduler.Flags(id).start_now);
  } else if (!known) {
    head.set_held(job.spec->hold);
  }
  if (job.has_parts()) return head;
  for (uint32_t t = 0; t < tasks; t++) {
    // An injection's tasks are not the scheduler's yet.
    *head.add_task() = known ? ToMessage(StatusOf(id, t)) : pb::TaskRecord();
  }
  return head;
}

Group Queue::State::Encode(const OpenBatch::Table& table) const {
  const QueuedJob& job = *jobs.at(table.job.value);
  Group group;
  if (table.part == OpenBatch::kHead) {
    group.operations.push_back(
        store::Put(keys.Head(table.job), PackMessage(HeadOf(table.job, job))));
  } else {
    pb::JobPart part;
    const size_t first = size_t{table.part} * job.in_table;
    const size_t end = std::min(job.spec->tasks.size(), first + job.in_table);
    for (size_t t = first; t < end; t++) {
      *part.add_task() =
          ToMessage(StatusOf(table.job, static_cast<uint32_t>(t)));
    }
    group.operations.push_back(
        store::Put(keys.Part(table.job, table.part), PackMessage(part)));
  }
  group.operations.insert(group.operations.end(), table.also.begin(),
                          table.also.end());
  return group;
}

// In the order in which they must become visible when there is more than fits:
// outputs before the records that close their attempts, parts before the head
// that ends their job.
void Queue::State::CloseBatch() {
  if (open.empty()) return;
  Batch batch;
  const auto move_to_batch = [&](std::vector<Group>& groups) {
    std::move(groups.begin(), groups.end(), std::back_inserter(batch.groups));
  };
  move_to_batch(open.first);
  move_to_batch(open.injected);
  for (auto& [key, value] : open.runs) {
    batch.groups.push_back(
        {.operations = {store::Put(std::move(key), std::move(value))}});
  }
  const auto has_parts = [&](const OpenBatch::Table& t) {
    return t.part == OpenBatch::kHead && jobs.at(t.job.value)->has_parts();
  };
  std::stable_partition(open.tables.begin(), open.tables.end(),
                        [&](const auto& t) { return !has_parts(t); });
  for (const OpenBatch::Table& t : open.tables) {
    batch.groups.push_back(Encode(t));
  }
  batch.injections = std::move(open.injections);
  batch.ended = std::move(open.ended);
  batch.waiting = std::move(open.waiting);
  backlog.push_back(std::move(batch));
  open = OpenBatch();
}

// --- transactions -----------------------------------------------------------

std::optional<store::Transaction> Queue::NextTransaction(absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  if (s.under_way || (!s.trouble.ok() && s.now < s.try_again)) {
    return std::nullopt;
  }
  if (!s.sent.has_value()) {
    if (s.backlog.empty()) s.CloseBatch();
    if (s.backlog.empty()) return std::nullopt;
    s.sent = s.NextSteps();
  }
  s.under_way = true;
  return s.sent;
}

// Each transaction requires the number of the one before it. So a repeat of one
// whose outcome is not known either carries it out or learns that it happened,
// and a late arrival of the first copy changes nothing.
store::Transaction Queue::State::NextSteps() {
  store::Transaction txn;
  txn.conditions.push_back(stored_step.empty()
                               ? store::Absent(keys.Step())
                               : store::ValueIs(keys.Step(), stored_step));
  own_step = absl::StrCat(PackNumber(step + 1), life);
  txn.operations.push_back(store::Put(keys.Step(), own_step));
  size_t bytes = kStepBytes;
  sent_groups = 0;
  for (const Group& group : backlog.front().groups) {
    const size_t weight = Weigh(group);
    if (sent_groups > 0 && (txn.operations.size() + group.operations.size() >
                                base::kMaxTxnOperations ||
                            txn.conditions.size() + group.conditions.size() >
                                base::kMaxTxnConditions ||
                            bytes + weight > base::kMaxTxnBytes)) {
      break;
    }
    bytes += weight;
    txn.conditions.insert(txn.conditions.end(), group.conditions.begin(),
                          group.conditions.end());
    txn.operations.insert(txn.operations.end(), group.operations.begin(),
                          group.operations.end());
    sent_groups++;
  }
  return txn;
}

void Queue::Committed(const Outcome& outcome, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  MUST(s.under_way);
  s.under_way = false;
  switch (outcome.kind) {
    case Outcome::Kind::kApplied:
      return s.Applied();
    case Outcome::Kind::kInDoubt:
      s.doubt = true;
      return s.Pause(outcome.why.ok()
                         ? absl::UnavailableError("the store does not answer")
                         : outcome.why);
    case Outcome::Kind::kRefused:
      if (!outcome.why.ok()) {
        // Of a repeat this says nothing about the first copy.
        if (!s.doubt) s.Refuse(outcome.why);
        return s.Pause(outcome.why);
      }
      if (s.doubt) return s.Applied();
      return s.Pause(absl::FailedPreconditionError(
          "another server has written to this queue; restart this one"));
  }
}

void Queue::State::Pause(const absl::Status& why) {
  if (trouble.ok()) {
    pause = kFirstPause;
    // Not through Emit: what waits for the store would wait for this.
    out.push_back(
        Happened{"store.trouble", JobId{}, "", "", std::string(why.message())});
  } else {
    pause = std::min(pause * 2, kLongestPause);
  }
  trouble = why;
  try_again = now + pause;
}

// Injections leave no trace; all else stays as it is, in order.
void Queue::State::Refuse(const absl::Status& why) {
  sent.reset();
  for (Batch& batch : backlog) {
    const auto gone =
        std::remove_if(batch.groups.begin(), batch.groups.end(),
                       [](const Group& g) { return g.injection != nullptr; });
    batch.groups.erase(gone, batch.groups.end());
    batch.injections.clear();
  }
  for (const Group& group : open.injected) {
    open.operations -= group.operations.size();
    open.bytes -= Weigh(group);
  }
  open.injected.clear();
  open.injections.clear();
  for (const auto& [parcel, injection] : pending) {
    for (const auto& [to, id] : injection->waiting) {
      Answer(to, id, net::Receipt::Code::kNotNow, 0, std::string(why.message()),
             /*at_once=*/true);
    }
    // Some of its pieces may be there already.
    for (const std::string& key : injection->pieces) {
      open.first.push_back({.operations = {store::Delete(key)}});
      open.operations++;
      open.bytes += key.size();
    }
  }
  pending_keys.clear();
  pending.clear();
  last_number = stored_seq;
  while (!backlog.empty() && backlog.front().groups.empty()) FinishBatch();
  ReleaseIfIdle();
}

void Queue::State::Applied() {
  step++;
  stored_step = own_step;
  sent.reset();
  doubt = false;
  if (!trouble.ok()) {
    trouble = absl::OkStatus();
    out.push_back(Happened{"store.back", JobId{}, "", "", ""});
  }
  Batch& front = backlog.front();
  front.groups.erase(front.groups.begin(), front.groups.begin() + sent_groups);
  while (!backlog.empty() && backlog.front().groups.empty()) FinishBatch();
  ReleaseIfIdle();
}

// --- what may be done now ---------------------------------------------------

void Queue::State::FinishBatch() {
  Batch batch = std::move(backlog.front());
  backlog.pop_front();
  for (const JobId job : batch.ended) {
    const absl::Time when = jobs.at(job.value)->past->end->when;
    ended_jobs.emplace(base::ToMillis(when), job.value);
    jobs.erase(job.value);
  }
  Release(std::move(batch.waiting));
  for (Pending* injection : batch.injections) {
    MakeRoom();
    Accept(*injection);
  }
}

void Queue::State::Emit(Held action) {
  open.waiting.actions.push_back(std::move(action));
}

void Queue::State::ReleaseIfIdle() {
  if (!backlog.empty() || !open.empty() || open.waiting.empty()) return;
  Release(std::exchange(open.waiting, {}));
}

// Attempts first: what cancels one follows it.
void Queue::State::Release(Waiting waiting) {
  for (SendAttempts& send : Gather(waiting)) out.push_back(std::move(send));
  for (Held& held : waiting.actions) {
    if (auto* action = std::get_if<Action>(&held)) {
      out.push_back(std::move(*action));
    } else {
      unsent--;
    }
  }
  for (const JobId job : waiting.changed) out.push_back(JobChanged{job});
}

// What `waiting` holds for each agent, within limits.
std::vector<SendAttempts> Queue::State::Gather(const Waiting& waiting) const {
  struct Last {
    size_t at;  // in gathered
    size_t bytes;
  };
  std::vector<SendAttempts> gathered;
  absl::flat_hash_map<Connection, Last> last;
  for (const Held& held : waiting.actions) {
    const auto* sending = std::get_if<Sending>(&held);
    if (sending == nullptr) continue;
    // The agent may have gone, or come back with another journal, while this
    // waited for the store.
    const auto task = scheduler.FindOpen(sending->dispatch.attempt);
    if (!host_of.contains(sending->to) || !task.has_value()) continue;
    pb::Attempt attempt = AttemptMessage(*sending);
    const size_t bytes = attempt.ByteSizeLong();
    auto to = last.find(sending->to);
    if (to == last.end() || to->second.bytes + bytes > kMaxSentBytes ||
        gathered[to->second.at].attempts.size() == kMaxSentAttempts) {
      to = last.insert_or_assign(sending->to, Last{gathered.size(), 0}).first;
      gathered.push_back(SendAttempts{sending->to, {}});
    }
    to->second.bytes += bytes;
    gathered[to->second.at].attempts.push_back(std::move(attempt));
  }
  return gathered;
}

std::vector<SendAttempts> Queue::Upcoming() const {
  const State& s = *state_;
  if (!s.under_way || s.backlog.front().groups.size() != s.sent_groups) {
    return {};
  }
  return s.Gather(s.backlog.front().waiting);
}

std::vector<Action> Queue::TakeActions() {
  State& s = *state_;
  absl::Time wake = s.scheduler_wake;
  if (!s.report_times.empty()) {
    wake = std::min(wake, s.report_times.begin()->first);
  }
  const bool waits =
      s.sent.has_value() || !s.backlog.empty() || !s.open.empty();
  if (!s.trouble.ok() && !s.under_way && waits && s.try_again > s.now) {
    wake = std::min(wake, s.try_again);
  }
  if (wake != s.told_wake && wake != absl::InfiniteFuture()) {
    s.told_wake = wake;
    s.out.push_back(WakeUp{wake});
  }
  return std::exchange(s.out, {});
}

}  // namespace mcfeely
