// What tasks print: read from their pipes, kept in bounded memory while it has
// to wait, and passed on in an order.
//
//   kSections  each task's output is a section of a collated stream, written
//              when the stream is granted to it, live from then on
//   kRecords   the same, as strings of JSON and only when the task has ended:
//              header, output, middle, errors, footer
//   kLines     whole lines of all tasks, as they come
//   kChunks    as it comes
//
// A pipe that has just been made is not watched: most commands are done before
// that pays. After kQuietTime, or when its task has ended, it is read.
//
// Nothing is lost on the way: who prints more than may be kept is held up, and
// a failure to write is told to the owner at once.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fanout/collate.h"
#include "fanout/outlet.h"
#include "fanout/spool.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

// Grants sections: our own manager of a collated stream, or one around us.
class SectionQueue {
 public:
  virtual ~SectionQueue() = default;
  struct Grant {
    int64_t number = 0;  // how many sections came before
    int fd = -1;         // where to write; borrowed until Close
  };
  // `opened` comes once the section has a number by which the manager knows it,
  // perhaps from within this; `granted` later, on the loop, never from within
  // these functions. Each comes once.
  virtual int64_t Open(const std::string& name, int64_t place,
                       std::function<void(int64_t)> opened,
                       std::function<void(Grant)> granted) = 0;
  virtual void Skip(int64_t place) = 0;
  virtual void Report(int64_t section, Ready ready) = 0;
  virtual void Close(int64_t section, int status) = 0;
};

struct OutputOptions {
  enum class Way { kSections, kRecords, kLines, kChunks };
  enum class Errors {
    kPass,     // the task has our standard error
    kMerge,    // into its output, in the order written
    kCollate,  // on our standard error, behind the task's output
    kDrop,
  };
  Way way = Way::kSections;
  Errors errors = Errors::kPass;
  CollateOrder order = CollateOrder::kFirstReady;
  bool squeeze = false;  // sections without output have no title either
  bool hold = false;     // nothing is shown before Ended says kShow
  // Sections: those with equal output are one, and all are shown at the end,
  // when ShowFolded has been called. Wants `hold` and `squeeze`.
  bool fold = false;
  SpoolSpace::Options space = {};
};

class Outputs {
 public:
  using Id = int64_t;  // the caller's, used once

  struct Callbacks {
    // The text in front of a section, between the two of a record, and behind;
    // asked for when it is that one's turn.
    std::function<std::string(Id, int64_t number)> header;
    std::function<std::string(Id)> middle;
    std::function<std::string(Id, int64_t number)> footer;
    // The task has ended, and all it printed is kept for a section whose turn
    // is yet to come. May be null.
    std::function<void(Id)> complete;
    // All of the task's output has been passed on, or dropped.
    std::function<void(Id)> finished;
    // Something that had to wait has been written: look at idle and has_room.
    std::function<void()> drained;
    // The reader of our output is gone, the disk is full: the first failure.
    std::function<void(const absl::Status&)> failed;
  };

  // `queue` for kSections and kRecords. Descriptors 1 and 2 are where output
  // goes.
  static absl::StatusOr<std::unique_ptr<Outputs>> Make(sys::Loop& loop,
                                                       OutputOptions options,
                                                       Callbacks callbacks,
                                                       SectionQueue* queue);
  ~Outputs();
  Outputs(const Outputs&) = delete;

  struct Start {
    std::string name;    // of the section
    std::string prefix;  // of every line
    int64_t place = 0;
    // Copies of what is read go here as well; -1 for none. Borrowed until
    // `finished`.
    int copy_out = -1, copy_errors = -1;
  };
  // What the child is to have: -1 for our own descriptor.
  struct ChildEnds {
    sys::Fd out, errors;
    bool errors_as_out = false, drop_errors = false;
  };
  // ResourceExhausted when there are no descriptors left.
  absl::StatusOr<ChildEnds> Begin(Id id, Start start);
  // Then: `opened` comes with the number of its section, if it has one already,
  // perhaps from within this.
  void OpenSection(Id id, std::function<void(std::optional<int64_t>)> opened);
  // It could not be started: lets go of its pipes, and keeps its section. Begin
  // again when it is tried again.
  void Suspend(Id id);
  // In the place of Begin, OpenSection and Ended, for a task that has ended
  // before: what two files hold is what it printed. Only with sections. BLOCKS
  // while they are copied.
  absl::Status Replay(Id id, Start start, const sys::Fd& out,
                      const sys::Fd& errors, int status);
  // There is no task for this place.
  void Skip(int64_t place);
  // The task's process has ended; others may still hold its pipes.
  enum class Then { kShow, kForget };
  void Ended(Id id, int status, Then then = Then::kShow);

  // With `fold`: no task begins any more.
  void ShowFolded();
  // With `fold`: the tasks whose output this one's section is, in the order of
  // their places. Until `finished`, which comes for all of them.
  std::vector<Id> Folded(Id id) const;

  // Whether Begin would hold up nobody: false while the disk has no room, and
  // where nothing is kept for a section, while the reader is behind.
  bool has_room() const;

  size_t open() const { return tasks_.size(); }
  // Everything that was printed has been written.
  bool idle() const;
  // Ends what is under way: what has come so far is written, what comes later
  // is not waited for.
  void CutShort();
  // Tasks some of whose output was not delivered when the reader went away.
  int64_t undelivered() const { return undelivered_; }
  // Whether what a task prints may be kept until it is its turn.
  bool has_sections() const {
    return options_.way == OutputOptions::Way::kSections ||
           options_.way == OutputOptions::Way::kRecords;
  }

  // Until `finished`.
  int64_t out_bytes(Id id) const;
  int64_t error_bytes(Id id) const;

 private:
  struct Flow;
  struct Task;
  Outputs(sys::Loop& loop, OutputOptions options, Callbacks callbacks,
          SectionQueue* queue);
  absl::StatusOr<sys::Fd> MakePipe(Flow& flow);
  void OpenSection(Task& task, std::function<void(int64_t)> opened);
  void Watch(Task& task);
  void Hear(Task& task, Flow& flow);
  char* Buffer();
  bool Read(Task& task, Flow& flow);
  void Deliver(Task& task, Flow& flow, absl::string_view bytes);
  void Lines(Flow& flow, absl::string_view bytes);
  void Put(Flow& flow, Outlet& outlet, absl::string_view bytes);
  void Pause(Task& task, Flow& flow);
  void Resume();
  absl::Status Refill(Flow& flow, const sys::Fd& file);
  void Settle(Task& task);
  void Fold(Task& task);
  void Report(Task& task, Ready ready);
  void LookFolded();
  void Granted(Id id, SectionQueue::Grant grant);
  void Pump(Id id);
  bool PumpLive(Task& task);
  bool PumpKept(Flow& flow, Outlet& outlet);
  void Finish(Task& task);
  void Failed(const absl::Status& why);
  Outlet& OutletOf(const Flow& flow);
  bool Shows(const Task& task) const;
  Task* Find(Id id) const;

  sys::Loop& loop_;
  OutputOptions options_;
  Callbacks callbacks_;
  SectionQueue* queue_;
  SpoolSpace space_;
  std::unique_ptr<Outlet> out_, errors_;
  absl::flat_hash_map<Id, std::unique_ptr<Task>> tasks_;
  absl::flat_hash_map<uint64_t, std::vector<Task*>> folded_;  // by their hash
  size_t folded_tasks_ = 0;
  bool last_task_ = false;    // ShowFolded
  std::optional<Id> holder_;  // of our own stream
  bool paused_ = false;       // some flow is
  std::unique_ptr<char[]> buffer_;
  int64_t undelivered_ = 0;
  bool broken_ = false, cut_short_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
