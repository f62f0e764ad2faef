#include "fanout/stack.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "base/status.h"
#include "fanout/numbers.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace fanout {
namespace {

constexpr int kMaxDepth = 1000;
constexpr absl::Duration kConnectFor = absl::Seconds(3);
constexpr absl::Duration kBetweenConnects = absl::Milliseconds(50);

std::string Folder(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "."
                                          : std::string(path.substr(0, slash));
}

absl::StatusOr<std::string> MakePrivateFolder(
    absl::string_view start, const sys::Environment& environment) {
  absl::string_view parent = environment.Get("TMPDIR").value_or("");
  if (parent.empty()) parent = "/tmp";
  std::string folder = absl::StrCat(parent, "/", start, "XXXXXX");
  // Absolute, since a manager may go to another folder before it ends.
  if (mkdtemp(folder.data()) != nullptr) return sys::AbsolutePath(folder);
  return absl::ResourceExhaustedError(
      base::SysError(absl::StrCat("private folder in ", parent)).message());
}

absl::StatusOr<sys::Fd> Listen(const std::string& path) {
  return sys::ListenUnix(path, 0700);
}

// Whatever was in the way of a socket: 71, as of the original's failed bind.
absl::Status NoSocket(const std::string& path, const absl::Status& why) {
  return absl::ResourceExhaustedError(
      absl::IsAlreadyExists(why)
          ? absl::StrCat(path, ": Address already in use")
          : std::string(why.message()));
}

// Where nobody listens for the moment, somebody may in the next.
absl::StatusOr<sys::Fd> ConnectPatiently(const std::string& path) {
  const absl::Time deadline = sys::SteadyNow() + kConnectFor;
  for (;;) {
    absl::StatusOr<sys::Fd> connection = sys::ConnectUnix(path);
    if (connection.ok()) return connection;
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return base::SysError(path);
    if (!absl::IsUnavailable(connection.status()) || !S_ISSOCK(info.st_mode) ||
        sys::SteadyNow() > deadline) {
      return connection;
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kBetweenConnects));
  }
}

// What is in the way is a socket, and the rest of the path a cookie for it: it
// is answered with '+', go on here, with '@' and a descriptor, or with '-'.
absl::StatusOr<sys::Fd> ConnectWithCookie(const std::string& path) {
  TRY_ASSIGN(sys::Fd connection, ConnectPatiently(Folder(path)));
  std::string cookie = path.substr(path.rfind('/') + 1);
  cookie.push_back('\0');
  TRY(sys::WriteAll(connection.get(), cookie));
  pollfd ready = {.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1,
           static_cast<int>(absl::ToInt64Milliseconds(kConnectFor))) <= 0) {
    return absl::UnavailableError(absl::StrCat(path, ": no answer"));
  }
  TRY_ASSIGN(sys::Received answer, sys::ReceiveWithFd(connection.get(), 1));
  if (answer.bytes == "+") return connection;
  if (answer.bytes == "@" && answer.fd) return std::move(answer.fd);
  return absl::PermissionDeniedError(absl::StrCat(path, ": refused"));
}

}  // namespace

absl::StatusOr<std::string> Stack::Target(int up) const {
  if (use_detached && up == 0) {
    if (!detached.empty()) return detached;
    return absl::NotFoundError("no enclosing diversion");
  }
  const int level = depth - up;
  if (level >= 0 && level < static_cast<int>(sockets.size()) &&
      !sockets[level].empty()) {
    return sockets[level];
  }
  if (depth > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("requested depth of -", up,
                     " is too large for current stack of ", depth));
  }
  return absl::NotFoundError("no enclosing diversion");
}

absl::StatusOr<Stack> ReadStack(absl::string_view prefix,
                                const sys::Environment& environment) {
  Stack stack;
  stack.prefix = std::string(prefix);
  const auto get = [&](const absl::AlphaNum& what) {
    return std::string(
        environment.Get(absl::StrCat(prefix, "_", what)).value_or(""));
  };
  const std::string link = get("link");
  stack.detached = get("d");
  if (link == "d") {
    stack.use_detached = true;
  } else if (!link.empty()) {
    const std::optional<int64_t> depth = WholeNumber(link);
    if (!depth || *depth > kMaxDepth) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot parse ", prefix, "_link \"", link, "\" as a number"));
    }
    stack.depth = static_cast<int>(*depth);
  }
  for (int level = 0; level <= stack.depth; level++) {
    stack.sockets.push_back(get(level));
  }
  return stack;
}

std::string StackText(const Stack& stack, int up, absl::string_view program) {
  const std::string target = stack.Target(up).value_or("");
  std::string out;
  const auto line = [&](absl::string_view level, const std::string& path) {
    if (path.empty()) return;
    absl::StrAppend(&out, program, ": ", level, ": ", path,
                    path == target ? " [target]" : "", "\n");
  };
  if (stack.use_detached) line("d", stack.detached);
  for (int level = stack.depth; level >= 0; level--) {
    if (static_cast<size_t>(level) < stack.sockets.size()) {
      line(absl::StrCat(level), stack.sockets[level]);
    }
  }
  if (!stack.use_detached) line("d", stack.detached);
  return out;
}

absl::StatusOr<Place> Place::Make(const Stack& stack, bool detached,
                                  const sys::Environment& environment,
                                  absl::string_view name) {
  const bool tokens = stack.prefix == "ptbw";
  Place place;
  std::string folder;
  if (tokens) {
    // Beside the stream around us, which is ours to use and goes after us.
    const auto link = environment.Get("xcl_link").value_or("");
    const auto around = environment.Get(absl::StrCat("xcl_", link));
    if (stack.depth == 0 && around && !link.empty()) folder = Folder(*around);
  } else if (stack.sockets.size() > static_cast<size_t>(stack.depth) &&
             !stack.sockets[stack.depth].empty()) {
    folder = Folder(stack.sockets[stack.depth]);
  }
  if (!folder.empty() && access(folder.c_str(), W_OK) != 0) folder.clear();
  if (!folder.empty()) {
    // For the same reason as a private one.
    TRY_ASSIGN(folder, sys::AbsolutePath(folder));
  } else {
    TRY_ASSIGN(place.folder_,
               MakePrivateFolder(tokens ? "ptbd" : stack.prefix, environment));
    folder = place.folder_;
  }
  const std::string first = !name.empty()
                                ? absl::StrCat(folder, "/", name)
                                : absl::StrCat(folder, "/", tokens ? "sta" : "",
                                               tokens ? 0 : stack.depth + 1,
                                               detached && !tokens ? "_0" : "");
  absl::StatusOr<sys::Fd> listener = Listen(first);
  std::string path = first;
  // Several may share a folder; of one level there may be several, too.
  for (int n = 1;
       name.empty() && absl::IsAlreadyExists(listener.status()) && n < 10000;
       n++) {
    path =
        tokens ? absl::StrCat(folder, "/sta", n) : absl::StrCat(first, "_", n);
    listener = Listen(path);
  }
  if (!listener.ok()) return NoSocket(path, listener.status());
  place.listener_ = *std::move(listener);
  TRY(place.Own(path));
  return place;
}

absl::StatusOr<Place> Place::At(const std::string& path) {
  Place place;
  absl::StatusOr<sys::Fd> listener = Listen(path);
  if (!listener.ok()) return NoSocket(path, listener.status());
  place.listener_ = *std::move(listener);
  TRY_ASSIGN(const std::string absolute, sys::AbsolutePath(path));
  TRY(place.Own(absolute));
  return place;
}

absl::Status Place::Own(const std::string& path) {
  TRY_ASSIGN(const sys::FileInfo socket, sys::Stat(path));
  path_ = path;
  inode_ = socket.inode;
  device_ = socket.device;
  return absl::OkStatus();
}

Place::Place(Place&& other) noexcept
    : path_(std::exchange(other.path_, "")),
      folder_(std::exchange(other.folder_, "")),
      inode_(other.inode_),
      device_(other.device_),
      listener_(std::move(other.listener_)) {}

Place::~Place() {
  // Somebody may have removed ours, and another manager may be there. While the
  // listener is open no other file has our number.
  const absl::StatusOr<sys::FileInfo> now = sys::Stat(path_);
  if (!path_.empty() && now.ok() && now->inode == inode_ &&
      now->device == device_) {
    unlink(path_.c_str());
  }
  if (!folder_.empty()) rmdir(folder_.c_str());
}

void Announce(const Stack& stack, const std::string& path, bool detached,
              absl::string_view options_variable,
              sys::Environment* environment) {
  const int level = stack.depth + 1;
  if (detached) {
    environment->Set(absl::StrCat(stack.prefix, "_d"), path);
  } else {
    environment->Set(absl::StrCat(stack.prefix, "_", level), path);
    environment->Set(absl::StrCat(stack.prefix, "_link"), absl::StrCat(level));
  }
  const auto inner =
      environment->Get(absl::StrCat(options_variable, "_", level));
  if (inner) {
    environment->Set(options_variable, std::string(*inner));
  } else {
    environment->Unset(options_variable);
  }
}

absl::StatusOr<sys::Fd> ConnectManager(const std::string& path) {
  struct stat info;
  const bool cookie = stat(path.c_str(), &info) != 0 && errno == ENOTDIR;
  TRY_ASSIGN(sys::Fd connection,
             cookie ? ConnectWithCookie(path) : ConnectPatiently(path));
  const int flags = fcntl(connection.get(), F_GETFL);
  fcntl(connection.get(), F_SETFL, flags & ~O_NONBLOCK);
  return connection;
}

}  // namespace fanout
