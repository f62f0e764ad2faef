// When a started entry is ready, by what ready= says, and what it says of
// itself meanwhile by sd_notify(3).
//
// ready=exec and ready=exit are not looked at here: that it was started, and
// how it ended, says all there is. ready=fd:N: a newline on its descriptor N.
// ready=notify: READY=1 to a socket that each such entry has to itself; a
// sender has to be the entry's user, root or us, and, as far as it is still
// there to be asked, one of the entry's processes. The others are looked at
// again and again, in growing intervals, until ready-timeout is over. That an
// entry has not become ready in time is the caller's to notice.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "isinit/notify_message.h"
#include "isinit/notify_socket.h"
#include "isinit/probe.h"
#include "isinit/supervision.h"
#include "isinit/table.h"
#include "isinit/tracking.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/reaper.h"

namespace isinit {

class ReadinessWatch {
 public:
  struct Told {
    std::function<void(Run run)> ready;
    // Its watchdog has not been fed, or it says so itself.
    std::function<void(Run run, const std::string& why)> hung;
    // Another process of it is the main one from now on.
    std::function<void(Run run, int pid)> main_pid;
    std::function<void(Run run, const NotifyMessage& message)> said;
  };
  // `folder`, for the sockets of ready=notify, need not be there. The tracking
  // outlives this.
  ReadinessWatch(sys::Loop& loop, sys::Reaper& reaper, Tracking& tracking,
                 std::string folder, Told told);
  ~ReadinessWatch();

  // What the next process of an entry is given; the descriptors stay ours.
  struct Gifts {
    int ready = -1;
    std::string notify_socket = {};
    std::vector<std::pair<int, std::string>> stored = {};  // FDSTORE
  };
  absl::StatusOr<Gifts> Prepare(const Entry& entry);
  // Its process runs; `start` is for ready=cmd:.
  void Started(Run run, std::shared_ptr<const Entry> entry, int pid,
               Probe::Start start);
  // It did not start, is being stopped, or has ended: nothing more is told of
  // this run. What it stored stays.
  void Ended(const std::string& tag);
  // It is not in the table any more.
  void Forget(const std::string& tag);
  // What it said last with STATUS=; "" nothing.
  std::string StatusOf(const std::string& tag) const;

 private:
  struct Watched;
  Watched& WatchedOf(const std::string& tag);
  void Ready(Watched& watched);
  void ReadDescriptor(Watched& watched);
  void Look(Watched& watched);
  void Message(Watched& watched, NotifySocket::Message message);
  bool MaySpeak(const Watched& watched, const sys::PeerCredentials& sender);
  void FeedWatchdog(Watched& watched);
  void SetWatchdog(Watched& watched);
  void Keep(Watched& watched, const NotifyMessage& message,
            std::vector<sys::Fd> descriptors);

  sys::Loop& loop_;
  sys::Reaper& reaper_;
  Tracking& tracking_;
  const std::string folder_;
  const Told told_;
  absl::flat_hash_map<std::string, std::unique_ptr<Watched>> watched_;
};

}  // namespace isinit
