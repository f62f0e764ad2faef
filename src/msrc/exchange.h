// The controller's side of one exchange with one host. Pure.
//
//   kConnect    ssh is started; nothing has come
//   kBootstrap  the host has asked for an executable (msrc/remote_start.h)
//   kTransfer   the receiver is there; said: the delivery. Awaited: its hello,
//               what it needs, then that all of it is sent
//   kApply      it has all it needs; awaited: what became of it
//   kRun        the delivery is applied; awaited: the utility's end
//   kEnded      the result is known, and never changes
//
// What can be told of a connection that breaks is where: in all phases but the
// first two, what happens over there is not known then, and the status is 255
// whatever was heard before. Only what the receiver itself says is believed of
// what it did: success is an Ended, or, when nothing is to be run, an Applied.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "msrc/remote_start.h"
#include "wire/manifest.h"
#include "wire/messages.pb.h"
#include "wire/need.h"

namespace msrc {

enum class Phase { kConnect, kBootstrap, kTransfer, kApply, kRun, kEnded };
// What HXMD_PHASE_FAILED says: "connect"; "" for kEnded.
absl::string_view PhaseName(Phase phase);

// The status of a host that ssh could not reach, or lost.
inline constexpr int kUnreachable = 255;

struct ExchangeLimits {
  absl::Duration connect = absl::Seconds(30);
  absl::Duration bootstrap = absl::Minutes(5);  // since it last spoke
  absl::Duration transfer = absl::Minutes(10);  // since anything moved
  absl::Duration apply = absl::Minutes(10);
  // The receiver ends the utility after its own limit; this is for one that
  // does not.
  absl::Duration run = absl::InfiniteDuration();
};

struct ExchangePlan {
  const wire::Manifest* manifest = nullptr;  // merged; borrowed
  bool check = false;           // policy.check: nothing is applied or run
  bool bootstrap_only = false;  // a receiver is there: that is all
  bool attach = false;          // nothing but the output of an earlier utility
  bool terminal = false;        // the utility is given one
  bool relay = false;           // it calls hosts for us: messages are passed on
  bool runs = false;            // the delivery has a utility
  bool utility_follows = false;  // or it comes later, if at all
  ExchangeLimits limits;
};

// What happens.
struct RemoteAnswered {
  RemoteStartReader::Answer answer;  // never RemoteHello
};
struct ChannelOpened {};
struct MessageCame {
  std::string bytes;  // of a FromReceiver
};
struct ParcelCame {};  // nobody sends one this way
struct ContentMoved {  // some of it was taken by the connection
  int64_t bytes = 0;   // of contents, as they travel
};
struct ContentSent {};  // all that SendContents asked for
struct ContentFailed {  // it could not be read here
  absl::Status why;
};
struct UtilityReady {  // the answer to AskUtility
  bool run = false;
  int status = 0;  // of the hook that says no
};
struct Lost {  // the connection is over
  absl::Status why;
};
struct GivenUp {  // it cannot be done, for a reason that is here
  int status = 0;
  std::string why;
};
struct Cancelled {
  int signal = 0;
};
struct Woken {};
using ExchangeEvent =
    std::variant<RemoteAnswered, ChannelOpened, MessageCame, ParcelCame,
                 ContentMoved, ContentSent, ContentFailed, UtilityReady, Lost,
                 GivenUp, Cancelled, Woken>;

// What follows.
struct SendExecutable {
  RemoteNeed need;
};
struct EndExecutable {};
struct SendDelivery {  // the shared manifest, if any, and the delivery
  std::string nonce;
  std::string principal;  // whose audience it is; may be empty
  bool strict = false;    // it insists on a key it knows
};
struct SendContents {
  wire::Need need;
};
struct StopContents {};
struct AskUtility {};  // what comes before it here may begin
struct SendUtility {};
struct SendMessage {
  std::string bytes;  // of a FromController
};
struct PassOutput {
  int stream = 1;  // or 2
  std::string bytes;
};
struct PassMessage {  // of a relay; none: it is there
  std::string bytes;
};
struct WakeAt {  // replaces an earlier one
  absl::Time when;
};
struct HangUp {  // after what was sent; the last effect
  std::string why;
};
using ExchangeEffect =
    std::variant<SendExecutable, EndExecutable, SendDelivery, SendContents,
                 StopContents, AskUtility, SendUtility, SendMessage, PassOutput,
                 PassMessage, WakeAt, HangUp>;

struct ExchangeResult {
  int status = kUnreachable;
  Phase failed = Phase::kConnect;  // kEnded: in none
  std::string error;               // one line, escaped; empty: none
  // What the receiver says it did; none when it has not said.
  std::optional<fleetbox::wire::Applied> applied;
  std::optional<fleetbox::wire::Ended> ended;
  std::string software, platform, user;  // of the receiver; escaped
  int64_t sent_bytes = 0;                // of contents, as they travel
  int64_t out_bytes = 0, error_bytes = 0;
  bool copied = false;         // an executable was brought
  bool no_executable = false;  // it wants one, and there is none for it
  // Whether the same may be done again: nothing has been asked of it.
  bool may_retry = false;
};

class Exchange {
 public:
  Exchange(ExchangePlan plan, absl::Time now);

  // What follows from `event` at `now`, in order. Nothing after HangUp.
  std::vector<ExchangeEffect> On(const ExchangeEvent& event, absl::Time now);
  // To be carried out first.
  std::vector<ExchangeEffect> Begin();

  Phase phase() const { return phase_; }
  // Whether input for the utility would find one.
  bool takes_input() const { return phase_ == Phase::kRun && !asked_; }
  // Final in kEnded.
  const ExchangeResult& result() const { return result_; }

 private:
  void Take(const RemoteAnswered& event);
  void Take(const ChannelOpened&);
  void Take(const MessageCame& event);
  void Take(const ParcelCame&);
  void Take(const ContentMoved& event) { result_.sent_bytes += event.bytes; }
  void Take(const ContentSent&);
  void Take(const ContentFailed& event);
  void Take(const UtilityReady& event);
  void Take(const Lost& event);
  void Take(const GivenUp& event);
  void Take(const Cancelled& event);
  void Take(const Woken&);

  void Hello(const fleetbox::wire::ReceiverHello& hello);
  void Needs(const fleetbox::wire::Need& need);
  void IsApplied(fleetbox::wire::Applied applied);
  void Refused();
  void Output(fleetbox::wire::Output output);
  void HasEnded(fleetbox::wire::Ended ended);
  std::string WrongWith(const fleetbox::wire::Applied& applied) const;
  void Enter(Phase phase);
  void Done();
  // The end. `phase` is where it went wrong.
  void Fail(int status, Phase phase, absl::string_view error);
  void Fail(int status, absl::string_view error) {
    Fail(status, phase_, error);
  }
  void Violation(absl::string_view what);
  void End(absl::string_view why);
  absl::Duration LimitOfPhase() const;

  const ExchangePlan plan_;
  Phase phase_ = Phase::kConnect;
  absl::Time now_, moved_;  // anything, last
  absl::Time cancel_by_ = absl::InfiniteFuture();
  int cancelled_ = 0;  // the signal
  bool open_ = false, greeted_ = false, needs_ = false, sending_ = false;
  bool asked_ = false;  // AskUtility, and not answered
  ExchangeResult result_;
  std::vector<ExchangeEffect> effects_;
};

}  // namespace msrc
