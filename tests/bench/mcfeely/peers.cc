#include "bench/mcfeely/peers.h"

#include <absl/strings/str_cat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "bench/fanout/timed_command.h"
#include "bench/mcfeely/peer_links.h"
#include "bench/need.h"
#include "sys/clock.h"
#include "sys/socket.h"

namespace bench {
namespace {

constexpr int kCallers = 16, kWorkers = 4;
constexpr char kStop[] = "stop";

double SecondsSince(absl::Time begin) {
  return absl::ToDoubleSeconds(sys::SteadyNow() - begin);
}

absl::Status CheckInstalled(const std::string& program) {
  if (access(program.c_str(), X_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError(program + " is not here");
}

// Threads that may fail; the first reason counts.
class Threads {
 public:
  void Add(std::function<absl::Status()> f) {
    threads_.emplace_back([this, f = std::move(f)] {
      const absl::Status status = f();
      const std::lock_guard<std::mutex> lock(mutex_);
      status_.Update(status);
    });
  }
  absl::Status Join() {
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    return status_;
  }
  ~Threads() { (void)Join(); }

 private:
  std::mutex mutex_;
  absl::Status status_;
  std::vector<std::thread> threads_;
};

absl::Status RunCommands(Link& link) {
  char* none[] = {nullptr};
  for (;;) {
    TRY_ASSIGN(std::string command, link.Take());
    if (command == kStop) return absl::OkStatus();
    char* argv[] = {command.data(), nullptr};
    int status = 0;
    waitpid(Execute(argv, none), &status, 0);
    if (status != 0) return absl::InternalError(command + " fails");
  }
}

class BeanstalkdServer : public QueueServer {
 public:
  explicit BeanstalkdServer(bool often) : often_(often) {
    Need(sys::MakeFolders(path("log")));
  }
  absl::StatusOr<std::unique_ptr<Link>> Connect() override {
    TRY_ASSIGN(sys::Fd fd, sys::ConnectUnix(path("sock")));
    return NewBeanstalkdLink(std::move(fd));
  }

 protected:
  absl::StatusOr<std::vector<std::string>> Words() override {
    const std::string program = "/usr/bin/beanstalkd";
    TRY(CheckInstalled(program));
    TRY(sys::RemoveFile(path("sock")));
    return std::vector<std::string>{
        program, "-l",        "unix:" + path("sock"),
        "-b",    path("log"), often_ ? "-f50" : "-f0"};
  }

 private:
  bool often_;
};

class GearmandServer : public QueueServer {
 public:
  absl::StatusOr<std::unique_ptr<Link>> Connect() override {
    TRY_ASSIGN(sys::Fd fd, ConnectTcp(port_));
    return NewGearmandLink(std::move(fd));
  }

 protected:
  absl::StatusOr<std::vector<std::string>> Words() override {
    const std::string program = "/usr/sbin/gearmand";
    TRY(CheckInstalled(program));
    // Free a moment ago; it does not pick one itself.
    TRY_ASSIGN(const sys::Fd listening, sys::ListenTcp("127.0.0.1", 0));
    TRY_ASSIGN(port_, sys::LocalPort(listening.get()));
    return std::vector<std::string>{program,
                                    "--listen=127.0.0.1",
                                    absl::StrCat("--port=", port_),
                                    "--queue-type=libsqlite3",
                                    "--libsqlite3-db=" + path("queue.db"),
                                    "--log-file=" + path("log"),
                                    "--pid-file=" + path("pid"),
                                    "--backlog=1024"};
  }

 private:
  int port_ = 0;
};

}  // namespace

QueueServer::QueueServer() : folder_(Need(sys::TemporaryFolder::Make("q-"))) {}

absl::StatusOr<double> QueueServer::StartServer() {
  TRY_ASSIGN(std::vector<std::string> words, Words());
  const absl::Time begin = sys::SteadyNow();
  TRY_ASSIGN(process_, Process::Start(std::move(words), path("errors"),
                                      /*ready=*/false));
  // It says nowhere that it listens.
  while (SecondsSince(begin) < 20) {
    auto link = Connect();
    if (link.ok()) {
      TRY((*link)->Ping());
      return SecondsSince(begin);
    }
    usleep(1000);
  }
  const std::string errors = sys::ReadFile(path("errors")).value_or("");
  return absl::UnavailableError(
      absl::StrCat("it does not listen: ", errors.substr(0, 200)));
}

QueuePeer Beanstalkd(bool often) {
  return {often ? "beanstalkd -f50" : "beanstalkd -f0",
          [often] { return std::make_unique<BeanstalkdServer>(often); }};
}

QueuePeer Gearmand() {
  return {"gearmand, libsqlite3",
          [] { return std::make_unique<GearmandServer>(); }};
}

absl::StatusOr<std::unique_ptr<QueueServer>> Started(const QueuePeer& peer) {
  std::unique_ptr<QueueServer> server = peer.make();
  TRY(server->StartServer());
  return server;
}

absl::StatusOr<double> PeerJobsPerSecond(QueueServer& server,
                                         const std::string& program, int jobs) {
  std::vector<std::unique_ptr<Link>> links;
  for (int i = 0; i < kCallers + kWorkers; i++) {
    TRY_ASSIGN(std::unique_ptr<Link> link, server.Connect());
    links.push_back(std::move(link));
  }
  std::atomic<int> left = jobs;
  const absl::Time begin = sys::SteadyNow();
  Threads workers, callers;
  for (int w = 0; w < kWorkers; w++) {
    workers.Add([&, w] { return RunCommands(*links[kCallers + w]); });
  }
  for (int c = 0; c < kCallers; c++) {
    callers.Add([&, c]() -> absl::Status {
      while (left-- > 0) TRY(links[c]->Put({program}));
      return absl::OkStatus();
    });
  }
  const absl::Status put = callers.Join();
  // First in, first out: each worker takes one of these last.
  const std::vector<std::string> stops(kWorkers, kStop);
  const absl::Status stopped = links[0]->Put(stops);
  TRY(workers.Join());
  TRY(put);
  TRY(stopped);
  return jobs / SecondsSince(begin);
}

absl::StatusOr<double> PeerPutSeconds(QueueServer& server, int jobs) {
  // More answers than this might not fit what the socket holds.
  constexpr int kTogether = 100;
  TRY_ASSIGN(std::unique_ptr<Link> link, server.Connect());
  const std::vector<std::string> some(
      kTogether,
      "virtdom_httpd_conf_add example.org 192.0.2.7 www.example.com");
  const absl::Time begin = sys::SteadyNow();
  for (int left = jobs; left > 0; left -= kTogether) {
    TRY(link->Put(
        absl::MakeConstSpan(some).subspan(0, std::min(left, kTogether))));
  }
  return SecondsSince(begin);
}

// --- task-spooler ------------------------------------------------------------

Spooler::Spooler() : folder_(Need(sys::TemporaryFolder::Make("tsp-"))) {}

absl::StatusOr<std::unique_ptr<Spooler>> Spooler::Start() {
  TRY(CheckInstalled("/usr/bin/tsp"));
  std::unique_ptr<Spooler> spooler(new Spooler);
  const std::string folder = spooler->folder_.path();
  // Its commands find their server by these.
  setenv("TS_SOCKET", (folder + "/sock").c_str(), 1);
  setenv("TS_MAXCONN", "4000", 1);
  setenv("TS_MAXFINISHED", "100000", 1);
  TRY(spooler->Run({"-S", "2"}));
  TRY_ASSIGN(const sys::Fd fd, sys::ConnectUnix(folder + "/sock"));
  TRY_ASSIGN(const sys::PeerCredentials server, sys::PeerOf(fd.get()));
  spooler->daemon_.emplace(server.pid);
  return spooler;
}

absl::Status Spooler::Run(std::vector<std::string> words) const {
  words.insert(words.begin(), "/usr/bin/tsp");
  TRY_ASSIGN(Process tsp, Process::Start(words, folder_.path() + "/errors",
                                         /*ready=*/false));
  TRY_ASSIGN(const sys::Ended ended, tsp.Wait(absl::Minutes(1)));
  if (ended.code == 0 && ended.signal == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("tsp ", words[1], ": exit ", ended.code));
}

absl::StatusOr<double> Spooler::JobsPerSecond(const std::string& program,
                                              int jobs) {
  std::atomic<int> left = jobs;
  const absl::Time begin = sys::SteadyNow();
  Threads callers;
  for (int c = 0; c < kCallers; c++) {
    callers.Add([&]() -> absl::Status {
      while (left-- > 0) TRY(Run({program}));
      return absl::OkStatus();
    });
  }
  TRY(callers.Join());
  // They start in order of number, two at a time.
  for (int last = 1; last <= std::min(jobs, 2); last++) {
    TRY(Run({"-w", absl::StrCat(jobs - last)}));
  }
  return jobs / SecondsSince(begin);
}

absl::StatusOr<double> Spooler::ChainSeconds(const std::string& program,
                                             int jobs) {
  const absl::Time begin = sys::SteadyNow();
  TRY(Run({program}));
  for (int i = 1; i < jobs; i++) TRY(Run({"-d", program}));
  TRY(Run({"-w", absl::StrCat(jobs - 1)}));
  return SecondsSince(begin);
}

std::string PeerNotes() {
  return "\n"
         "What the peers do not do: sign or encrypt anything, know who may run "
         "what, keep\n"
         "dependencies, results or output (tsp: output, and \"after the "
         "last\"), run anything\n"
         "on another host. beanstalkd has each put on stable storage, "
         "deletions only with\n"
         "the next put; gearmand a row of SQLite each; tsp nothing, and a "
         "waiting process\n"
         "for each queued command. Their workers are this program's: take, "
         "vfork, wait, done.\n";
}

}  // namespace bench
