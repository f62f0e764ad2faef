// A utility while it runs: its output as it comes, its input, its end.
//
// It leads a process group of its own. What ends it early: Cancel, its time
// limit (both SIGTERM unless said otherwise), Lost (SIGHUP); what is still
// there kKillAfter later gets SIGKILL.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "msrc/utility_words.h"
#include "sys/child.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace msrc {

struct UtilityOrder {
  fleetbox::wire::Utility utility;  // CheckUtility is content with it
  std::string into, home;
  std::string host, run_hex;  // for MSRC_HOST and MSRC_RUN
  // It runs on without us: its output goes to these instead.
  sys::Fd out = {}, err = {};
};

struct UtilityEvents {
  std::function<void(int stream, std::string bytes)> output;
  // Whether more input is welcome.
  std::function<void(bool)> wants_input;
  // Once, after all of its output. It may delete the run.
  std::function<void(const fleetbox::wire::Ended&)> ended;
};

class UtilityRun {
 public:
  // What cannot even be started ends at once, with an error and 126 or 127, but
  // not before this has returned. The loop outlives it.
  UtilityRun(sys::Loop& loop, UtilityOrder order, UtilityEvents events);
  ~UtilityRun();  // kills it, unless it runs on without us
  UtilityRun(const UtilityRun&) = delete;

  // For its standard input, which ends with `end`. Waits here if it must.
  void Input(absl::string_view bytes, bool end);
  // Its terminal; nothing if it has none, or for a size that is none.
  void Resize(const fleetbox::wire::Terminal& terminal);
  // Whether its output is read at present.
  void PauseOutput(bool paused);
  // InvalidArgument for a signal that it is not sent.
  absl::Status Cancel(uint32_t signal);
  void Lost();

 private:
  // One of the two pipes it prints to; or the first is its terminal.
  struct Output {
    sys::Fd fd;
    int stream = 0;
  };

  absl::Status Start();
  absl::Status Spawn(const Command& command, sys::SpawnOptions options);
  absl::Status SpawnOnTerminal(const Command& command,
                               sys::SpawnOptions options);
  void Begin(Output& output);
  void ReadOutput(Output& output);
  void WriteInput();
  void OnEnd();
  void FinishIfDone();
  void GiveUpOutput();
  void Fail(const absl::Status& why);
  void SignalGroup(int signal);
  void EndSoon(int signal);

  sys::Loop& loop_;
  UtilityOrder order_;
  UtilityEvents events_;
  std::optional<sys::Child> child_;
  bool child_over_ = false, told_ = false, paused_ = false;
  absl::Time began_;
  Output outputs_[2];
  sys::Fd input_;
  std::string waiting_;  // for input_
  bool input_ends_ = false;
  sys::Loop::Timer limit_ = 0, kill_ = 0, quiet_ = 0, kin_ = 0;
  fleetbox::wire::Ended ended_;
  std::shared_ptr<bool> alive_;
};

}  // namespace msrc
