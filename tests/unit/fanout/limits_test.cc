#include "fanout/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sys/child.h"
#include "sys/file.h"

namespace {

using fanout::AddLimit;
using fanout::ParseNice;
using fanout::TaskLimits;

rlim_t ValueOf(const char* text, int resource) {
  TaskLimits limits;
  const absl::Status added = AddLimit(text, &limits);
  REQUIRE(added.ok());
  REQUIRE(limits.resources.size() == 1);
  CHECK(limits.resources[0].resource == resource);
  return limits.resources[0].value;
}

TEST_CASE("limits: each resource has its unit", "[fanout]") {
  CHECK(ValueOf("nofile:16", RLIMIT_NOFILE) == 16);
  CHECK(ValueOf("core:0", RLIMIT_CORE) == 0);
  CHECK(ValueOf("cpu:90", RLIMIT_CPU) == 90);
  CHECK(ValueOf("cpu:2m", RLIMIT_CPU) == 120);
  CHECK(ValueOf("cpu:1500ms", RLIMIT_CPU) == 2);
  CHECK(ValueOf("as:1g", RLIMIT_AS) == 1 << 30);
  CHECK(ValueOf("data:2K", RLIMIT_DATA) == 2048);
  CHECK(ValueOf("fsize:7", RLIMIT_FSIZE) == 7);
  CHECK(ValueOf("nproc:3", RLIMIT_NPROC) == 3);
  CHECK(ValueOf("stack:1m", RLIMIT_STACK) == 1 << 20);
  CHECK(ValueOf("rss:1m", RLIMIT_RSS) == 1 << 20);
  CHECK(ValueOf("memlock:0", RLIMIT_MEMLOCK) == 0);
}

TEST_CASE("limits: the last one of a resource counts", "[fanout]") {
  TaskLimits limits;
  REQUIRE(AddLimit("nofile:16", &limits).ok());
  REQUIRE(AddLimit("core:0", &limits).ok());
  REQUIRE(AddLimit("nofile:17", &limits).ok());
  REQUIRE(limits.resources.size() == 2);
  CHECK(limits.resources[0].value == 17);
}

TEST_CASE("limits: a task can be left unlimited", "[fanout]") {
  struct rlimit ours;
  REQUIRE(getrlimit(RLIMIT_CORE, &ours) == 0);
  TaskLimits limits;
  const absl::Status added = AddLimit("core:unlimited", &limits);
  if (ours.rlim_max != RLIM_INFINITY && !added.ok()) {
    CHECK(absl::IsPermissionDenied(added));
  } else {
    REQUIRE(added.ok());
    CHECK(limits.resources[0].value == RLIM_INFINITY);
  }
}

TEST_CASE("limits: what is no limit is refused, and changes nothing",
          "[fanout]") {
  TaskLimits limits;
  for (const char* text :
       {"", "nofile", "nofile:", "nofile:-1", "nofile:1k", "files:1", ":1",
        "cpu:x", "as:1q", "as:99999999999999999999", "NOFILE:1"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(AddLimit(text, &limits)));
  }
  CHECK(limits.resources.empty());
}

TEST_CASE("limits: a priority is from -20 to 19", "[fanout]") {
  CHECK(*ParseNice("0") == 0);
  CHECK(*ParseNice("19") == 19);
  CHECK(*ParseNice("-20") == -20);
  for (const char* text : {"", "-", "20", "-21", "+5", "x", "1.5"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseNice(text).status()));
  }
}

TEST_CASE("limits: a child has them", "[fanout]") {
  TaskLimits limits;
  limits.nice = *ParseNice("5");
  REQUIRE(AddLimit("nofile:33", &limits).ok());
  auto [in, out] = *sys::Pipe();
  sys::SpawnOptions options;
  options.out = out.get();
  limits.ApplyTo(&options);
  const std::string argv[] = {"sh", "-c", "ulimit -n; ulimit -Hn; nice"};
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(argv, options);
  REQUIRE(child.ok());
  const int before = getpriority(PRIO_PROCESS, 0);
  out.Reset();
  CHECK(*sys::ReadFd(in.get()) ==
        "33\n33\n" + std::to_string(std::min(before + 5, 19)) + "\n");
  CHECK(child->Wait().code == 0);
}

}  // namespace
