#include "mcfeely/event_log.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/status.h"
#include "sys/file.h"

namespace mcfeely {
namespace {

// Cuts what is read into lines; a line that is not finished waits.
class Lines {
 public:
  Lines(uint64_t job, const std::function<bool(absl::string_view)>& line)
      : mark_(job == 0 ? "" : absl::StrCat(" job=", job)), line_(line) {}

  // False when the reader has had enough.
  bool Add(absl::string_view bytes) {
    absl::StrAppend(&rest_, bytes);
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const absl::string_view line =
          absl::string_view(rest_).substr(begin, end + 1 - begin);
      if (IsWanted(line) && !line_(line)) return false;
    }
    rest_.erase(0, begin);
    return true;
  }

 private:
  bool IsWanted(absl::string_view line) const {
    const size_t at = line.find(mark_);
    if (mark_.empty()) return true;
    if (at == absl::string_view::npos) return false;
    const char next = line[at + mark_.size()];
    return next == ' ' || next == '\n';
  }

  std::string mark_;
  const std::function<bool(absl::string_view)>& line_;
  std::string rest_;
};

// Everything that is there now. False when the reader has had enough.
absl::StatusOr<bool> ReadOn(int fd, Lines& lines) {
  char buffer[64 << 10];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read the event log");
    if (n == 0) return true;
    if (!lines.Add({buffer, static_cast<size_t>(n)})) return false;
  }
}

}  // namespace

std::string EventLogPath(const std::string& queue_folder) {
  return absl::StrCat(queue_folder, "/events.log");
}

absl::Status ReadEventLog(
    const std::string& path, uint64_t job, bool follow,
    const std::function<bool(absl::string_view line)>& line) {
  Lines lines(job, line);
  if (auto older = sys::Open(path + ".1", O_RDONLY | O_CLOEXEC); older.ok()) {
    TRY_ASSIGN(bool more, ReadOn(older->get(), lines));
    if (!more) return absl::OkStatus();
  }
  TRY_ASSIGN(sys::Fd log, sys::Open(path, O_RDONLY | O_CLOEXEC));
  // Watched before it is read: what comes between is not missed.
  sys::Fd changes(inotify_init1(IN_CLOEXEC));
  if (follow) {
    if (!changes || inotify_add_watch(changes.get(), path.c_str(),
                                      IN_MODIFY | IN_MOVE_SELF) < 0) {
      return base::SysError(absl::StrCat("watch ", path));
    }
  }
  for (;;) {
    TRY_ASSIGN(bool more, ReadOn(log.get(), lines));
    if (!more || !follow) return absl::OkStatus();
    TRY_ASSIGN(sys::FileInfo open, sys::Stat(log.get()));
    TRY_ASSIGN(sys::FileInfo named, sys::Stat(path));
    if (named.exists && named.inode != open.inode) {
      TRY_ASSIGN(log, sys::Open(path, O_RDONLY | O_CLOEXEC));
      if (inotify_add_watch(changes.get(), path.c_str(),
                            IN_MODIFY | IN_MOVE_SELF) < 0) {
        return base::SysError(absl::StrCat("watch ", path));
      }
      continue;
    }
    // A rotated log is noticed within a second even if nothing told us.
    pollfd wait = {.fd = changes.get(), .events = POLLIN, .revents = 0};
    char events[4096];
    if (poll(&wait, 1, 1000) > 0) {
      (void)!read(changes.get(), events, sizeof events);
    }
  }
}

}  // namespace mcfeely
