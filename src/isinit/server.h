// The server: what a table says, kept true. Puts together what decides
// (supervision.h) and what does (tracking.h, entry_process.h, log_writer.h
// ...).
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "isinit/machine.h"

namespace isinit {

struct ServerConfig {
  std::string table;   // "": the usual one
  std::string socket;  // "": what the table says, or RUN_FOLDER/init.s
  std::string run_folder = "/run/isinit";
  std::string host;                 // our name; "": the system's
  std::vector<std::string> listen;  // for other hosts
  std::string identity, trust;      // files; "": the usual ones
  bool compat = false;
  int ready_fd = -1;
  // Once it can be called, standard output and error go to
  // RUN_FOLDER/isinit.log.
  bool detached = false;
  // As process 1: where. The table's sysinit and bootwait entries run first,
  // its shutdown entries at the end.
  bool process_one = false;
  Situation situation = Situation::kContainer;
  // The first tell, in place of the table's ":::boot:" lines.
  std::string first_group, first_level;
  // Our own command line, for executing ourselves anew.
  std::vector<std::string> arguments;
};

// How it came to its end.
struct ServerEnd {
  int code = 0;          // of the essential entry
  bool machine = false;  // process 1: `power` is what follows
  Power power = Power::kPowerOff;
  // Process 1: who is executed in its place instead of all that.
  std::vector<std::string> successor;
};

// Runs until it is told to end. Unavailable when there is one already.
absl::StatusOr<ServerEnd> RunServer(ServerConfig config);

// Everything process 1 does, the server included: mounts, console, rescue
// shell, the end of the machine. Returns where it may: in a container, with its
// exit code.
absl::StatusOr<int> RunAsProcessOne(ServerConfig config);

// For a program that is to take the place of ours: 0 when it can read the
// record that is open there.
absl::StatusOr<int> ProbeRecord(int fd);
// Whether an earlier life of this process executed us, and our command line. It
// left its record in the descriptor that this variable names.
bool IsExecutedAnew();
inline constexpr char kRecordVariable[] = "ISINIT_RECORD_FD";
std::vector<std::string> OwnArguments();

// Where a server of this configuration listens: without one that is there, too.
std::string SocketOf(const ServerConfig& config);

}  // namespace isinit
