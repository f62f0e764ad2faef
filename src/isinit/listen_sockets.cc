#include "isinit/listen_sockets.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>

#include "base/status.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace isinit {
namespace {

std::string AddressOf(const ListenAt& at) {
  if (at.is_unix) return absl::StrCat("unix:", at.path);
  return absl::StrCat("tcp:", at.host, ":", at.port);
}

bool IsNumeric(absl::string_view host) {
  return host.find_first_not_of("0123456789abcdefABCDEF.:%") ==
         absl::string_view::npos;
}

absl::StatusOr<sys::Fd> Open(const ListenAt& at) {
  if (at.is_unix) return sys::ListenUnix(at.path);
  if (!IsNumeric(at.host) && at.host != "localhost") {
    return absl::InvalidArgumentError(
        absl::StrCat("'", at.host, "' is not a numeric address"));
  }
  return sys::ListenTcp(at.host, at.port);
}

// Ours never waits, but what takes over the socket expects that it does, unless
// it says otherwise: the flag is the socket's, not the descriptor's. We only
// ever ask whether somebody is there.
absl::Status LetWait(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) {
    return absl::OkStatus();
  }
  return base::SysError("listening socket");
}

}  // namespace

ListenSockets::~ListenSockets() {
  for (auto& [tag, sockets] : sockets_) {
    for (const Socket& socket : sockets.open) loop_.Unwatch(socket.fd.get());
  }
}

void ListenSockets::Close(Socket& socket) {
  loop_.Unwatch(socket.fd.get());
  socket.fd.Reset();
  absl::string_view path = socket.address;
  // Nobody listens there any more.
  if (absl::ConsumePrefix(&path, "unix:")) {
    sys::RemoveFile(std::string(path)).IgnoreError();
  }
}

absl::Status ListenSockets::Hold(const Entry& entry) {
  const std::vector<ListenAt>& wanted = entry.attributes.listen;
  if (wanted.empty()) {
    Forget(entry.tag);
    return absl::OkStatus();
  }
  Sockets& sockets = sockets_[entry.tag];
  std::vector<Socket> before = std::move(sockets.open);
  sockets.open.clear();
  absl::Status first;
  // What it does not name any more goes first: an address may come back in
  // another form.
  const auto named = [&](const Socket& socket) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const ListenAt& at) {
      return AddressOf(at) == socket.address;
    });
  };
  for (Socket& socket : before) {
    if (!named(socket)) Close(socket);
  }
  for (const ListenAt& at : wanted) {
    const std::string address = AddressOf(at);
    const auto had =
        std::find_if(before.begin(), before.end(), [&](const Socket& socket) {
          return socket.fd && socket.address == address;
        });
    if (had != before.end()) {
      sockets.open.push_back(std::move(*had));
      continue;
    }
    absl::StatusOr<sys::Fd> fd = Open(at);
    absl::Status status = fd.ok() ? LetWait(fd->get()) : fd.status();
    if (status.ok()) {
      sockets.open.push_back({address, *std::move(fd)});
    } else {
      first.Update(base::Context(status, absl::StrCat("listen=", address)));
    }
  }
  return first;
}

std::vector<std::pair<int, std::string>> ListenSockets::For(
    const Entry& entry) const {
  std::vector<std::pair<int, std::string>> given;
  const auto found = sockets_.find(entry.tag);
  if (found == sockets_.end()) return given;
  for (const Socket& socket : found->second.open) {
    given.emplace_back(socket.fd.get(), entry.tag);
  }
  return given;
}

void ListenSockets::Await(const std::string& tag,
                          std::function<void()> wanted) {
  const auto found = sockets_.find(tag);
  if (found == sockets_.end()) return;
  StopAwaiting(tag);
  found->second.awaited = true;
  for (const Socket& socket : found->second.open) {
    loop_
        .Watch(socket.fd.get(), EPOLLIN,
               [this, tag, wanted](uint32_t) {
                 StopAwaiting(tag);
                 wanted();
               })
        .IgnoreError();
  }
}

void ListenSockets::StopAwaiting(const std::string& tag) {
  const auto found = sockets_.find(tag);
  if (found == sockets_.end() || !found->second.awaited) return;
  found->second.awaited = false;
  for (const Socket& socket : found->second.open) {
    loop_.Unwatch(socket.fd.get());
  }
}

void ListenSockets::Forget(const std::string& tag) {
  const auto found = sockets_.find(tag);
  if (found == sockets_.end()) return;
  for (Socket& socket : found->second.open) Close(socket);
  sockets_.erase(found);
}

std::vector<ListenSockets::Held> ListenSockets::All() const {
  std::vector<Held> all;
  for (const auto& [tag, sockets] : sockets_) {
    for (const Socket& socket : sockets.open) {
      all.push_back({tag, socket.address, socket.fd.get()});
    }
  }
  return all;
}

void ListenSockets::Adopt(const std::string& tag, const std::string& address,
                          sys::Fd fd) {
  sockets_[tag].open.push_back({address, std::move(fd)});
}

}  // namespace isinit
