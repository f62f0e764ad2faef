#include <signal.h>

#include "base/status.h"
#include "cli/applet.h"
#include "mcfeely/agent.h"
#include "mcfeely/client.h"
#include "mcfeely/job.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/users.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'S', "server", "ADDR", "the server; several are tried in turn"},
      {'H', "host", "NAME", "the name tasks are addressed to"},
      {'C', "comm-dir", "DIR", "the comm folder", "/etc/fleetbox/comm"},
      {'J', "journal", "DIR", "the journal's folder",
       "/var/lib/fleetbox/agent"},
      {'i', "identity", "FILE", "the host's key"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {'P', "policy", "FILE", "who may run what here"},
      {0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"},
      {0, "ready-fd", "N", "write a newline here once a server is reached"},
      {'v', "verbose", "", "log each step"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_agent = {
    .name = "mcfeely-agent",
    .summary = "carry out tasks on this host",
    .usage = "[-v] [-S ADDR ...] [-H NAME] [-C DIR] [-J DIR]",
    .options = kOptions,
    .exits = "75  another agent has the journal\n",
    .run = Run,
};

namespace {

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(call.NoOperands());
  mcfeely::AgentConfig config;
  config.host = call.Has("host") ? call.Get("host") : sys::HostName();
  TRY(mcfeely::CheckHost(config.host));
  config.servers = call.All("server");
  if (config.servers.empty()) config.servers = {mcfeely::DefaultServer()};
  config.server_principal = call.Get("to");
  config.comm_folder = call.Get("comm-dir");
  config.journal = call.Get("journal");
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
  sys::NotifySupervisor();
  agent->OnConnected(
      [ready_fd] { sys::TellReady(static_cast<int>(ready_fd), "\n"); });
  loop.Run();
  agent.reset();
  sys::Log("agent.stopped", {{"pid", sys::MyPid()}});
  return 0;
}

}  // namespace
