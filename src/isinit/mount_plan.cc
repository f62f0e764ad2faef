#include "isinit/mount_plan.h"

#include <absl/strings/str_split.h>

#include <algorithm>
#include <array>

namespace isinit {
namespace {

// Of mount(2), which a pure file does not include.
constexpr unsigned long kReadOnly = 1, kNoSuid = 2, kNoDev = 4, kNoExec = 8;

// mountinfo writes blanks, tabs, newlines and backslashes as \ooo.
std::string Unescape(absl::string_view text) {
  std::string out;
  const auto digit = [&](size_t at) {
    return text[at] >= '0' && text[at] < '8';
  };
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\' && i + 3 < text.size() && digit(i + 1) &&
        digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 +
                               (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool HasOption(absl::string_view options, absl::string_view word) {
  for (absl::string_view o : absl::StrSplit(options, ',')) {
    if (o == word) return true;
  }
  return false;
}

bool IsMounted(const std::vector<Mounted>& mounted, absl::string_view target) {
  return std::any_of(mounted.begin(), mounted.end(),
                     [&](const Mounted& m) { return m.target == target; });
}

MountStep Proc() {
  return {"proc", "/proc", "proc", "", kNoSuid | kNoDev | kNoExec, 0555};
}
MountStep Sys(bool read_only) {
  return {"sysfs",
          "/sys",
          "sysfs",
          "",
          kNoSuid | kNoDev | kNoExec | (read_only ? kReadOnly : 0),
          0555};
}
MountStep Dev(bool container) {
  // A namespace of a user's own may not mount devtmpfs; its nodes come from
  // outside.
  return {container ? "tmpfs" : "devtmpfs",
          "/dev",
          container ? "tmpfs" : "devtmpfs",
          "mode=0755",
          kNoSuid,
          0755};
}
MountStep Pts() {
  return {"devpts",          "/dev/pts",
          "devpts",          "gid=5,mode=620,ptmxmode=666",
          kNoSuid | kNoExec, 0755};
}
MountStep Memory(const char* target, const char* data, unsigned mode) {
  return {"tmpfs", target, "tmpfs", data, kNoSuid | kNoDev, mode};
}
MountStep Cgroup() {
  return {"cgroup2", "/sys/fs/cgroup",           "cgroup2",
          "",        kNoSuid | kNoDev | kNoExec, 0755};
}

}  // namespace

absl::string_view SituationWord(Situation s) {
  switch (s) {
    case Situation::kContainer:
      return "container";
    case Situation::kRescue:
      return "rescue";
    case Situation::kSystem:
      return "system";
  }
  return "";
}

// 36 35 98:0 /root /target rw,noatime master:1 - ext3 /dev/root rw,errors=...
std::vector<Mounted> ReadMountInfo(absl::string_view text) {
  std::vector<Mounted> all;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || dash - words.begin() < 6 ||
        words.end() - dash < 3) {
      continue;
    }
    all.push_back({.target = Unescape(words[4]),
                   .type = std::string(dash[1]),
                   .source = Unescape(dash[2]),
                   .root = Unescape(words[3]),
                   .read_only = HasOption(words[5], "ro")});
  }
  return all;
}

std::vector<MountStep> PlanMounts(Situation situation, absl::string_view wish,
                                  const std::vector<Mounted>& mounted,
                                  bool root_writable) {
  if (wish.empty()) {
    wish = situation == Situation::kContainer ? "container"
           : situation == Situation::kRescue  ? "rescue"
                                              : "full";
  }
  if (wish == "none") return {};
  const bool container = wish == "container";
  std::vector<MountStep> steps = {
      Proc(),
      Sys(container),
      Dev(container),
      Pts(),
      Memory("/dev/shm", "mode=1777", 01777),
      Memory("/run", "mode=0755", 0755),
  };
  if (wish == "rescue" || !root_writable) {
    steps.push_back(Memory("/tmp", "mode=1777", 01777));
  }
  steps.push_back(Cgroup());
  steps.erase(std::remove_if(steps.begin(), steps.end(),
                             [&](const MountStep& s) {
                               return IsMounted(mounted, s.target);
                             }),
              steps.end());
  return steps;
}

std::vector<Mounted> UnmountOrder(const std::vector<Mounted>& mounted) {
  constexpr std::array<absl::string_view, 14> kMadeUp = {
      "proc",    "sysfs",  "devtmpfs", "devpts",    "cgroup",
      "cgroup2", "rootfs", "debugfs",  "tracefs",   "mqueue",
      "bpf",     "pstore", "configfs", "securityfs"};
  std::vector<Mounted> order;
  for (auto m = mounted.rbegin(); m != mounted.rend(); ++m) {
    if (m->target == "/" ||
        std::find(kMadeUp.begin(), kMadeUp.end(), m->type) != kMadeUp.end()) {
      continue;
    }
    order.push_back(*m);
  }
  return order;
}

}  // namespace isinit
