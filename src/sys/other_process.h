// A process that is not our child, and its end.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>

#include "sys/child.h"
#include "sys/fd.h"

namespace sys {

class OtherProcess {
 public:
  // NotFound when there is none of that number.
  static absl::StatusOr<OtherProcess> Open(int pid);

  int pidfd() const { return pidfd_.get(); }  // readable once it has ended
  // Once it has ended: how, where the kernel lets us know. Before Linux 6.15
  // that is so only until its parent has asked, and for processes of ours.
  std::optional<Ended> HowItEnded() const;
  // How long ago it was started; none when it has ended.
  std::optional<absl::Duration> Age() const;
  // Ok if it has ended.
  absl::Status Signal(int signal) const;

 private:
  OtherProcess(int pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  int pid_;
  Fd pidfd_;
};

}  // namespace sys
