#include "isinit/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "sys/file.h"

namespace isinit {
namespace {

// Where the device does not say: the usual one waits for 60 s.
constexpr absl::Duration kUsual = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Watchdog>> Watchdog::Open(
    sys::Loop& loop, const std::string& path) {
  TRY_ASSIGN(sys::Fd fd,
             sys::Open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  return std::unique_ptr<Watchdog>(new Watchdog(loop, path, std::move(fd)));
}

Watchdog::Watchdog(sys::Loop& loop, std::string path, sys::Fd fd)
    : loop_(loop), path_(std::move(path)), fd_(std::move(fd)), every_(kUsual) {
  int seconds = 0;
  if (ioctl(fd_.get(), WDIOC_GETTIMEOUT, &seconds) == 0 && seconds > 0) {
    every_ = std::max(absl::Seconds(seconds) / 3, absl::Milliseconds(300));
  }
  Feed();
}

Watchdog::~Watchdog() { loop_.Cancel(timer_); }

void Watchdog::Feed() {
  // Anything but a 'V', which announces that we let go.
  if (write(fd_.get(), "", 1) < 0) {
    // The next time, then; it is the device's to tell when that is too late.
  }
  timer_ = loop_.After(every_, [this] { Feed(); });
}

void Watchdog::LetGo() {
  loop_.Cancel(std::exchange(timer_, 0));
  if (fd_ && write(fd_.get(), "V", 1) < 0) {
    // It stays armed: the machine is started again should it not end.
  }
  fd_.Reset();
}

}  // namespace isinit
