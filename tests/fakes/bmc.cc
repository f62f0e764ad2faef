// bmc [--count=N] [--address=127.0.10.1] [--port=623] [--user=NAME:PASSWORD:N]
//     [--kg=KEY] [--suites=3,17] [--off] [--delay=20ms] [--loss=0.05]
//     [--dead=N] [--stubborn=N] [--switch-time=1s] [--silent-for-unknown]
//     [--busy=N] [--seed=N] [--ready-fd=N]
// Serves models of controllers (bmc_model.h) on N addresses that follow each
// other. The last --dead of them hear and say nothing, the first --stubborn say
// yes and do nothing. SIGUSR1 prints a line of counts for each, as does the
// end by SIGTERM or SIGINT.
#include <absl/strings/match.h>
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
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace {

struct Settings {
  int count = 1;
  int dead = 0, stubborn = 0;
  std::string address = "127.0.10.1";
  int port = 623;
  int seed = 0;
  int ready_fd = -1;
  bool has_users = false;
  fakes::BmcOptions bmc;
  fakes::BmcNetwork network;
};

bool TakeUser(Settings& settings, const std::string& value) {
  const std::vector<std::string> parts = absl::StrSplit(value, ':');
  int privilege = 4;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &privilege)) {
    return false;
  }
  if (!settings.has_users) settings.bmc.users.clear();
  settings.has_users = true;
  settings.bmc.users.push_back(
      {parts[0], parts[1], static_cast<uint8_t>(privilege)});
  return true;
}

bool TakeSuites(Settings& settings, const std::string& value) {
  settings.bmc.suites.clear();
  for (const absl::string_view suite : absl::StrSplit(value, ',')) {
    int number = 0;
    if (!absl::SimpleAtoi(suite, &number)) return false;
    settings.bmc.suites.push_back(number);
  }
  return true;
}

bool Take(Settings& settings, const std::string& word,
          const std::string& value) {
  if (word == "--count") return absl::SimpleAtoi(value, &settings.count);
  if (word == "--dead") return absl::SimpleAtoi(value, &settings.dead);
  if (word == "--stubborn") return absl::SimpleAtoi(value, &settings.stubborn);
  if (word == "--port") return absl::SimpleAtoi(value, &settings.port);
  if (word == "--ready-fd") return absl::SimpleAtoi(value, &settings.ready_fd);
  if (word == "--seed") return absl::SimpleAtoi(value, &settings.seed);
  if (word == "--busy") {
    return absl::SimpleAtoi(value, &settings.bmc.busy_logins);
  }
  if (word == "--loss") {
    return absl::SimpleAtod(value, &settings.network.loss);
  }
  if (word == "--delay") {
    return absl::ParseDuration(value, &settings.network.delay);
  }
  if (word == "--switch-time") {
    return absl::ParseDuration(value, &settings.bmc.switch_time);
  }
  if (word == "--user") return TakeUser(settings, value);
  if (word == "--suites") return TakeSuites(settings, value);
  if (word == "--address")
    settings.address = value;
  else if (word == "--kg")
    settings.bmc.controller_key = value;
  else if (word == "--off")
    settings.bmc.is_on = false;
  else if (word == "--silent-for-unknown")
    settings.bmc.silent_for_unknown = true;
  else
    return false;
  return true;
}

// The address that is `n` behind one of IPv4.
std::string Behind(const std::string& address, int n) {
  const std::vector<std::string> parts = absl::StrSplit(address, '.');
  uint32_t number = 0;
  for (const std::string& part : parts) {
    int byte = 0;
    MUST(absl::SimpleAtoi(part, &byte));
    number = number << 8 | byte;
  }
  number += n;
  return absl::StrCat(number >> 24, ".", number >> 16 & 255, ".",
                      number >> 8 & 255, ".", number & 255);
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
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> parts =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    if (!Take(settings, parts[0], parts.size() == 2 ? parts[1] : "")) {
      fprintf(stderr, "bmc: %s: not known\n", argv[i]);
      return 64;
    }
  }
  sys::RaiseDescriptorLimit();
  sys::Loop loop;
  std::vector<std::unique_ptr<fakes::BmcServer>> servers;
  for (int i = 0; i < settings.count; ++i) {
    fakes::BmcOptions bmc = settings.bmc;
    fakes::BmcNetwork network = settings.network;
    bmc.is_stubborn = i < settings.stubborn;
    network.is_dead = i >= settings.count - settings.dead;
    auto server =
        fakes::BmcServer::Make(loop, Behind(settings.address, i), settings.port,
                               std::move(bmc), network, settings.seed + i + 1);
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
  sys::TellReady(settings.ready_fd, "ready\n");
  loop.Run();
  return 0;
}
