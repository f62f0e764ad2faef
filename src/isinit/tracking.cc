#include "isinit/tracking.h"

#include <absl/strings/str_cat.h>
#include <sys/prctl.h>

#include <utility>

#include "base/status.h"
#include "isinit/cgroup_tracking.h"
#include "isinit/walk_tracking.h"
#include "sys/process.h"

namespace isinit {

absl::StatusOr<sys::Fd> Tracking::FolderFor(const std::string&,
                                            const Surroundings&) {
  return sys::Fd();
}

absl::Status Tracking::Refusal(const std::string& tag, int pid,
                               absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("process ", pid, " of ", tag, ": ", why));
}

absl::StatusOr<sys::ProcessInfo> Tracking::FindFormer(const std::string& tag,
                                                      int pid,
                                                      uint64_t start_ticks) {
  const std::optional<sys::ProcessInfo> info = sys::ReadProcess(pid);
  if (!info || info->ended) return Refusal(tag, pid, "is not there any more");
  if (!sys::IsSameStart(info->start_ticks, start_ticks)) {
    return Refusal(tag, pid, "is another one");
  }
  return *info;
}

absl::StatusOr<std::unique_ptr<Tracking>> Tracking::Make(sys::Loop& loop,
                                                         sys::Reaper& reaper,
                                                         Options options,
                                                         Empty empty) {
  const auto may = [&](Kind kind) {
    return !options.kind || options.kind == kind;
  };
  if (may(Kind::kCgroup)) {
    auto made = CgroupTracking::Make(loop, reaper, options, empty);
    if (made.ok()) return std::unique_ptr<Tracking>(*std::move(made));
    if (options.kind) return made.status();
  }
  if (may(Kind::kSubreaper)) {
    // Process 1 is it anyway.
    if (sys::MyPid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) {
      return std::make_unique<WalkTracking>(loop, reaper, options, true,
                                            std::move(empty));
    }
    if (options.kind) return base::SysError("subreaper");
  }
  return std::make_unique<WalkTracking>(loop, reaper, options, false,
                                        std::move(empty));
}

}  // namespace isinit
