// isinit, its peers, and the least that any of them must do.
#pragma once

#include <absl/status/statusor.h>
#include <signal.h>

#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Surroundings {
  std::string folder;   // empty; its own
  std::string program;  // what each service is: service.c
  int services = 0;
};

struct Commands {
  std::vector<std::string> supervise;
  // Asks a supervisor that is ready, which it says on its standard output, to
  // start the services. Empty: it starts them by itself.
  std::vector<std::string> begin = {};
  // Asks it to stop everything and to end; empty: the signal does.
  std::vector<std::string> end = {};
  int end_signal = SIGTERM;
  // The first process only begins a namespace for the supervisor.
  bool in_namespace = false;
};

struct Supervisor {
  std::string name, word;          // word: what BENCH_PEERS calls it
  std::vector<std::string> needs;  // programs
  bool is_peer = true;             // else a limit
  bool immediate = true;           // does not wait a second on purpose
  // Writes its configuration.
  std::function<absl::StatusOr<Commands>(const Surroundings&)> prepare;
};

Supervisor Isinit();
Supervisor Floor();
Supervisor CgroupFloor();
Supervisor Runit();
Supervisor S6();
Supervisor Supervisord();
Supervisor BusyboxInit();

}  // namespace bench
