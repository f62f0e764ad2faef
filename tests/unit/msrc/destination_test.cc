#include "msrc/destination.h"

#include <catch2/catch.hpp>

namespace {

std::optional<absl::string_view> Environment(absl::string_view name) {
  if (name == "EXTRA") return "-DX=1\n-DY=2";
  return std::nullopt;
}

std::string Options(const std::vector<std::string>& files) {
  return msrc::IncludeText(files, Environment);
}

}  // namespace

TEST_CASE("destination: INTO is one word, or deduced", "[msrc]") {
  CHECK(msrc::ChooseInto({"/x"}, "/y")->path == "/x");
  CHECK(msrc::ChooseInto({}, "/u/msrc/a/msrc/b")->path == "/u/src/a/msrc/b");
  CHECK(msrc::ChooseInto({}, "/u/msrc/a")->deduced);
  CHECK(msrc::ChooseInto({}, "/u/msrc").status().message() ==
        "cannot deduce \"INTO\" not under \"msrc\": /u/msrc");
  CHECK(msrc::ChooseInto({"."}, "/u/msrc/a")->home);
  CHECK(msrc::ChooseInto({"."}, "/u/msrc/a")->path == ".");
  CHECK(msrc::ChooseInto({"x", "."}, "/y")->path == "x");
  CHECK(msrc::ChooseInto({"a", "b"}, "/y").status().message() ==
        "\"INTO\" should have exactly one value, not 2");
  CHECK(msrc::ChooseInto({"_Set", "__it", "please"}, "/y").status().message() ==
        "Set _it please");
}

TEST_CASE("destination: the first letter of a mode counts", "[msrc]") {
  using msrc::Mode;
  CHECK(*msrc::ReadMode({}) == Mode::kAuto);
  CHECK(*msrc::ReadMode({"any"}) == Mode::kAuto);
  CHECK(*msrc::ReadMode({"LOCAL"}) == Mode::kLocal);
  CHECK(*msrc::ReadMode({"r"}) == Mode::kRemote);
  CHECK(absl::IsFailedPrecondition(msrc::ReadMode({"x"}).status()));
  CHECK(absl::IsFailedPrecondition(msrc::ReadMode({"a", "b"}).status()));
  CHECK(*msrc::ChooseMode(Mode::kAuto, true) == Mode::kLocal);
  CHECK(*msrc::ChooseMode(Mode::kAuto, false) == Mode::kRemote);
  CHECK(*msrc::ChooseMode(Mode::kLocal, false) == Mode::kLocal);
  CHECK(absl::IsFailedPrecondition(
      msrc::ChooseMode(Mode::kRemote, true).status()));
}

TEST_CASE("destination: files of options are one text", "[msrc]") {
  CHECK(Options({"# a\n-DA=1\n-DB=2\n"}) == "-DA=1 -DB=2 ");
  CHECK(Options({"-DA=1", "-DB=2"}) == "-DA=1 -DB=2");
  CHECK(Options({"$EXTRA\n$NOPE\n"}) == "-DX=1\n-DY=2  ");
  CHECK(Options({"$EXTRA"}) == "-DX=1\n-DY=2");
  CHECK(Options({" $EXTRA\n-D# a\n"}) == " $EXTRA -D# a ");
  CHECK(Options({"$EXTRA -x\n$\n"}) == "$EXTRA -x $ ");
  CHECK(Options({"# a\n--\n"}) == "");
  CHECK(Options({"-- -x"}) == "-- -x");
  CHECK(Options({""}) == "");
}

TEST_CASE("destination: a hook has a target before and one at the end",
          "[msrc]") {
  const auto hook = [](const std::vector<std::string>& values) {
    return msrc::FormatHook(msrc::ReadHook(values, "mmsrc", "__msrc"));
  };
  CHECK(hook({}) == "__msrc");
  CHECK(hook({"other"}) == "other");
  CHECK(hook({"other:"}) == "other:__clean");
  CHECK(hook({":purge"}) == "__msrc:purge");
  CHECK(hook({"::"}) == "__mmsrc");
  CHECK(hook({"other:x", "::"}) == "__mmsrc");
  CHECK(hook({""}) == "__msrc");
}
