// One script that runs: at which statement it is, what it has learnt, and what
// it waits for. A part of Dialogue. Pure.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "power/dialogue.h"
#include "power/match_buffer.h"
#include "power/specification.h"

namespace power {

// What a script talks over.
struct ScriptLine {
  const DialogueDevice& device;
  MatchBuffer& buffer;
  const RecentText& recent;
  const std::optional<Failure>& closed;
  Dialogue::Effects& out;
};

class ScriptRunner {
 public:
  ScriptRunner(const DialogueDevice& device, ScriptRun run);

  enum class Wait : uint8_t { kNothing, kBytes, kMoment, kNetwork, kEnded };
  // Goes as far as it can.
  void Step(absl::Time now, ScriptLine line);
  void Connected() {
    if (wait_ == Wait::kNetwork) wait_ = Wait::kNothing;
  }
  void Fail(const Failure& failure);

  bool begun() const { return begun_; }
  Wait wait() const { return wait_; }
  bool ended() const { return wait_ == Wait::kEnded; }
  // When Step shall be called at the latest.
  absl::Time wake_at() const;
  RunEnded Result() const;

 private:
  // A block that is being run. A block statement stays the current one of the
  // block around it until its own block has ended.
  struct Frame {
    const std::vector<Statement>* body = nullptr;
    size_t at = 0;
    std::vector<std::string> plugs = {};  // what %s means
    std::vector<std::string> items = {};  // foreach: still to come, last first
    std::vector<int> taken = {};  // of the expectany at `at`, by alternative
    bool first = true;            // the statement at `at` is entered anew
  };

  void Begin(absl::Time now);
  bool OverTime(absl::Time now, const ScriptLine& line);
  // One statement; true if it was done or led somewhere, false to wait.
  bool One(absl::Time now, ScriptLine& line);
  bool Expect(const Statement& s, absl::Time now, ScriptLine& line);
  bool ExpectAny(const Statement& s, absl::Time now, ScriptLine& line);
  std::optional<size_t> BestBranch(const Statement& s, ScriptLine& line);
  bool TakeBranch(const Statement& s, size_t branch, ScriptLine& line);
  bool WaitForBytes(std::optional<absl::Duration> limit,
                    const std::string& wanted, const Where& where,
                    absl::Time now, ScriptLine& line);
  void NotMatched(const std::string& wanted, absl::Duration limit,
                  const Where& where, const ScriptLine& line);
  bool Delay(const Statement& s, absl::Time now, const ScriptLine& line);
  void Send(const Statement& s, ScriptLine& line);
  void SendBytes(std::string bytes, ScriptLine& line);
  void SetPlugState(const Statement& s, const ScriptLine& line);
  void SetResult(const Statement& s, const ScriptLine& line);
  void ForEach(const Statement& s, const ScriptLine& line);
  void If(const Statement& s);
  void Again();
  void FailStatement(const Statement& s, const ScriptLine& line);
  void Network(const Statement& s, ScriptLine& line);
  void Push(const std::vector<Statement>& body, std::vector<std::string> plugs);
  void Advance();
  void FailClosed(const Failure& why, absl::string_view before,
                  const Where& where);
  void FailWith(FailureClass c, const std::string& text, const Where& where);
  void Take(const Match& match, ScriptLine& line);
  std::string WithPlugs(absl::string_view format) const;
  std::string WithGroups(absl::string_view text, const ScriptLine& line) const;
  std::optional<std::string> GroupText(int group) const;
  PlugReport& Report(const std::string& plug);
  const Specification& specification_;
  const Script& script_;
  std::vector<std::string> plugs_;
  std::string name_;
  bool confirms_ = false;  // somewhere in it is a `confirm`
  std::vector<Frame> frames_;
  std::vector<std::optional<std::string>> groups_;
  std::vector<PlugReport> reports_;
  std::optional<Failure> failure_;
  bool begun_ = false, maybe_executed_ = false, confirmation_reached_ = false;
  Wait wait_ = Wait::kNothing;
  absl::Time deadline_ = absl::InfiniteFuture();  // of the whole script
  absl::Time until_ = absl::InfiniteFuture();     // of the statement
  uint64_t dropped_ = 0;
  int64_t steps_ = 0;
  size_t sent_ = 0;
};

}  // namespace power
