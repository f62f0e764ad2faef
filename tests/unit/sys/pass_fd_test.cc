#include "sys/pass_fd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sys/file.h"
#include "sys/socket.h"

namespace {

std::pair<sys::Fd, sys::Fd> Sockets() {
  auto pair = sys::SocketPair();
  REQUIRE(pair.ok());
  return *std::move(pair);
}
sys::Received Receive(const sys::Fd& fd, size_t most = 100) {
  auto received = sys::ReceiveWithFd(fd.get(), most);
  REQUIRE(received.ok());
  return *std::move(received);
}

TEST_CASE("pass_fd: a descriptor arrives, open and close-on-exec", "[sys]") {
  const auto [a, b] = Sockets();
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  REQUIRE(sys::SendWithFd(a.get(), "out", pipe->second.get()).value() == 3);
  pipe->second.Reset();
  sys::Received got = Receive(b);
  CHECK(got.bytes == "out");
  REQUIRE(got.fd);
  CHECK((fcntl(got.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(write(got.fd.get(), "x", 1) == 1);
  char c = 0;
  CHECK(read(pipe->first.get(), &c, 1) == 1);
  got.fd.Reset();
  CHECK(read(pipe->first.get(), &c, 1) == 0);
}

TEST_CASE("pass_fd: what comes after a descriptor is another reception",
          "[sys]") {
  const auto [a, b] = Sockets();
  REQUIRE(sys::SendWithFd(a.get(), "one", -1).ok());
  REQUIRE(sys::SendWithFd(a.get(), "two", 0).ok());
  REQUIRE(sys::SendWithFd(a.get(), "three", -1).ok());
  sys::Received first = Receive(b);
  // What came before may be there, too; what came after is not.
  if (first.bytes == "one") first = Receive(b);
  CHECK(first.bytes.substr(first.bytes.size() - 3) == "two");
  CHECK(first.fd);
  const sys::Received last = Receive(b);
  CHECK(last.bytes == "three");
  CHECK(!last.fd);
}

TEST_CASE("pass_fd: nothing has come, or nobody is there", "[sys]") {
  auto [a, b] = Sockets();
  const sys::Received nothing = Receive(b);
  CHECK(nothing.bytes.empty());
  CHECK(!nothing.closed);
  REQUIRE(sys::SendWithFd(a.get(), "x", -1).ok());
  a.Reset();
  CHECK(Receive(b).bytes == "x");
  CHECK(Receive(b).closed);
  CHECK(absl::IsUnavailable(sys::SendWithFd(b.get(), "y", -1).status()));
}

TEST_CASE("pass_fd: of many descriptors none is left over", "[sys]") {
  const auto [a, b] = Sockets();
  const int before = dup(0);
  close(before);
  constexpr int kMany = 200;
  int fds[kMany];
  for (int& fd : fds) fd = 0;
  iovec data = {const_cast<char*>("x"), 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(header), fds, sizeof fds);
  REQUIRE(sendmsg(a.get(), &message, 0) == 1);
  sys::Received got = Receive(b);
  CHECK(got.fd);
  got.fd.Reset();
  const int after = dup(0);
  close(after);
  CHECK(after == before);
}

TEST_CASE("pass_fd: a socket that is full takes nothing, and says so",
          "[sys]") {
  const auto [a, b] = Sockets();
  const std::string block(4096, 'x');
  size_t sent = 1;
  for (int i = 0; i < 100'000 && sent > 0; i++) {
    const auto n = sys::SendWithFd(a.get(), block, -1);
    REQUIRE(n.ok());
    sent = *n;
  }
  CHECK(sent == 0);
}

}  // namespace
