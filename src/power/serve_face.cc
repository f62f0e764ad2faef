#include "power/serve_face.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "power/limits.h"
#include "power/powerman_server.h"
#include "power/reboot_options.h"
#include "power/relay_face.h"
#include "power/relay_server.h"
#include "power/service_resume.h"
#include "power/service_run.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace power {
namespace {

// A question about a thousand hosts takes half a megabyte, and the next one
// will, too: it is not given back in between.
constexpr size_t kKeptBytes = 8 << 20;

constexpr char kUsualAddress[] = "127.0.0.1:10101";
constexpr absl::Duration kLongest = absl::Hours(24);

absl::StatusOr<std::string> Listen(PowermanServer& server,
                                   absl::string_view text) {
  absl::string_view path = text;
  if (absl::ConsumePrefix(&path, "unix:") || absl::StartsWith(path, "/")) {
    TRY(server.ListenUnix(std::string(path)));
    return absl::StrCat("unix:", path);
  }
  TRY_ASSIGN(const ListenAddress address, ParseListenAddress(text));
  TRY_ASSIGN(const int port, server.ListenTcp(address));
  return absl::StrCat(text.substr(0, text.rfind(':')), ":", port);
}

std::vector<std::string> AddressesOf(const cli::Call& call,
                                     const Inventory& inventory) {
  if (call.Has("listen")) return call.All("listen");
  if (!inventory.parts().listens.empty()) return inventory.parts().listens;
  return {kUsualAddress};
}

absl::StatusOr<ServiceRun::Options> ReadOptions(const cli::Call& call) {
  ServiceRun::Options options = ServiceOptionsOf(call);
  TRY_ASSIGN(options.connect_timeout,
             call.Duration("connect-timeout", absl::Milliseconds(1), kLongest));
  options.note = [](const std::string& line) {
    sys::Log("power.note", {{"text", line}});
  };
  options.switched = [](const HostResult& result, const std::string& who) {
    sys::Log("power.switched", {{"host", result.host},
                                {"action", Word(result.action)},
                                {"plugs", result.feeds},
                                {"outcome", Word(result.outcome)},
                                {"detail", result.detail},
                                {"by", who}});
  };
  return options;
}

// One that is not whole leaves everything as it is.
void Reload(const cli::Call& call, ServiceRun& service) {
  absl::StatusOr<Inventory> inventory = NeedInventory(call);
  if (!inventory.ok()) {
    sys::Log("power.inventory.kept", {{"why", inventory.status().message()}});
    return;
  }
  sys::Log("power.inventory.read", {{"hosts", inventory->hosts().size()},
                                    {"controllers", inventory->pcus().size()}});
  service.SetInventory(*std::move(inventory));
}

class Serving {
 public:
  Serving(const cli::Call& call, sys::Loop& loop) : call_(call), loop_(loop) {}

  absl::StatusOr<std::string> Open(Inventory inventory) {
    TRY_ASSIGN(ServiceRun::Options options, ReadOptions(call_));
    const std::vector<std::string> addresses = AddressesOf(call_, inventory);
    service_.emplace(loop_, std::move(inventory), std::move(options));
    server_.emplace(
        loop_, *service_,
        PowermanServerOptions{.native_cycle = call_.Has("native-cycle"),
                              .wait = !call_.Has("no-wait")});
    std::string listening;
    for (const std::string& text : addresses) {
      TRY_ASSIGN(const std::string address, Listen(*server_, text));
      sys::Log("power.listens", {{"address", address}, {"pid", sys::MyPid()}});
      absl::StrAppend(&listening, address, "\n");
    }
    TRY(TakeRequests(listening));
    resume_.emplace(*service_, call_.Has("resume-on"));
    resume_->Start();
    return listening;
  }

  void OnSignal(int signal) {
    if (!service_.has_value()) return loop_.Stop();
    if (signal == SIGHUP) return Reload(call_, *service_);
    sys::Log("power.stopping", {{"signal", sys::SignalName(signal)}});
    if (std::exchange(stops_, true)) {
      if (relay_.has_value() && !std::exchange(was_relay_stopped_, true)) {
        relay_->Abandon();
        StopService();
      }
      return service_->GiveUp();
    }
    server_->StopListening();
    if (!relay_.has_value()) return StopService();
    // What came by others goes first: it uses the service's connections.
    relay_->Stop([this] {
      loop_.Post([this] {
        if (!std::exchange(was_relay_stopped_, true)) StopService();
      });
    });
  }

  void Close() {
    relay_.reset();
    server_.reset();  // its clients are told what there is to be told
    resume_.reset();
    service_.reset();
  }

 private:
  // Of hosts that ask by --via, beside powerman's clients.
  absl::Status TakeRequests(std::string& listening) {
    if (!call_.Has("requests")) return absl::OkStatus();
    RelayServer::Options options = RelayOptionsOf(call_);
    options.run.means = service_->means();
    relay_.emplace(loop_, std::move(options));
    for (const std::string& text : call_.All("requests")) {
      TRY(base::Context(relay_->Listen(text), text));
    }
    for (const std::string& address : relay_->addresses()) {
      sys::Log("power.takes", {{"address", address}});
      absl::StrAppend(&listening, address, "\n");
    }
    return absl::OkStatus();
  }

  void StopService() {
    service_->Stop([this] { loop_.Stop(); });
  }

  const cli::Call& call_;
  sys::Loop& loop_;
  std::optional<ServiceRun> service_;
  std::optional<RelayServer> relay_;
  std::optional<PowermanServer> server_;
  std::optional<ServiceResume> resume_;
  bool stops_ = false, was_relay_stopped_ = false;
};

}  // namespace

absl::StatusOr<int> RunServe(const cli::Call& call) {
  if (!call.operands.empty()) {
    return cli::UsageError("serve: takes no targets");
  }
  TRY_ASSIGN(const int64_t ready_fd,
             call.Has("ready-fd") ? call.Int("ready-fd", 0, 1 << 20) : -1);
  if (call.Has("verbose")) sys::SetLogLevel(sys::LogLevel::kStep);
  TRY_ASSIGN(Inventory inventory, NeedInventory(call));
  sys::RaiseDescriptorLimit();
  sys::MakeRoomForDescriptors(inventory.pcus().size());
  sys::HideMemory();
  sys::KeepFreedMemory(kKeptBytes);
  sys::Loop loop;
  Serving serving(call, loop);
  // Made before any thread is.
  sys::Signals signals(loop, {SIGTERM, SIGINT, SIGHUP},
                       [&](int signal) { serving.OnSignal(signal); });
  TRY_ASSIGN(const std::string addresses, serving.Open(std::move(inventory)));
  sys::NotifySupervisor();
  sys::TellReady(static_cast<int>(ready_fd), addresses);
  loop.Run();
  serving.Close();
  sys::Log("power.stopped", {{"pid", sys::MyPid()}});
  return 0;
}

}  // namespace power
