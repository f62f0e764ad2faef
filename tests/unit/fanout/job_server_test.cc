#include "fanout/job_server.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "fanout/job_client.h"
#include "sys/child.h"

namespace {

using fanout::JobClient;
using fanout::JobServer;
using fanout::JobServerAddress;
using Style = fanout::JobServer::Style;

int Grant(sys::Loop& loop, JobClient& client, int wanted) {
  int granted = 0;
  for (; granted < wanted; granted++) {
    bool now = false;
    client.Want([&] { now = true; });
    for (int i = 0; i < 20 && !now; i++) loop.Turn(absl::Milliseconds(1));
    client.WantNoMore();
    if (!now) break;
  }
  return granted;
}

TEST_CASE("job_server: as many as there are slots may work", "[fanout]") {
  for (const Style style : {Style::kDescriptors, Style::kFifo}) {
    sys::Loop loop;
    const JobServer server = *JobServer::Make(3, style);
    auto client = *JobClient::Connect(loop, server.address());
    CHECK(Grant(loop, *client, 5) == 3);
  }
}

TEST_CASE("job_server: one slot is a pool without tokens", "[fanout]") {
  sys::Loop loop;
  const JobServer server = *JobServer::Make(1, Style::kDescriptors);
  auto client = *JobClient::Connect(loop, server.address());
  CHECK(Grant(loop, *client, 5) == 1);
}

TEST_CASE("job_server: it is announced in the place of another", "[fanout]") {
  sys::Environment environment;
  environment.Set("MAKEFLAGS", "k -j9 --jobserver-auth=88,89");
  environment.Set("MFLAGS", "-k -j9 --jobserver-auth=88,89");
  environment.Set("CARGO_MAKEFLAGS", "--jobserver-auth=88,89");
  const JobServer server = *JobServer::Make(4, Style::kFifo);
  server.Announce(&environment);
  CHECK(environment.Get("MAKEFLAGS") ==
        "k -j4 --jobserver-auth=fifo:" + server.address().fifo);
  CHECK_FALSE(environment.Get("MFLAGS").has_value());
  CHECK_FALSE(environment.Get("CARGO_MAKEFLAGS").has_value());
  CHECK_FALSE(server.needs_descriptors());
}

TEST_CASE("job_server: a FIFO goes with its server", "[fanout]") {
  std::string path;
  {
    const JobServer server = *JobServer::Make(4, Style::kFifo);
    path = server.address().fifo;
    CHECK(sys::Stat(path)->mode == 0600);
  }
  CHECK_FALSE(sys::Stat(path)->exists);
  CHECK_FALSE(sys::Stat(path.substr(0, path.rfind('/')))->exists);
}

// The most commands that ran at the same moment, of what make prints.
int MostAtOnce(const std::string& log) {
  int now = 0, most = 0;
  for (const char c : log) {
    now += c == '+' ? 1 : c == '-' ? -1 : 0;
    most = std::max(most, now);
  }
  return most;
}

// Each recipe says + and waits, 2 s at most, until `meet` of them have come.
constexpr char kMakefile[] =
    "all: a b c d e f\n"
    "a b c d e f:\n"
    "\t@printf + >>log; n=0; "
    "while [ $$n -lt 100 ] && "
    "[ $$(tr -dc + <log | wc -c) -lt $(meet) ]; do n=$$((n+1)); sleep 0.02; "
    "done; printf - >>log\n";

std::string RunMake(const JobServer& server, int meet, std::string* errors) {
  auto folder = *sys::TemporaryFolder::Make("job_server");
  REQUIRE(sys::ReplaceFile(folder.path() + "/Makefile", kMakefile).ok());
  sys::Environment environment = sys::Environment::Ours();
  environment.Unset("MAKELEVEL");
  environment.Unset("MAKEFLAGS");
  server.Announce(&environment);
  auto [in, out] = *sys::Pipe();
  sys::SpawnOptions options;
  options.err = out.get();
  options.folder = folder.path();
  options.environment = &environment.entries();
  options.keep_descriptors = server.needs_descriptors();
  const std::string argv[] = {"make", absl::StrCat("meet=", meet)};
  absl::StatusOr<sys::Child> make = sys::Child::Spawn(argv, options);
  REQUIRE(make.ok());
  out.Reset();
  *errors = *sys::ReadFd(in.get());
  CHECK(make->Wait().code == 0);
  return *sys::ReadFile(folder.path() + "/log");
}

TEST_CASE("job_server: the make that is installed shares the slots",
          "[fanout]") {
  JobServer server = *JobServer::Make(3, JobServer::ChooseStyle());
  std::string errors;
  const std::string log = RunMake(server, 3, &errors);
  CHECK(errors == "");
  CHECK(MostAtOnce(log) == 3);
  CHECK(std::count(log.begin(), log.end(), '-') == 6);
  // It has given back what it took.
  sys::Loop loop;
  auto client = *JobClient::Connect(loop, server.address());
  CHECK(Grant(loop, *client, 3) == 3);
}

TEST_CASE("job_server: what we hold is not there for make", "[fanout]") {
  sys::Loop loop;
  const JobServer server = *JobServer::Make(3, JobServer::ChooseStyle());
  auto client = *JobClient::Connect(loop, server.address());
  // The task that is make, and two more.
  REQUIRE(Grant(loop, *client, 3) == 3);
  std::string errors;
  CHECK(MostAtOnce(RunMake(server, 1, &errors)) == 1);
  CHECK(errors == "");
}

TEST_CASE("job_server: what is announced is found", "[fanout]") {
  sys::Loop loop;
  for (const Style style : {Style::kDescriptors, Style::kFifo}) {
    const JobServer server = *JobServer::Make(2, style);
    sys::Environment environment;
    server.Announce(&environment);
    auto client = *JobClient::Find(loop, environment);
    CHECK(client->needs_descriptors() == server.needs_descriptors());
    CHECK(Grant(loop, *client, 9) == 2);
  }
}

sys::Fd OpenOrFail(const std::string& path, int flags) {
  absl::StatusOr<sys::Fd> fd = sys::Open(path, flags);
  INFO(path);
  REQUIRE(fd.ok());
  return *std::move(fd);
}

TEST_CASE("job_server: the make that is installed lends us its slots",
          "[fanout]") {
  auto folder = *sys::TemporaryFolder::Make("job_server");
  for (const char* name : {"/said", "/go"}) {
    REQUIRE(mkfifo((folder.path() + name).c_str(), 0600) == 0);
  }
  REQUIRE(sys::ReplaceFile(folder.path() + "/Makefile",
                           "all:\n\t+@echo $$$$ $$MAKEFLAGS >said; "
                           "read x <go\n")
              .ok());
  // For both, so that nobody waits for the other in open(2).
  sys::Fd said = OpenOrFail(folder.path() + "/said", O_RDWR);
  sys::Fd go = OpenOrFail(folder.path() + "/go", O_RDWR);
  sys::Environment environment = sys::Environment::Ours();
  environment.Unset("MAKELEVEL");
  environment.Unset("MAKEFLAGS");
  auto [in, out] = *sys::Pipe();
  sys::SpawnOptions options;
  options.err = out.get();
  options.folder = folder.path();
  options.environment = &environment.entries();
  const std::string argv[] = {"make", "-j3"};
  absl::StatusOr<sys::Child> make = sys::Child::Spawn(argv, options);
  REQUIRE(make.ok());
  out.Reset();
  struct pollfd ready = {said.get(), POLLIN, 0};
  REQUIRE(poll(&ready, 1, 10'000) == 1);
  std::string words(4096, ' ');
  const ssize_t got = read(said.get(), words.data(), words.size());
  REQUIRE(got > 0);
  words.resize(got);

  // Its descriptors, had from the recipe: a client is what the recipe runs.
  const std::string recipe = words.substr(0, words.find(' '));
  JobServerAddress address = *fanout::FindJobServer(
      absl::StripAsciiWhitespace(words.substr(recipe.size())));
  const std::string fds = "/proc/" + recipe + "/fd/";
  sys::Fd read_end, write_end;
  if (address.fifo.empty()) {
    read_end = OpenOrFail(absl::StrCat(fds, address.read_fd), O_RDONLY);
    write_end = OpenOrFail(absl::StrCat(fds, address.write_fd), O_WRONLY);
    // As inherited ones are.
    REQUIRE(fcntl(read_end.get(), F_SETFD, 0) == 0);
    REQUIRE(fcntl(write_end.get(), F_SETFD, 0) == 0);
    address.read_fd = read_end.get();
    address.write_fd = write_end.get();
  }
  {
    sys::Loop loop;
    auto client = *JobClient::Connect(loop, address);
    CHECK(Grant(loop, *client, 9) == 3);
  }
  // At its end make reads until nobody could write a token any more.
  read_end.Reset();
  write_end.Reset();
  REQUIRE(write(go.get(), "\n", 1) == 1);
  // A make that misses a token at its end says so.
  CHECK(*sys::ReadFd(in.get()) == "");
  CHECK(make->Wait().code == 0);
}

}  // namespace
