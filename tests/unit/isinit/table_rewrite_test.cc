// What a table says is the same when it is written anew.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <iterator>

#include "isinit/table_plan.h"
#include "isinit/throttle.h"
#include "unit/isinit/table_text.h"

namespace {

using isinit::Dice;
using isinit::Reading;
using isinit::ReadTable;

constexpr absl::string_view kWords[] = {
    "stop-signal=HUP",
    "stop-timeout=2s",
    "stop='/bin/x  \"y\"'",
    "limit=3/1m",
    "pause=1h",
    "backoff=100ms..60s*1.1~20%",
    "steady=0",
    "max-restarts=4",
    "on-give-up=level:9",
    "ready=cmd:'test -e x'",
    "ready=tcp:80",
    "ready-timeout=7s",
    "gate",
    "timeout=5m",
    "forking",
    "essential",
    "reload=keep",
    "lazy listen=tcp::80",
    "listen=tcp:[fe80::1%eth0]:81",
    "listen=unix:/run/s",
    "exit-codes=143:0,1:2",
    "health=http:8080/x",
    "every=5s",
    "health-timeout=1s",
    "fails=9",
    "grace=1m",
    "on-unhealthy=stop-group",
    "log=syslog",
    "log-size=64k",
    "log-keep=0",
    "log-rate=5/s",
    "user=www",
    "group=33",
    "env='A=b c'",
    "env=B=\\'",
    "env-pass=PATH,HOME",
    "env-pass=*",
    "env-file=/x",
    "secret=K='/a b'",
    "cwd=/srv",
    "umask=77",
    "nice=-3",
    "rlimit-nofile=1024",
    "rlimit-nofile=5:unlimited",
    "rlimit-cpu=1500ms",
    "rlimit-rttime=15ms",
    "rlimit-stack=8m",
    "oom=-5",
    "no-new-privs",
    "capabilities=net_raw,chown",
    "capabilities=none",
    "tty=/dev/tty1",
    "memory-max=1.5g",
    "pids-max=10",
    "cpu-max=50%",
};

TEST_CASE("isinittab: a random table says the same when it is written anew",
          "[isinit]") {
  Dice dice(5);
  const auto any = [&](size_t n) {
    return static_cast<size_t>(dice.Next() * n);
  };
  constexpr absl::string_view kModes[] = {"wait", "once", "respawn",
                                          "test", "off",  "sysinit"};
  size_t entries = 0;
  for (int round = 0; round < 500; round++) {
    std::string text;
    for (size_t i = 0; i < 5; i++) {
      absl::StrAppend(&text, any(2) ? "g" : "h", ":t", i,
                      ":12:", kModes[any(std::size(kModes))], ": x ", i, "\n");
      if (any(3) > 0) {
        absl::StrAppend(&text, ":::opt:t", i);
        for (size_t n = any(6) + 1; n > 0; n--) {
          absl::StrAppend(&text, " ", kWords[any(std::size(kWords))]);
        }
        if (any(3) == 0) absl::StrAppend(&text, " after=t", any(5));
        if (any(3) == 0) absl::StrAppend(&text, " needs=group:h@1");
        if (any(3) == 0) absl::StrAppend(&text, " 'log=| t", any(5), "'");
        text += '\n';
      }
    }
    if (any(3) == 0) text += ":::boot:g 1\n:::allow:gid=5 tell h\n";
    if (any(3) == 0) text += ":::opt:* every=3s umask=70\n:::watch\n";
    const Reading reading = ReadTable(text);
    entries += reading.table->entries.size();
    const std::string written = isinit::TableText(*reading.table);
    const Reading again = ReadTable(written);
    INFO(text);
    INFO(written);
    CHECK(again.ok());
    REQUIRE(isinit::SameTables(*reading.table, *again.table));
    CHECK(isinit::PlanTable(*reading.table, *again.table).changes_nothing());
  }
  CHECK(entries > 1500);
}

}  // namespace
