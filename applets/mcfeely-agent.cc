#include <absl/strings/str_cat.h>
#include <signal.h>

#include "base/status.h"
#include "cli/applet.h"
#include "mcfeely/agent.h"
#include "mcfeely/client.h"
#include "mcfeely/config.h"
#include "mcfeely/far_agent.h"
#include "mcfeely/job.h"
#include "net/address.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/users.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'S', "server", "ADDR", "the server; several are tried in turn"},
      {'l', "listen", "ADDR", "listen for the server there"},
      {0, "stdio", "", "talk to the server over stdin and stdout"},
      {0, "while-needed", "", "end when there is nothing to do"},
      {'H', "host", "NAME", "the name tasks are addressed to"},
      {'C', "comm-dir", "DIR", "the comm folder", "/etc/fleetbox/comm"},
      {'J', "journal", "DIR", "the journal's folder"},
      {'i', "identity", "FILE", "the host's key"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {'P', "policy", "FILE", "who may run what here"},
      {0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"},
      {0, "dead-after", "TIME", "give up a channel that is silent so long",
       "45s"},
      {0, "ready-fd", "N", "tell here once a server is reached, or can call"},
      {'v', "verbose", "", "log each step"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_agent = {
    .name = "mcfeely-agent",
    .summary = "carry out tasks on this host",
    .usage =
        "[-v] [-S ADDR ...] [-l ADDR ...] [-H NAME] [-C DIR] [-J DIR]\n"
        "--stdio [-H NAME] [-C DIR] [-J DIR]",
    .options = kOptions,
    .exits = "75  another agent has the journal\n",
    .run = Run,
};

namespace {

// The agent that is behind it gets the same options, but for where it is.
absl::StatusOr<int> RunStdio(const cli::Call& call, const std::string& host) {
  if (call.Has("server") || call.Has("listen") || call.Has("while-needed")) {
    return cli::UsageError(
        "--stdio goes without --server, --listen and --while-needed");
  }
  mcfeely::FarAgentConfig config;
  config.folder =
      call.Has("journal") ? call.Get("journal") : mcfeely::FarAgentFolder(host);
  config.agent = {
      "mcfeely-agent",       "-H", host, "--to", call.Get("to"), "--dead-after",
      call.Get("dead-after")};
  // It is in another folder than we are.
  for (const char* file : {"comm-dir", "identity", "trust"}) {
    if (call.Get(file).empty()) continue;
    TRY_ASSIGN(const std::string path, sys::AbsolutePath(call.Get(file)));
    config.agent.push_back(absl::StrCat("--", file, "=", path));
  }
  if (call.Has("verbose")) config.agent.push_back("-v");
  TRY(mcfeely::RelayToFarAgent(config));
  return 0;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(call.NoOperands());
  mcfeely::AgentConfig config;
  config.host = call.Has("host") ? call.Get("host") : sys::HostName();
  TRY(mcfeely::CheckHost(config.host));
  if (call.Has("stdio")) return RunStdio(call, config.host);
  config.listen = call.All("listen");
  std::vector<std::string> servers = call.All("server");
  if (servers.empty() && config.listen.empty()) {
    servers = {mcfeely::DefaultServer()};
  }
  for (const std::string& text : servers) {
    for (std::string& address : net::SplitAddresses(text)) {
      config.servers.push_back(std::move(address));
    }
  }
  config.while_needed = call.Has("while-needed");
  TRY_ASSIGN(config.dead_after, call.Duration("dead-after"));
  if (config.dead_after < mcfeely::kShortestDeadAfter) {
    return cli::UsageError("--dead-after: at least 20s");
  }
  config.server_principal = call.Get("to");
  config.comm_folder = call.Get("comm-dir");
  if (call.Has("journal")) config.journal = call.Get("journal");
  config.identity = call.Get("identity");
  config.trust = call.Get("trust");
  config.policy = call.Get("policy");
  TRY_ASSIGN(int64_t ready_fd,
             call.Has("ready-fd") ? call.Int("ready-fd", 0, 1 << 20) : -1);
  if (call.Has("verbose")) sys::SetLogLevel(sys::LogLevel::kStep);
  sys::RaiseDescriptorLimit();
  sys::Loop loop;
  std::unique_ptr<mcfeely::Agent> agent;
  sys::Signals signals(loop, {SIGTERM, SIGINT}, [&](int signal) {
    sys::Log("agent.stopping", {{"signal", sys::SignalName(signal)}});
    agent == nullptr ? loop.Stop() : agent->Stop(absl::Seconds(30));
  });
  TRY_ASSIGN(agent, mcfeely::Agent::Open(loop, config));
  sys::Log("agent.started", {{"host", config.host}, {"pid", sys::MyPid()}});
  std::string addresses;
  for (const std::string& address : agent->addresses()) {
    sys::Log("agent.listens", {{"address", address}});
    absl::StrAppend(&addresses, address, "\n");
  }
  sys::NotifySupervisor();
  if (!addresses.empty()) {
    sys::TellReady(static_cast<int>(ready_fd), addresses);
  } else {
    agent->OnConnected(
        [ready_fd] { sys::TellReady(static_cast<int>(ready_fd), "\n"); });
  }
  loop.Run();
  agent.reset();
  sys::Log("agent.stopped", {{"pid", sys::MyPid()}});
  return 0;
}

}  // namespace
