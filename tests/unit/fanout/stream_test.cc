#include "fanout/stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sys/environment.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace {

using fanout::OpenSink;
using fanout::OpenSource;
using fanout::Stream;

struct World {
  World() {
    auto made = sys::TemporaryFolder::Make("stream");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
  }
  std::string Path(const std::string& name) const {
    return folder->path() + "/" + name;
  }
  Stream Sink(const std::string& expression) const {
    auto stream = OpenSink(expression, place);
    INFO(stream.status());
    REQUIRE(stream.ok());
    CHECK((fcntl(stream->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(stream->fd.get(), F_GETFL) & O_NONBLOCK) == 0);
    return *std::move(stream);
  }
  std::string Read(const std::string& expression) const {
    auto stream = OpenSource(expression, place);
    INFO(stream.status());
    REQUIRE(stream.ok());
    auto text = sys::ReadFd(stream->fd.get());
    if (stream->helper) stream->helper->Wait();
    REQUIRE(text.ok());
    return *text;
  }
  std::optional<sys::TemporaryFolder> folder;
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "V=val"};
  fanout::StreamPlace place{"/bin/sh", &environment};
};

void Put(const Stream& stream, const std::string& text) {
  REQUIRE(sys::WriteAll(stream.fd.get(), text).ok());
}

TEST_CASE("stream: > truncates, >> appends, and a bare name does neither",
          "[fanout]") {
  World w;
  const std::string f = w.Path("f");
  Put(w.Sink(">" + f), "123456");
  CHECK(w.Read(f) == "123456");
  Put(w.Sink(">>" + f), "78");
  CHECK(w.Read("<" + f) == "12345678");
  Put(w.Sink(f), "ab");
  CHECK(w.Read(f) == "ab345678");
  Put(w.Sink(">" + f), "x");
  CHECK(w.Read(f) == "x");
}

TEST_CASE("stream: a command is at the other end of a pipe", "[fanout]") {
  World w;
  const std::string f = w.Path("f");
  Stream stream = w.Sink("|tr a-z A-Z >" + f + "; echo $V >>" + f);
  REQUIRE(stream.helper);
  Put(stream, "text\n");
  stream.fd.Reset();
  CHECK(stream.helper->Wait().code == 0);
  CHECK(w.Read(f) == "TEXT\nval\n");
  CHECK(w.Read("|echo piped; echo $V") == "piped\nval\n");
}

TEST_CASE("stream: a descriptor is copied, and not passed on any more",
          "[fanout]") {
  World w;
  const int fd = open(w.Path("f").c_str(), O_RDWR | O_CREAT, 0600);
  REQUIRE(fd > 2);
  {
    const Stream stream = w.Sink(">&" + std::to_string(fd));
    CHECK(stream.fd.get() != fd);
    Put(stream, "x");
  }
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(w.Read("<" + w.Path("f")) == "x");
  close(fd);
  CHECK(absl::IsNotFound(OpenSink(">&987", w.place).status()));
  CHECK(absl::IsInvalidArgument(OpenSink(">&x", w.place).status()));
  CHECK(absl::IsInvalidArgument(OpenSink(">&", w.place).status()));
  CHECK(absl::IsInvalidArgument(OpenSink(">&-1", w.place).status()));
  CHECK(absl::IsInvalidArgument(OpenSource("<&x", w.place).status()));
}

TEST_CASE("stream: the path of a socket is connected to", "[fanout]") {
  World w;
  auto listener = sys::ListenUnix(w.Path("s"));
  REQUIRE(listener.ok());
  const Stream stream = w.Sink(w.Path("s"));
  auto peer = sys::Accept(listener->get(), nullptr);
  REQUIRE(peer.ok());
  REQUIRE(*peer);
  Put(stream, "hello");
  char got[5];
  REQUIRE(read(peer->get(), got, 5) == 5);
  CHECK(std::string(got, 5) == "hello");
}

TEST_CASE("stream: nothing to read is - and <&-", "[fanout]") {
  World w;
  CHECK(w.Read("-").empty());
  CHECK(w.Read("<&-").empty());
}

TEST_CASE("stream: what cannot be opened is not found", "[fanout]") {
  World w;
  CHECK(absl::IsNotFound(OpenSink(">" + w.Path("no/f"), w.place).status()));
  CHECK(absl::IsNotFound(OpenSink("", w.place).status()));
  CHECK(absl::IsNotFound(OpenSource(w.Path("f"), w.place).status()));
  CHECK(absl::IsNotFound(OpenSink(w.folder->path(), w.place).status()));
  CHECK(absl::IsUnimplemented(OpenSource("<<E", w.place).status()));
}

TEST_CASE("stream: the shell's words", "[fanout]") {
  using Words = std::vector<std::string>;
  CHECK(fanout::ShellWords("/bin/sh", "a b") == Words{"sh", "-c", "a b"});
  CHECK(fanout::ShellWords("/usr/bin/perl", "print") ==
        Words{"perl", "-e", "print"});
  CHECK(fanout::ShellWords("sh", "-x") == Words{"sh", "-c", "--", "-x"});
}

}  // namespace
