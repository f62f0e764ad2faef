// Which processes belong to which entry, to the last one that daemonized
// itself, and when none of them is left.
//
//   cgroup     A cgroup (version 2, with or without controllers) for each
//              entry, in which its processes start. The kernel knows who is in
//              there and says when it is empty.
//   subreaper  What is orphaned below us comes to us. A process that becomes
//              our child without having been started by us is attributed by its
//              session, or by ISINIT_TAG in its environment; an entry has all
//              that descends from those children of ours that are its own.
//   session    The processes of the main process's session: what leaves it is
//              not found.
//
// Nothing here looks at anything while nothing happens. No signal goes to a
// number that may have been given to somebody else: children of ours keep
// theirs until they are reaped, others are held by a pidfd and looked at again.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isinit/attributes.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/process_list.h"
#include "sys/reaper.h"

namespace isinit {

class Tracking {
 public:
  enum class Kind { kCgroup, kSubreaper, kSession };
  struct Options {
    // Ours among others on this host, e.g. of the socket: names a folder.
    std::string name = "isinit";
    // What ISINIT_SOCKET is in the environment of what we start.
    std::string socket = {};
    // Place() of a former life, whose processes may still be there.
    std::string former = {};
    // In place of the best there is; it is an error when it cannot be had.
    std::optional<Kind> kind = {};
  };
  // Comes once for each life of an entry when nothing of it is left, unless
  // NothingLeft has said so. Never from within a call to Tracking.
  using Empty = std::function<void(const std::string& tag)>;

  static absl::StatusOr<std::unique_ptr<Tracking>> Make(sys::Loop& loop,
                                                        sys::Reaper& reaper,
                                                        Options options,
                                                        Empty empty);
  virtual ~Tracking() = default;

  virtual Kind kind() const = 0;
  // "cgroups below /sys/fs/cgroup/isinit", for people.
  virtual std::string Describe() const = 0;
  // What a later life needs to find what is there; "" when nothing.
  virtual std::string Place() const { return ""; }

  // Where the next process of the entry is to start: the folder of its cgroup,
  // with the limits of memory and the like set. Not open where there are none.
  virtual absl::StatusOr<sys::Fd> FolderFor(const std::string& tag,
                                            const Surroundings& surroundings);
  // These entries may start some day, the first ones soon: what their places
  // cost is paid now, beside what comes next, and not by their starts.
  virtual void Prepare(const std::vector<std::string>&) {}
  virtual void AwaitPrepared() {}
  // Its main process, a child of ours, has been started.
  virtual void Added(const std::string& tag, int pid) = 0;
  // A process of a former life: FailedPrecondition unless it is the one that
  // started then and still belongs to the entry.
  virtual absl::Status Adopt(const std::string& tag, int pid,
                             uint64_t start_ticks) = 0;
  // What a former life left of these entries without their main processes:
  // those of which there is something. Empty will come for them.
  virtual std::vector<std::string> AdoptRest(
      const std::vector<std::string>& tags) = 0;
  // To be asked when the main process has ended: whether that was all. If not,
  // Empty will come.
  virtual bool NothingLeft(const std::string& tag) = 0;

  // To every process of the entry; `behind`, unless 0, right after it.
  virtual void Signal(const std::string& tag, int signal, int behind = 0) = 0;
  // SIGKILL, and until there is nobody left who could start another.
  virtual void Kill(const std::string& tag) = 0;
  virtual std::vector<int> Processes(const std::string& tag) = 0;
  virtual bool Owns(const std::string& tag, int pid) = 0;
  // The entry is gone from the table, and all its processes are gone, too.
  virtual void Forget(const std::string& tag) = 0;

 protected:
  // For Adopt: the process that was started then, if it still runs.
  static absl::StatusOr<sys::ProcessInfo> FindFormer(const std::string& tag,
                                                     int pid,
                                                     uint64_t start_ticks);
  static absl::Status Refusal(const std::string& tag, int pid,
                              absl::string_view why);
};

}  // namespace isinit
