// A queue on a fake disk, for tests: hands transactions over one by one, checks
// that each keeps the limits, and collects what may be done.
#pragma once

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler_bench.h"
#include "world.h"

namespace mcfeely {

class QueueBench {
 public:
  explicit QueueBench(SchedulerLimits limits = {}) : limits_(limits) {
    Restart();
  }

  // A new life from what the disk has; false when it cannot be read.
  absl::Status TryRestart() {
    actions.clear();
    queue = std::make_unique<Queue>(QueueOptions{
        .name = "main",
        .limits = limits_,
        .random_bytes = [this](size_t n) { return dice_.Bytes(n); },
        .known_host = [](const std::string& host) { return host == "h1"; },
        .keep = keep,
        .keep_jobs = keep_jobs,
        .may_run = [this](const std::string&, const Job&) { return may_run; }});
    const absl::Status status = queue->Load(disk, now);
    if (status.ok()) Take();
    return status;
  }
  void Restart() { REQUIRE(TryRestart().ok()); }

  absl::Status may_run;  // what the policy says of any job
  // Of ended jobs; from the next life on.
  absl::Duration keep = absl::Hours(30 * 24);
  size_t keep_jobs = 100'000;

  static base::ParcelId Id(int n) {
    base::ParcelId id;
    id.bytes.fill(static_cast<uint8_t>(n));
    return id;
  }
  void Inject(Connection from, int parcel, const Job& job,
              const std::string& principal = "user:ops@example.com") {
    queue->Inject({.from = from,
                   .parcel = Id(parcel),
                   .principal = principal,
                   .parcel_bytes = FakeParcel(Id(parcel), job),
                   .job = ToMessage(job)},
                  now);
    Take();
  }
  void Open(Connection from, const std::string& host = "h1",
            const std::vector<std::string>& known = {}, char journal = 'J') {
    fleetbox::wire::Announce announce;
    announce.set_host(host);
    announce.set_journal(std::string(16, journal));
    for (const std::string& id : known) announce.add_attempt(id);
    queue->AgentOpened(from, announce, now);
    Take();
  }
  static fleetbox::wire::Result ResultOf(const std::string& attempt,
                                         fleetbox::wire::Verdict verdict) {
    fleetbox::wire::Result result;
    result.set_attempt(attempt);
    result.set_verdict(verdict);
    result.set_reason("exit 0");
    result.set_head("the output");
    result.set_output_bytes(10);
    return result;
  }
  void Results(Connection from, int parcel,
               const std::vector<fleetbox::wire::Result>& list) {
    fleetbox::wire::Results results;
    for (const auto& r : list) *results.add_result() = r;
    queue->AgentResults(from, Id(parcel), results, now);
    Take();
  }
  // An operator's verb; the answer is among the actions.
  void Operate(Connection from, fleetbox::wire::Control::Verb verb,
               uint64_t job, const std::vector<std::string>& tasks = {},
               const std::string& by = "user:ops@example.com") {
    Repeat(from, ++asked_, verb, job, tasks, by);
  }
  // In the n-th parcel of an operator.
  void Repeat(Connection from, int n, fleetbox::wire::Control::Verb verb,
              uint64_t job, const std::vector<std::string>& tasks = {},
              const std::string& by = "user:ops@example.com") {
    Queue::Operation o{from, Id(100 + n), by, {}};
    o.control.set_verb(verb);
    o.control.set_job(job);
    for (const std::string& task : tasks) o.control.add_task(task);
    queue->Operate(o, disk, now);
    Take();
  }
  // "ok", or what was said against it, of each answer.
  std::vector<std::string> Answers() const {
    std::vector<std::string> said;
    for (const SendAnswer& a : All<SendAnswer>()) {
      said.push_back(a.reply.code() == 0 ? "ok" : a.reply.error());
    }
    return said;
  }
  // One transaction; false when there is none.
  bool Commit() {
    const auto txn = queue->NextTransaction(now);
    if (!txn.has_value()) return false;
    REQUIRE(store::CheckLimits(*txn).ok());
    transactions++;
    operations += txn->operations.size();
    queue->Committed(disk.Apply(*txn), now);
    Take();
    return true;
  }
  void Settle() {
    for (int n = 0; Commit(); n++) REQUIRE(n < 10'000);
  }
  // Of the transaction at hand: the disk refuses it, or does not answer.
  void Refuse() {
    REQUIRE(queue->NextTransaction(now).has_value());
    queue->Committed({store::Outcome::Kind::kRefused, 0,
                      absl::ResourceExhaustedError("the disk is full")},
                     now);
    Take();
  }
  store::Transaction Doubt(bool applied) {
    const auto txn = queue->NextTransaction(now);
    REQUIRE(txn.has_value());
    if (applied) disk.Apply(*txn);
    queue->Committed({store::Outcome::Kind::kInDoubt, 0,
                      absl::UnavailableError("no answer")},
                     now);
    Take();
    return *txn;
  }
  void Later(absl::Duration d) {
    now += d;
    queue->Wake(now);
    Take();
  }

  void Take() {
    for (Action& a : queue->TakeActions()) actions.push_back(std::move(a));
  }
  template <typename T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Action& a : actions) {
      if (const auto* t = std::get_if<T>(&a)) found.push_back(*t);
    }
    return found;
  }
  // "7:accepted 1" for each receipt: to whom, what, which job.
  std::string Receipts() const {
    static constexpr const char* kWords[] = {"accepted", "refused", "not now",
                                             "invalid"};
    std::string text;
    for (const SendReceipt& r : All<SendReceipt>()) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", r.to, ":",
                      kWords[static_cast<int>(r.receipt.code)]);
      if (r.receipt.number != 0) absl::StrAppend(&text, " ", r.receipt.number);
    }
    return text;
  }
  // Ids of the attempts that were sent, in order.
  std::vector<std::string> Sent() const {
    std::vector<std::string> ids;
    for (const SendAttempts& send : All<SendAttempts>()) {
      for (const auto& a : send.attempts) ids.push_back(a.id());
    }
    return ids;
  }
  size_t KeysWith(const std::string& prefix) const {
    size_t n = 0;
    for (const auto& [key, value] : disk.entries()) {
      n += key.compare(0, prefix.size(), prefix) == 0;
    }
    return n;
  }

  FakeDisk disk;
  std::unique_ptr<Queue> queue;
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::vector<Action> actions;
  int64_t transactions = 0;
  size_t operations = 0;

 private:
  SchedulerLimits limits_;
  int asked_ = 0;
  Dice dice_{42};
};

}  // namespace mcfeely
