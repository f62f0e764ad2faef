// The machine, or the container, that process 1 begins and ends.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "isinit/mount_plan.h"

namespace isinit {

enum class Power { kReboot, kPowerOff, kHalt, kKexec };
absl::string_view PowerWord(Power power);
// The signal that asks process 1 of a machine for it, as busybox init has them
// (isinit-boot(7)); 0: there is none.
int PowerSignal(Power power);
// Whether process 1 is this very program, so that it knows these signals.
bool IsProcessOneOurs();

// Where this process 1 is: a pid namespace that is not the kernel's first or
// `container` in the environment; a root of rootfs or tmpfs; else a system.
Situation FindSituation();

// Mounts what PlanMounts says. What is busy or not permitted is passed over;
// what else fails is in the answer, a line each.
std::vector<std::string> MountMissing(Situation situation,
                                      absl::string_view wish);

// The nodes that programs expect in a /dev that is a tmpfs of ours.
void MakeDeviceNodes();

// 0, 1 and 2 on /dev/console, or on /dev/null where there is none.
void TakeConsole();
// The consoles the kernel writes to, the best last ("/dev/ttyS0").
std::vector<std::string> ActiveConsoles();

// Ctrl-Alt-Del becomes SIGINT for us. Only the first process of a machine may.
void ClaimCtrlAltDel();

// Sends SIGTERM to every process, waits until they are gone or `patience` is
// over, then SIGKILL. Reaps what ends. Only for process 1.
void EndAllProcesses(absl::Duration patience);
// Swap off, file systems unmounted, the last first: read-only when they are
// busy, detached when that does not work either; then sync.
void LetGoOfFileSystems();
// What everything leads to. In a pid namespace it ends that; returns only when
// it is not permitted.
absl::Status EndMachine(Power power);

// A shell on the console, until it ends: /bin/sh, or a prompt of our own where
// there is none. Orphans are reaped meanwhile. Never fails. A signal that asks
// for the end of the machine ends the wait: there is no server to be asked.
std::optional<Power> RescueShell(absl::string_view why);

}  // namespace isinit
