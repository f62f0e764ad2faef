// Queues of Debian's that can do a part of what McFeely does, and connections
// to them that do it as quickly as they let us.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/mcfeely/process.h"
#include "sys/file.h"

namespace bench {

// A connection to a server that keeps a queue. Each step takes a minute at
// most.
class Link {
 public:
  virtual ~Link() = default;
  // Queues commands, sent together; ok once the server has said of each that
  // it is kept.
  virtual absl::Status Put(absl::Span<const std::string> commands) = 0;
  // Says that the command before is done, if there was one, and waits for one.
  virtual absl::StatusOr<std::string> Take() = 0;
  // Says that it waits for a command; ok once the server has heard it.
  virtual absl::Status Enlist() = 0;
  // Asks something and waits for the answer.
  virtual absl::Status Ping() = 0;
};

// A server with a folder of its own, ended with this.
class QueueServer {
 public:
  virtual ~QueueServer() = default;
  virtual absl::StatusOr<std::unique_ptr<Link>> Connect() = 0;
  // Starts it; once more, after EndServer, on what it has kept. Seconds until
  // it answers.
  absl::StatusOr<double> StartServer();
  void EndServer() { process_->End(SIGKILL); }
  const Process& process() const { return *process_; }

 protected:
  QueueServer();
  virtual absl::StatusOr<std::vector<std::string>> Words() = 0;
  std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

 private:
  sys::TemporaryFolder folder_;
  std::optional<Process> process_;
};

struct QueuePeer {
  std::string name;
  std::function<std::unique_ptr<QueueServer>()> make;
};
// Each put is fsync'ed before it is answered; `often`: only every 50 ms.
QueuePeer Beanstalkd(bool often = false);
// Jobs are rows of an SQLite table before they are answered.
QueuePeer Gearmand();

// One running, made by `peer`; NotFound when it is not installed.
absl::StatusOr<std::unique_ptr<QueueServer>> Started(const QueuePeer& peer);

// The same jobs a second as JobsPerSecond of fleet.h: 16 callers, each waiting
// for one answer at a time; four workers take, vfork, wait and say done.
absl::StatusOr<double> PeerJobsPerSecond(QueueServer& server,
                                         const std::string& program, int jobs);
// Seconds until one caller has so many commands kept.
absl::StatusOr<double> PeerPutSeconds(QueueServer& server, int jobs);

// task-spooler: a command each to queue, a waiting process each while it is
// queued, nothing on stable storage; it knows "after the last one".
class Spooler {
 public:
  // NotFound when it is not installed.
  static absl::StatusOr<std::unique_ptr<Spooler>> Start();
  // Queued by 16 callers, run two at a time.
  absl::StatusOr<double> JobsPerSecond(const std::string& program, int jobs);
  // Queued by one caller, each if the one before has gone well.
  absl::StatusOr<double> ChainSeconds(const std::string& program, int jobs);

 private:
  Spooler();
  absl::Status Run(std::vector<std::string> words) const;

  sys::TemporaryFolder folder_;
  std::optional<Daemon> daemon_;
};

// What they do not do, in lines for people.
std::string PeerNotes();

}  // namespace bench
