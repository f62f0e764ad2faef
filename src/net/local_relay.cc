#include "net/local_relay.h"

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/status.h"
#include "sys/fd.h"
#include "sys/socket.h"

namespace net {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

// Reads and writes without waiting while in scope. The flag belongs to the open
// file, which others may share; it is put back.
class NonBlocking {
 public:
  explicit NonBlocking(int fd) : fd_(fd), flags_(fcntl(fd, F_GETFL)) {
    if (flags_ >= 0) fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
  }
  ~NonBlocking() {
    if (flags_ >= 0) fcntl(fd_, F_SETFL, flags_);
  }
  NonBlocking(const NonBlocking&) = delete;

 private:
  int fd_, flags_;
};

bool NotNow(int error) { return error == EAGAIN || error == EINTR; }

// One direction: at most one buffer under way.
struct Direction {
  Direction(int f, int t) : from(f), to(t) {}
  int from, to;
  size_t begin = 0, end = 0;  // of buffer, what is not written yet
  bool eof = false;
  char buffer[kBufferBytes];

  bool empty() const { return begin == end; }
  bool finished() const { return eof && empty(); }
  absl::Status Read() {
    const ssize_t n = read(from, buffer, sizeof buffer);
    if (n < 0 && NotNow(errno)) return absl::OkStatus();
    if (n < 0 && errno != ECONNRESET) return base::SysError("read");
    begin = 0;
    end = n > 0 ? n : 0;
    eof = n <= 0;
    return absl::OkStatus();
  }
  // False when nobody reads any more.
  absl::StatusOr<bool> Write() {
    const ssize_t n = write(to, buffer + begin, end - begin);
    if (n < 0 && NotNow(errno)) return true;
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return false;
    if (n < 0) return base::SysError("write");
    begin += n;
    return true;
  }
};

// poll and not the loop: standard input may be a file, which epoll refuses.
absl::Status Pump(int in, int out, int socket) {
  const auto there = std::make_unique<Direction>(in, socket);
  const auto back = std::make_unique<Direction>(socket, out);
  bool told = false;      // the server, that no more comes
  bool out_gone = false;  // nobody reads our output any more
  while (out_gone ? !there->finished() : !back->finished()) {
    if (out_gone) back->begin = back->end = 0;
    pollfd polled[4] = {
        {there->empty() && !there->eof ? in : -1, POLLIN, 0},
        {there->empty() ? -1 : socket, POLLOUT, 0},
        {back->empty() && !back->eof ? socket : -1, POLLIN, 0},
        // Watched even with nothing to write: when whoever reads our output is
        // gone, what has come in is delivered, and that is all.
        {out_gone ? -1 : out, static_cast<short>(back->empty() ? 0 : POLLOUT),
         0},
    };
    if (poll(polled, 4, -1) < 0) {
      if (errno == EINTR) continue;
      return base::SysError("poll");
    }
    if (polled[0].revents) TRY(there->Read());
    if (polled[1].revents) {
      TRY_ASSIGN(const bool read, there->Write());
      // The server reads no more; it may still have something to say.
      if (!read) there->begin = there->end = 0, there->eof = true;
    }
    if (polled[2].revents) TRY(back->Read());
    if (polled[3].revents & POLLOUT) {
      TRY_ASSIGN(const bool read, back->Write());
      out_gone = !read;
    } else if (polled[3].revents) {
      out_gone = true;
    }
    if (there->finished() && !told) {
      told = true;
      shutdown(socket, SHUT_WR);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RelayTo(int in, int out, int socket) {
  const NonBlocking in_flag(in), out_flag(out);
  return Pump(in, out, socket);
}

absl::Status Relay(int in, int out, const std::string& unix_path) {
  TRY_ASSIGN(const sys::Fd socket, sys::ConnectUnix(unix_path));
  return RelayTo(in, out, socket.get());
}

absl::Status RelayStdio(const std::string& unix_path) {
  return Relay(STDIN_FILENO, STDOUT_FILENO, unix_path);
}

}  // namespace net
