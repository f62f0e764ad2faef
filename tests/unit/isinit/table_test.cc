#include "isinit/table.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

namespace {

using isinit::Entry;
using isinit::Mode;
using isinit::Reading;
using isinit::ReadTable;
using isinit::Table;

std::string Problems(const Reading& reading) {
  return isinit::ProblemLines(reading, "tab");
}
std::string Problems(absl::string_view text) {
  return Problems(ReadTable(text));
}

// Of a text that says nothing wrong.
std::shared_ptr<const Table> Read(absl::string_view text) {
  const Reading reading = ReadTable(text);
  CHECK(Problems(reading) == "");
  return reading.table;
}

std::vector<std::string> Tags(const Table& table) {
  std::vector<std::string> tags;
  for (const Entry& entry : table.entries) tags.push_back(entry.tag);
  return tags;
}
using Strings = std::vector<std::string>;

// --- levels

TEST_CASE("isinit 9: without a comma each character is a level", "[isinit]") {
  const isinit::Levels levels = {"12"};
  CHECK(levels.Has("1"));
  CHECK(levels.Has("2"));
  CHECK_FALSE(levels.Has("3"));
  CHECK_FALSE(levels.Has(""));
}

TEST_CASE("isinit 10: with a comma only the names are levels", "[isinit]") {
  const isinit::Levels several = {"long1,long2,5"};
  CHECK(several.Has("long1"));
  CHECK(several.Has("long2"));
  CHECK(several.Has("5"));
  CHECK_FALSE(several.Has("l"));
  CHECK_FALSE(several.Has("long1,long2"));
  const isinit::Levels one = {"long3,"};
  CHECK(one.Has("long3"));
  CHECK_FALSE(one.Has("l"));
  CHECK_FALSE(one.Has(""));
  CHECK_FALSE(one.Has("long"));
}

TEST_CASE("isinit 11: without a comma the whole field is a level, too",
          "[isinit]") {
  const isinit::Levels levels = {"start"};
  CHECK(levels.Has("start"));
  CHECK(levels.Has("s"));
  CHECK_FALSE(levels.Has("st"));
}

TEST_CASE("isinit 12: level 0 is a name as any other", "[isinit]") {
  const auto table = Read("0:0:0:once:x\ng:a:1:once:x\n");
  CHECK(table->HasGroup("0"));
  CHECK(table->Find("0")->levels.Has("0"));
  CHECK_FALSE(table->Find("a")->levels.Has("0"));
}

TEST_CASE("isinit 13: a level is compared, never matched", "[isinit]") {
  CHECK_FALSE(isinit::Levels{"12"}.Has("."));
  CHECK_FALSE(isinit::Levels{"1,2"}.Has("."));
  CHECK_FALSE(isinit::Levels{"12"}.Has("[12]"));
}

// --- lines

TEST_CASE("isinittab: an entry has five fields, and colons in its command",
          "[isinit]") {
  const auto table = Read("web:nginx:3:respawn:/usr/sbin/nginx -g 'a:b;'\n");
  REQUIRE(table->entries.size() == 1);
  const Entry& entry = table->entries[0];
  CHECK(entry.group == "web");
  CHECK(entry.tag == "nginx");
  CHECK(entry.levels.text == "3");
  CHECK(entry.mode == Mode::kRespawn);
  CHECK(entry.command == "/usr/sbin/nginx -g 'a:b;'");
  CHECK(entry.line == 1);
  CHECK(entry.attributes == isinit::Attributes());
}

TEST_CASE("isinittab: comments and blank lines say nothing", "[isinit]") {
  const auto table = Read(
      "# a comment: with : four : colons : in it\n"
      "\n"
      "  \t \n"
      "  # indented\n"
      "g:a:1:once:x # y\n");
  CHECK(Tags(*table) == Strings{"a"});
  CHECK(table->entries[0].line == 5);
  CHECK(table->entries[0].command == "x # y");
  CHECK(Read("")->entries.empty());
}

TEST_CASE("isinittab: blanks around the first four fields are no part of them",
          "[isinit]") {
  const auto table = Read(" g : a\t: 1 , 2 : once : x y \n");
  REQUIRE(table->entries.size() == 1);
  CHECK(table->entries[0].group == "g");
  CHECK(table->entries[0].tag == "a");
  CHECK(table->entries[0].levels.text == "1,2");
  CHECK(table->entries[0].command == " x y ");
}

TEST_CASE("isinittab: a backslash joins lines, a comment's does not",
          "[isinit]") {
  const auto table = Read(
      "# comment \\\n"
      "g:a:1:once:one \\\n"
      "  two\\\n"
      "three\n"
      "g:b:1:once:tab \\\\\n"
      "g:c:1:once:z\n");
  CHECK(Tags(*table) == Strings{"a", "b", "c"});
  CHECK(table->Find("a")->command == "one   twothree");
  CHECK(table->Find("b")->command == "tab \\\\");
  CHECK(table->Find("c")->line == 6);
  CHECK(Problems("g:a:1:once:x\\") ==
        "tab: line 1: warning: there is no line behind the backslash\n");
}

TEST_CASE("isinittab: in compat mode a backslash is a character", "[isinit]") {
  const char* const text = "g:a:1:once:x\\\ng:b:1:once:y\n";
  CHECK(Tags(*ReadTable(text).table) == Strings{"a"});
  const Reading compat = ReadTable(text, true);
  CHECK(Tags(*compat.table) == Strings{"a", "b"});
  CHECK(compat.table->Find("a")->command == "x\\");
  CHECK(Tags(*Read(absl::StrCat(":::compat:yes\n", text))) ==
        Strings{"a", "b"});
  CHECK(Tags(*Read(absl::StrCat(":::compat:no\n", text))) == Strings{"a"});
}

TEST_CASE("isinittab: a CR at the end of a line is left away with a warning",
          "[isinit]") {
  const Reading reading = ReadTable("g:a:1:once:x\r\ng:b:1:once:y \\\r\nz\r\n");
  CHECK(reading.ok());
  CHECK(Problems(reading) ==
        "tab: line 1: warning: the line ends in CR, which is left away; so do "
        "2 others\n");
  CHECK(reading.table->Find("a")->command == "x");
  CHECK(reading.table->Find("b")->command == "y z");
}

TEST_CASE("isinit 30: every faulty line is refused with its number",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once:x\n"
      "g:b:1:twice:x\n"
      "g:a:1:once:y\n"
      "short:line\n"
      ":c:1:once:x\n"
      "g::1:once:x\n"
      "g:d e:1:once:x\n"
      "g:f:1 2:once:x\n"
      "g:h:1:once: \n"
      "g:i:1:respwan:x\n"
      "g:z:1:once:x\n");
  CHECK_FALSE(reading.ok());
  const std::string names =
      "letters, digits and _ . @ + -, at most 64 of them\n";
  CHECK(Problems(reading) ==
        absl::StrCat(
            "tab: line 2: unknown mode 'twice': wait, once, respawn, test, "
            "off\n"
            "tab: line 3: duplicate tag 'a': line 1 has it\n"
            "tab: line 4: the line has 1 colon: an entry is "
            "group:tag:levels:mode:command\n"
            "tab: line 5: there is no group\n"
            "tab: line 6: there is no tag\n"
            "tab: line 7: tag: 'd e' is not ",
            names,
            "tab: line 8: levels: '1 2' is not names with commas, or one "
            "name: ",
            names,
            "tab: line 9: there is no command behind the fourth colon\n"
            "tab: line 10: unknown mode 'respwan': is 'respawn' meant?\n"));
  // The rest is there for who has nothing older.
  CHECK(Tags(*reading.table) == Strings{"a", "z"});
  CHECK(reading.table->Find("a")->command == "x");
}

TEST_CASE("isinit 30: binary junk and a line of ten megabytes are errors",
          "[isinit]") {
  const Reading nul =
      ReadTable(std::string("g:a:1:once:x\0y\ng:b:1:once:z\n", 28));
  CHECK(Problems(nul) == "tab: line 1: the line has a NUL\n");
  CHECK(Tags(*nul.table) == Strings{"b"});

  const Reading huge = ReadTable(absl::StrCat(
      "g:a:1:once:", std::string(10 << 20, 'x'), "\ng:b:1:once:z\n"));
  CHECK(Problems(huge) ==
        "tab: line 1: the line is longer than 1048576 bytes\n");
  CHECK(Tags(*huge.table) == Strings{"b"});

  std::string junk;
  uint32_t x = 1;
  for (int i = 0; i < 1 << 20; i++) {
    x = x * 1664525 + 1013904223;
    junk += static_cast<char>(x >> 24);
  }
  const Reading reading = ReadTable(junk);
  CHECK_FALSE(reading.ok());
  CHECK(reading.problems.size() <= 2002);
  const std::string lines = Problems(reading);
  CHECK(lines.size() < 1 << 20);
  CHECK(lines.find('\x1b') == std::string::npos);
}

TEST_CASE("isinit 30: joined lines are one line, and no longer than one",
          "[isinit]") {
  std::string text = "g:a:1:once:";
  for (int i = 0; i < 1025; i++)
    absl::StrAppend(&text, std::string(1024, 'x'), "\\\n");
  CHECK(Problems(text + "\n") ==
        "tab: line 1: the line is longer than 1048576 bytes\n");
}

TEST_CASE("isinittab: a table has at most 64 MiB and 100 000 entries",
          "[isinit]") {
  CHECK(Problems(std::string((64 << 20) + 1, '\n')) ==
        "tab: line 1: the table is longer than 67108864 bytes\n");
  std::string text;
  for (int i = 0; i < 100'002; i++)
    absl::StrAppend(&text, "g:t", i, ":1:off:\n");
  const Reading reading = ReadTable(text);
  CHECK(Problems(reading) == "tab: line 100001: more than 100000 entries\n");
  CHECK(reading.table->entries.size() == 100'000);
}

TEST_CASE("isinittab: of a thousand errors the rest is counted", "[isinit]") {
  std::string text;
  for (int i = 0; i < 1500; i++) text += "x\n";
  const Reading reading = ReadTable(text);
  REQUIRE(reading.problems.size() == 1001);
  CHECK(reading.problems.back().text == "and 500 more errors");
  CHECK(reading.problems.back().error);
  CHECK(reading.problems.back().line == 1500);
}

TEST_CASE("isinittab: problems are in the order of the lines", "[isinit]") {
  CHECK(Problems("g:a:1:once:x\n"
                 ":::opt:a nonsense\n"
                 "bad\n"
                 ":::opt:nobody gate\n") ==
        "tab: line 2: unknown attribute 'nonsense'\n"
        "tab: line 3: the line has 0 colons: an entry is "
        "group:tag:levels:mode:command\n"
        "tab: line 4: opt: there is no entry 'nobody'\n");
}

// --- modes

TEST_CASE("isinittab: every mode has its name", "[isinit]") {
  for (const char* name :
       {"wait", "once", "respawn", "test", "off", "sysinit", "bootwait",
        "shutdown", "ctrlaltdel", "powerfail", "restart", "askfirst"}) {
    const auto table = Read(absl::StrCat("g:a:1:", name, ":x\n"));
    REQUIRE(table->entries.size() == 1);
    CHECK(isinit::ModeName(table->entries[0].mode) == name);
  }
}

TEST_CASE("isinit 14: an entry that is off keeps its tag and needs no command",
          "[isinit]") {
  const auto table = Read("g:a:1:off:\ng:b:1:once:x\n");
  CHECK(table->Find("a")->mode == Mode::kOff);
  CHECK_FALSE(isinit::RunsInLevels(Mode::kOff));
  CHECK(Problems("g:a:1:off:x\ng:a:1:once:x\n") ==
        "tab: line 2: duplicate tag 'a': line 1 has it\n");
}

TEST_CASE("isinittab: attributes may stand behind the mode", "[isinit]") {
  const auto table = Read(
      "g:a:1:respawn,stop-timeout=2s,gate=no:x\n"
      "g:b:1: once , env='A=1,2' , after=\"a\" :y\n");
  CHECK(table->Find("a")->attributes.stop_timeout == absl::Seconds(2));
  CHECK(table->Find("b")->attributes.surroundings.environment ==
        Strings{"A=1,2"});
  CHECK(table->Find("b")->attributes.after == Strings{"a"});
  CHECK(Problems("g:a:1:once,,:x\n") ==
        "tab: line 1: mode: '' is not one attribute\n"
        "tab: line 1: mode: '' is not one attribute\n");
  const Reading wrong = ReadTable("g:a:1:once,stop-timeout=x:x\n");
  CHECK(Problems(wrong) ==
        "tab: line 1: stop-timeout: 'x' is not 0 or a span such as 500ms, 31s "
        "or 5m\n");
  CHECK(wrong.table->entries.empty());
  CHECK_FALSE(ReadTable("g:a:1:once,env='A=1:x\n").ok());
}

// --- options

TEST_CASE("isinittab: opt lines add to entries in front of and behind them",
          "[isinit]") {
  const auto table = Read(
      ":::opt:b stop-signal=HUP\n"
      "g:a:1:once:x\n"
      "g:b:1:once:x\n"
      ":::opt:a env='A=x y' user=www\n"
      ":::opt:a stop='/bin/a: b'\n");
  CHECK(table->Find("b")->attributes.stop_signal == 1);
  CHECK(table->Find("a")->attributes.surroundings.environment ==
        Strings{"A=x y"});
  CHECK(table->Find("a")->attributes.surroundings.user == "www");
  CHECK(table->Find("a")->attributes.stop_command == "/bin/a: b");
}

TEST_CASE("isinittab: defaults come first, then the mode field, then opt lines",
          "[isinit]") {
  const auto table = Read(
      "g:a:1:once,stop-timeout=2s,nice=2:x\n"
      ":::opt:a stop-timeout=3s\n"
      ":::opt:* stop-timeout=1s nice=1 umask=077\n"
      "g:b:1:once:x\n");
  const isinit::Attributes& a = table->Find("a")->attributes;
  CHECK(a.stop_timeout == absl::Seconds(3));
  CHECK(a.surroundings.nice == 2);
  CHECK(a.surroundings.umask == 077);
  CHECK(table->Find("b")->attributes.stop_timeout == absl::Seconds(1));
}

TEST_CASE("isinittab: an entry of which something wrong is said is left out",
          "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:1:once:x\n"
      "g:b:1:once:x\n"
      ":::opt:a user=www colour=red\n"
      ":::opt:b 'open\n");
  CHECK(Problems(reading) ==
        "tab: line 3: unknown attribute 'colour'\n"
        "tab: line 4: opt: character 3: the ' is never closed\n");
  CHECK(reading.table->entries.empty());
}

TEST_CASE("isinittab: a wrong default is left out alone", "[isinit]") {
  const Reading reading =
      ReadTable(":::opt:* nice=5 colour=red after=b\ng:a:1:once:x\n");
  CHECK(Problems(reading) ==
        "tab: line 1: unknown attribute 'colour'\n"
        "tab: line 1: opt: after cannot be the default of all\n");
  REQUIRE(reading.table->entries.size() == 1);
  CHECK(reading.table->entries[0].attributes.surroundings.nice == 5);
}

TEST_CASE("isinittab: an opt line names a tag and says something of it",
          "[isinit]") {
  CHECK(Problems("g:a:1:once:x\n:::opt:a\n:::opt:\n:::opt:b! nice=1\n") ==
        "tab: line 2: opt: there is no attribute behind 'a'\n"
        "tab: line 3: opt: '' is neither a tag nor *\n"
        "tab: line 4: opt: 'b!' is neither a tag nor *\n");
}

TEST_CASE("isinittab: a test that is repeated is a look at its own health",
          "[isinit]") {
  const auto table = Read(
      "g:a:1:test,every=30s:/bin/check a\n"
      "g:b:1:test:/bin/check b\n"
      ":::opt:b every=10s health=tcp:80\n"
      "g:c:1:respawn,every=30s:c\n");
  const isinit::Health& a = table->Find("a")->attributes.health;
  CHECK(a.kind == isinit::Health::Kind::kCommand);
  CHECK(a.text == "/bin/check a");
  CHECK(a.every == absl::Seconds(30));
  CHECK(table->Find("b")->attributes.health.kind == isinit::Health::Kind::kTcp);
  CHECK(table->Find("c")->attributes.health.kind ==
        isinit::Health::Kind::kNone);
}

// --- warnings of check

TEST_CASE("isinittab: letters without a comma are warned of", "[isinit]") {
  const Reading reading = ReadTable(
      "g:a:start:once:x\n"
      "g:b:12:once:x\n"
      "g:c:start,:once:x\n"
      "g:d::once:x\n"
      "g:e:,:once:x\n"
      "g:f::off:\n");
  CHECK(reading.ok());
  CHECK(Problems(reading) ==
        "tab: line 1: warning: levels: 'start' is a level, and each of its "
        "characters is one; 'start,' is the level alone\n"
        "tab: line 4: warning: 'd' has no level: nothing starts it\n"
        "tab: line 5: warning: 'e' has no level: nothing starts it\n");
}

TEST_CASE("isinittab: attributes without a meaning are warned of", "[isinit]") {
  CHECK(Problems("g:a:1:once,gate:x\n"
                 "g:b:1:respawn,timeout=5s,ready=exit:x\n"
                 ":::opt:c health=tcp:80\n"
                 "g:c:1:wait:x\n") ==
        "tab: line 1: warning: 'a' is once: gate is for a test\n"
        "tab: line 2: warning: 'b' is respawn: timeout is for a wait or a "
        "test\n"
        "tab: line 2: warning: 'b' is respawn: it is started again at each "
        "exit, so ready=exit is never for long\n"
        "tab: line 4: warning: 'c' is wait: it has ended when its health would "
        "be looked at\n");
  CHECK(Problems("g:a:1:respawn,lazy:x\n") ==
        "tab: line 1: 'a' is lazy, but listens nowhere: nothing would start "
        "it\n");
}

TEST_CASE("isinittab: a default need not have a meaning for every entry",
          "[isinit]") {
  const auto table = Read(
      ":::opt:* timeout=60s gate log='|logger' health=tcp:80 ready=exit\n"
      "g:a:1:once:x\n"
      "g:b:1:respawn:x\n"
      "g:c:1:wait:x\n"
      "g:logger:1:respawn:x\n");
  CHECK(table->Find("a")->attributes.log.tag == "logger");
  // It would get its own output.
  CHECK(table->Find("logger")->attributes.log.kind ==
        isinit::LogTo::Kind::kFile);
  CHECK(table->Find("logger")->attributes.log.tag.empty());
}

// --- the table

TEST_CASE("isinittab: the table finds tags and groups", "[isinit]") {
  const auto table = Read("g:b:1:once:x\nf:a:1:once:x\ng:c:1:once:x\n");
  CHECK(table->Groups() == Strings{"f", "g"});
  CHECK(table->Find("c")->line == 3);
  CHECK(table->Find("x") == nullptr);
  CHECK_FALSE(table->HasGroup("x"));
  CHECK(Tags(*table) == Strings{"b", "a", "c"});
}

}  // namespace
