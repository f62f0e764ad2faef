#include "isinit/notify_message.h"

#include <catch2/catch.hpp>

using isinit::NotifyMessage;
using isinit::ReadNotifyMessage;

TEST_CASE("notify: one datagram says several things", "[isinit]") {
  const NotifyMessage message = ReadNotifyMessage(
      "READY=1\nSTATUS=Serving a=b\nMAINPID=4711\nWATCHDOG_USEC=20000000\n");
  CHECK(message.ready);
  CHECK(message.status == "Serving a=b");
  CHECK(message.main_pid == 4711);
  CHECK(message.watchdog == absl::Seconds(20));
  CHECK_FALSE(message.reloading);
  CHECK_FALSE(message.stopping);
  CHECK_FALSE(message.alive);
}

TEST_CASE("notify: every word of the protocol", "[isinit]") {
  CHECK(ReadNotifyMessage("RELOADING=1").reloading);
  CHECK(ReadNotifyMessage("STOPPING=1").stopping);
  CHECK(ReadNotifyMessage("WATCHDOG=1").alive);
  CHECK(ReadNotifyMessage("WATCHDOG=trigger").hung);
  CHECK(ReadNotifyMessage("WATCHDOG_USEC=0").watchdog == absl::ZeroDuration());
  CHECK(ReadNotifyMessage("EXTEND_TIMEOUT_USEC=5").extend_timeout ==
        absl::Microseconds(5));
  const NotifyMessage stored = ReadNotifyMessage("FDSTORE=1\nFDNAME=db-1");
  CHECK(stored.store);
  CHECK_FALSE(stored.remove);
  CHECK(stored.descriptor_name == "db-1");
  CHECK(ReadNotifyMessage("FDSTOREREMOVE=1\nFDNAME=x").remove);
}

TEST_CASE("notify: what makes no sense says nothing", "[isinit]") {
  const NotifyMessage message = ReadNotifyMessage(
      "READY\nREADY=yes\n=1\nMAINPID=0\nMAINPID=-3\nMAINPID=x\n"
      "WATCHDOG_USEC=18446744073709551615\nFDNAME=a:b\nFDNAME=\nX=1\n ready=1");
  CHECK_FALSE(message.ready);
  CHECK_FALSE(message.main_pid);
  CHECK_FALSE(message.watchdog);
  CHECK(message.descriptor_name == "");
  CHECK_FALSE(ReadNotifyMessage("").ready);
}
