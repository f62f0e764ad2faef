#include "sys/place_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/status.h"
#include "sys/file.h"

namespace {

struct Root {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("place-test-");
  std::string dir = folder.path();
  sys::Fd root = *sys::Open(dir, O_PATH | O_DIRECTORY);

  sys::StagedFile Staged(absl::string_view content) {
    auto file = sys::StagedFile::Make(root.get());
    REQUIRE(file.ok());
    REQUIRE(file->Write(0, content).ok());
    return *std::move(file);
  }
  std::vector<std::string> Names() { return *sys::ListFolder(dir); }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Root, "place file: it appears whole, with its attributes",
                 "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/d").ok());
  REQUIRE(sys::ReplaceFile(dir + "/d/f", "old").ok());
  auto file = sys::StagedFile::Make(root.get());
  REQUIRE(file.ok());
  REQUIRE(file->Write(3, "world").ok());
  REQUIRE(file->Write(0, "my ").ok());
  CHECK(sys::Stat(file->fd())->mode == 0600);
  const absl::Time then = absl::FromUnixNanos(-5'000'000'001);
  REQUIRE(
      file->Settle(
              {.mode = 02751, .uid = getuid(), .gid = getgid(), .mtime = then})
          .ok());
  CHECK(*sys::ReadFile(dir + "/d/f") == "old");
  REQUIRE(file->Place(root.get(), "d/f").ok());
  CHECK(*sys::ReadFile(dir + "/d/f") == "my world");
  CHECK(sys::Stat(dir + "/d/f")->mode == 02751);
  CHECK(sys::Stat(dir + "/d/f")->mtime_ns == -5'000'000'001);
  CHECK(Names() == Strings{"d"});
  CHECK(*sys::ListFolder(dir + "/d") == Strings{"f"});
}

TEST_CASE_METHOD(Root, "place file: one that is given up leaves nothing",
                 "[sys]") {
  {
    sys::StagedFile one = Staged("one");
    sys::StagedFile two = Staged("two");
    CHECK(Names().size() == 2);
    REQUIRE(two.Settle({}).ok());
    one = std::move(two);
    sys::StagedFile three = std::move(one);
    CHECK(Names().size() == 2);
  }
  CHECK(Names().empty());
}

TEST_CASE_METHOD(Root, "place file: a write that fails leaves nothing",
                 "[sys]") {
  // A limit on the size of files stands for a full disk.
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto ignored = signal(SIGXFSZ, SIG_IGN);
  absl::Status status;
  {
    sys::StagedFile file = Staged("begin");
    rlimit small = before;
    small.rlim_cur = 4096;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    status = file.Write(5, std::string(10'000, 'x'));
    setrlimit(RLIMIT_FSIZE, &before);
  }
  signal(SIGXFSZ, ignored);
  CHECK(absl::IsResourceExhausted(status));
  CHECK(Names().empty());
}

TEST_CASE_METHOD(Root, "place file: one that cannot be placed is removed",
                 "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/d/e").ok());
  REQUIRE(sys::ReplaceFile(dir + "/f", "old").ok());
  REQUIRE(symlink("d", (dir + "/l").c_str()) == 0);
  for (const char* path : {"d", "none/f", "f/g", "l/f", "../f", "/f", ""}) {
    INFO(path);
    sys::StagedFile file = Staged("new");
    REQUIRE(file.Settle({.mode = 0644}).ok());
    CHECK_FALSE(file.Place(root.get(), path).ok());
    // It may go somewhere else instead, but is given up here.
  }
  CHECK(Names() == Strings{"d", "f", "l"});
  CHECK(*sys::ListFolder(dir + "/d") == Strings{"e"});
  CHECK(*sys::ReadFile(dir + "/f") == "old");
}

TEST_CASE_METHOD(Root,
                 "place file: a link in its place is replaced, not "
                 "followed",
                 "[sys]") {
  REQUIRE(sys::ReplaceFile(dir + "/victim", "old").ok());
  REQUIRE(symlink("victim", (dir + "/f").c_str()) == 0);
  sys::StagedFile file = Staged("new");
  REQUIRE(file.Settle({.mode = 0644}).ok());
  REQUIRE(file.Place(root.get(), "f").ok());
  CHECK(*sys::ReadFile(dir + "/victim") == "old");
  CHECK(*sys::ReadFile(dir + "/f") == "new");
  CHECK_FALSE(sys::Stat(dir + "/f")->symlink);
}

TEST_CASE_METHOD(Root,
                 "place file: a folder that becomes a link meanwhile is "
                 "not followed",
                 "[sys]") {
  sys::TemporaryFolder outside = *sys::TemporaryFolder::Make("place-test-");
  REQUIRE(sys::MakeFolders(dir + "/d").ok());
  sys::StagedFile file = Staged("new");
  REQUIRE(file.Settle({.mode = 0644}).ok());
  REQUIRE(rmdir((dir + "/d").c_str()) == 0);
  REQUIRE(symlink(outside.path().c_str(), (dir + "/d").c_str()) == 0);
  CHECK(absl::IsFailedPrecondition(file.Place(root.get(), "d/f")));
  CHECK(sys::ListFolder(outside.path())->empty());
}

TEST_CASE_METHOD(Root, "place file: staged in a folder of its own", "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/staging").ok());
  const sys::Fd staging =
      *sys::OpenBeneath(root.get(), "staging", O_PATH | O_DIRECTORY);
  auto file =
      sys::StagedFile::Make(staging.get(), sys::StagedFile::Durable::kNo);
  REQUIRE(file.ok());
  CHECK(sys::ListFolder(dir + "/staging")->size() == 1);
  REQUIRE(file->Settle({.mode = 0640}).ok());
  CHECK(file->fd() == -1);
  REQUIRE(file->Place(root.get(), "f").ok());
  CHECK(sys::ListFolder(dir + "/staging")->empty());
  CHECK(*sys::ReadFile(dir + "/f") == "");
}

TEST_CASE_METHOD(Root, "place file: a link is made and replaces a link",
                 "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/d").ok());
  for (const char* target : {"one", "../two", "/three"}) {
    REQUIRE(sys::PlaceLink(root.get(), root.get(), "d/l", target).ok());
    char text[20] = {};
    REQUIRE(readlink((dir + "/d/l").c_str(), text, sizeof text - 1) > 0);
    CHECK(std::string(text) == target);
  }
  CHECK_FALSE(sys::PlaceLink(root.get(), root.get(), "d", "x").ok());
  CHECK_FALSE(sys::PlaceLink(root.get(), root.get(), "d/l/m", "x").ok());
  CHECK_FALSE(sys::PlaceLink(root.get(), root.get(), "../l", "x").ok());
  CHECK(Names() == Strings{"d"});
}
