// Writes to a descriptor that others write to as well, without ever waiting.
//
// A stream such as our standard error is shared with whoever inherited it, and
// to make it non-blocking would break them. So bytes are kept here, and go when
// there is room.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

// Writes as much of `bytes` as goes without waiting, be `fd` blocking or not; 0
// when there is no room. A plain file has room always. The status names the
// system's reason alone.
absl::StatusOr<size_t> WriteNow(int fd, absl::string_view bytes);

class Outlet {
 public:
  // Takes a copy of `fd`. `drained`, if any, is called whenever what was kept
  // is gone; `failed` once, and nothing is kept from then on. Neither is called
  // from within Write.
  static absl::StatusOr<std::unique_ptr<Outlet>> Open(
      sys::Loop& loop, int fd, std::function<void()> drained,
      std::function<void(const absl::Status&)> failed);
  ~Outlet();
  Outlet(const Outlet&) = delete;

  void Write(absl::string_view bytes);
  // Moves what a pipe holds straight into ours, without copying where the
  // kernel can; only while nothing is kept. 0 when there is no room, or the
  // pipe is empty or at its end. Unimplemented when it cannot be: read and
  // Write then. Another failure is told to `failed` by the next Write.
  absl::StatusOr<size_t> Splice(int pipe);
  size_t kept_bytes() const { return kept_.size() - written_; }

 private:
  Outlet(sys::Loop& loop, sys::Fd fd) : loop_(loop), fd_(std::move(fd)) {}
  void Go();
  void Later();

  sys::Loop& loop_;
  sys::Fd fd_;
  std::function<void()> drained_;
  std::function<void(const absl::Status&)> failed_;
  std::string kept_;
  size_t written_ = 0;  // of kept_
  bool watched_ = false, posted_ = false, broken_ = false;
  bool can_splice_ = true;
  // Others: calls that are under way on the loop, which may outlive us.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
