// What /proc says of processes: who they are and whose children.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys {

struct ProcessInfo {
  int pid = 0, parent = 0, group = 0, session = 0;
  bool ended = false;  // a zombie
  // In clock ticks since the system's start. With the pid it names a process:
  // a number is not given twice in one tick.
  uint64_t start_ticks = 0;
};
std::optional<ProcessInfo> ReadProcess(int pid);
// The same clock, now. To know a process by when we started it, without a look
// at /proc, which costs as much again when it ends: a moment within two ticks
// of its start is taken for it.
uint64_t TicksNow();
bool IsSameStart(uint64_t ticks, uint64_t others);
// All that we may see, zombies too.
std::vector<ProcessInfo> AllProcesses();
// Our children, by their numbers, those included that ended and that nobody has
// asked for.
std::vector<int> OwnChildren();
// The environment it was executed with, NAME=VALUE; empty when it has none, has
// ended, or we may not look, and for a moment in the middle of an exec.
std::vector<std::string> EnvironmentOf(int pid);
// Its path in the tree of cgroups version 2: "/system/x"; empty when there is
// no such process or tree.
std::string CgroupOf(int pid);

}  // namespace sys
