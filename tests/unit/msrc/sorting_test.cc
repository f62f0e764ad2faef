#include "msrc/sorting.h"

#include <catch2/catch.hpp>

#include "msrc/limits.h"

namespace {

using msrc::FolderEntry;
using msrc::Macro;
using Kind = FolderEntry::Kind;
using Names = std::vector<std::string>;

const std::vector<FolderEntry> kFolder = {{"plain.txt"},
                                          {"notes.md"},
                                          {"Msrc.mk"},
                                          {"Msrc.hxmd"},
                                          {"conf.host"},
                                          {"motd.host", Kind::kFolder},
                                          {"docs", Kind::kFolder},
                                          {"RCS", Kind::kFolder},
                                          {".git", Kind::kFolder},
                                          {"pipe0", Kind::kOther},
                                          {"gone", Kind::kDangling}};

msrc::Sorted Sort(const msrc::MacroWords& words,
                  const std::vector<FolderEntry>& folder = kFolder) {
  auto sorted = msrc::SortNames(words, folder);
  REQUIRE(sorted.ok());
  return *sorted;
}

}  // namespace

TEST_CASE("sorting: each kind of name has a macro", "[msrc]") {
  const msrc::Sorted s = Sort({});
  CHECK(s[Macro::kSend].words == Names{"Msrc.mk", "notes.md", "plain.txt"});
  CHECK(s[Macro::kMap].words == Names{"conf.host", "motd.host"});
  CHECK(s[Macro::kSubdir].words == Names{"docs"});
  CHECK(s[Macro::kHxinclude].words == Names{"Msrc.hxmd"});
  CHECK(s[Macro::kIgnore].words == Names{"gone", "pipe0", "conf", "motd"});
  CHECK(s.notes == Names{"gone: a link to nothing is ignored"});
  CHECK(s[Macro::kSend].how == msrc::How::kGenerated);
  CHECK(s.map[0] == msrc::Placed{"conf.host", "conf"});
}

TEST_CASE("sorting: a macro with words is left as it is", "[msrc]") {
  msrc::MacroWords words;
  words[Macro::kSend] = {"plain.txt"};
  msrc::Sorted s = Sort(words);
  CHECK(s[Macro::kSend].words == Names{"plain.txt"});
  CHECK(s[Macro::kIgnore].words ==
        Names{"Msrc.mk", "gone", "notes.md", "pipe0", "conf", "motd"});
  words = {};
  words[Macro::kIgnore] = {"notes.md"};
  s = Sort(words);
  CHECK(s[Macro::kSend].words == Names{"Msrc.mk", "plain.txt"});
  words = {};
  words[Macro::kMap] = {"plain.txt", "motd.host//"};
  s = Sort(words);
  CHECK(s[Macro::kMap].words == Names{"plain.txt", "motd.host"});
  CHECK(s[Macro::kSend].words == Names{"Msrc.mk", "conf.host", "notes.md"});
}

TEST_CASE("sorting: locked macros get nothing, open ones what nobody has",
          "[msrc]") {
  msrc::MacroWords words;
  words[Macro::kSend] = {"+++"};
  words[Macro::kMap] = {"."};
  msrc::Sorted s = Sort(words);
  CHECK(s[Macro::kSend].words ==
        Names{"Msrc.mk", "conf.host", "notes.md", "plain.txt"});
  CHECK(s[Macro::kSubdir].words == Names{"docs", "motd.host"});
  CHECK(s[Macro::kMap].how == msrc::How::kMakeLocked);
  words = {};
  words[Macro::kMap] = {"notes.md", "+++"};
  s = Sort(words);
  CHECK(s[Macro::kMap].words ==
        Names{"notes.md", "conf.host", "motd.host", "Msrc.mk", "plain.txt"});
  CHECK(s[Macro::kSend].words.empty());
  words = {};
  words[Macro::kIgnore] = {"+++"};
  s = Sort(words);
  CHECK(s[Macro::kSend].words.empty());
  words = {};
  words[Macro::kSubdir] = words[Macro::kIgnore] = {"."};
  s = Sort(words);
  CHECK(s[Macro::kSubdir].words.empty());
}

TEST_CASE("sorting: a plain file does not hide what is made for a host",
          "[msrc]") {
  const msrc::Sorted s =
      Sort({}, {{"conf"}, {"conf.host"}, {".host"}, {"x.host.host"}});
  CHECK(s[Macro::kSend].words == Names{".host"});
  CHECK(s[Macro::kMap].words == Names{"conf.host", "x.host.host"});
  CHECK(s.map[1].target == "x.host");
}

TEST_CASE("sorting: a name of two lines is left alone, and told of", "[msrc]") {
  const msrc::Sorted s = Sort({}, {{"a\n/etc/b"}, {"c d"}, {"x\n.host"}});
  CHECK(s[Macro::kSend].words == Names{"c d"});
  CHECK(s[Macro::kMap].words.empty());
  CHECK(s.notes == Names{"a?/etc/b: a name with a line break in it is ignored",
                         "x?.host: a name with a line break in it is ignored"});
}

TEST_CASE("sorting: targets are what stands behind the last mark", "[msrc]") {
  CHECK(msrc::TargetOf("a/b") == "a/b");
  CHECK(msrc::TargetOf("../up.txt") == "up.txt");
  CHECK(msrc::TargetOf("../../up/x") == "up/x");
  CHECK(msrc::TargetOf("/a/b/./c/d.txt") == "c/d.txt");
  CHECK(msrc::TargetOf("/a/./b/./c") == "c");
  CHECK(msrc::TargetOf("././../up.txt") == "../up.txt");
  CHECK(msrc::TargetOf("./x") == "x");
  CHECK(msrc::TargetOf("/etc/motd") == "etc/motd");
  CHECK(msrc::MapTargetOf("a.host") == "a");
  CHECK(msrc::MapTargetOf("d/.host") == "d/.host");
  CHECK(msrc::IsInside("a/b"));
  CHECK(msrc::IsInside("..a"));
  for (const char* outside : {"../a", "a/../../b", "/a", "..", ""}) {
    CHECK_FALSE(msrc::IsInside(outside));
  }
}

TEST_CASE("sorting: two sources of one target are refused", "[msrc]") {
  msrc::MacroWords words;
  words[Macro::kSend] = {"a/./x", "b/./x"};
  CHECK(msrc::SortNames(words, {}).status().message() ==
        "'a/./x' and 'b/./x' would both become 'x'");
  words[Macro::kSend] = {"conf"};
  CHECK(absl::IsInvalidArgument(
      msrc::SortNames(words, {{{"conf"}, {"conf.host"}}}).status()));
  words[Macro::kSend] = {"a/./"};
  CHECK(absl::IsInvalidArgument(msrc::SortNames(words, {}).status()));
  const std::vector<FolderEntry> many(msrc::kMaxNames + 1);
  CHECK(absl::IsResourceExhausted(msrc::SortNames({}, many).status()));
}
