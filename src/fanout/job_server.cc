#include "fanout/job_server.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/status.h"
#include "sys/child.h"

namespace fanout {
namespace {

constexpr absl::Duration kLongestAnswer = absl::Seconds(2);

}  // namespace

JobServer::Style JobServer::ChooseStyle() {
  const std::string argv[] = {"make", "--version"};
  const absl::StatusOr<std::string> version =
      sys::RunProgram(argv, "", kLongestAnswer);
  if (!version.ok()) return Style::kFifo;
  return MakeKnowsFifo(*version) ? Style::kFifo : Style::kDescriptors;
}

absl::StatusOr<JobServer> JobServer::Make(int slots, Style style) {
  if (style == Style::kDescriptors) return MakePipe(slots);
  TRY_ASSIGN(sys::TemporaryFolder folder, sys::TemporaryFolder::Make("jobs"));
  if (folder.path().find_first_of(" \t\\") != std::string::npos) {
    return MakePipe(slots);
  }
  return MakeFifo(slots, std::move(folder));
}

absl::StatusOr<JobServer> JobServer::MakePipe(int slots) {
  int fds[2];
  // Blocking, since old clients count on it, and inherited.
  if (pipe2(fds, 0) != 0) return base::SysError("job server: pipe");
  JobServerAddress address;
  address.read_fd = fds[0];
  address.write_fd = fds[1];
  JobServer server(slots, address, sys::Fd(fds[0]), sys::Fd(fds[1]));
  TRY(server.Fill(slots - 1));
  return server;
}

absl::StatusOr<JobServer> JobServer::MakeFifo(int slots,
                                              sys::TemporaryFolder folder) {
  JobServerAddress address;
  TRY_ASSIGN(address.fifo, sys::AbsolutePath(folder.path() + "/tokens"));
  if (mkfifo(address.fifo.c_str(), 0600) != 0)
    return base::SysError(absl::StrCat("mkfifo ", address.fifo));
  // For reading, too: a FIFO loses what is in it with its last descriptor, and
  // opening one for writing alone waits for a reader.
  TRY_ASSIGN(sys::Fd fd, sys::Open(address.fifo, O_RDWR | O_NONBLOCK));
  JobServer server(slots, std::move(address), sys::Fd(), std::move(fd));
  server.folder_.emplace(std::move(folder));
  TRY(server.Fill(slots - 1));
  return server;
}

absl::Status JobServer::Fill(int tokens) {
  return sys::WriteAll(write_.get(), std::string(std::max(tokens, 0), '+'));
}

void JobServer::Announce(sys::Environment* environment) const {
  const std::string flags = AnnounceJobServer(
      environment->Get("MAKEFLAGS").value_or(""), slots_, address_);
  environment->Set("MAKEFLAGS", flags);
  environment->Unset("MFLAGS");
  environment->Unset("CARGO_MAKEFLAGS");
}

}  // namespace fanout
