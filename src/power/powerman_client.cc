#include "power/powerman_client.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "power/powerman_talk.h"
#include "sys/clock.h"
#include "sys/resolve.h"
#include "sys/socket.h"

namespace power {
namespace {

constexpr char kDefaultHost[] = "127.0.0.1";
constexpr int kDefaultPort = 10101;
constexpr size_t kReadBytes = 64 << 10;

struct Server {
  std::string host = kDefaultHost;
  int port = kDefaultPort;
};

absl::StatusOr<Server> ParseServer(absl::string_view text) {
  Server server;
  absl::string_view host = text;
  const bool in_brackets = absl::StartsWith(text, "[");
  const size_t close = in_brackets ? text.find(']') : 0;
  const size_t colon = text.find(':', close);
  if (close == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' has a [ without a ]"));
  }
  if (colon != absl::string_view::npos) {
    host = text.substr(0, colon);
    if (!absl::SimpleAtoi(text.substr(colon + 1), &server.port) ||
        server.port < 1 || server.port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "': no port"));
    }
  }
  if (in_brackets) host = host.substr(1, close - 1);
  if (!host.empty()) server.host = std::string(host);
  return server;
}

// The connection, once it is made.
absl::StatusOr<sys::Fd> ConnectTo(const std::string& address, int port,
                                  absl::Time until) {
  TRY_ASSIGN(sys::Fd fd, sys::BeginConnectTcp(address, port));
  pollfd ready = {fd.get(), POLLOUT, 0};
  const int64_t left = absl::ToInt64Milliseconds(until - sys::SteadyNow());
  int got;
  do {
    got = poll(&ready, 1, static_cast<int>(std::max<int64_t>(left, 0)));
  } while (got < 0 && errno == EINTR);
  if (got == 0) return absl::DeadlineExceededError("no answer");
  TRY(sys::ConnectError(fd.get()));
  return fd;
}

absl::Status SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd ready = {fd, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return base::SysError("lost connection with server");
    }
  }
  return absl::OkStatus();
}

// 0 at the end.
absl::StatusOr<size_t> ReceiveSome(int fd, char* bytes, size_t size) {
  for (;;) {
    const ssize_t got = recv(fd, bytes, size, 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EAGAIN) {
      pollfd ready = {fd, POLLIN, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return base::SysError("lost connection with server");
    }
  }
}

}  // namespace

absl::StatusOr<sys::Fd> ConnectToPowerman(const std::string& server,
                                          absl::Duration longest) {
  if (absl::StrContains(server, '/')) return sys::ConnectUnix(server);
  TRY_ASSIGN(const Server where, ParseServer(server));
  const absl::Time until = sys::SteadyNow() + longest;
  TRY_ASSIGN(const std::vector<std::string> addresses,
             sys::Resolve(where.host));
  for (const std::string& address : addresses) {
    absl::StatusOr<sys::Fd> fd = ConnectTo(address, where.port, until);
    if (fd.ok()) return fd;
  }
  return absl::UnavailableError(absl::StrCat("could not connect to address ",
                                             where.host, ":", where.port));
}

absl::StatusOr<int> RunPowermanCommands(
    sys::Fd connection, std::vector<std::string> commands, bool goes_on,
    std::function<void(absl::string_view)> print) {
  PowermanTalk talk(std::move(commands), goes_on);
  std::string bytes(kReadBytes, '\0');
  for (;;) {
    TRY_ASSIGN(const size_t got,
               ReceiveSome(connection.get(), bytes.data(), bytes.size()));
    const PowermanTalk::Effects effects =
        got == 0 ? talk.Closed()
                 : talk.Received(absl::string_view(bytes).substr(0, got));
    if (!effects.print.empty()) print(effects.print);
    if (effects.end) return *effects.end;
    TRY(SendAll(connection.get(), effects.send));
  }
}

}  // namespace power
