// What a batch of orders asks of a session (session.h), request by request:
// readings of several plugs are one request, switchings of the same kind, too,
// as far as the model has scripts for that. Pure: told what came of a request
// and when, it says what to ask next and which orders have ended. What an
// action is made of is decided in plug_action.h.
//
//   One request is under way at a time. When it has ended, switchings come
//   first, in the order of the batch, then readings, then questions for the
//   right to switch.
//
//   A failure of connecting or of the login ends all that waits for the device:
//   each of them would only meet it again. Not so if the device is busy: then
//   all wait as long as it says, a few times; and not for those that have
//   switched something: they read again, a few times, for the state is what
//   tells what became of it.
//
//   A script that fails ends its own orders. The others go on, over a new
//   connection.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "power/controller.h"
#include "power/script_choice.h"
#include "power/session.h"

namespace power {

struct DialogueBatchOptions {
  // While nothing comes of the device, an order waits so long for it to read
  // or to take a command.
  absl::Duration limit = absl::Seconds(60);
  absl::Duration stagger = absl::ZeroDuration();  // between two power-ons
  int busy_retries = 2;
  absl::Duration busy_delay = absl::Seconds(5);  // if the device names none
};

class DialogueBatch {
 public:
  // All of it is answered by RequestEnded. No runs: connect and log in.
  struct AskDevice {
    uint64_t request = 0;
    Verb verb = Verb::kStatus;
    std::vector<std::string> plugs = {};
    std::vector<ScriptRun> runs = {};
  };
  // The request that is under way is to end with this.
  struct AbortRequest {
    Failure failure;
  };
  // Nobody waits for it any more; it may still be answered.
  struct ForgetRequest {
    uint64_t request = 0;
  };
  struct OrderEnded {
    size_t order = 0;
    PlugResult result = {};
  };
  using Effect =
      std::variant<AskDevice, AbortRequest, ForgetRequest, OrderEnded>;
  using Effects = std::vector<Effect>;

  // `device` outlives it. Requests are numbered from `first_request`.
  DialogueBatch(const DialogueDevice& device, std::vector<PlugOrder> orders,
                DialogueBatchOptions options, uint64_t first_request = 1);

  Effects Begin(absl::Time now);
  Effects Ended(const RequestEnded& ended, absl::Time now);
  Effects Woken(absl::Time now);
  Effects Cancel(absl::Time now);

  absl::Time wake_at() const;
  bool ended() const;

 private:
  struct Work {
    PlugOrder order;
    PlugAction action;
    PlugAction::Next next = {};
    absl::Time since = {};  // when it began to wait for its step
    absl::Time not_before = absl::InfinitePast();
    bool in_flight = false, has_switched = false, ended = false;
    bool only_login = false;  // nothing of the model can be read
    int reads_left = 3;       // again, after something was switched
  };
  void AddWork(PlugOrder&& order);
  std::optional<Failure> Impossible(const Work& work) const;
  void Do(Work& work, const PlugAction::Next& next, absl::Time now);
  void End(Work& work);
  void Proceed(absl::Time now);
  bool IsReady(const Work& work, PlugAction::Step step, absl::Time now) const;
  bool AskFor(PlugAction::Step step, absl::Time now);
  bool Ask(std::vector<Work*> group, Verb verb, absl::Time now);
  std::vector<Work*> GroupOf(PlugAction::Step step, absl::Time now);
  void RunDone(const RunEnded& run, const ScriptRun& what, absl::Time now);
  void RunFailed(const RunEnded& run, const ScriptRun& what, absl::Time now);
  bool WaitsForBusy(const Failure& failure, absl::Time now);
  absl::Time AbortAt() const;
  void NoConnection(const Failure& failure, absl::Time now);
  void Answer(Work& work, const RunEnded& run, const ScriptRun& what,
              absl::Time now);
  void Tried(Work& work, const RunEnded& run, const Script& script,
             absl::Time now);
  void Fail(Work& work, const Failure& failure, absl::Time now);
  bool ReadsAgain(Work& work, const Failure& failure, absl::Time now);
  bool Covers(const ScriptRun& run, const Work& work) const;
  absl::Time DeadlineOf(const Work& work) const;
  Effects Take();

  const DialogueDevice& device_;
  const DialogueBatchOptions options_;
  std::vector<Work> works_;
  bool has_twice_ = false;  // a plug that several orders name
  uint64_t next_request_;
  std::optional<AskDevice> asked_;
  bool aborted_ = false;
  absl::Time progress_at_ = absl::InfinitePast();
  absl::Time not_before_ = absl::InfinitePast();  // busy, until
  absl::Time power_on_at_ = absl::InfinitePast();
  int busy_retries_;
  Effects out_;
};

}  // namespace power
