#include "sys/beneath.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "sys/file.h"

namespace {

using Open = absl::StatusOr<sys::Fd> (*)(int, const std::string&, int, int);
constexpr Open kBoth[] = {sys::OpenBeneath, sys::OpenBeneathByParts};

// outside/secret, and root with: d/f, link -> d, up -> .., out -> outside,
// file, flink -> file
struct Tree {
  Tree() {
    REQUIRE(sys::MakeFolders(dir + "/root/d").ok());
    REQUIRE(sys::MakeFolders(dir + "/outside").ok());
    REQUIRE(sys::ReplaceFile(dir + "/outside/secret", "secret").ok());
    REQUIRE(sys::ReplaceFile(dir + "/root/d/f", "inside").ok());
    REQUIRE(sys::ReplaceFile(dir + "/root/file", "file").ok());
    for (const auto& [name, target] : {std::pair("link", "d"),
                                       {"up", ".."},
                                       {"out", "../outside"},
                                       {"flink", "file"},
                                       {"none", "nowhere"}}) {
      REQUIRE(symlink(target, absl::StrCat(dir, "/root/", name).c_str()) == 0);
    }
    root = *sys::Open(dir + "/root", O_PATH | O_DIRECTORY);
  }
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("beneath-test-");
  std::string dir = folder.path();
  sys::Fd root;
};

}  // namespace

TEST_CASE_METHOD(Tree, "beneath: a file in folders is opened", "[sys]") {
  for (Open open : kBoth) {
    const auto fd = open(root.get(), "d/f", O_RDONLY, 0);
    REQUIRE(fd.ok());
    CHECK(*sys::ReadFd(fd->get()) == "inside");
    CHECK((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(open(root.get(), "d", O_PATH | O_DIRECTORY, 0).ok());
    CHECK(absl::IsNotFound(open(root.get(), "d/g", O_RDONLY, 0).status()));
    CHECK(absl::IsNotFound(open(root.get(), "e/g", O_RDONLY, 0).status()));
  }
}

TEST_CASE_METHOD(Tree, "beneath: no link is followed in any part", "[sys]") {
  const std::pair<std::string, std::string> table[] = {
      {"link", "link"}, {"link/f", "link"},          {"flink", "flink"},
      {"none", "none"}, {"up/outside/secret", "up"}, {"out/secret", "out"},
  };
  for (Open open : kBoth) {
    for (const auto& [path, part] : table) {
      for (int flags : {O_RDONLY, O_RDONLY | O_DIRECTORY, O_WRONLY | O_CREAT,
                        O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY}) {
        INFO(path << " " << flags);
        const absl::Status status =
            open(root.get(), path, flags, 0600).status();
        CHECK(absl::IsFailedPrecondition(status));
        CHECK(status.message() ==
              absl::StrCat("'", part, "': is a symbolic link"));
      }
    }
    CHECK(open(root.get(), "file/x", O_RDONLY, 0).status().message() ==
          "'file': is no folder");
  }
  CHECK_FALSE(sys::Stat(dir + "/root/nowhere")->exists);
}

TEST_CASE_METHOD(Tree, "beneath: a path that could lead out is refused",
                 "[sys]") {
  const std::string nul("d\0f", 3);
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/etc/passwd"),
        std::string("."), std::string(".."), std::string("../outside/secret"),
        std::string("d/../../outside/secret"), std::string("d/./f"),
        std::string("d//f"), std::string("d/f/"), nul}) {
    for (Open open : kBoth) {
      CHECK(absl::IsInvalidArgument(
          open(root.get(), path, O_RDONLY, 0).status()));
    }
    CHECK(absl::IsInvalidArgument(
        sys::MakeFoldersBeneath(root.get(), path).status()));
    CHECK(absl::IsInvalidArgument(
        sys::OpenParentBeneath(root.get(), path).status()));
    CHECK(absl::IsInvalidArgument(
        sys::SetAttributesBeneath(root.get(), path, {.mode = 0600})));
  }
}

TEST_CASE_METHOD(Tree, "beneath: missing folders are made and named", "[sys]") {
  CHECK(*sys::MakeFoldersBeneath(root.get(), "d/e/g") ==
        std::vector<std::string>{"d/e", "d/e/g"});
  CHECK(sys::MakeFoldersBeneath(root.get(), "d/e/g")->empty());
  CHECK(sys::Stat(dir + "/root/d/e/g")->folder);
}

TEST_CASE_METHOD(Tree,
                 "beneath: folders are not made through a link, and none "
                 "is left behind",
                 "[sys]") {
  CHECK(absl::IsFailedPrecondition(
      sys::MakeFoldersBeneath(root.get(), "out/new").status()));
  CHECK_FALSE(sys::Stat(dir + "/outside/new")->exists);
  CHECK(absl::IsFailedPrecondition(
      sys::MakeFoldersBeneath(root.get(), "file/new").status()));
  const std::string longer(256, 'n');
  CHECK_FALSE(
      sys::MakeFoldersBeneath(root.get(), "d/p/q/" + longer).status().ok());
  CHECK(*sys::ListFolder(dir + "/root/d") == std::vector<std::string>{"f"});
}

TEST_CASE_METHOD(Tree, "beneath: attributes are set, and never through a link",
                 "[sys]") {
  const absl::Time then = absl::FromUnixNanos(1'234'567'890'123'456'789);
  REQUIRE(sys::SetAttributesBeneath(
              root.get(), "d/f",
              {.mode = 0751, .uid = getuid(), .gid = getgid(), .mtime = then})
              .ok());
  CHECK(sys::Stat(dir + "/root/d/f")->mode == 0751);
  CHECK(sys::Stat(dir + "/root/d/f")->mtime_ns == absl::ToUnixNanos(then));
  REQUIRE(sys::SetAttributesBeneath(root.get(), "d", {.mode = 0700}).ok());
  CHECK(sys::Stat(dir + "/root/d")->mode == 0700);

  const sys::FileInfo before = *sys::Stat(dir + "/root/file");
  CHECK(sys::SetAttributesBeneath(root.get(), "flink",
                                  {.mode = 0777, .mtime = then})
            .ok());
  CHECK(sys::Stat(dir + "/root/file")->mode == before.mode);
  CHECK(sys::Stat(dir + "/root/file")->mtime_ns == before.mtime_ns);
  struct stat link;
  REQUIRE(lstat((dir + "/root/flink").c_str(), &link) == 0);
  CHECK(link.st_mtim.tv_nsec == 123'456'789);
  CHECK(absl::IsFailedPrecondition(
      sys::SetAttributesBeneath(root.get(), "out/secret", {.mode = 0777})));
  CHECK(absl::IsNotFound(
      sys::SetAttributesBeneath(root.get(), "nothing", {.mode = 0777})));
}
