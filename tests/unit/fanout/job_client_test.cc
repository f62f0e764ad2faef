#include "fanout/job_client.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "fanout/job_server.h"
#include "sys/file.h"

namespace {

using fanout::JobClient;
using fanout::JobServer;
using fanout::JobServerAddress;

// A pipe as a make would have made it, with two different tokens.
struct Pool {
  sys::Fd in, out;
  Pool() {
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    in = sys::Fd(fds[0]);
    out = sys::Fd(fds[1]);
    Put("ab");
  }
  void Put(const std::string& tokens) {
    REQUIRE(write(out.get(), tokens.data(), tokens.size()) ==
            static_cast<ssize_t>(tokens.size()));
  }
  int Count() const {
    int count = -1;
    REQUIRE(ioctl(in.get(), FIONREAD, &count) == 0);
    return count;
  }
  std::string Drain() {
    std::string all(Count(), ' ');
    REQUIRE(read(in.get(), all.data(), all.size()) ==
            static_cast<ssize_t>(all.size()));
    return all;
  }
  JobServerAddress address() const {
    JobServerAddress address;
    address.read_fd = in.get();
    address.write_fd = out.get();
    return address;
  }
};

// Turns until `done`, or for a second without news.
template <typename Done>
bool Until(sys::Loop& loop, Done done) {
  for (int i = 0; i < 1000 && !done(); i++) loop.Turn(absl::Milliseconds(1));
  return done();
}

int Grant(sys::Loop& loop, JobClient& client, int wanted) {
  int granted = 0;
  for (int i = 0; i < wanted; i++) {
    bool now = false;
    client.Want([&] { now = true; });
    if (!Until(loop, [&] { return now; })) {
      client.WantNoMore();
      break;
    }
    granted++;
  }
  return granted;
}

TEST_CASE("job_client: one slot is ours, each further one is a token",
          "[fanout]") {
  sys::Loop loop;
  Pool pool;
  auto client = *JobClient::Connect(loop, pool.address());
  CHECK(Grant(loop, *client, 1) == 1);
  CHECK(client->tokens() == 0);
  CHECK(pool.Count() == 2);
  CHECK(Grant(loop, *client, 2) == 2);
  CHECK(client->slots() == 3);
  CHECK(client->tokens() == 2);
  CHECK(pool.Count() == 0);
}

TEST_CASE("job_client: the same bytes are written back, the last slot is kept",
          "[fanout]") {
  sys::Loop loop;
  Pool pool;
  auto client = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *client, 3) == 3);
  client->GiveBack();
  CHECK(pool.Count() == 1);
  client->GiveBack();
  CHECK(pool.Count() == 2);
  client->GiveBack();
  CHECK(client->slots() == 0);
  std::string back = pool.Drain();
  std::sort(back.begin(), back.end());
  CHECK(back == "ab");
}

TEST_CASE("job_client: tokens go back when it ends, whatever happened",
          "[fanout]") {
  sys::Loop loop;
  Pool pool;
  {
    auto client = *JobClient::Connect(loop, pool.address());
    REQUIRE(Grant(loop, *client, 3) == 3);
    bool granted = false;
    client->Want([&] { granted = true; });
    loop.Turn(absl::ZeroDuration());
    CHECK_FALSE(granted);
  }
  CHECK(pool.Count() == 2);
  // Nothing of it is left on the loop.
  CHECK_FALSE(loop.Turn(absl::ZeroDuration()));
}

TEST_CASE("job_client: a wish waits until somebody gives back", "[fanout]") {
  sys::Loop loop;
  Pool pool;
  auto client = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *client, 3) == 3);
  bool granted = false;
  client->Want([&] { granted = true; });
  for (int i = 0; i < 3; i++) loop.Turn(absl::Milliseconds(1));
  CHECK_FALSE(granted);
  pool.Put("c");
  CHECK(Until(loop, [&] { return granted; }));
  CHECK(client->slots() == 4);
}

TEST_CASE("job_client: a wish is met by our own slot, too", "[fanout]") {
  sys::Loop loop;
  Pool pool;
  pool.Drain();
  auto client = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *client, 1) == 1);
  bool granted = false;
  client->Want([&] { granted = true; });
  loop.Turn(absl::ZeroDuration());
  CHECK_FALSE(granted);
  client->GiveBack();
  CHECK(Until(loop, [&] { return granted; }));
  CHECK(client->tokens() == 0);
}

TEST_CASE("job_client: a wish that is given up takes no token", "[fanout]") {
  sys::Loop loop;
  Pool pool;
  auto client = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *client, 1) == 1);
  client->Want([] { FAIL("was granted"); });
  client->WantNoMore();
  CHECK_FALSE(client->wants());
  for (int i = 0; i < 3; i++) loop.Turn(absl::ZeroDuration());
  CHECK(pool.Count() == 2);
}

TEST_CASE("job_client: two clients share the tokens and never wait in a read",
          "[fanout]") {
  sys::Loop loop;
  Pool pool;
  auto one = *JobClient::Connect(loop, pool.address());
  auto two = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *one, 3) == 3);
  REQUIRE(Grant(loop, *two, 1) == 1);
  bool first = false, second = false;
  one->Want([&] { first = true; });
  two->Want([&] { second = true; });
  loop.Turn(absl::ZeroDuration());
  // Both are told of one token; one of them comes too late.
  pool.Put("c");
  CHECK(Until(loop, [&] { return first || second; }));
  for (int i = 0; i < 3; i++) loop.Turn(absl::ZeroDuration());
  CHECK(first != second);
  (first ? one : two)->GiveBack();
  CHECK(Until(loop, [&] { return first && second; }));
  one.reset();
  two.reset();
  CHECK(pool.Count() == 3);
}

TEST_CASE("job_client: the pipe stays as its makers left it", "[fanout]") {
  sys::Loop loop;
  Pool pool;
  const int read_flags = fcntl(pool.in.get(), F_GETFL);
  const int write_flags = fcntl(pool.out.get(), F_GETFL);
  auto client = *JobClient::Connect(loop, pool.address());
  REQUIRE(Grant(loop, *client, 2) == 2);
  CHECK(fcntl(pool.in.get(), F_GETFL) == read_flags);
  CHECK(fcntl(pool.out.get(), F_GETFL) == write_flags);
  CHECK((read_flags & O_NONBLOCK) == 0);
}

TEST_CASE("job_client: a server that died leaves us one slot", "[fanout]") {
  sys::Loop loop;
  std::unique_ptr<JobClient> client;
  {
    Pool pool;
    pool.Drain();
    client = *JobClient::Connect(loop, pool.address());
  }
  CHECK(Grant(loop, *client, 1) == 1);
  bool granted = false;
  client->Want([&] { granted = true; });
  for (int i = 0; i < 3; i++) loop.Turn(absl::Milliseconds(1));
  CHECK_FALSE(granted);
  client->GiveBack();
  CHECK(Until(loop, [&] { return granted; }));
}

TEST_CASE("job_client: descriptors that are not the pipe are refused",
          "[fanout]") {
  sys::Loop loop;
  Pool pool, other;
  const auto refused = [&](int in, int out) {
    JobServerAddress address;
    address.read_fd = in;
    address.write_fd = out;
    return absl::IsFailedPrecondition(
        JobClient::Connect(loop, address).status());
  };
  sys::Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK(refused(pool.in.get(), other.out.get()));
  CHECK(refused(pool.out.get(), pool.in.get()));
  CHECK(refused(null.get(), null.get()));
  CHECK(refused(1000, 1001));
  // A pipe of our own that happens to have the numbers.
  auto [our_in, our_out] = *sys::Pipe();
  CHECK(refused(our_in.get(), our_out.get()));
  const int closed = other.in.get();
  other.in.Reset();
  CHECK(refused(closed, other.out.get()));
}

TEST_CASE("job_client: a server is found by its FIFO", "[fanout]") {
  sys::Loop loop;
  auto folder = *sys::TemporaryFolder::Make("job_client");
  const std::string path = folder.path() + "/fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  sys::Fd keep(open(path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(write(keep.get(), "xy", 2) == 2);
  sys::Environment environment;
  environment.Set("MAKEFLAGS", " -j3 --jobserver-auth=fifo:" + path);
  {
    auto client = *JobClient::Find(loop, environment);
    CHECK(Grant(loop, *client, 3) == 3);
    CHECK_FALSE(client->needs_descriptors());
    bool granted = false;
    client->Want([&] { granted = true; });
    loop.Turn(absl::Milliseconds(1));
    CHECK_FALSE(granted);
  }
  int count = 0;
  REQUIRE(ioctl(keep.get(), FIONREAD, &count) == 0);
  CHECK(count == 2);
}

TEST_CASE("job_client: what is announced but cannot be used says why",
          "[fanout]") {
  sys::Loop loop;
  auto folder = *sys::TemporaryFolder::Make("job_client");
  REQUIRE(sys::ReplaceFile(folder.path() + "/plain", "xxx").ok());
  sys::Environment environment;
  CHECK(absl::IsNotFound(JobClient::Find(loop, environment).status()));
  const auto find = [&](const std::string& auth) {
    environment.Set("MAKEFLAGS", "--jobserver-auth=" + auth);
    return JobClient::Find(loop, environment).status();
  };
  CHECK(absl::IsFailedPrecondition(find("fifo:" + folder.path() + "/none")));
  CHECK(absl::IsFailedPrecondition(find("fifo:" + folder.path() + "/plain")));
  CHECK(absl::IsFailedPrecondition(find("fifo:" + folder.path())));
  CHECK(absl::IsFailedPrecondition(find("fifo:/dev/null")));
  CHECK(absl::IsFailedPrecondition(find("1000,1001")));
  CHECK(absl::IsFailedPrecondition(find("-2,-2")));
  CHECK(absl::IsInvalidArgument(find("x")));
}

}  // namespace
