// What process 1 mounts when it starts, and unmounts when it ends. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace isinit {

// Where we are process 1 (isinit-boot(7)).
enum class Situation {
  kContainer,  // a pid namespace of somebody's
  kRescue,     // an initramfs
  kSystem,     // a machine with a root file system of its own
};
absl::string_view SituationWord(Situation s);

// A line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Mounted {
  std::string target = {}, type = {}, source = {};
  std::string root = {};  // of the file system; "/" but for bind mounts
  bool read_only = false;
};
// In the kernel's order: what is mounted on top comes later. Lines that make no
// sense are left out.
std::vector<Mounted> ReadMountInfo(absl::string_view text);

struct MountStep {
  std::string source, target, type, data;
  unsigned long flags = 0;  // MS_...
  unsigned mode = 0755;     // of the folder, when it has to be made
};
// `wish` is the table's word: none, container, rescue, full; "" for what suits
// the situation. Never over something that is mounted.
std::vector<MountStep> PlanMounts(Situation situation, absl::string_view wish,
                                  const std::vector<Mounted>& mounted,
                                  bool root_writable);

// What is to be unmounted at the end, the last mounted first. What the kernel
// makes up (proc, sysfs, devtmpfs, ...) and the root are not among them.
std::vector<Mounted> UnmountOrder(const std::vector<Mounted>& mounted);

}  // namespace isinit
