#include "isinit/table_special.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

namespace {

using isinit::Reading;
using isinit::ReadTable;
using isinit::Table;

std::string Problems(const Reading& reading) {
  return isinit::ProblemLines(reading, "tab");
}
// Of a text that says nothing wrong.
std::shared_ptr<const Table> Read(absl::string_view text) {
  const Reading reading = ReadTable(text);
  CHECK(Problems(reading) == "");
  return reading.table;
}

TEST_CASE("isinittab: the paths of both originals", "[isinit]") {
  const auto table = Read(
      ":::socket:/run/x/init.s\n"
      ":::initstat:/run/x/initstat\n"
      "  : ::clstat: /run/x/clstat \n"
      ":::log:/var/log/isinit\n");
  CHECK(table->socket == "/run/x/init.s");
  CHECK(table->initstat == "/run/x/initstat");
  CHECK(table->clstat == "/run/x/clstat");
  CHECK(table->log_folder == "/var/log/isinit");
  CHECK(table->entries.empty());
}

TEST_CASE("isinittab: the later line of a name counts", "[isinit]") {
  const Reading reading = ReadTable(":::initstat:/a\n:::initstat:/b\n");
  CHECK(Problems(reading) ==
        "tab: line 2: warning: initstat is given again: line 1 does not "
        "count\n");
  CHECK(reading.table->initstat == "/b");
}

TEST_CASE("isinittab: the fourth field alone makes a socket or initstat line",
          "[isinit]") {
  const Reading reading =
      ReadTable("g:a:1:socket:/run/s\nx:::initstat:/run/i\n");
  CHECK(reading.ok());
  CHECK(Problems(reading) ==
        "tab: line 1: warning: the line is read as ':::socket:'\n"
        "tab: line 2: warning: the line is read as ':::initstat:'\n");
  CHECK(reading.table->socket == "/run/s");
  CHECK(reading.table->initstat == "/run/i");
  CHECK(reading.table->entries.empty());
}

TEST_CASE("isinittab: its socket is had without its entries", "[isinit]") {
  for (const char* text :
       {"", "g:a:1:once:/bin/a\n", ":::socket:/s\n", ":::socket:s\n",
        ":::socket:/s\ng:a:1:once:/bin/a\n:::socket:/t\n",
        "g:a:1:socket:/run/s\nx:::initstat:/run/i\n",
        ":::opt:a log=file\n:::sock\\\net:/s\n",
        ":::compat:yes\n:::sock\\\net:/s\n", "# :::socket:/s\n"}) {
    for (bool compat : {false, true}) {
      INFO(text);
      CHECK(isinit::SocketIn(text, compat) ==
            ReadTable(text, compat).table->socket);
    }
  }
  CHECK(isinit::SocketIn("g:a:1:once:/bin/a\n:::socket:/s\n") == "/s");
}

TEST_CASE("isinittab: an unknown line of three colons is a warning",
          "[isinit]") {
  const Reading reading = ReadTable(":::sokcet:/x\n:::this is nothing\n");
  CHECK(reading.ok());
  CHECK(Problems(reading) ==
        "tab: line 1: warning: unknown line ':::sokcet:': is 'socket' meant?\n"
        "tab: line 2: warning: unknown line ':::this is nothing:'\n");
}

TEST_CASE("isinittab: who may ask for what", "[isinit]") {
  const auto table = Read(
      "web:a:1:once:x\n"
      ":::allow:uid=1000 tell web\n"
      ":::allow:gid=33\tstatus *\n"
      ":::allow:* status web\n");
  REQUIRE(table->allow.size() == 3);
  CHECK_FALSE(table->allow[0].of_group);
  CHECK(table->allow[0].number == 1000);
  CHECK(table->allow[0].tell);
  CHECK(table->allow[0].group == "web");
  CHECK(table->allow[1].of_group);
  CHECK(table->allow[1].number == 33);
  CHECK_FALSE(table->allow[1].tell);
  CHECK(table->allow[1].group == "*");
  CHECK(table->allow[2].everyone);
  CHECK_FALSE(table->allow[0].everyone);
  for (const char* wrong :
       {"uid=www tell *", "uid=1 do *", "uid=1 tell", "1 tell *",
        "uid=4294967295 tell *", "uid=1 tell * *", "uid=1 tell a!"}) {
    const Reading reading = ReadTable(absl::StrCat(":::allow:", wrong, "\n"));
    CHECK_FALSE(reading.ok());
    CHECK(reading.table->allow.empty());
  }
}

TEST_CASE("isinittab: what a group is told when isinit starts", "[isinit]") {
  const auto table =
      Read("g:a:1:once:x\nh:b:up,:once:x\n:::boot:h up\n:::boot:g 1\n");
  using Boot = std::vector<std::pair<std::string, std::string>>;
  CHECK(table->boot == Boot{{"h", "up"}, {"g", "1"}});
  const Reading reading = ReadTable(
      "g:a:1:once:x\n:::boot:g 1\n:::boot:g 0\n:::boot:i 1\n:::boot:g\n");
  CHECK(Problems(reading) ==
        "tab: line 3: boot: the group 'g' is given a level twice\n"
        "tab: line 4: boot: there is no group 'i'\n"
        "tab: line 5: boot: 'g' is not a group and its level\n");
  CHECK(reading.table->boot == Boot{{"g", "1"}});
}

TEST_CASE("isinittab: the other lines about the whole", "[isinit]") {
  const auto table = Read(
      ":::parallel:8\n:::mounts:rescue\n:::watchdog:/dev/watchdog\n"
      ":::hook:/bin/hook -x a:b\n:::watch:\n:::halt-timeout:5m\n");
  CHECK(table->parallel == 8);
  CHECK(table->mounts == "rescue");
  CHECK(table->watchdog == "/dev/watchdog");
  CHECK(table->hook == "/bin/hook -x a:b");
  CHECK(table->watch);
  CHECK(table->halt_timeout == absl::Minutes(5));
  CHECK(Read(":::watch\n")->watch);
  CHECK_FALSE(Read(":::watch:no\n")->watch);
  for (const char* wrong :
       {"parallel:x", "parallel:100001", "mounts:all", "watchdog:dog", "hook:",
        "watch:maybe", "halt-timeout:0", "compat:1", "socket:s", "initstat:"}) {
    const Reading reading = ReadTable(absl::StrCat(":::", wrong, "\n"));
    INFO(wrong);
    CHECK_FALSE(reading.ok());
  }
  CHECK(Problems(ReadTable(":::mounts:all\n")) ==
        "tab: line 1: mounts: 'all' is not none, container, rescue or full\n");
}

}  // namespace
