#include "isinit/mount_plan.h"

#include <catch2/catch.hpp>

namespace isinit {
namespace {

std::string Targets(const std::vector<MountStep>& steps) {
  std::string all;
  for (const MountStep& s : steps) all += s.target + ":" + s.type + " ";
  return all;
}

TEST_CASE("mounts: a rescue system gets everything", "[isinit]") {
  CHECK(Targets(PlanMounts(Situation::kRescue, "", {}, true)) ==
        "/proc:proc /sys:sysfs /dev:devtmpfs /dev/pts:devpts /dev/shm:tmpfs "
        "/run:tmpfs /tmp:tmpfs /sys/fs/cgroup:cgroup2 ");
}

TEST_CASE("mounts: a container's /dev is made up, and its /sys is read-only",
          "[isinit]") {
  const auto steps = PlanMounts(Situation::kContainer, "", {}, true);
  CHECK(Targets(steps) ==
        "/proc:proc /sys:sysfs /dev:tmpfs /dev/pts:devpts /dev/shm:tmpfs "
        "/run:tmpfs /sys/fs/cgroup:cgroup2 ");
  CHECK((steps[1].flags & 1) != 0);
}

TEST_CASE("mounts: nothing is put over what is mounted", "[isinit]") {
  const std::vector<Mounted> there = {{.target = "/proc", .type = "proc"},
                                      {.target = "/dev", .type = "tmpfs"},
                                      {.target = "/run", .type = "tmpfs"}};
  CHECK(Targets(PlanMounts(Situation::kSystem, "", there, true)) ==
        "/sys:sysfs /dev/pts:devpts /dev/shm:tmpfs /sys/fs/cgroup:cgroup2 ");
  CHECK(PlanMounts(Situation::kSystem, "none", {}, true).empty());
}

TEST_CASE("mounts: temporary files need memory where the root is read-only",
          "[isinit]") {
  CHECK(Targets(PlanMounts(Situation::kSystem, "full", {}, false))
            .find("/tmp:tmpfs") != std::string::npos);
  CHECK(Targets(PlanMounts(Situation::kSystem, "full", {}, true))
            .find("/tmp:tmpfs") == std::string::npos);
}

TEST_CASE("mounts: mountinfo is read with its escapes and optional fields",
          "[isinit]") {
  const auto all = ReadMountInfo(
      "36 35 98:0 /a /mnt/a\\040b rw,noatime master:1 - ext3 /dev/r rw\n"
      "37 36 0:5 / /dev rw - devtmpfs none rw\n"
      "junk\n"
      "1 2 - \n"
      "38 36 0:6 / /x ro,nosuid shared:2 master:3 - tmpfs tmpfs rw\n");
  REQUIRE(all.size() == 3);
  CHECK(all[0].target == "/mnt/a b");
  CHECK(all[0].type == "ext3");
  CHECK(all[0].source == "/dev/r");
  CHECK(all[0].root == "/a");
  CHECK_FALSE(all[0].read_only);
  CHECK(all[2].read_only);
}

TEST_CASE("mounts: the last mounted goes first, and what is made up stays",
          "[isinit]") {
  const auto order = UnmountOrder({{.target = "/", .type = "ext4"},
                                   {.target = "/proc", .type = "proc"},
                                   {.target = "/data", .type = "ext4"},
                                   {.target = "/data/x", .type = "xfs"},
                                   {.target = "/dev", .type = "devtmpfs"}});
  REQUIRE(order.size() == 2);
  CHECK(order[0].target == "/data/x");
  CHECK(order[1].target == "/data");
}

}  // namespace
}  // namespace isinit
