#include "fanout/watched_file.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/status.h"

namespace fanout {

absl::StatusOr<WatchedFile> WatchedFile::Open(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  sys::Fd changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!changes) return base::SysError("inotify");
  // The folder, since editors put a new file into the old one's place.
  if (inotify_add_watch(changes.get(), folder.c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
    return base::SysError(folder);
  }
  return WatchedFile(slash == std::string::npos ? path : path.substr(slash + 1),
                     std::move(changes));
}

bool WatchedFile::Changed() {
  bool changed = false;
  alignas(inotify_event) char bytes[4096];
  for (;;) {
    const ssize_t n = read(changes_.get(), bytes, sizeof bytes);
    if (n <= 0) return changed;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
      changed |= (event->mask & IN_Q_OVERFLOW) != 0 ||
                 (event->len > 0 && name_ == event->name);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
}

}  // namespace fanout
