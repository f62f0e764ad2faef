#include "power/relay_face.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/report.h"
#include "net/stdio_socket.h"
#include "power/own_action.h"
#include "power/relay_client.h"
#include "power/relay_journal.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/users.h"

namespace power {
namespace {

RelayOrder OrderOf(const RebootOptions& options) {
  RelayOrder order;
  order.choice = options.choice;
  order.plan = options.plan;
  order.connect_timeout = options.run.connect_timeout;
  order.dry_run = options.dry_run;
  order.trace = options.trace;
  order.asker = absl::StrCat(LoginName(), "@", sys::HostName());
  return order;
}

// One order, from here to its last word.
class Asking {
 public:
  Asking(sys::Loop& loop, const RebootOptions& options,
         const ViaCallbacks& callbacks)
      : loop_(loop),
        options_(options),
        callbacks_(callbacks),
        watch_(loop_, sys::NotIgnored({SIGINT, SIGTERM, SIGHUP}),
               [this](int) { OnSignal(); }) {
    if (options.dry_run) return;
    journal_ = std::make_unique<RelayJournal>(loop_, options.run.state_folder,
                                              options.plan.action, options.via);
  }

  absl::StatusOr<int> Run() {
    const absl::StatusOr<RelayHost> host = ParseRelayHost(options_.via);
    if (!host.ok()) {
      return cli::UsageError(absl::StrCat("--via: ", host.status().message()));
    }
    TRY_ASSIGN(client_, RelayClient::Ask(loop_, *host, OrderOf(options_),
                                         {.identity = options_.identity,
                                          .trust = options_.trust},
                                         Events()));
    loop_.Run();
    if (journal_ != nullptr) {
      const absl::Status written = journal_->Finish();
      if (!written.ok()) callbacks_.note(std::string(written.message()));
    }
    return std::move(end_);
  }

 private:
  RelayClient::Events Events() {
    RelayClient::Events events;
    events.hosts = [this](const std::vector<RelayTally::Host>& hosts) {
      has_hosts_ = true;
      if (journal_ != nullptr) journal_->Begin(hosts);
      callbacks_.hosts(hosts.size());
    };
    events.plan = callbacks_.plan;
    events.note = callbacks_.note;
    events.trace = callbacks_.trace;
    events.result = [this](size_t host, const HostResult& result) {
      if (journal_ != nullptr) journal_->End(host, result);
      results_.push_back(result);
      callbacks_.ended(host, result);
    };
    events.ended = [this](int exit_code, const std::string& error) {
      if (error.empty()) {
        end_ = exit_code;
      } else {
        end_ = cli::FailWith(exit_code, error);
      }
      loop_.Stop();
    };
    events.lost = [this](int code, bool was_sent, const std::string& why) {
      OnLost(code, was_sent, why);
      loop_.Stop();
    };
    return events;
  }

  void OnLost(int code, bool was_sent, const std::string& why) {
    if (has_hosts_) {
      // Perhaps all had a result, and only the last word is missing.
      const int its = ExitCodeOf(results_);
      end_ = its == 0 ? code : its;
      return;
    }
    std::string text = absl::StrCat(options_.via, ": ", why);
    if (was_sent && IsSwitching(options_.plan.action)) {
      absl::StrAppend(&text, "; may have been executed");
      if (journal_ != nullptr) {
        journal_->Unheard(absl::StrJoin(options_.choice.words, " "), why);
      }
    }
    end_ = cli::FailWith(code, text);
  }

  // The third one gives up the other host itself.
  void OnSignal() {
    if (client_ == nullptr) return;
    switch (++signals_) {
      case 1:
        callbacks_.interrupted();
        client_->Interrupt();
        break;
      case 2:
        client_->Abandon();
        break;
      default:
        client_->GiveUp();
    }
  }

  sys::Loop& loop_;
  const RebootOptions& options_;
  const ViaCallbacks& callbacks_;
  sys::Signals watch_;
  std::unique_ptr<RelayJournal> journal_;
  std::unique_ptr<RelayClient> client_;
  std::vector<HostResult> results_;
  bool has_hosts_ = false;
  int signals_ = 0;
  absl::StatusOr<int> end_ = 0;
};

// "ssh:10.0.0.7", as far as ssh says.
std::string SshPeer() {
  const std::vector<std::string> words =
      absl::StrSplit(sys::EnvironmentVariable("SSH_CLIENT"), ' ');
  return words[0].empty() ? "ssh" : absl::StrCat("ssh:", words[0]);
}

}  // namespace

absl::StatusOr<int> AskVia(sys::Loop& loop, const RebootOptions& options,
                           const ViaCallbacks& callbacks) {
  if (!options.run.record.empty()) {
    return cli::UsageError("--record: not by way of another host");
  }
  return Asking(loop, options, callbacks).Run();
}

RelayServer::Options RelayOptionsOf(const cli::Call& call) {
  RelayServer::Options options;
  options.identity = call.Get("identity");
  options.trust = call.Get("trust");
  options.run.inventory = InventoryPath(call);
  options.run.run = FoldersOf(call);
  return options;
}

absl::StatusOr<int> RunRelay(const cli::Call& call) {
  TRY(call.NoOperands());
  sys::Loop loop;
  RelayServer server(loop, RelayOptionsOf(call));
  int signals = 0;
  // Made before any thread is.
  sys::Signals watch(loop, sys::NotIgnored({SIGINT, SIGTERM, SIGHUP}),
                     [&](int) {
                       if (++signals == 1) {
                         server.Interrupt();
                       } else {
                         server.Abandon();
                       }
                     });
  net::StdioSocket stdio;
  TRY_ASSIGN(sys::Fd socket, stdio.Open());
  server.SetIdle([&loop] { loop.Stop(); });
  TRY(server.AcceptSsh(std::move(socket), SshPeer()));
  loop.Run();
  stdio.Close();
  return 0;
}

}  // namespace power
