#include "fanout/stream.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>

#include <utility>

#include "base/status.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace fanout {
namespace {

// The original's statuses: whatever hinders opening it, the file is not there.
absl::Status NoInput(const absl::Status& status) {
  return absl::NotFoundError(status.message());
}

absl::StatusOr<Stream> Descriptor(absl::string_view number,
                                  absl::string_view expression) {
  int fd;
  if (!absl::SimpleAtoi(number, &fd) || fd < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown diversion expression '", expression, "'"));
  }
  Stream stream;
  stream.fd.Reset(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!stream.fd) return NoInput(base::SysError(expression));
  if (fd > 2) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return stream;
}

absl::StatusOr<Stream> File(absl::string_view path, int flags) {
  Stream stream;
  absl::StatusOr<sys::Fd> fd = sys::Open(std::string(path), flags, 0666);
  if (!fd.ok()) {
    absl::StatusOr<sys::Fd> socket = sys::ConnectUnix(std::string(path));
    if (!socket.ok()) return NoInput(fd.status());
    // Whoever gets it expects to wait in it.
    fcntl(socket->get(), F_SETFL, 0);
    fd = std::move(socket);
  }
  stream.fd = *std::move(fd);
  return stream;
}

absl::StatusOr<Stream> Pipeline(absl::string_view text, bool sink,
                                const StreamPlace& place) {
  TRY_ASSIGN(auto pipe, sys::Pipe());
  Stream stream;
  stream.fd = std::move(sink ? pipe.second : pipe.first);
  sys::SpawnOptions options;
  options.in = sink ? pipe.first.get() : 0;
  options.out = sink ? 1 : pipe.second.get();
  options.err = 2;
  options.environment = place.environment;
  options.keep_descriptors = true;
  options.keep_signals = true;
  options.program = place.shell;
  TRY_ASSIGN(stream.helper,
             sys::Child::Spawn(ShellWords(place.shell, text), options));
  return stream;
}

}  // namespace

std::vector<std::string> ShellWords(const std::string& shell,
                                    absl::string_view text) {
  const std::string name = shell.substr(shell.rfind('/') + 1);
  std::vector<std::string> words = {name, name == "perl" ? "-e" : "-c"};
  if (absl::StartsWith(text, "-")) words.push_back("--");
  words.push_back(std::string(text));
  return words;
}

absl::StatusOr<Stream> OpenSink(absl::string_view expression,
                                const StreamPlace& place) {
  absl::string_view rest = expression;
  if (absl::ConsumePrefix(&rest, "|")) return Pipeline(rest, true, place);
  if (absl::ConsumePrefix(&rest, ">&")) return Descriptor(rest, expression);
  if (absl::ConsumePrefix(&rest, ">>")) {
    return File(rest, O_WRONLY | O_CREAT | O_APPEND);
  }
  if (absl::ConsumePrefix(&rest, ">")) {
    return File(rest, O_WRONLY | O_CREAT | O_TRUNC);
  }
  return File(rest, O_WRONLY | O_CREAT);
}

absl::StatusOr<Stream> OpenSource(absl::string_view expression,
                                  const StreamPlace& place) {
  absl::string_view rest = expression;
  // Differs: "<&-" is /dev/null, not a closed descriptor, whose number the next
  // file the utility opens would get.
  if (rest == "-" || rest == "<&-") return File("/dev/null", O_RDONLY);
  if (absl::ConsumePrefix(&rest, "|")) return Pipeline(rest, false, place);
  if (absl::ConsumePrefix(&rest, "<&")) return Descriptor(rest, expression);
  if (absl::StartsWith(rest, "<<")) {
    return absl::UnimplementedError("here documents are not supported");
  }
  if (absl::ConsumePrefix(&rest, "<>")) return File(rest, O_RDWR);
  absl::ConsumePrefix(&rest, "<");
  return File(rest, O_RDONLY);
}

}  // namespace fanout
