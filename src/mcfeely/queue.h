// The queue of a server: what is decided (scheduler.h) made durable, and told
// to others only then. Pure: it is told what arrived and what the store
// answered, and says what to write and, after that, what to send. server.cc
// carries it out; so does the simulation, in a hostile world.
//
// Accepted is durable. Everything that anybody hears (a receipt, a dispatch, a
// report) waits for the transaction with the records it rests on. While one
// transaction is under way the next forms, so under load many events share a
// flush and a record that changes often is written once.
//
// When the store refuses (disk full): injections are answered "not now" and
// leave no trace; everything else is kept, in order, and written when the store
// takes it again; new injections are refused meanwhile.
//
// Each transaction is numbered, and requires the number of the one before it.
// So when an outcome is in doubt the same transaction is sent again: it is
// applied, or refused since the first copy was, and either way it has happened
// once. A first copy that arrives later still changes nothing, and a second
// server on the same records is noticed.
//
// Keys (distributed.md 5.1), numbers in 16 hexadecimal digits:
//   Q/seq                  last job number
//   Q/step                 number of the last transaction, and who made it
//   Q/parcel/ID            job number, principal (idempotency)
//   Q/key/PRINCIPAL NUL KEY  job number
//   Q/job/J/head           JobHead
//   Q/job/J/part/N         JobPart, kTasksInTable tasks each, if there are more
//   Q/job/J/text/N         the signed parcel, in pieces of 512 KiB less a byte
//   Q/job/J/run/T          TaskRuns
//   Q/mail/J.N             PendingReport
//   Q/ended/TIME.J         empty; index of ended jobs
//   Q/drained/HOST         DrainedHost
//   Q/op/ID                when an operator's parcel took effect, and whose
//                          it was; for an hour
// A job that does not fit one transaction writes its texts and parts first; it
// exists once its head does. Load deletes pieces without a head.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mcfeely/job_summary.h"
#include "mcfeely/scheduler.h"
#include "net/frame.h"
#include "store/engine.h"

namespace mcfeely {

// A connection, by a number the caller chose and never uses again.
using Connection = uint64_t;

// --- actions: what the caller does, in this order --------------------------

struct SendReceipt {
  Connection to;
  net::Receipt receipt;
};
struct SendAttempts {
  Connection to;
  std::vector<fleetbox::wire::Attempt> attempts;
};
struct SendCancel {  // the comm of an attempt is to be ended
  Connection to;
  base::AttemptId attempt;
};
struct SendAnswer {  // to an operator
  Connection to;
  base::ParcelId asked;
  fleetbox::wire::Reply reply;
};
struct SendReport {  // then tell ReportSent or ReportFailed
  std::string key;   // of the PendingReport
  fleetbox::wire::PendingReport report;
};
struct WakeUp {  // call Wake at this time; replaces the one before
  absl::Time when;
};
struct JobChanged {  // for those who follow it
  JobId job;
};
// A line for the event log: "task.deferred" with its fields.
struct Happened {
  std::string event;
  JobId job;
  std::string task, host;
  std::string text;     // why
  std::string by = {};  // whom
};
using Action = std::variant<SendReceipt, SendAttempts, SendCancel, SendAnswer,
                            SendReport, WakeUp, JobChanged, Happened>;

struct QueueOptions {
  std::string name = "main";
  SchedulerLimits limits = {};
  std::function<std::string(size_t)> random_bytes = nullptr;
  // Whether a host can be given work at all; those that are connected always.
  std::function<bool(const std::string& host)> known_host = nullptr;
  // Ended jobs are deleted when they are older, and the oldest when there are
  // more.
  absl::Duration keep = absl::Hours(30 * 24);
  size_t keep_jobs = 100'000;
  // Whether somebody may run a job's tasks (policy.h): PermissionDenied names
  // the rule, Unavailable says why that cannot be told now. Asked before a job
  // is accepted, and of whoever wants it retried; null: everybody may.
  std::function<absl::Status(const std::string& principal, const Job& job)>
      may_run = nullptr;
};

class Queue {
 public:
  explicit Queue(QueueOptions options);
  ~Queue();

  // Reads everything back. DataLoss names the key that makes no sense.
  absl::Status Load(store::Engine& engine, absl::Time now);

  // A job parcel that has passed every check but that of its fields.
  struct Injection {
    Connection from;
    base::ParcelId parcel;
    std::string principal;
    std::string parcel_bytes;
    fleetbox::wire::Job job;
  };
  void Inject(Injection injection, absl::Time now);
  // An agent's first parcel; a host has one connection, the latest.
  void AgentOpened(Connection from, const fleetbox::wire::Announce& announce,
                   absl::Time now);
  // An agent's results; the receipt for `parcel` follows once they are stored.
  // From a connection that has not announced itself: refused.
  void AgentResults(Connection from, base::ParcelId parcel,
                    const fleetbox::wire::Results& results, absl::Time now);
  void Closed(Connection connection, absl::Time now);
  // What an operator who may do so asks for; the answer follows once it is
  // stored. Jobs that have ended are read from `engine`. A parcel that has
  // taken effect does so once: a repeat is answered as the first was.
  struct Operation {
    Connection from;
    base::ParcelId parcel;
    std::string principal;
    fleetbox::wire::Control control;
  };
  void Operate(const Operation& operation, store::Engine& engine,
               absl::Time now);
  // Deletes some of the ended jobs that are not to be kept; whether there are
  // more, for another call soon. Call when jobs have ended, and now and then.
  absl::StatusOr<bool> Expire(store::Engine& engine, absl::Time now);
  // Of hosts that are called, as in scheduler.h.
  void SetCalled(absl::btree_set<std::string> hosts);
  std::vector<std::string> TakeWanted();
  void HostAway(const std::string& host, std::string why, absl::Time again,
                bool refused, absl::Time now);
  void ReportSent(const std::string& key, absl::Time now);
  void ReportFailed(const std::string& key, absl::Time now);
  void Wake(absl::Time now);

  // The next transaction, when none is under way and there is something to
  // write; commit it and tell Committed what became of it.
  std::optional<store::Transaction> NextTransaction(absl::Time now);
  void Committed(const store::Outcome& outcome, absl::Time now);
  // What is to be sent to agents once the transaction under way is stored, if
  // nothing else happens: time to sign it.
  std::vector<SendAttempts> Upcoming() const;

  // Open attempts that have been sent: so much news may still come of itself.
  size_t sent_attempts() const;

  // What may be done now. Call after each of the above.
  std::vector<Action> TakeActions();

  const Scheduler& scheduler() const;
  // Ids, for looking up what is no longer open.
  std::optional<JobId> FindParcel(const base::ParcelId& parcel) const;
  // Hosts that get no new attempts.
  const absl::btree_map<std::string, fleetbox::wire::DrainedHost>& drained()
      const;
  // Why the store takes nothing at the moment; ok when it does.
  absl::Status trouble() const;
  // A head and its task records, of open jobs too, from what is known in memory
  // and, for ended ones, from the store.
  absl::StatusOr<fleetbox::wire::JobView> View(store::Engine& engine, JobId job,
                                               bool with_attempts,
                                               absl::Time now) const;
  // A job in short. Of an open job it costs a small part of what a view does.
  absl::StatusOr<JobSummary> Summary(store::Engine& engine, JobId job,
                                     absl::Time now) const;
  // Numbers of the ended jobs in the store, latest first, at most `limit`.
  absl::StatusOr<std::vector<JobId>> EndedJobs(store::Engine& engine,
                                               size_t limit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
