// What an agent knows of the attempts it was given, and what it does next.
// Pure; agent.cc carries it out, and the simulation.
//
// The journal is written before the world changes: an attempt's entry before
// its comm is started; the entry is marked confirmed only when the server's
// receipt says that the result is stored. So the same attempt id is never run
// twice while the journal is intact, however often it arrives, and a result
// survives either side's restart.
//
//   (unknown) ──arrives──► accepted ──ended──► finished ──receipt──► confirmed
//
//   accepted    stored; then the comm is started, unless it came ahead
//   finished    sent, and stored unless the receipt comes within a moment; sent
//               again until it is confirmed. While a receipt is awaited:
//               stored, then sent with the others that were
//   confirmed   kept a while, so that a late repeat is known
//
// A result is sent before it is stored: the flush takes as long as all the rest
// of a short attempt, and what counts is that the server has it. The journal's
// copy is for the case that the server does not take it now; where the receipt
// comes at once there is none, and what was confirmed is stored together with
// what is accepted next. An agent that dies
//
//   before the server has the result   reports an interrupted attempt, as if it
//                                      had died a moment sooner, while the comm
//                                      still ran
//   after that, before its own flush   reports an interrupted attempt that the
//                                      server knows to have ended; the server
//                                      confirms the report and ignores it
//   after its own flush                sends the result again
//
// A receipt may come before the entry was stored as finished. It is then stored
// as confirmed at once; an agent that dies before that is in the second case.
//
// What comes ahead is not stored by the server yet. Its entry is written while
// the server writes its own; the comm is started when both are, which the
// server tells by a receipt. Should the channel close before that, the attempt
// was never given: the server sends it again if it has stored it.
//
// After a restart an accepted entry means that its comm may have run and may
// still be running: whatever is left of it is killed, and its result is
// "interrupted".
//
// The server may want an attempt to end: one whose comm has not been started
// yet never is, and its result is "cancelled"; a comm that runs is stopped, and
// its end is the result. That is not written down: an agent that dies meanwhile
// reports an interrupted attempt, which the server takes for the same.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "store/engine.h"
#include "wire/messages.pb.h"

namespace mcfeely {

struct PrepareComm {  // while the journal is written: it may be started soon
  fleetbox::wire::Attempt attempt;
};
struct StartComm {  // it was prepared, or not
  fleetbox::wire::Attempt attempt;
};
struct DropComm {  // it was prepared and is never started
  base::AttemptId attempt;
};
struct SendResults {  // seal, send, and tell `Sent` the parcel's id
  fleetbox::wire::Results results;
};
struct StopComm {  // it runs, or its StartComm came before
  base::AttemptId attempt;
};
struct KillLeftovers {  // of an attempt of a former life, before anything else
  base::AttemptId attempt;
};
using AgentAction = std::variant<PrepareComm, StartComm, DropComm, StopComm,
                                 SendResults, KillLeftovers>;

class Attempts {
 public:
  // Journal keys: "journal" (its id), "attempt/ID".
  explicit Attempts(std::string new_journal_id);
  ~Attempts();
  // Reads the journal back. DataLoss names the entry that makes no sense.
  absl::Status Load(store::Engine& journal, absl::Time now);

  // A channel to the server is open: what to announce. Results that are not
  // confirmed are sent again on it.
  fleetbox::wire::Announce Opened(const std::string& host);
  void Closed();
  // Those that came ahead and have not been given since: no more of them.
  void ForgetAhead();
  void Arrived(base::ParcelId parcel, const fleetbox::wire::Dispatch& dispatch,
               absl::Time now);
  // The comm of an attempt runs now. The server is told a little later, of
  // several at once; of one that has ended by then only the result.
  void Started(base::AttemptId attempt, absl::Time now);
  void Ended(fleetbox::wire::Result result, absl::Time now);
  // The parcel of the SendResults taken last has this id.
  void Sent(base::ParcelId parcel);
  // The server has stored what is in this parcel: results of ours, or attempts
  // that came ahead.
  void Confirmed(base::ParcelId parcel, absl::Time now);
  // The server does not take it (not now): it is sent again after a while.
  void NotConfirmed(base::ParcelId parcel, absl::Time now);
  void Wake(absl::Time now);
  // The moment Wake is needed; InfiniteFuture when it is not.
  absl::Time wake_at() const;

  std::optional<store::Transaction> NextTransaction();
  void Committed(const store::Outcome& outcome, absl::Time now);
  std::vector<AgentAction> TakeActions();

  size_t running() const;      // accepted and not ended
  size_t unconfirmed() const;  // finished
  // All is stored, but for what cannot be.
  bool is_settled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
