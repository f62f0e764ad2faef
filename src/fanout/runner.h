// Runs a command for each group of items, so many at a time.
//
// What is decided is decided elsewhere: which command a group means by
// text/dicer and fanout/command, what an end leads to by fanout/plan, whose
// output is shown by fanout/collate. Here it is carried out, on one loop.
//
//   item ──► task in a slot ──► ended ──► output passed on ──► told
//              ▲                  │
//              └── again, later ◄─┘
//
// A slot holds a group of tokens for as long as its task runs. Where nothing is
// asked for but to run commands, a slot's next task is prepared and started on
// the thread that has seen the end of the last one, without waking the loop;
// that is the only reason for the lock.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fanout/command.h"
#include "fanout/items.h"
#include "fanout/leaderless_groups.h"
#include "fanout/outputs.h"
#include "fanout/plan.h"
#include "fanout/run_options.h"
#include "fanout/task.h"
#include "fanout/task_maker.h"
#include "fanout/task_record.h"
#include "sys/environment.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/spawner.h"
#include "text/dicer.h"

namespace fanout {

// What the runner asks of, and tells, its owner. All may be null but `warn`.
// Called with the runner in a consistent state; none may call it.
struct RunCalls {
  // Something is wrong with a task or an item; the run goes on, or ends by
  // itself.
  std::function<void(const absl::Status&)> warn;
  // Text for standard output and standard error.
  std::function<void(absl::string_view)> print, trace;
  // Told of each command of a dry run in the place of `print`. May be null.
  std::function<void(const TaskRecord&, const RunOptions::Variables&)> planned;
  // Whether a task may start now; if not, it is asked again soon, or at Look.
  // After a yes either a task starts, or `not_started` comes.
  std::function<bool()> may_start;
  std::function<void()> not_started;
  // A task's process has ended, or there was none after all.
  std::function<void()> ended;
  // The number of the next task, in place of 0, 1, 2 ...
  std::function<absl::StatusOr<std::string>()> number;
  // Whether the task of this number was done before: then it is left out.
  // A failure ends the intake.
  std::function<absl::StatusOr<bool>(const TaskRecord&)> skip;
  // What a task of an earlier run left that had ended: fills in how, and gives
  // what it printed, which has yet to be passed on. Then it is not run again.
  struct Printed {
    sys::Fd out, errors;
  };
  std::function<absl::StatusOr<std::optional<Printed>>(TaskRecord*)> replay;
  std::function<void(const TaskRecord&)> started;
  // A task has ended for good, and its output waits for its turn.
  std::function<void(const TaskRecord&)> complete;
  // An attempt has ended, and its output has been passed on.
  std::function<void(const TaskRecord&)> done;
  // Where copies of a task's output go: two descriptors, or -1.
  std::function<absl::StatusOr<std::pair<int, int>>(const TaskRecord&)> copies;
  // A slot's tokens are not needed any more.
  std::function<void(size_t slot)> release;
};

class Runner {
 public:
  struct Counts {
    int64_t started = 0, done = 0, failed = 0, skipped = 0, running = 0;
    int64_t total = -1;  // -1 while it is not known
    absl::Time begin;
  };

  Runner(sys::Loop& loop, RunOptions options, Items items, CommandMaker maker,
         RunCalls calls);
  ~Runner();
  Runner(const Runner&) = delete;

  // One more slot, with these tokens. As many tasks run at once as there are
  // slots, and at most `jobs`.
  void AddSlot(std::vector<std::string> tokens);
  void SetTokenSource(std::string source) {
    options_.token_source = std::move(source);
  }
  size_t slots() const { return slots_.size(); }
  void SetJobs(int jobs);
  // Begins. `ended` comes, once, on the loop when nothing is left to do.
  absl::Status Begin(std::function<void()> ended);
  // Takes no more items; what runs goes on.
  void StopIntake();
  // `signal` was sent to us: ends the tasks, too. A second time, without mercy.
  // `tasks_have_it`: the terminal has sent it to all of its foreground group.
  void End(int signal, bool tasks_have_it = false);
  // Something that was not allowed may be now.
  void Look();

  // Ends the youngest task and has it run again later.
  void PutBackYoungest();

  Counts counts() const;
  int exit_code() const;
  bool ended_by_signal() const { return end_signal_ != 0; }

 private:
  struct Slot;

  absl::Status MakeOutputs();
  bool IsQuick() const;
  void Fill();
  std::optional<size_t> FreeSlot();
  std::unique_ptr<Task> TakeTask();
  std::unique_ptr<Task> TakeItem(bool* later);
  std::unique_ptr<Task> NewTask(Group group);
  void Launch(std::unique_ptr<Task> task, size_t slot);
  absl::Status BeginOutput(Task& task, size_t slot);
  void StartNow(int64_t id, size_t slot);
  std::string SectionName(const Task& task) const;
  void SkipTask(Task& task);
  // Whether an earlier run had carried out `owned`; then it is taken.
  bool Replayed(std::unique_ptr<Task>& owned);
  void Heed(const Plan::Next& next);
  void StartStarved();
  void Starve(size_t slot, const absl::Status& why);
  std::unique_ptr<Task> TakeBack(Slot& slot);
  void Show(const Task& task);
  bool NextHere(size_t slot, sys::Spawner::Report& report,
                std::optional<sys::Spawner::Order>* order);
  void Told(size_t slot, sys::Spawner::Report report);
  void NotStarted(size_t slot, const absl::Status& why);
  void Ended(size_t slot);
  void Note(Task& task, const sys::Spawner::Report& report) const;
  void Passed(int64_t id);
  void Again(std::unique_ptr<Task> task, absl::Duration after);
  void SetTimeout(size_t slot);
  void Overdue(size_t slot);
  void SignalTask(size_t slot, int signal);
  void SignalTasks(int signal);
  void Fail(int code, const absl::Status& why);
  bool WantsOtherwise() const;
  void RunOtherwise();
  void CheckEnd();
  void WaitForItems();
  void LookSoon();
  std::string Text(const MaybeTemplate& which, const Task& task);

  sys::Loop& loop_;
  RunOptions options_;
  Items items_;
  TaskMaker maker_;
  RunCalls calls_;
  Plan plan_;
  std::unique_ptr<Outputs> outputs_;
  std::unique_ptr<sys::Spawner> spawner_;
  std::function<void()> ended_;

  // Guards all of the following, and the above but loop_, in a run that is
  // `quick_`; otherwise everything is on the loop's thread.
  mutable std::recursive_mutex mutex_;
  bool quick_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
  size_t next_slot_ = 0;
  int running_ = 0;
  int64_t next_number_ = 0, next_id_ = 0;
  Counts counts_;
  bool intake_ = true, begun_ = false, over_ = false, otherwise_run_ = false;
  bool waits_for_items_ = false;
  // What could not be carried out where it was found: on a slot's thread, or
  // for want of room.
  std::unique_ptr<Task> pending_;
  std::multimap<absl::Time, std::unique_ptr<Task>> again_;
  sys::Loop::Timer again_timer_ = 0, look_timer_ = 0;
  // Those that run, and those that have ended and whose output is under way.
  std::map<int64_t, std::unique_ptr<Task>> tasks_;
  absl::Status pending_error_;
  // Tasks that wait in their slots for processes or descriptors, and how often
  // they have waited in vain since the last start that went well.
  int starving_ = 0;
  bool told_of_shortage_ = false;
  size_t shortages_ = 0;
  sys::Loop::Timer room_timer_ = 0;
  size_t next_given_ = 0;
  int end_signal_ = 0;
  bool stopped_ = false;  // StopIntake
  bool halted_ = false;   // ended by a rule, not by a signal
  bool cut_short_ = false;
  int code_ = 0;
  sys::Loop::Timer kill_timer_ = 0;
  LeaderlessGroups groups_;
};

}  // namespace fanout
