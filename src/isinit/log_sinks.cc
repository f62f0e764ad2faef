#include "isinit/log_sinks.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"
#include "sys/file.h"

namespace isinit {
namespace {

constexpr absl::string_view kPriority = "<30>";  // facility daemon, info
// What the kernel takes as one record, and a syslog server surely, too.
constexpr size_t kMostRecordBytes = 960;

absl::Status Lost(const std::string& path) {
  return absl::UnavailableError(base::SysError(path).message());
}

std::string Record(absl::string_view tag, absl::string_view line) {
  return absl::StrCat(kPriority, tag, ": ", line).substr(0, kMostRecordBytes);
}

}  // namespace

absl::Status KernelSink::Write(absl::string_view tag, absl::string_view line) {
  if (!fd_) {
    fd_.Reset(
        open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd_) return Lost(path_);
  }
  const std::string record = Record(tag, line);
  if (write(fd_.get(), record.data(), record.size()) >= 0) {
    return absl::OkStatus();
  }
  return Lost(path_);
}

absl::Status ConsoleSink::Write(absl::string_view tag, absl::string_view line) {
  if (!fd_) {
    fd_.Reset(
        open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd_) return Lost(path_);
  }
  // Either a line is whole or it is not there.
  const bool behind = !rest_.empty();
  const std::string text =
      behind ? rest_ : absl::StrCat(tag, ": ", line, "\r\n");
  const ssize_t n = write(fd_.get(), text.data(), text.size());
  if (n < 0) {
    const bool full = errno == EAGAIN;
    const absl::Status lost = Lost(path_);
    if (!full) {
      fd_.Reset();
      rest_.clear();
    }
    return lost;
  }
  rest_ = text.substr(static_cast<size_t>(n));
  if (!behind) return absl::OkStatus();
  if (rest_.empty()) return Write(tag, line);
  return absl::UnavailableError(absl::StrCat(path_, ": is slow"));
}

absl::Status SyslogSink::Write(absl::string_view tag, absl::string_view line) {
  const std::string record = Record(tag, line);
  // A server that was started anew is connected to again, once.
  for (const bool again : {false, true}) {
    if (!fd_) {
      sockaddr_un address = {};
      address.sun_family = AF_UNIX;
      if (path_.size() >= sizeof address.sun_path) {
        return absl::UnavailableError(absl::StrCat(path_, ": is too long"));
      }
      memcpy(address.sun_path, path_.data(), path_.size());
      fd_.Reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (!fd_ ||
          connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0) {
        const absl::Status lost = Lost(path_);
        fd_.Reset();
        return lost;
      }
    }
    if (send(fd_.get(), record.data(), record.size(), MSG_NOSIGNAL) >= 0) {
      return absl::OkStatus();
    }
    const bool full = errno == EAGAIN || errno == ENOBUFS;
    const absl::Status lost = Lost(path_);
    if (again || full) return lost;
    fd_.Reset();
  }
  return absl::UnavailableError(path_);
}

}  // namespace isinit
