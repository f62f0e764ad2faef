#include "isinit/table_order.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "isinit/throttle.h"

namespace {

using isinit::Attributes;
using isinit::Entry;
using isinit::LogTo;
using isinit::Mode;
using isinit::Reading;
using isinit::ReadTable;
using isinit::Table;
using Strings = std::vector<std::string>;

std::string Problems(absl::string_view text) {
  return isinit::ProblemLines(ReadTable(text), "tab");
}
const Attributes& Of(const Reading& reading, absl::string_view tag) {
  const Entry* const entry = reading.table->Find(tag);
  REQUIRE(entry != nullptr);
  return entry->attributes;
}

TEST_CASE("isinittab: after and needs name entries of the same group",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once:x\n"
      "g:b:1:once,after=a:x\n"
      "g:c:1:once,needs=nobody:x\n"
      "g:d:1:once,after=h:x\n"
      "g:e:1:once,after=e:x\n"
      "g:f:1:once,after=boot:x\n"
      "g:boot::sysinit:x\n"
      "k:h:1:once:x\n");
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 3: needs: there is no entry 'nobody'\n"
        "tab: line 4: after: 'h' is of the group 'k': needs=group:k@LEVEL is "
        "for those\n"
        "tab: line 5: after: 'e' names itself\n"
        "tab: line 6: after: 'boot' is sysinit, which has no level\n");
  // What is named wrongly is left out, the entry is not.
  CHECK(reading.table->entries.size() == 8);
  CHECK(Of(reading, "b").after == Strings{"a"});
  CHECK(Of(reading, "c").needs.empty());
  CHECK(Of(reading, "d").after.empty());
  CHECK(Of(reading, "e").after.empty());
}

TEST_CASE("isinittab: a problem of an opt line has its number", "[isinit]") {
  CHECK(Problems("g:a:1:once:x\n"
                 ":::opt:a after=nobody\n"
                 ":::opt:a needs=group:none@1\n") ==
        "tab: line 2: after: there is no entry 'nobody'\n"
        "tab: line 3: needs: there is no group 'none'\n");
}

TEST_CASE("isinittab: who names a faulty line is not wrong himself",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:twice:x\n"
      "h:b:1:twice:x\n"
      "g:c:1:once:x\n"
      ":::opt:c after=a needs=group:h@1 log='|a'\n"
      ":::boot:h 1\n"
      "k:c:1:once:x\n"
      ":::boot:k 1\n");
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 1: unknown mode 'twice': wait, once, respawn, test, off\n"
        "tab: line 2: unknown mode 'twice': wait, once, respawn, test, off\n"
        "tab: line 6: duplicate tag 'c': line 3 has it\n");
  CHECK(Of(reading, "c") == Attributes());
  CHECK(reading.table->boot.empty());
}

TEST_CASE("isinittab: an entry that is off is waited for by nobody",
          "[isinit]") {
  const Reading reading =
      ReadTable("g:a:1:off:x\ng:b:1:once,after=a,needs=a:x\n");
  CHECK(reading.problems.empty());
  CHECK(Of(reading, "b").after.empty());
  CHECK(Of(reading, "b").needs.empty());
}

TEST_CASE("isinittab: who waits for what never runs with it is warned",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once:x\n"
      "g:b:2:once,after=a:x\n"
      ":::opt:c needs=group:g@9\n"
      "g:c:1:once:x\n"
      "g:d:1:respawn:x\n"
      ":::opt:d on-give-up=level:8 on-unhealthy=level:0\n"
      ":::boot:g 7\n"
      ":::allow:uid=1 tell k\n");
  CHECK(reading.ok());
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 2: warning: after: 'b' and 'a' have no level in common\n"
        "tab: line 3: warning: needs: no entry of the group 'g' has the level "
        "'9'\n"
        "tab: line 6: warning: on-give-up: no entry of the group 'g' has the "
        "level '8'\n"
        "tab: line 7: warning: boot: no entry of the group 'g' has the level "
        "'7'\n"
        "tab: line 8: warning: allow: there is no group 'k'\n");
}

TEST_CASE("isinittab: a cycle is told with the way around and broken",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once,after=b:x\n"
      "g:b:1:once,needs=c:x\n"
      "g:c:1:once,after=a:x\n"
      "g:d:1:once,after=a:x\n");
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 3: after: a cycle, each waits for the next: a, b, c, a\n");
  CHECK(Of(reading, "a").after == Strings{"b"});
  CHECK(Of(reading, "b").needs == Strings{"c"});
  CHECK(Of(reading, "c").after.empty());
  CHECK(Of(reading, "d").after == Strings{"a"});
}

TEST_CASE("isinittab: a cycle goes by way of other groups, too", "[isinit]") {
  CHECK(Problems("g:a:1:once:x\n"
                 "h:b:2:once:x\n"
                 ":::opt:a needs=group:h@2\n"
                 ":::opt:b needs=group:g@1\n") ==
        "tab: line 4: needs: a cycle, each waits for the next: a, b, a\n");
  // Another level of the group is another matter.
  CHECK(Problems("g:a:1:once:x\n"
                 "g:c:3:once:x\n"
                 "h:b:2:once:x\n"
                 ":::opt:a needs=group:h@2\n"
                 ":::opt:b needs=group:g@3\n") == "");
  CHECK(Problems("g:a:1:once:x\n:::opt:a needs=group:g@1\n") ==
        "tab: line 2: needs: a cycle, each waits for the next: a, a\n");
}

TEST_CASE("isinittab: a long cycle is cut where it is told", "[isinit]") {
  std::string text;
  constexpr int kCount = 50'000;
  for (int i = 0; i < kCount; i++) {
    absl::StrAppend(&text, "g:t", i, ":1:once,after=t", (i + 1) % kCount,
                    ":x\n");
  }
  const Reading reading = ReadTable(text);
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].line == kCount);
  CHECK(reading.problems[0].text.size() < 300);
}

TEST_CASE("isinittab: a wait does not wait for what stands behind it",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:wait,after=b:x\n"
      "g:b:1:once:x\n");
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 1: after: 'a' waits for 'b', which stands behind it, and "
        "wait holds that up\n");
  CHECK(Of(reading, "a").after.empty());
  // Nor by way of one that stands in front of it.
  CHECK(Problems("g:c:1:once,after=b:x\n"
                 "g:a:1:test,needs=c:x\n"
                 "g:b:1:once:x\n") ==
        "tab: line 2: needs: 'a' waits for 'b', which stands behind it, and "
        "test holds that up\n");
  // What does not block may, and so may one of another level.
  CHECK(Problems("g:a:1:once,after=b:x\ng:b:1:once:x\n") == "");
  CHECK(Problems("g:a:1:wait,after=b:x\ng:b:2:once:x\n") ==
        "tab: line 1: warning: after: 'a' and 'b' have no level in common\n");
}

TEST_CASE("isinittab: output goes to an entry, and not around", "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once,log=|logger:x\n"
      "k:logger:1:respawn:x\n"
      "g:b:1:once,log=|nobody:x\n"
      "g:c:1:once,log=|c:x\n"
      "g:d:1:once,log=|e:x\n"
      "g:e:1:once,log=|d:x\n");
  CHECK(isinit::ProblemLines(reading, "tab") ==
        "tab: line 3: log: there is no entry 'nobody'\n"
        "tab: line 4: log: 'c' names itself\n"
        "tab: line 6: log: 'e' gets its own output, by way of others\n");
  CHECK(Of(reading, "a").log.tag == "logger");
  CHECK(Of(reading, "b").log.kind == LogTo::Kind::kFile);
  CHECK(Of(reading, "e").log.kind == LogTo::Kind::kFile);
  CHECK(Of(reading, "d").log.tag == "e");
}

// A level is started by hand: in the order of the table, each when what it
// waits for is up and no wait or test before it is still running.
bool Starts(const Table& table, absl::string_view level) {
  std::vector<bool> up(table.entries.size());
  const auto is_up = [&](absl::string_view tag) {
    for (size_t i = 0; i < up.size(); i++) {
      const Entry& entry = table.entries[i];
      if (entry.tag == tag) return up[i] || !entry.levels.Has(level);
    }
    return false;
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < up.size(); i++) {
      const Entry& entry = table.entries[i];
      if (!entry.levels.Has(level) || up[i]) continue;
      const Attributes& a = entry.attributes;
      bool free = true;
      for (const std::string& tag : a.after) free &= is_up(tag);
      for (const std::string& tag : a.needs) free &= is_up(tag);
      if (free) moved = up[i] = true;
      if (!free && Blocks(entry.mode)) break;
    }
  }
  for (size_t i = 0; i < up.size(); i++) {
    if (table.entries[i].levels.Has(level) && !up[i]) return false;
  }
  return true;
}

TEST_CASE("isinittab: a table without problems never waits for itself",
          "[isinit]") {
  isinit::Dice dice(11);
  const auto any = [&](int n) { return static_cast<int>(dice.Next() * n); };
  int good = 0;
  for (int round = 0; round < 2000; round++) {
    std::string text;
    const int count = 2 + any(5);
    for (int i = 0; i < count; i++) {
      absl::StrAppend(&text, "g:t", i, ":",
                      any(2)   ? "12"
                      : any(2) ? "1"
                               : "2",
                      ":", any(3) ? "once" : "wait");
      for (int n = any(3); n > 0; n--) {
        absl::StrAppend(&text, any(2) ? ",after=t" : ",needs=t", any(count));
      }
      absl::StrAppend(&text, ":x\n");
    }
    const Reading reading = ReadTable(text);
    INFO(text);
    good += reading.ok();
    // What is left of a faulty table does not, either.
    CHECK(Starts(*reading.table, "1"));
    CHECK(Starts(*reading.table, "2"));
  }
  CHECK(good > 100);
  CHECK(good < 1900);
}

}  // namespace
