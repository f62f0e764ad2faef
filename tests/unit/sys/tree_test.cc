#include "sys/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

namespace {

using Type = sys::Item::Type;
using Strings = std::vector<std::string>;

struct Root {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("tree-test-");
  std::string dir = folder.path();
  sys::Fd root = *sys::Open(dir, O_PATH | O_DIRECTORY);
  int at = root.get();

  void Write(const std::string& name, absl::string_view content) {
    REQUIRE(sys::ReplaceFile(dir + "/" + name, content).ok());
  }
  std::string Read(const std::string& name) {
    return *sys::ReadFile(dir + "/" + name);
  }
  Type TypeAt(const std::string& name) { return sys::LookAt(at, name)->type; }
};

}  // namespace

TEST_CASE_METHOD(Root, "tree: each thing is told from the others", "[sys]") {
  Write("f", "four");
  REQUIRE(chmod((dir + "/f").c_str(), 04751) == 0);
  REQUIRE(sys::MakeFolder(at, "d", 0750).ok());
  REQUIRE(sys::MakeLink(at, "l", "f").ok());
  REQUIRE(mkfifo((dir + "/p").c_str(), 0600) == 0);
  CHECK(TypeAt("none") == Type::kNothing);
  CHECK(TypeAt("d") == Type::kFolder);
  CHECK(TypeAt("p") == Type::kOther);
  const auto file = sys::LookAt(at, "f");
  CHECK(file->type == Type::kFile);
  CHECK(file->mode == 04751);
  CHECK(file->bytes == 4);
  CHECK(file->uid == getuid());
  const auto link = sys::LookAt(at, "l");
  CHECK(link->type == Type::kLink);
  CHECK(link->target == "f");
  CHECK(link->mode == 0);
  CHECK(*sys::NamesIn(at, 4) == Strings{"d", "f", "l", "p"});
  CHECK(absl::IsResourceExhausted(sys::NamesIn(at, 3).status()));
}

TEST_CASE_METHOD(Root, "tree: names change places, whatever they are",
                 "[sys]") {
  Write("f", "file");
  REQUIRE(sys::MakeFolder(at, "d", 0755).ok());
  Write("d/inside", "x");
  const absl::Status status = sys::Exchange(at, "f", at, "d");
  if (absl::IsUnimplemented(status)) return;
  REQUIRE(status.ok());
  CHECK(Read("d") == "file");
  CHECK(Read("f/inside") == "x");
  CHECK(absl::IsNotFound(sys::Exchange(at, "f", at, "none")));
  CHECK(absl::IsNotFound(sys::Exchange(at, "none", at, "f")));
}

TEST_CASE_METHOD(Root, "tree: what is there is moved over or not as asked",
                 "[sys]") {
  Write("a", "a");
  Write("b", "b");
  CHECK(absl::IsAlreadyExists(sys::MoveToNew(at, "a", at, "b")));
  CHECK(Read("b") == "b");
  CHECK(sys::Move(at, "a", at, "b").ok());
  CHECK(Read("b") == "a");
  CHECK(sys::MoveToNew(at, "b", at, "c").ok());
  CHECK(sys::LinkTo(at, "c", at, "d").ok());
  CHECK(absl::IsAlreadyExists(sys::LinkTo(at, "c", at, "d")));
  REQUIRE(sys::MakeLink(at, "l", "nowhere").ok());
  CHECK(sys::LinkTo(at, "l", at, "l2").ok());
  CHECK(sys::LookAt(at, "l2")->target == "nowhere");
  CHECK(*sys::NamesIn(at, 10) == Strings{"c", "d", "l", "l2"});
}

TEST_CASE_METHOD(Root, "tree: one name is removed, or all below it", "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/d/e").ok());
  Write("d/f", "x");
  Write("outside", "x");
  REQUIRE(sys::MakeLink(at, "d/l", "../outside").ok());
  CHECK(!sys::Remove(at, "d").ok());
  CHECK(sys::Remove(at, "none").ok());
  REQUIRE(chmod((dir + "/d/e").c_str(), 0) == 0);
  CHECK(sys::RemoveAll(at, "d").ok());
  CHECK(sys::RemoveAll(at, "d").ok());
  CHECK(*sys::NamesIn(at, 10) == Strings{"outside"});
  REQUIRE(sys::MakeFolder(at, "empty", 0755).ok());
  CHECK(sys::Remove(at, "empty").ok());
  CHECK(sys::RemoveAll(at, "outside").ok());
  CHECK(sys::NamesIn(at, 10)->empty());
}

TEST_CASE_METHOD(Root, "tree: a folder is on a mount", "[sys]") {
  REQUIRE(sys::MakeFolder(at, "d", 0755).ok());
  const sys::Fd inside = *sys::Open(dir + "/d", O_PATH);
  const sys::Fd proc = *sys::Open("/proc", O_PATH);
  CHECK(*sys::MountOf(at) == *sys::MountOf(inside.get()));
  CHECK(*sys::MountOf(at) != *sys::MountOf(proc.get()));
  CHECK(sys::SyncNames(at).ok());
}
