#include "text/diff.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "sys/clock.h"
#include "sys/file.h"

namespace {

// Applies hunks, and checks that every line they name is there.
std::string Patch(const std::string& before, const std::string& diff) {
  std::vector<std::string> lines;
  for (absl::string_view rest = before; !rest.empty();) {
    const size_t n = std::min(rest.find('\n'), rest.size() - 1) + 1;
    lines.emplace_back(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  std::string after;
  size_t at = 0;
  std::vector<std::string> rows = absl::StrSplit(diff, '\n');
  rows.pop_back();
  for (size_t i = 0; i < rows.size(); i++) {
    const std::string& row = rows[i];
    if (absl::StartsWith(row, "@@ -")) {
      size_t from = 0;
      const std::string first = row.substr(4, row.find_first_of(", ", 4) - 4);
      REQUIRE(absl::SimpleAtoi(first, &from));
      const bool none = row.compare(4 + first.size(), 3, ",0 ") == 0;
      if (!none) from--;
      REQUIRE(from >= at);
      while (at < from) after += lines[at++];
      continue;
    }
    if (row[0] == '\\') continue;
    const bool open = i + 1 < rows.size() && rows[i + 1][0] == '\\';
    const std::string line = row.substr(1) + (open ? "" : "\n");
    if (row[0] != '+') {
      REQUIRE(at < lines.size());
      REQUIRE(lines[at++] == line);
    }
    if (row[0] != '-') after += line;
  }
  while (at < lines.size()) after += lines[at++];
  return after;
}

int Edits(absl::string_view diff) {
  int edits = 0;
  for (absl::string_view row : absl::StrSplit(diff, '\n')) {
    if (!row.empty() && (row[0] == '-' || row[0] == '+')) edits++;
  }
  return edits;
}

// What diff(1) says, without the two lines that name files.
std::string Gnu(const std::string& before, const std::string& after,
                const std::string& options) {
  const auto folder = *sys::TemporaryFolder::Make("diff-test-");
  const std::string a = folder.path() + "/a", b = folder.path() + "/b";
  REQUIRE(sys::ReplaceFile(a, before).ok());
  REQUIRE(sys::ReplaceFile(b, after).ok());
  FILE* pipe =
      popen(absl::StrCat("diff -a ", options, " ", a, " ", b, " | tail -n +3")
                .c_str(),
            "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    out.append(buffer, n);
  }
  REQUIRE(pclose(pipe) == 0);
  return out;
}

std::string RandomText(std::mt19937& random, int lines, int kinds) {
  std::string text;
  for (int i = 0; i < lines; i++) {
    absl::StrAppend(&text, "line ", random() % kinds, "\n");
  }
  if (!text.empty() && random() % 4 == 0) text.pop_back();
  return text;
}

// Some lines gone, some new, some others.
std::string Edited(std::mt19937& random, const std::string& text, int percent) {
  std::string out;
  for (absl::string_view rest = text; !rest.empty();) {
    const size_t n = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const bool hit = static_cast<int>(random() % 100) < percent;
    const unsigned how = random() % 3;
    if (hit && how != 0) absl::StrAppend(&out, "new ", random() % 50, "\n");
    if (!hit || how == 1) absl::StrAppend(&out, rest.substr(0, n));
    rest.remove_prefix(n);
  }
  return out;
}

}  // namespace

TEST_CASE("diff: equal texts have none", "[text]") {
  CHECK(text::UnifiedDiff("", "").empty());
  CHECK(text::UnifiedDiff("a\nb\n", "a\nb\n").empty());
}

TEST_CASE("diff: hunks are written as diff does", "[text]") {
  CHECK(text::UnifiedDiff("", "a\n") == "@@ -0,0 +1 @@\n+a\n");
  CHECK(text::UnifiedDiff("a\n", "") == "@@ -1 +0,0 @@\n-a\n");
  CHECK(text::UnifiedDiff("a\n", "a") ==
        "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
  CHECK(text::UnifiedDiff("1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                          "1\n2\n3\n4\nx\n6\n7\n8\n9\n") ==
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
  CHECK(text::UnifiedDiff("1\n2\n3\n", "0\n1\n2\n3\n", 1) ==
        "@@ -1 +1,2 @@\n+0\n 1\n");
}

TEST_CASE("diff: changes whose contexts touch are one hunk", "[text]") {
  std::string before, near, far;
  for (int i = 0; i < 20; i++) {
    absl::StrAppend(&before, i, "\n");
    absl::StrAppend(&near, i == 4 || i == 11 ? "x" : absl::StrCat(i), "\n");
    absl::StrAppend(&far, i == 4 || i == 12 ? "x" : absl::StrCat(i), "\n");
  }
  CHECK(text::UnifiedDiff(before, near) == Gnu(before, near, "-u"));
  CHECK(text::UnifiedDiff(before, far) == Gnu(before, far, "-u"));
}

TEST_CASE("diff: random texts become each other, as shortly as diff can",
          "[text]") {
  std::mt19937 random(20260101);
  for (int round = 0; round < 250; round++) {
    const int kinds = 1 + static_cast<int>(random() % 60);
    const std::string before =
        RandomText(random, static_cast<int>(random() % 80), kinds);
    const std::string after =
        round % 2 == 0
            ? Edited(random, before, 1 + static_cast<int>(random() % 60))
            : RandomText(random, static_cast<int>(random() % 80), kinds);
    const size_t context = random() % 5;
    const std::string diff = text::UnifiedDiff(before, after, context);
    INFO("before:\n" << before << "after:\n" << after << "diff:\n" << diff);
    REQUIRE(Patch(before, diff) == after);
    if (round % 5 == 0) {
      REQUIRE(Edits(diff) ==
              Edits(Gnu(before, after, absl::StrCat("--minimal -U", context))));
    }
  }
}

// Where no line occurs twice and few differ, there is one shortest way only.
TEST_CASE("diff: of texts of different lines it is what diff -u prints",
          "[text]") {
  std::mt19937 random(7);
  for (int round = 0; round < 30; round++) {
    std::string before, after;
    for (int i = 0; i < 120; i++) {
      const unsigned what = random() % 30;
      if (what != 1) absl::StrAppend(&before, "line ", i, "\n");
      if (what == 2) absl::StrAppend(&after, "new ", i, "\n");
      if (what != 0) absl::StrAppend(&after, "line ", i, "\n");
    }
    REQUIRE(text::UnifiedDiff(before, after) == Gnu(before, after, "-u"));
  }
}

TEST_CASE("diff: texts that share nothing do not take for ever", "[text]") {
  std::mt19937 random(3);
  std::string before, after;
  for (int i = 0; i < 64 << 10; i++) {
    before += static_cast<char>('a' + random() % 26);
    before += "\n\n";
    after += static_cast<char>('A' + random() % 26);
    after += "\n\n\n";
  }
  const absl::Time start = sys::SteadyNow();
  const std::string diff = text::UnifiedDiff(before, after);
  CHECK(sys::SteadyNow() - start < absl::Seconds(20));
  CHECK(Patch(before, diff) == after);
}

TEST_CASE("diff: what holds a NUL is no text", "[text]") {
  CHECK(text::IsText("a\xff\n"));
  CHECK(!text::IsText(absl::string_view("a\0b", 3)));
}
