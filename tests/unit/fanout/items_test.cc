#include "fanout/items.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sys/file.h"

namespace {

using fanout::Group;
using fanout::Items;

class Files {
 public:
  Files() : folder_(*sys::TemporaryFolder::Make("items-")) {}
  std::string Write(absl::string_view content) {
    std::string path = absl::StrCat(folder_.path(), "/", ++written_);
    REQUIRE(sys::CreateFile(path, content).ok());
    return path;
  }

 private:
  sys::TemporaryFolder folder_;
  int written_ = 0;
};

// Every group, joined with '|'; a failure as "! its message".
std::vector<std::string> All(Items& items) {
  std::vector<std::string> groups;
  for (int i = 0; i < 1000; i++) {
    Group group;
    const auto got = items.Next(&group);
    if (!got.ok()) {
      groups.push_back(absl::StrCat("! ", got.status().message()));
      if (items.ended()) return groups;
      continue;
    }
    if (*got == Items::Got::kEnd) return groups;
    REQUIRE(*got == Items::Got::kGroup);
    groups.push_back(absl::StrJoin(group.arguments, "|"));
  }
  FAIL("no end");
  return groups;
}

using Groups = std::vector<std::string>;

}  // namespace

TEST_CASE("items: arguments come in groups of the count", "[fanout]") {
  auto items = Items::Of({"a", "b", "c", "d"}, 2);
  REQUIRE(items.ok());
  CHECK(items->total() == 2);
  CHECK(All(*items) == Groups{"a|b", "c|d"});
  CHECK(items->ended());
}

TEST_CASE("xapply A7: arguments that the count does not divide are refused",
          "[fanout]") {
  const auto items = Items::Of({"a", "b", "c", "d"}, 3);
  CHECK(items.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(items.status().message() ==
        "4 arguments is not a multiple of hunk size (3)");
}

TEST_CASE("items: a last line may lack its end, an empty line is an item",
          "[fanout]") {
  Files files;
  auto items = Items::OfFiles({files.Write("p\n\n\"q x\\\r\nr")}, 1, "", '\n');
  CHECK(All(*items) == Groups{"p", "", "\"q x\\\r", "r"});
}

TEST_CASE("items: files in step, the shorter one padded, group after group",
          "[fanout]") {
  Files files;
  const std::string three = files.Write("a\nb\nc\n"), two = files.Write("1\n2"),
                    none = files.Write("");
  auto items =
      Items::OfFiles({three, two, none, two, none, none}, 2, "-", '\n');
  REQUIRE(items.ok());
  CHECK(All(*items) == Groups{"a|1", "b|2", "c|-", "-|1", "-|2"});
  Group group;
  items = Items::OfFiles({three, two}, 2, "-", '\n');
  REQUIRE(*items->Next(&group) == Items::Got::kGroup);
  CHECK(group.file_names == std::vector<std::string>{three, two});
}

TEST_CASE("xapply E8: an item with a NUL is left out, the others are not",
          "[fanout]") {
  Files files;
  auto items = Items::OfFiles(
      {files.Write(std::string("ab\0cd\nef\n", 9)), files.Write("1\n2\n")}, 2,
      "", '\n');
  const Groups groups = All(*items);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].find("line 1: a NUL") != std::string::npos);
  CHECK(groups[1] == "ef|2");
  auto by_nul = Items::OfFiles({files.Write(std::string("n 1\0n\n2\0n3", 10))},
                               1, "", '\0');
  CHECK(All(*by_nul) == Groups{"n 1", "n\n2", "n3"});
}

TEST_CASE("items: a file that is not there, a folder, and a wrong number",
          "[fanout]") {
  Files files;
  const std::string file = files.Write("x\n");
  CHECK(absl::IsNotFound(
      Items::OfFiles({file, file + ".no"}, 1, "", '\n').status()));
  CHECK_FALSE(Items::OfFiles({"/"}, 1, "", '\n').ok());
  CHECK(Items::OfFiles({file}, 2, "", '\n').status().message() ==
        "1 files: not divisable by hunk size (2)");
}

TEST_CASE("items: lines that are dealt out need to come out even", "[fanout]") {
  Files files;
  auto items = Items::FromFile(files.Write("a\nb\nc\n"), 2, '\n');
  CHECK(All(*items) ==
        Groups{"a|b", "! 3 arguments is not a multiple of hunk size (2)"});
}

TEST_CASE("items: a pipe that has nothing yet is waited for", "[fanout]") {
  Files files;
  const std::string name = files.Write("");
  REQUIRE(unlink(name.c_str()) == 0);
  REQUIRE(mkfifo(name.c_str(), 0600) == 0);
  const sys::Fd writer(open(name.c_str(), O_RDWR | O_CLOEXEC));
  auto items = Items::OfFiles({name}, 1, "", '\n');
  REQUIRE(items.ok());
  Group group;
  CHECK(*items->Next(&group) == Items::Got::kWait);
  CHECK(items->wait_fd() >= 0);
  REQUIRE(write(writer.get(), "half", 4) == 4);
  CHECK(*items->Next(&group) == Items::Got::kWait);
  REQUIRE(write(writer.get(), "way\nx", 5) == 5);
  CHECK(*items->Next(&group) == Items::Got::kGroup);
  CHECK(group.arguments == std::vector<std::string>{"halfway"});
  CHECK(*items->Next(&group) == Items::Got::kWait);
}

TEST_CASE("items: packed, a group is as many as fit", "[fanout]") {
  auto items = Items::Of({"1", "2", "3", "4", "5"}, 1);
  items->Pack(2);
  CHECK(All(*items) == Groups{"1|2", "3|4", "5"});
  const std::string large(30'000, 'x');
  items = Items::Of({large, large, large, "end"}, 1);
  items->Pack(1'000'000);
  const Groups groups = All(*items);
  REQUIRE(groups.size() == 3);
  CHECK(groups[2].size() == large.size() + 4);
  items = Items::Of({}, 1);
  items->Pack(5);
  CHECK(All(*items).empty());
}
