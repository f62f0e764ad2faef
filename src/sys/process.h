// This process itself, and others by pid.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sys {

// `n` bytes nobody can guess.
std::string RandomBytes(size_t n);
uint64_t RandomSeed();
// Raises the limit of open descriptors to the hard limit.
void RaiseDescriptorLimit();
// For whoever is about to open so many: the kernel's table of our descriptors
// grows at once. It does so by doubling, and while another thread shares it, it
// waits each time until all processors have been elsewhere: 5 ms and more.
void MakeRoomForDescriptors(size_t more);
// How many may be open; UINT64_MAX without a limit.
uint64_t DescriptorLimit();
int MyPid();
uint32_t MyUid();
// Tells the supervisor that started us that we are ready: "READY=1" to
// NOTIFY_SOCKET if it is set (sd_notify(3)).
void NotifySupervisor();
// Writes `text` to a descriptor that somebody waits on, and closes it; nothing
// for -1.
void TellReady(int fd, absl::string_view text);
// Kills (SIGKILL) every process in whose environment `variable` has exactly one
// of these values, e.g. MCFEELY_ATTEMPT_ID, and returns how many. Looks through
// /proc; processes of others that we may not read are passed over, and so are
// we. Waits for their ends, five seconds at most.
int KillMarked(absl::string_view variable,
               const absl::flat_hash_set<std::string>& values);
// Sends to the children of a process, theirs, and so on, the farthest first;
// not to itself. As far as /proc tells of them: one that is just being started
// may be missed.
void SignalDescendants(int pid, int signal);
// Whether a process of the group has not ended yet, but for being asked how.
bool IsGroupAlive(int group);
// Bytes of memory this process has resident.
size_t ResidentBytes();
// Lets go of the pages of our own program that are in memory: those that are
// used again come back one by one, from the file's cache. For whoever has done
// with its beginning and has long to wait.
void ReleaseCode();
// Up to so much of what is freed is not given back to the system: for servers
// that will want it again.
void KeepFreedMemory(size_t bytes);
// No core dump of this process, and nobody but root looks into its memory. For
// who holds secrets.
void HideMemory();
// The system and its processor, as "uname -sm" prints them.
std::string Platform();
// The path of our own executable.
std::string OwnExecutable();
// Executes the file `program` in our place, with our environment; returns only
// when that fails.
absl::Status Become(const std::string& program,
                    const std::vector<std::string>& argv);
// What is written to descriptor 2 goes where 1 goes.
absl::Status ErrorsToOutput();

}  // namespace sys
