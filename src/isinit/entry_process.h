// Starts what a table says: the main process of an entry, and the commands that
// go with it (stop=, ready=cmd:, health=cmd:).
//
// Each has a session of its own, default signals, nothing of our environment
// that was not asked for, and no descriptor but those it is given. A command
// without anything for a shell to do is executed itself; others by /bin/sh -c.
//
// In its environment, besides what the table says: PATH; ISINIT_GROUP, _TAG,
// _LEVEL and _SOCKET; of user=, HOME, USER, LOGNAME and SHELL; LISTEN_FDS,
// LISTEN_PID and LISTEN_FDNAMES with sockets; NOTIFY_SOCKET with ready=notify;
// for each secret=NAME:PATH, NAME, which is the number of a descriptor open on
// the file, opened by us: its user need not be able to. With tty= the terminal
// is standard input, output and error. An askfirst entry waits for Enter there,
// on the console without tty=, before its command is executed.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "isinit/entry_environment.h"
#include "isinit/table.h"
#include "sys/child.h"
#include "sys/spare_descriptors.h"

namespace isinit {

// What is ours to give to a process.
struct ProcessGifts {
  int in = -1, out = -1, err = -1;  // -1: /dev/null; unused with tty=
  int cgroup = -1;                  // the folder it starts in; -1: ours
  int ready = -1;                   // becomes the descriptor of ready=fd:N
  std::string notify_socket = {};   // "" none
  // Held sockets, and what it stored with us: its descriptors from 3 on, with
  // their names.
  std::vector<std::pair<int, std::string>> listen = {};
  Variables variables = {};  // e.g. ISINIT_PID for stop=
};

class EntryProcesses {
 public:
  // `socket`: where we can be told things. To be made before our limit of open
  // descriptors is raised, as what we start has the one we were started with,
  // and before there are many, as it keeps some with low numbers.
  explicit EntryProcesses(std::string socket);

  // Ours becomes again what it was then.
  void LowerDescriptorLimit() const;

  // Starts the entry's own command for `level`; the pid of a child of ours. To
  // be given to sys::Reaper before the loop goes on. As sys::Child::Spawn
  // fails; NotFound also for an account or a file that is not there.
  absl::StatusOr<int> Start(const Entry& entry, absl::string_view level,
                            const ProcessGifts& gifts) const;
  // Another command in the same surroundings, without terminal.
  absl::StatusOr<int> StartCommand(const Entry& entry,
                                   absl::string_view command,
                                   absl::string_view level,
                                   const ProcessGifts& gifts) const;

 private:
  absl::StatusOr<int> Spawn(const Entry& entry, absl::string_view command,
                            absl::string_view level, const ProcessGifts& gifts,
                            bool main) const;

  std::string socket_;
  sys::ChildSetup::Limit descriptors_;
  std::vector<std::string> ours_;
  sys::SpareDescriptors spare_;
};

// The arguments a command is executed with, by a shell where it needs one.
// `utf8`: how its locale reads it. `shell`: whether there is one, asked only if
// it matters; without, what only names a shell's built-in is looked for as a
// program.
std::vector<std::string> ArgumentsOf(absl::string_view command, bool utf8,
                                     absl::FunctionRef<bool()> shell);
// The uid that user= names; ours for "".
absl::StatusOr<uint32_t> UserOf(const Surroundings& surroundings);

}  // namespace isinit
