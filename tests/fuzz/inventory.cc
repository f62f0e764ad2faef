// An inventory of any bytes: no crash, bounded problems, and what is left holds
// together: every feed is of a PCU, and every plug of its model. With an odd
// first byte the others are words that inventories are made of. What targets
// then mean does not crash either.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iterator>

#include "base/status.h"
#include "power/inventory_lint.h"
#include "power/inventory_reader.h"
#include "power/limits.h"
#include "power/targets.h"

namespace {

constexpr absl::string_view kPieces[] = {
    "pcu \"p\" { ",
    "pcu \"q\" { ",
    "} ",
    "model \"s\" ",
    "model \"BayTech\" ",
    "model \"OpenIPMI\" ",
    "host \"h\" ",
    "ip \"10.0.0.1\" ",
    "ports ssh 22 telnet try-all ",
    "ports snmp ",
    "user \"u\" ",
    "secret \"x\" ",
    "secret file:/x ",
    "secret cmd:\"a b\" ",
    "secret prompt ",
    "stagger 0.5s ",
    "off-time 1h30m ",
    "sessions 2 ",
    "tls-pin \"00\" ",
    "suite 17 ",
    "snmp-version 2c ",
    "tty \"/dev/x\" ",
    "program \"x\" ",
    "helper external ",
    "shared \"[1-3]\" ",
    "node \"a[1-3]\" ",
    "node \"b\" ",
    "\"[2-4]\" ",
    "\"p\" ",
    "\"1\" ",
    "feeds \"p/1\" \"q/2\" ",
    "group \"g\" ",
    "group \"k\" ",
    "\"@g\" ",
    "\"@k\" ",
    "protect \"a1\" ",
    "alias \"l\" \"a[1-2]\" ",
    "device \"d\" \"s\" \"h:23\" ",
    "device \"e\" \"s\" \"x y |&\" ",
    "specification \"s\" { timeout 1 plug name { \"1\" \"2\" \"3\" } } ",
    "include x\n",
    "\n",
    "# ",
    "listen \"0.0.0.0:1\" ",
    "keep yes ",
    "7 ",
    "\"",
};
constexpr absl::string_view kTargets[] = {"a1",    "a[1-3]",  "@g", "@all",
                                          "pcu:p", "pcu:q/2", "l",  "zz"};

std::string Words(absl::string_view data) {
  std::string text;
  for (const char c : data) {
    absl::StrAppend(&text,
                    kPieces[static_cast<uint8_t>(c) % std::size(kPieces)]);
  }
  return text;
}

void CheckHost(const power::Inventory& inventory,
               const power::PoweredHost& host) {
  MUST(!host.feeds.empty());
  for (const power::Outlet& feed : host.feeds) {
    MUST(inventory.FindPcu(feed.pcu) != nullptr);
    MUST(inventory.HasOutlet(feed) ||
         inventory.SpecificationOf(*inventory.FindPcu(feed.pcu)) == nullptr);
    const auto hosts = inventory.HostsOn(feed);
    MUST(std::find(hosts.begin(), hosts.end(), host.name) != hosts.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  const std::string text = data[0] % 2 == 1 ? Words(rest) : std::string(rest);
  const power::InventoryReading reading = power::ReadInventoryText(
      "f", text,
      [&](absl::string_view path,
          absl::string_view) -> absl::StatusOr<std::string> {
        if (path.size() > 1) return absl::NotFoundError("none");
        return text.substr(0, text.size() / 2);
      });
  MUST(reading.problems.size() <= power::kMaxDeviceProblems);
  const power::Inventory& inventory = reading.inventory;
  for (const power::PoweredHost& host : inventory.hosts()) {
    CheckHost(inventory, host);
  }
  for (const power::HostSet& group : inventory.groups()) {
    for (const std::string& host : group.hosts) {
      MUST(inventory.FindHost(host) != nullptr);
    }
  }
  if (reading.ok()) {
    for (const power::Pcu& pcu : inventory.pcus()) {
      MUST(inventory.SpecificationOf(pcu) != nullptr);
    }
    (void)power::LintInventory(inventory, {});
  }
  power::TargetChoice choice;
  choice.ignore_unknown = true;
  for (const absl::string_view word : kTargets) choice.words.emplace_back(word);
  choice.words.emplace_back(rest.substr(0, 100));
  const auto targets = power::ChooseTargets(inventory, choice);
  if (!targets.ok()) return 0;
  for (const power::Target& target : *targets) {
    MUST(!target.feeds.empty());
    MUST(target.outlet || inventory.FindHost(target.name) != nullptr);
  }
  (void)power::AlsoSwitched(inventory, *targets);
  return 0;
}
