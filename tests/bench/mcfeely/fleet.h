// A server and an agent as processes of their own, in a scratch folder, and
// what callers do to them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/mcfeely/process.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "sys/file.h"

namespace bench {

struct FleetOptions {
  std::vector<std::string> hosts = {"h1"};
  // Lines of its trust file; with any, it listens on TCP, too.
  std::string trust = {};
};

class Fleet {
 public:
  // $BIN is the executable.
  explicit Fleet(const FleetOptions& options = {});
  // Of the host h1.
  void StartAgent();
  // A comm that is a copy of `program`.
  void AddComm(const std::string& name, const std::string& program);
  void EndServer() { server_->End(); }
  // After EndServer; seconds until it was ready.
  double StartServer();

  std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  std::string address() const { return "unix:" + path("sock"); }
  std::string tcp_address() const;
  const Process& server() const { return *server_; }
  const Process& agent() const { return *agent_; }
  std::unique_ptr<mcfeely::Client> NewClient() const;

 private:
  sys::TemporaryFolder folder_;
  std::optional<Process> server_, agent_;
};

// $BIN, our executable.
std::string Executable();

// Tasks of one comm, dealt out to hosts.
mcfeely::Job Tasks(int count, const std::string& comm,
                   const std::vector<std::string>& hosts = {"h1"});
// Each requires the one before it.
mcfeely::Job Chain(int count, const std::string& comm);

// So many jobs like this one, by 16 callers, each waiting for one answer at a
// time.
void Inject(const Fleet& fleet, const mcfeely::Job& job, int jobs);
// Seconds from before it is sealed until its end is told.
double SecondsToEnd(const Fleet& fleet, const mcfeely::Job& job);
// The same with jobs of one task of `comm`, until all are done: jobs a second.
double JobsPerSecond(const Fleet& fleet, const std::string& comm, int jobs);
// The same with jobs of one task of `comm`, a copy of tests/bench/clock.c, by
// so many callers who each wait for the end of one: milliseconds from before
// one is sealed until its comm runs.
std::vector<double> StartLatencies(const Fleet& fleet, const std::string& comm,
                                   int callers, int jobs);

}  // namespace bench
