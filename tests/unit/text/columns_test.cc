#include "text/columns.h"

#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>

#include "text/utf8.h"

using text::Columns;

TEST_CASE("columns: names go left, numbers right", "[text]") {
  Columns t({"JOB", "NAME", "DONE"});
  t.Add({"7", "web", "100%"});
  t.Add({"1234", "database", "-"});
  t.Add({"8", "x"});
  CHECK(t.Text() ==
        " JOB  NAME      DONE\n"
        "   7  web       100%\n"
        "1234  database     -\n"
        "   8  x\n");
}

TEST_CASE("columns: a column of dashes or of mixed text is no number",
          "[text]") {
  Columns t;
  t.Add({"-", "12", "end"});
  t.Add({"-", "1x", "end"});
  CHECK(t.Text() == "-  12  end\n-  1x  end\n");
}

TEST_CASE("columns: an alignment that was asked for wins", "[text]") {
  Columns t;
  t.AlignColumn(1, Columns::Align::kRight);
  t.AlignColumn(0, Columns::Align::kLeft);
  t.Add({"1", "30s"});
  t.Add({"22", "5m"});
  CHECK(t.Text() == "1   30s\n22   5m\n");
}

TEST_CASE("columns: wide letters line up and no blank ends a line", "[text]") {
  Columns t;
  t.Add({"\xE6\x97\xA5\xE6\x9C\xAC", "a", ""});
  t.Add({"h\xC3\xA9", "b", ""});
  t.Add({"", "", ""});
  CHECK(t.Text(Columns::kNoLimit, 1) ==
        " \xE6\x97\xA5\xE6\x9C\xAC  a\n h\xC3\xA9    b\n\n");
}

TEST_CASE("columns: lines fit the width they may have", "[text]") {
  Columns t({"HOST", "WHY"});
  t.Add({"web7.example.org", "Connection refused"});
  for (size_t columns = 1; columns < 40; columns++) {
    for (absl::string_view line :
         absl::StrSplit(t.Text(columns), '\n', absl::SkipEmpty())) {
      CHECK(text::Width(line) <= columns);
    }
  }
  CHECK(t.Text(24) ==
        "HOST              WHY\n"
        "web7.example.org  Conne\xE2\x80\xA6\n");
}

TEST_CASE("columns: what a cell holds cannot leave its cell", "[text]") {
  Columns t;
  t.Add({"a\nb\x1b[31m", "c"});
  CHECK(t.Text() == "a\\nb\\x1b[31m  c\n");
}

TEST_CASE("columns: a style takes no room", "[text]") {
  Columns t;
  t.Add({{"failed", "31"}, "x"});
  t.Add({"ok", "y"});
  CHECK(t.Text() == "\x1b[31mfailed\x1b[0m  x\nok      y\n");
}
