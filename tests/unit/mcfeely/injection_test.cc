// A server and clients in one process, and between them a proxy that cuts
// connections.
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "keys/openssh_key.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "mcfeely/server.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace {

// Runs on a thread of its own until it goes out of scope.
class RunningServer {
 public:
  explicit RunningServer(mcfeely::ServerConfig config) {
    std::atomic<bool> ready = false;
    thread_ = std::thread([&, config] {
      auto server = mcfeely::Server::Open(loop_, config);
      if (!server.ok())
        fprintf(stderr, "%s\n", server.status().ToString().c_str());
      ready = true;
      if (!server.ok()) return;
      server_ = server->get();
      loop_.Run();
    });
    while (!ready) std::this_thread::yield();
  }
  ~RunningServer() {
    loop_.Post([this] { server_->Stop(absl::Seconds(5)); });
    thread_.join();
  }

 private:
  sys::Loop loop_;  // outlives who posts to it
  std::thread thread_;
  mcfeely::Server* server_ = nullptr;
};

// Passes bytes on between whoever connects to `path` and the socket `target`.
// The first connection is cut after so many bytes one way; the ones after it
// are left alone.
class CuttingProxy {
 public:
  CuttingProxy(std::string path, std::string target)
      : target_(std::move(target)), listener_(*sys::ListenUnix(path)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~CuttingProxy() {
    end_ = true;
    thread_.join();
  }
  // Of the next connection; -1 cuts nothing.
  void CutAfter(int to_server, int to_client) {
    left_[0] = to_server;
    left_[1] = to_client;
    was_cut_ = false;
  }
  bool was_cut() const { return was_cut_; }

 private:
  void Run() {
    sys::Fd ends[2];
    while (!end_) {
      pollfd polls[3] = {{listener_.get(), POLLIN, 0},
                         {ends[0] ? ends[0].get() : -1, POLLIN, 0},
                         {ends[1] ? ends[1].get() : -1, POLLIN, 0}};
      poll(polls, 3, 10);
      for (int i = 0; i < 2; i++) {
        if (ends[i] && (polls[1 + i].revents & (POLLIN | POLLHUP)) != 0 &&
            !Pass(ends[i].get(), ends[1 - i].get(), left_[i])) {
          ends[0].Reset();
          ends[1].Reset();
        }
      }
      // One at a time: the client calls again only after the cut.
      if (!ends[0] && (polls[0].revents & POLLIN) != 0) {
        ends[0] = *sys::Accept(listener_.get(), nullptr);
        if (ends[0]) ends[1] = *sys::ConnectUnix(target_);
      }
    }
  }

  bool Pass(int from, int to, std::atomic<int>& left) {
    char buffer[4096];
    const ssize_t n = read(from, buffer, sizeof buffer);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    const bool cut = left >= 0 && left <= n;
    const ssize_t passed = cut ? left.load() : n;
    if (!sys::WriteAll(to, {buffer, static_cast<size_t>(passed)}).ok()) {
      return false;
    }
    if (left >= 0) left -= static_cast<int>(passed);
    if (!cut) return true;
    left_[0] = left_[1] = -1;
    was_cut_ = true;
    return false;
  }

  std::string target_;
  sys::Fd listener_;
  std::thread thread_;
  std::atomic<bool> end_ = false, was_cut_ = false;
  std::atomic<int> left_[2] = {-1, -1};
};

fleetbox::wire::Job OneTask(const std::string& description) {
  mcfeely::Job job;
  job.description = description;
  mcfeely::Task task;
  task.name = "task";
  task.host = "h1";
  task.comm = "true";
  job.tasks.push_back(task);
  return mcfeely::ToMessage(job);
}

struct World {
  World() : folder(*sys::TemporaryFolder::Make("inject-")) {
    const keys::KeyPair key = keys::NewKeyPair("hub");
    REQUIRE(keys::WriteKeyFiles(folder.path() + "/hub", key, false).ok());
    config.queue = folder.path() + "/queue";
    config.listen = {"unix:" + socket()};
    config.identity = folder.path() + "/hub";
    config.trust = folder.path() + "/none";
    config.hosts = {"h1"};
  }
  std::string socket() const { return folder.path() + "/sock"; }
  std::unique_ptr<mcfeely::Client> Client(const std::string& path) {
    auto client = mcfeely::Client::Make({.server = "unix:" + path,
                                         .identity = folder.path() + "/hub",
                                         .trust = folder.path() + "/none"});
    REQUIRE(client.ok());
    return *std::move(client);
  }
  sys::TemporaryFolder folder;
  mcfeely::ServerConfig config;
};

}  // namespace

TEST_CASE("mcfeely 21: a connection cut at any byte makes one job or none",
          "[mcfeely]") {
  World world;
  RunningServer server(world.config);
  const std::string path = world.folder.path() + "/proxy";
  CuttingProxy proxy(path, world.socket());
  std::set<uint64_t> numbers;
  for (int way = 0; way < 2; way++) {
    bool cut = true;
    for (int at = 0; cut && at < 4000; at++) {
      proxy.CutAfter(way == 0 ? at : -1, way == 1 ? at : -1);
      auto client = world.Client(path);
      auto parcel = client->SealJob(OneTask("cut"));
      REQUIRE(parcel.ok());
      const auto number = client->Deliver(*parcel);
      INFO((way == 0 ? "to the server: " : "to the client: ") << at);
      REQUIRE(number.ok());
      // A number given to two parcels, or two numbers for one, would show.
      REQUIRE(numbers.insert(*number).second);
      REQUIRE(*number == numbers.size());
      cut = proxy.was_cut();
    }
    REQUIRE(!cut);
  }
  CHECK(numbers.size() > 200);
}

TEST_CASE("client: a server that is not there is unavailable, soon",
          "[mcfeely]") {
  World world;
  auto client = mcfeely::Client::Make({.server = "unix:" + world.socket(),
                                       .identity = world.config.identity,
                                       .trust = world.config.trust,
                                       .patience = absl::Milliseconds(50)});
  REQUIRE(client.ok());
  auto parcel = (*client)->SealJob(OneTask("x"));
  REQUIRE(parcel.ok());
  CHECK(absl::IsUnavailable((*client)->Deliver(*parcel).status()));
}

TEST_CASE("server: a parcel for somebody else changes nothing", "[mcfeely]") {
  World world;
  RunningServer server(world.config);
  auto client = mcfeely::Client::Make({.server = "unix:" + world.socket(),
                                       .server_principal = "server:other",
                                       .identity = world.config.identity,
                                       .trust = world.config.trust});
  REQUIRE(client.ok());
  auto parcel = (*client)->SealJob(OneTask("x"));
  REQUIRE(parcel.ok());
  const auto refused = (*client)->Deliver(*parcel);
  CHECK(absl::IsPermissionDenied(refused.status()));
  CHECK(refused.status().message() == "refused");
  parcel->back() ^= 1;
  CHECK(absl::IsPermissionDenied((*client)->Deliver(*parcel).status()));
  auto honest = world.Client(world.socket());
  auto good = honest->SealJob(OneTask("x"));
  REQUIRE(good.ok());
  const auto number = honest->Deliver(*good);
  REQUIRE(number.ok());
  CHECK(*number == 1);
}

TEST_CASE("server: a job whose fields are wrong is invalid, with the reason",
          "[mcfeely]") {
  World world;
  RunningServer server(world.config);
  auto client = world.Client(world.socket());
  fleetbox::wire::Job job = OneTask("x");
  job.mutable_task(0)->set_comm("../sh");
  auto parcel = client->SealJob(job);
  REQUIRE(parcel.ok());
  const auto refused = client->Deliver(*parcel);
  CHECK(absl::IsInvalidArgument(refused.status()));
  CHECK(refused.status().message().find("../sh") != std::string::npos);

  job = OneTask("x");
  job.mutable_task(0)->set_host("nowhere");
  parcel = client->SealJob(job);
  REQUIRE(parcel.ok());
  const auto unknown = client->Deliver(*parcel);
  CHECK(absl::IsInvalidArgument(unknown.status()));
  CHECK(unknown.status().message() == "host 'nowhere' is not known here");
}
