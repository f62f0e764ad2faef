#include "mcfeely/attempts.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/records.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using base::AttemptId;
using Entry = pb::JournalEntry;

namespace {

constexpr absl::string_view kJournalKey = "journal";
constexpr absl::string_view kEntryPrefix = "attempt/";
constexpr size_t kIdBytes = sizeof(AttemptId::bytes);

// How long a confirmed attempt is remembered, and how many are at most.
constexpr absl::Duration kKeepConfirmed = absl::Hours(1);
constexpr size_t kMaxConfirmed = 100'000;
// How long a receipt is waited for before the result it is for is stored; and
// that it was confirmed can wait for what is written next.
constexpr absl::Duration kPatience = absl::Milliseconds(5);
// In one SendResults.
constexpr size_t kMaxSentResults = 256;
constexpr size_t kMaxSentBytes = 4 << 20;
// Each parcel is signed, and a start is news to people only.
constexpr absl::Duration kGatherStarts = absl::Milliseconds(10);
// Pauses before what was refused is tried again.
constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Minutes(1);

absl::Duration Longer(absl::Duration pause) {
  return std::clamp(pause * 2, kFirstPause, kLongestPause);
}

std::string KeyOf(AttemptId id) {
  return absl::StrCat(kEntryPrefix, base::Hex(id.view()));
}

}  // namespace

struct Attempts::State {
  struct Known {
    Entry entry;  // without what is no longer needed of it
    // What its comm is given beside: too much for the journal, which is asked
    // for an attempt only once this is of no use.
    std::optional<std::string> input;
    // The parcel it came ahead in, while the server has not said that it is
    // stored there.
    std::optional<base::ParcelId> ahead;
    bool running = false;   // its comm has said so
    bool stored = false;    // the journal has this state
    bool queued = false;    // in to_send
    bool sent = false;      // its result, on this channel
    bool prepared = false;  // PrepareComm was told, and nothing after it
    bool started = false;   // StartComm was told
    bool cancelled = false;
  };

  std::string journal;
  bool journal_stored = false;
  bool connected = false;
  absl::Time now = absl::InfinitePast();

  absl::flat_hash_map<AttemptId, Known> known;
  std::deque<AttemptId> confirmed;  // in order of time
  size_t running = 0, unconfirmed = 0;

  // Those that came ahead, by the parcels they came in.
  absl::flat_hash_map<base::ParcelId, std::vector<AttemptId>> ahead;

  // Entries to be written or deleted, in the order they changed.
  std::deque<AttemptId> dirty;
  absl::flat_hash_set<AttemptId> is_dirty;
  absl::Time due = absl::InfiniteFuture();  // not later than then
  std::vector<AttemptId> under_way;         // in the transaction
  bool committing = false;
  absl::Time write_at = absl::InfinitePast();
  absl::Duration write_pause = absl::ZeroDuration();

  // Results in order, to be sent; and what is sent.
  std::deque<AttemptId> to_send;
  std::vector<AttemptId> started;  // to be told
  absl::Time tell_starts_at = absl::InfiniteFuture();
  std::deque<std::vector<AttemptId>> taken;  // SendResults without a parcel id
  absl::flat_hash_map<base::ParcelId, std::vector<AttemptId>> sent;
  absl::Time send_at = absl::InfinitePast();
  absl::Duration send_pause = absl::ZeroDuration();

  std::vector<AgentAction> actions;

  void Tick(absl::Time t) { now = std::max(now, t); }
  void Dirty(AttemptId id, absl::Duration patience = absl::ZeroDuration());
  void HurryUp();
  absl::Time WriteAt() const;
  void ToSend(AttemptId id);
  void Accept(const pb::Attempt& attempt, std::optional<base::ParcelId> ahead,
              bool alone);
  void Given(Known& k);
  void Begin(Known& k);
  void Finish(AttemptId id, Known& k, pb::Result result);
  void Cancel(AttemptId id);
  void FinishCancelled(AttemptId id, Known& k);
  void Prepare(AttemptId id);
  void Drop(AttemptId id);
  void TellStart(AttemptId id);
  void Expire();
  absl::Status TakeEntry(const store::Entry& stored);
  void Stored(AttemptId id);
  bool GatherResults();
};

Attempts::Attempts(std::string new_journal_id)
    : state_(std::make_unique<State>()) {
  state_->journal = std::move(new_journal_id);
}
Attempts::~Attempts() = default;

size_t Attempts::running() const { return state_->running; }
size_t Attempts::unconfirmed() const { return state_->unconfirmed; }
bool Attempts::is_settled() const {
  const State& s = *state_;
  return s.dirty.empty() || s.write_pause > absl::ZeroDuration();
}

void Attempts::State::Dirty(AttemptId id, absl::Duration patience) {
  if (is_dirty.insert(id).second) dirty.push_back(id);
  due = std::min(due, now + patience);
}

// Nobody else keeps what is not stored yet.
void Attempts::State::HurryUp() {
  if (!dirty.empty()) due = std::min(due, now);
}

// When there is something to write, at the earliest.
absl::Time Attempts::State::WriteAt() const {
  if (!journal_stored) return write_at;
  return dirty.empty() ? absl::InfiniteFuture() : std::max(write_at, due);
}

void Attempts::State::ToSend(AttemptId id) {
  Known& k = known.at(id);
  if (k.queued) return;
  k.queued = true;
  to_send.push_back(id);
}

// --- a new life -------------------------------------------------------------

absl::Status Attempts::Load(store::Engine& journal, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const absl::StatusOr<store::Entry> id = journal.Get(kJournalKey);
  if (id.ok()) {
    s.journal = id->value;
    s.journal_stored = true;
  } else if (!absl::IsNotFound(id.status())) {
    return id.status();
  }
  if (s.journal.size() != 16) {
    return absl::DataLossError(
        absl::StrCat(kJournalKey, ": its id is not of 16 bytes"));
  }
  std::string first(kEntryPrefix);
  while (true) {
    TRY_ASSIGN(const store::RangeResult page,
               journal.Range(first, store::PrefixEnd(kEntryPrefix), 256));
    for (const store::Entry& stored : page.entries) {
      TRY(base::Context(s.TakeEntry(stored), stored.key));
    }
    if (!page.more) break;
    first = page.entries.back().key + std::string(1, '\0');
  }
  std::sort(s.confirmed.begin(), s.confirmed.end(),
            [&](AttemptId a, AttemptId b) {
              return std::make_pair(s.known.at(a).entry.written_ms(), a) <
                     std::make_pair(s.known.at(b).entry.written_ms(), b);
            });
  s.Expire();
  return absl::OkStatus();
}

absl::Status Attempts::State::TakeEntry(const store::Entry& stored) {
  const auto bytes = base::FromHex(absl::StripPrefix(stored.key, kEntryPrefix));
  if (!bytes.ok() || bytes->size() != kIdBytes) {
    return absl::DataLossError("not an attempt's id");
  }
  const AttemptId id = AttemptId::From(*bytes);
  Known k;
  if (const absl::Status read = UnpackMessage(stored.value, k.entry);
      !read.ok()) {
    return absl::DataLossError(read.message());
  }
  k.stored = true;
  switch (k.entry.state()) {
    case Entry::ACCEPTED: {
      // It may have run, and may be running still.
      actions.push_back(KillLeftovers{id});
      pb::Result result;
      result.set_verdict(pb::INTERRUPTED);
      result.set_reason("the agent ended while it ran");
      result.set_started_ms(k.entry.written_ms());
      result.set_ended_ms(static_cast<uint64_t>(base::ToMillis(now)));
      running++;
      Known& entry = known[id] = std::move(k);
      Finish(id, entry, std::move(result));
      return absl::OkStatus();
    }
    case Entry::FINISHED:
      unconfirmed++;
      known[id] = std::move(k);
      ToSend(id);
      return absl::OkStatus();
    case Entry::CONFIRMED:
      confirmed.push_back(id);
      known[id] = std::move(k);
      return absl::OkStatus();
    default:
      return absl::DataLossError("an unknown state");
  }
}

// --- the channel ------------------------------------------------------------

pb::Announce Attempts::Opened(const std::string& host) {
  State& s = *state_;
  Closed();
  s.connected = true;
  pb::Announce announce;
  announce.set_host(host);
  announce.set_journal(s.journal);
  announce.set_takes_ahead(true);
  // In an order of their own, so that the same history says the same.
  std::vector<AttemptId> ids;
  for (const auto& [id, k] : s.known) {
    // Of what the server has confirmed it has no news any more: should it still
    // wait for the result (its store came from a backup), it must not go on to.
    if (k.entry.state() != Entry::CONFIRMED) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (const AttemptId id : ids) {
    const State::Known& k = s.known.at(id);
    announce.add_attempt(std::string(id.view()));
    if (k.running) s.TellStart(id);
    if (k.entry.state() == Entry::FINISHED) s.ToSend(id);
  }
  return announce;
}

void Attempts::Closed() {
  State& s = *state_;
  ForgetAhead();
  s.connected = false;
  s.HurryUp();
  s.to_send.clear();
  s.started.clear();
  s.tell_starts_at = absl::InfiniteFuture();
  s.taken.clear();
  s.sent.clear();
  s.send_at = absl::InfinitePast();
  s.send_pause = absl::ZeroDuration();
  for (auto& [id, k] : s.known) k.queued = k.sent = false;
}

void Attempts::ForgetAhead() {
  State& s = *state_;
  s.ahead.clear();
  std::vector<AttemptId> ids;
  for (const auto& [id, k] : s.known) {
    if (k.ahead.has_value() && k.entry.state() == Entry::ACCEPTED) {
      ids.push_back(id);
    }
  }
  std::sort(ids.begin(), ids.end());
  for (const AttemptId id : ids) {
    s.Drop(id);
    s.known.erase(id);
    s.running--;
    s.Dirty(id);
  }
}

void Attempts::Arrived(base::ParcelId parcel, const pb::Dispatch& dispatch,
                       absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const bool alone = dispatch.ahead_size() + dispatch.attempt_size() == 1;
  for (const pb::Attempt& a : dispatch.ahead()) {
    if (a.id().size() != kIdBytes) continue;
    s.ahead[parcel].push_back(AttemptId::From(a.id()));
    s.Accept(a, parcel, alone);
  }
  for (const pb::Attempt& a : dispatch.attempt()) {
    s.Accept(a, std::nullopt, alone);
  }
  for (const std::string& bytes : dispatch.cancel()) {
    if (bytes.size() == kIdBytes) s.Cancel(AttemptId::From(bytes));
  }
}

void Attempts::State::Accept(const pb::Attempt& attempt,
                             std::optional<base::ParcelId> ahead, bool alone) {
  if (attempt.id().size() != kIdBytes) return;
  const AttemptId id = AttemptId::From(attempt.id());
  const auto [at, is_new] = known.try_emplace(id);
  Known& k = at->second;
  if (!is_new) {
    // The server had not heard of its end when it sent this.
    if (k.entry.state() == Entry::FINISHED) ToSend(id);
    if (!ahead.has_value()) Given(k);
    return;
  }
  k.entry.set_state(Entry::ACCEPTED);
  pb::Attempt& kept = *k.entry.mutable_attempt();
  kept = attempt;
  if (attempt.has_stdin()) {
    k.input = std::move(*kept.mutable_stdin());
    kept.clear_stdin();
  }
  k.entry.set_written_ms(static_cast<uint64_t>(base::ToMillis(now)));
  k.ahead = ahead;
  running++;
  Dirty(id);
  if (alone) Prepare(id);
}

void Attempts::State::Given(Known& k) {
  if (!k.ahead.has_value()) return;
  ahead.erase(*std::exchange(k.ahead, std::nullopt));  // no receipt comes
  if (k.entry.state() == Entry::ACCEPTED && k.stored) Begin(k);
}

void Attempts::State::Cancel(AttemptId id) {
  const auto found = known.find(id);
  if (found == known.end() || found->second.entry.state() != Entry::ACCEPTED ||
      std::exchange(found->second.cancelled, true)) {
    return;
  }
  if (found->second.started) {
    actions.push_back(StopComm{id});
  } else if (found->second.stored) {
    FinishCancelled(id, found->second);
  }
}

// What is under way alone has nothing to do while its entry is flushed. Others
// do, and are started many at a time.
void Attempts::State::Prepare(AttemptId id) {
  Known& k = known.at(id);
  if (running > 1 || k.input.has_value()) return;
  k.prepared = true;
  actions.push_back(PrepareComm{k.entry.attempt()});
}

void Attempts::State::Drop(AttemptId id) {
  const auto found = known.find(id);
  if (found == known.end() || !std::exchange(found->second.prepared, false)) {
    return;
  }
  actions.push_back(DropComm{id});
}

void Attempts::State::FinishCancelled(AttemptId id, Known& k) {
  Drop(id);
  pb::Result result;
  result.set_verdict(pb::CANCELLED);
  result.set_reason("it was never started");
  result.set_ended_ms(static_cast<uint64_t>(base::ToMillis(now)));
  Finish(id, k, std::move(result));
}

// --- comms ------------------------------------------------------------------

void Attempts::State::TellStart(AttemptId id) {
  started.push_back(id);
  tell_starts_at = std::min(tell_starts_at, now + kGatherStarts);
}

void Attempts::Started(AttemptId attempt, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto found = s.known.find(attempt);
  if (found == s.known.end() ||
      found->second.entry.state() != Entry::ACCEPTED) {
    return;
  }
  found->second.running = true;
  if (s.connected) s.TellStart(attempt);
}

void Attempts::Ended(pb::Result result, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  if (result.attempt().size() != kIdBytes) return;
  const AttemptId id = AttemptId::From(result.attempt());
  const auto found = s.known.find(id);
  if (found == s.known.end()) return;
  State::Known& k = found->second;
  // What the journal does not know to be accepted was not started by us.
  if (k.entry.state() != Entry::ACCEPTED || !k.stored) return;
  s.Finish(id, k, std::move(result));
}

void Attempts::State::Finish(AttemptId id, Known& k, pb::Result result) {
  result.set_attempt(std::string(id.view()));
  result.set_job(k.entry.attempt().job());
  result.set_task(k.entry.attempt().task());
  k.entry.set_state(Entry::FINISHED);
  k.entry.clear_attempt();  // with its arguments; the result names it
  *k.entry.mutable_result() = std::move(result);
  k.entry.set_written_ms(static_cast<uint64_t>(base::ToMillis(now)));
  k.stored = false;
  k.running = false;
  running--;
  unconfirmed++;
  // While a receipt is awaited others end, too: what shares a flush then shares
  // a signature.
  const bool at_once = connected && taken.empty() && sent.empty();
  if (at_once) ToSend(id);
  Dirty(id, at_once && now >= send_at ? kPatience : absl::ZeroDuration());
}

// --- receipts ---------------------------------------------------------------

void Attempts::Sent(base::ParcelId parcel) {
  State& s = *state_;
  if (s.taken.empty()) return;
  // One that only told of starts has nothing to be confirmed.
  if (!s.taken.front().empty()) s.sent[parcel] = std::move(s.taken.front());
  s.taken.pop_front();
}

void Attempts::Confirmed(base::ParcelId parcel, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  if (const auto came = s.ahead.extract(parcel)) {
    for (const AttemptId id : came.mapped()) {
      const auto at = s.known.find(id);
      if (at != s.known.end()) s.Given(at->second);
    }
    return;
  }
  const auto found = s.sent.find(parcel);
  if (found == s.sent.end()) return;
  for (const AttemptId id : found->second) {
    const auto at = s.known.find(id);
    if (at == s.known.end() || at->second.entry.state() != Entry::FINISHED) {
      continue;
    }
    State::Known& k = at->second;
    k.entry.set_state(Entry::CONFIRMED);
    k.entry.clear_result();
    k.entry.set_written_ms(static_cast<uint64_t>(base::ToMillis(s.now)));
    k.stored = false;
    s.unconfirmed--;
    s.confirmed.push_back(id);
    s.Dirty(id, kPatience);
  }
  s.sent.erase(found);
  s.send_pause = absl::ZeroDuration();
  s.Expire();
}

void Attempts::NotConfirmed(base::ParcelId parcel, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  const auto found = s.sent.find(parcel);
  if (found == s.sent.end()) return;
  for (const AttemptId id : found->second) {
    const auto at = s.known.find(id);
    if (at == s.known.end() || at->second.entry.state() != Entry::FINISHED) {
      continue;
    }
    s.ToSend(id);
  }
  s.HurryUp();
  s.sent.erase(found);
  s.send_pause = Longer(s.send_pause);
  s.send_at = s.now + s.send_pause;
}

// --- time -------------------------------------------------------------------

void Attempts::Wake(absl::Time now) {
  state_->Tick(now);
  state_->Expire();
}

void Attempts::State::Expire() {
  while (!confirmed.empty()) {
    const AttemptId id = confirmed.front();
    const absl::Time since =
        base::FromMillis(static_cast<int64_t>(known.at(id).entry.written_ms()));
    if (confirmed.size() <= kMaxConfirmed && now - since < kKeepConfirmed) {
      return;
    }
    known.erase(id);
    confirmed.pop_front();
    Dirty(id);
  }
}

absl::Time Attempts::wake_at() const {
  const State& s = *state_;
  absl::Time wake = absl::InfiniteFuture();
  if (!s.confirmed.empty()) {
    const Entry& oldest = s.known.at(s.confirmed.front()).entry;
    wake = base::FromMillis(static_cast<int64_t>(oldest.written_ms())) +
           kKeepConfirmed;
  }
  if (s.connected && !s.to_send.empty() && s.send_at > s.now) {
    wake = std::min(wake, s.send_at);
  }
  wake = std::min(wake, s.tell_starts_at);
  if (!s.committing && s.WriteAt() > s.now) wake = std::min(wake, s.WriteAt());
  return wake;
}

// --- the journal ------------------------------------------------------------

std::optional<store::Transaction> Attempts::NextTransaction() {
  State& s = *state_;
  if (s.committing || s.now < s.WriteAt()) return std::nullopt;
  store::Transaction txn;
  size_t bytes = 0;
  if (!s.journal_stored) {
    bytes += kJournalKey.size() + s.journal.size();
    txn.operations.push_back(store::Put(std::string(kJournalKey), s.journal));
  }
  s.under_way.clear();
  while (!s.dirty.empty() && txn.operations.size() < base::kMaxTxnOperations) {
    const AttemptId id = s.dirty.front();
    std::string key = KeyOf(id);
    const auto found = s.known.find(id);
    store::Operation operation =
        found == s.known.end()
            ? store::Delete(std::move(key))
            : store::Put(std::move(key), PackMessage(found->second.entry));
    const size_t weight = operation.key.size() + operation.value.size();
    if (bytes + weight > base::kMaxTxnBytes) break;
    bytes += weight;
    txn.operations.push_back(std::move(operation));
    s.under_way.push_back(id);
    s.is_dirty.erase(id);
    s.dirty.pop_front();
  }
  if (txn.operations.empty()) return std::nullopt;
  if (s.dirty.empty()) s.due = absl::InfiniteFuture();
  s.committing = true;
  return txn;
}

void Attempts::Committed(const store::Outcome& outcome, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  MUST(s.committing);
  s.committing = false;
  const std::vector<AttemptId> ids = std::exchange(s.under_way, {});
  if (outcome.kind != store::Outcome::Kind::kApplied) {
    // Refused or in doubt: entries are absolute, so writing them again does
    // what was meant in either case. Nothing has been done on their strength.
    for (auto it = ids.rbegin(); it != ids.rend(); ++it) {
      s.Drop(*it);
      if (s.is_dirty.insert(*it).second) s.dirty.push_front(*it);
    }
    s.HurryUp();
    s.write_pause = Longer(s.write_pause);
    s.write_at = s.now + s.write_pause;
    return;
  }
  s.journal_stored = true;
  s.write_pause = absl::ZeroDuration();
  s.write_at = absl::InfinitePast();
  for (const AttemptId id : ids) s.Stored(id);
}

void Attempts::State::Stored(AttemptId id) {
  // It has changed again meanwhile: what was stored is not what it is.
  if (is_dirty.contains(id)) return;
  const auto found = known.find(id);
  if (found == known.end()) return;
  Known& k = found->second;
  k.stored = true;
  if (k.entry.state() == Entry::FINISHED && connected && !k.sent) ToSend(id);
  if (k.entry.state() != Entry::ACCEPTED) return;
  if (k.cancelled) return FinishCancelled(id, k);
  if (!k.ahead.has_value()) Begin(k);
}

// Both sides have stored it.
void Attempts::State::Begin(Known& k) {
  k.started = true;
  k.prepared = false;
  StartComm start{k.entry.attempt()};
  if (k.input.has_value()) {
    start.attempt.set_stdin(*std::move(k.input));
    k.input.reset();
  }
  actions.push_back(std::move(start));
}

// --- what may be done now ---------------------------------------------------

bool Attempts::State::GatherResults() {
  if (!connected) return false;
  SendResults send;
  std::vector<AttemptId> ids;
  if (now >= tell_starts_at) {
    tell_starts_at = absl::InfiniteFuture();
    for (const AttemptId id : std::exchange(started, {})) {
      const auto at = known.find(id);
      if (at != known.end() && at->second.running) {
        send.results.add_started(std::string(id.view()));
      }
    }
  }
  size_t bytes = 0;
  while (now >= send_at && !to_send.empty() && ids.size() < kMaxSentResults) {
    const AttemptId id = to_send.front();
    const auto found = known.find(id);
    if (found != known.end()) found->second.queued = false;
    // It may have been confirmed through an earlier copy.
    if (found == known.end() ||
        found->second.entry.state() != Entry::FINISHED) {
      to_send.pop_front();
      continue;
    }
    const pb::Result& result = found->second.entry.result();
    const size_t weight = result.ByteSizeLong();
    if (!ids.empty() && bytes + weight > kMaxSentBytes) {
      found->second.queued = true;
      break;
    }
    bytes += weight;
    *send.results.add_result() = result;
    found->second.sent = true;
    ids.push_back(id);
    to_send.pop_front();
  }
  if (ids.empty() && send.results.started().empty()) return false;
  actions.push_back(std::move(send));
  taken.push_back(std::move(ids));
  return true;
}

std::vector<AgentAction> Attempts::TakeActions() {
  State& s = *state_;
  while (s.GatherResults()) {
  }
  return std::exchange(s.actions, {});
}

}  // namespace mcfeely
