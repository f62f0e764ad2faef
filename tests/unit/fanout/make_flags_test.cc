#include "fanout/make_flags.h"

#include <catch2/catch.hpp>

namespace {

using fanout::AnnounceJobServer;
using fanout::FindJobServer;
using fanout::JobServerAddress;

TEST_CASE("make_flags: descriptors are found under both names", "[fanout]") {
  for (const char* flags : {"--jobserver-auth=3,4", " -j4 --jobserver-fds=3,4",
                            "ks -j --jobserver-auth=3,4 -- X=1",
                            "--jobserver-auth=8,9 --jobserver-auth=3,4"}) {
    INFO(flags);
    const absl::StatusOr<JobServerAddress> address = FindJobServer(flags);
    REQUIRE(address.ok());
    CHECK(address->read_fd == 3);
    CHECK(address->write_fd == 4);
    CHECK(address->fifo == "");
  }
}

TEST_CASE("make_flags: a FIFO is found by its path", "[fanout]") {
  CHECK(FindJobServer(" -j --jobserver-auth=fifo:/tmp/GMfifo1")->fifo ==
        "/tmp/GMfifo1");
  CHECK(FindJobServer("--jobserver-auth=fifo:/tmp/a\\ b -k")->fifo ==
        "/tmp/a b");
}

TEST_CASE("make_flags: without a server there is none", "[fanout]") {
  for (const char* flags :
       {"", "ks", "-j4", "w --no-print-directory", "-- X=--jobserver-auth=3,4",
        " -j1 -- --jobserver-auth=3,4"}) {
    INFO(flags);
    CHECK(absl::IsNotFound(FindJobServer(flags).status()));
  }
}

TEST_CASE("make_flags: a server that is not for us is told apart", "[fanout]") {
  CHECK(absl::IsFailedPrecondition(
      FindJobServer("--jobserver-auth=-2,-2").status()));
}

TEST_CASE("make_flags: nonsense is refused", "[fanout]") {
  for (const char* flags :
       {"--jobserver-auth=3", "--jobserver-auth=,", "--jobserver-auth=3,",
        "--jobserver-auth=a,b", "--jobserver-auth=3,4,5",
        "--jobserver-auth=fifo:", "--jobserver-auth=99999999999,3",
        "--jobserver-auth=3,-1"}) {
    INFO(flags);
    CHECK(absl::IsInvalidArgument(FindJobServer(flags).status()));
  }
}

TEST_CASE("make_flags: ours takes the place of what was said of jobs",
          "[fanout]") {
  JobServerAddress pipe;
  pipe.read_fd = 5;
  pipe.write_fd = 6;
  CHECK(AnnounceJobServer("", 4, pipe) == " -j4 --jobserver-auth=5,6");
  CHECK(AnnounceJobServer("ks -j8 --jobserver-fds=3,4 --debug=a", 4, pipe) ==
        "ks --debug=a -j4 --jobserver-auth=5,6");
  CHECK(AnnounceJobServer(" -j --jobserver-auth=fifo:/x\\ y --jobs=3 -- "
                          "A=-j9 B=a\\ b",
                          4, pipe) ==
        " -j4 --jobserver-auth=5,6 -- A=-j9 B=a\\ b");
  JobServerAddress fifo;
  fifo.fifo = "/tmp/f";
  CHECK(AnnounceJobServer("k", 2, fifo) ==
        "k -j2 --jobserver-auth=fifo:/tmp/f");
  CHECK(FindJobServer(AnnounceJobServer("k", 2, fifo))->fifo == "/tmp/f");
}

TEST_CASE("make_flags: make tells from which version on it knows FIFOs",
          "[fanout]") {
  CHECK_FALSE(fanout::MakeKnowsFifo("GNU Make 4.3\nBuilt for x86_64\n"));
  CHECK_FALSE(fanout::MakeKnowsFifo("GNU Make 3.81\n"));
  CHECK_FALSE(fanout::MakeKnowsFifo("GNU Make 4.2.90\n"));
  CHECK(fanout::MakeKnowsFifo("GNU Make 4.4\n"));
  CHECK(fanout::MakeKnowsFifo("GNU Make 4.4.1\nBuilt for\n"));
  CHECK(fanout::MakeKnowsFifo("GNU Make 5.0\n"));
  CHECK_FALSE(fanout::MakeKnowsFifo("bmake 9.9\n"));
  CHECK_FALSE(fanout::MakeKnowsFifo("GNU Make \n"));
  CHECK_FALSE(fanout::MakeKnowsFifo(""));
}

}  // namespace
