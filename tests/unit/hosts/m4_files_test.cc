#include "hosts/m4_files.h"

#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/file.h"

namespace {

// A folder of its own to be in, and back.
class Place {
 public:
  Place() : folder_(*sys::TemporaryFolder::Make("m4-files")) {
    REQUIRE(getcwd(before_, sizeof before_) != nullptr);
    REQUIRE(chdir(folder_.path().c_str()) == 0);
  }
  ~Place() { (void)!chdir(before_); }
  const std::string& path() const { return folder_.path(); }
  void Write(const std::string& name, absl::string_view content) {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos) {
      REQUIRE(sys::MakeFolders(name.substr(0, slash)).ok());
    }
    REQUIRE(sys::ReplaceFile(name, content).ok());
  }

 private:
  sys::TemporaryFolder folder_;
  char before_[4096];
};

}  // namespace

TEST_CASE("m4 files: here comes before the folders and those in their order",
          "[hosts]") {
  Place place;
  place.Write("a/f", "in a");
  place.Write("b/f", "in b");
  place.Write("b/g", "g in b");
  place.Write("h", "here");
  place.Write("a/h", "not here");
  hosts::M4Files files({.folders = {"a", "b"}});
  const auto f = files.Read("f");
  REQUIRE(f.ok());
  CHECK(f->name == "a/f");
  CHECK(*f->content == "in a");
  CHECK(files.Read("g")->name == "b/g");
  CHECK(*files.Read("h")->content == "here");
  CHECK(*files.Read(absl::StrCat(place.path(), "/b/f"))->content == "in b");
  CHECK(files.Read("nope").status().message() == "No such file or directory");
  CHECK(files.Read("/f").status().message() == "No such file or directory");
  CHECK(files.Read("a").status().message() == "Is a directory");
}

TEST_CASE("m4 files: safe mode sees no file outside whatever leads there",
          "[hosts]") {
  Place place;
  place.Write("work/in", "in");
  place.Write("work/sub/deep", "deep");
  place.Write("secret", "secret");
  place.Write("inc/i", "included");
  place.Write("workshop/x", "a longer name");
  REQUIRE(chdir("work") == 0);
  REQUIRE(symlink("../secret", "link") == 0);
  REQUIRE(symlink("..", "up") == 0);
  REQUIRE(symlink("sub/deep", "inner") == 0);
  hosts::M4Files files({.folders = {"../inc"}, .safe = true});
  CHECK(files.Read("in").ok());
  CHECK(files.Read("sub/../in").ok());
  CHECK(files.Read("inner").ok());
  CHECK(*files.Read("i")->content == "included");
  for (const char* name : {"../secret", "link", "up/secret", "/etc/passwd",
                           "../workshop/x", "sub/../../secret"}) {
    INFO(name);
    CHECK(files.Read(name).status().message() == "disabled in safe mode");
  }
  CHECK(files.Read("../nope").status().message() ==
        "No such file or directory");
  hosts::M4Files wider({.folders = {"../workshop"}, .safe = true});
  CHECK(wider.Read("../workshop/x").ok());
  CHECK(!wider.Read("../inc/i").ok());
}

TEST_CASE("m4 files: a command's output and end come back", "[hosts]") {
  hosts::M4Files files({});
  std::string output;
  CHECK(*files.Shell("echo hello; exit 3", &output) == 3);
  CHECK(output == "hello\n");
  CHECK(*files.Shell("kill -9 $$", &output) == 9 * 256);
  CHECK(*files.Shell("exit 0", nullptr) == 0);
}

TEST_CASE("m4 files: a new file is private and has the name it was given",
          "[hosts]") {
  Place place;
  hosts::M4Files files({});
  const auto name = files.MakeFile("newXXXXXX");
  REQUIRE(name.ok());
  CHECK(name->substr(0, 3) == "new");
  CHECK(name->size() == 9);
  CHECK(sys::Stat(*name)->mode == 0600);
  CHECK(files.MakeFile("nope/newXXXXXX").status().message() ==
        "No such file or directory");
}

TEST_CASE("m4 files: debug text is appended", "[hosts]") {
  Place place;
  place.Write("log", "before\n");
  hosts::M4Files files({});
  REQUIRE(files.OpenDebug("log").ok());
  files.WriteDebug("a\n");
  files.WriteDebug("b\n");
  CHECK(*sys::ReadFile("log") == "before\na\nb\n");
  CHECK(files.OpenDebug("nope/log").message() == "No such file or directory");
}

TEST_CASE("m4 files: a list of folders is split at its colons", "[hosts]") {
  CHECK(hosts::SplitFolders("").empty());
  CHECK(hosts::SplitFolders("a:b") == std::vector<std::string>{"a", "b"});
  CHECK(hosts::SplitFolders("a::/b:") == std::vector<std::string>{"a", "/b"});
}
