// bmc [--count=N] [--address=127.0.10.1] [--port=623] [--user=NAME:PASSWORD:N]
//     [--kg=KEY] [--suites=3,17] [--off] [--delay=20ms] [--loss=0.05]
//     [--dead=N] [--stubborn=N] [--switch-time=1s] [--silent-for-unknown]
//     [--busy=N] [--seed=N] [--ready-fd=N]
// Serves models of controllers (bmc_model.h) on N addresses that follow each
// other. The last --dead of them hear and say nothing, the first --stubborn say
// yes and do nothing. SIGUSR1 prints a line of counts for each, as does the
// end by SIGTERM or SIGINT.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "fakes/bmc_server.h"
#include "fakes/settings.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace {

struct Wanted {
  int count = 1;
  int dead = 0, stubborn = 0;
  std::string address = "127.0.10.1";
  int port = 623;
  int seed = 0;
  bool has_users = false;
  fakes::BmcOptions bmc;
  fakes::BmcNetwork network;
};

bool TakeUser(Wanted& wanted, const std::string& value) {
  const std::vector<std::string> parts = absl::StrSplit(value, ':');
  int privilege = 4;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &privilege)) {
    return false;
  }
  if (!wanted.has_users) wanted.bmc.users.clear();
  wanted.has_users = true;
  wanted.bmc.users.push_back(
      {parts[0], parts[1], static_cast<uint8_t>(privilege)});
  return true;
}

bool TakeSuites(Wanted& wanted, const std::string& value) {
  wanted.bmc.suites.clear();
  for (const absl::string_view suite : absl::StrSplit(value, ',')) {
    int number = 0;
    if (!absl::SimpleAtoi(suite, &number)) return false;
    wanted.bmc.suites.push_back(number);
  }
  return true;
}

void PrintCounts(
    const std::vector<std::unique_ptr<fakes::BmcServer>>& servers) {
  for (const auto& server : servers) {
    fakes::BmcModel& model = server->model();
    const fakes::BmcCounts& counts = model.counts();
    printf(
        "%s %s received %d opens %d rakp1s %d rakp3s %d refused %d "
        "logins %d on %d off %d cycle %d reset %d soft %d nmi %d dropped "
        "%d\n",
        server->address().Text().c_str(),
        model.IsOn(sys::SteadyNow()) ? "on" : "off", server->received(),
        counts.opens, counts.rakp1s, counts.rakp3s, counts.refused_proofs,
        counts.logins, counts.on, counts.off, counts.cycle, counts.reset,
        counts.soft, counts.nmi, counts.dropped);
  }
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  fakes::Settings settings("bmc");
  settings.Bind("--count", &wanted.count)
      .Bind("--address", &wanted.address)
      .Bind("--port", &wanted.port)
      .Bind("--dead", &wanted.dead)
      .Bind("--stubborn", &wanted.stubborn)
      .Bind("--seed", &wanted.seed)
      .Bind("--busy", &wanted.bmc.busy_logins)
      .Bind("--loss", &wanted.network.loss)
      .Bind("--delay", &wanted.network.delay)
      .Bind("--switch-time", &wanted.bmc.switch_time)
      .Bind("--kg", &wanted.bmc.controller_key)
      .Bind("--user",
            [&](const auto& value) { return TakeUser(wanted, value); })
      .Bind("--suites",
            [&](const auto& value) { return TakeSuites(wanted, value); })
      .Flag("--off", &wanted.bmc.is_on, false)
      .Flag("--silent-for-unknown", &wanted.bmc.silent_for_unknown);
  if (!settings.Read(argc, argv)) return 64;
  sys::RaiseDescriptorLimit();
  sys::Loop loop;
  std::vector<std::unique_ptr<fakes::BmcServer>> servers;
  for (int i = 0; i < wanted.count; ++i) {
    fakes::BmcOptions bmc = wanted.bmc;
    fakes::BmcNetwork network = wanted.network;
    bmc.is_stubborn = i < wanted.stubborn;
    network.is_dead = i >= wanted.count - wanted.dead;
    auto server = fakes::BmcServer::Make(
        loop, fakes::AddressBehind(wanted.address, i), wanted.port,
        std::move(bmc), network, wanted.seed + i + 1);
    if (!server.ok()) {
      fprintf(stderr, "bmc: %s\n",
              std::string(server.status().message()).c_str());
      return 71;
    }
    servers.push_back(*std::move(server));
  }
  sys::Signals signals(loop, {SIGTERM, SIGINT, SIGUSR1}, [&](int signal) {
    PrintCounts(servers);
    if (signal != SIGUSR1) loop.Stop();
  });
  sys::TellReady(settings.ready_fd(), "ready\n");
  loop.Run();
  return 0;
}
