#include "power/inventory_lint.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <map>

#include "power/inventory_file.h"
#include "sys/file.h"

namespace {

using power::DnsVerdict;
using Addresses = absl::StatusOr<std::vector<std::string>>;
using Strings = std::vector<std::string>;

Strings Lint(absl::string_view text, const power::InventoryLooks& looks = {}) {
  const auto reading = power::ReadInventoryText("t", text);
  for (const auto& problem : reading.problems) {
    UNSCOPED_INFO(power::ProblemText(problem));
  }
  REQUIRE(reading.ok());
  Strings texts;
  for (const auto& problem : power::LintInventory(reading.inventory, looks)) {
    CHECK_FALSE(problem.error);
    texts.push_back(power::ProblemText(problem));
  }
  return texts;
}
// A PCU with these settings, with a host and a secret.
Strings LintPcu(absl::string_view settings,
                const power::InventoryLooks& looks) {
  return Lint(absl::StrCat("pcu \"p\" { model \"BayTech\" node \"a\" \"1\" ",
                           settings, " }"),
              looks);
}

TEST_CASE("power 4: what is read and probably not meant", "[power]") {
  CHECK(Lint(R"(pcu "a" { model "BayTech" host "h" }
pcu "b" { model "BayTech" host "h" secret clear "canary" node "x" "1" }
pcu "c" { model "ManualPCU" node "y" }
specification "s" { script on { send "%s" } }
device "d" "s" "/usr/sbin/ipmipower -u x -p y |&"
node "z" "d"
listen "127.0.0.1:10101"
listen "0.0.0.0:10101"
)") == Strings{"t:1: no host hangs on PCU a [unused]",
               "t:1: PCU a has no secret, and model BayTech needs one [secret]",
               "t:2: a secret of PCU b stands in the inventory in clear "
               "[secret-clear]",
               "t:5: the command of PCU d has a password in clear "
               "[secret-clear]",
               "t:1: whoever reaches 0.0.0.0:10101 may switch everything "
               "[listen]",
               "t:4: there is no timeout: every script that waits is over at "
               "once [timeout]"});
}

TEST_CASE("power 20: lint tells a secret file that others may read",
          "[power]") {
  power::InventoryLooks looks;
  std::map<std::string, uint32_t> modes = {{"/good", 0600}, {"/bad", 0644}};
  int asked = 0;
  looks.mode = [&](const std::string& path) -> absl::StatusOr<uint32_t> {
    asked++;
    if (modes.count(path) == 0) return absl::NotFoundError("is not there");
    return modes[path];
  };
  CHECK(LintPcu("host \"h\" secret file:/good", looks) == Strings());
  CHECK(
      LintPcu("host \"h\" secret file:/bad privacy-secret file:/bad", looks) ==
      Strings{"t:1: /bad: mode 0644: others may read it; chmod 600 "
              "[secret-file]"});
  CHECK(asked == 2);
  CHECK(LintPcu("host \"h\" secret file:/none", looks) ==
        Strings{"t:1: /none: is not there [secret-file]"});
}

TEST_CASE("lint: a name and an address that disagree", "[power]") {
  power::InventoryLooks looks;
  std::map<std::string, Addresses> names = {
      {"h", Strings{"10.0.0.1", "10.0.0.2"}},
      {"none", absl::NotFoundError("no")},
      {"silent", absl::UnavailableError("no")},
      {"10.0.0.2", Strings{"10.0.0.2"}},
      {"10.0.0.9", Strings{"10.0.0.9"}},
      {"six", Strings{"fe80::1"}},
      {"FE80:0::1", Strings{"fe80::1"}}};
  looks.addresses = [&](const std::string& host) { return names.at(host); };
  const auto lint = [&](absl::string_view address) {
    return LintPcu(absl::StrCat("secret \"s\" ", address), looks);
  };
  CHECK(lint("host \"h\" ip \"10.0.0.2\"") == Strings());
  CHECK(lint("host \"six\" ip \"FE80:0::1\"") == Strings());
  CHECK(lint("ip \"10.0.0.2\"") == Strings());
  CHECK(lint("host \"silent\" ip \"10.0.0.2\"") == Strings());
  CHECK(lint("host \"h\" ip \"10.0.0.9\"") ==
        Strings{"t:1: PCU p: h is 10.0.0.1, 10.0.0.2, and not 10.0.0.9 "
                "[DNS-MISMATCH]"});
  CHECK(lint("host \"none\"") ==
        Strings{"t:1: PCU p: none has no address [DNS-NOENTRY]"});
}

TEST_CASE("lint: the original's verdicts about names", "[power]") {
  power::Pcu pcu;
  CHECK(JudgeDns(pcu, std::nullopt) == DnsVerdict::kNoDnsOrIp);
  pcu.ip = "10.0.0.1";
  CHECK(JudgeDns(pcu, std::nullopt) == DnsVerdict::kNoHostname);
  pcu.host = "h";
  CHECK(JudgeDns(pcu, std::nullopt) == DnsVerdict::kNotLookedAt);
  CHECK(JudgeDns(pcu, Addresses(Strings{"10.0.0.1"})) == DnsVerdict::kOk);
  CHECK(JudgeDns(pcu, Addresses(Strings{"10.0.0.2"})) == DnsVerdict::kMismatch);
  CHECK(JudgeDns(pcu, Addresses(Strings())) == DnsVerdict::kNoEntry);
  CHECK(Word(DnsVerdict::kNoDnsOrIp) == "NO-DNS-OR-IP");
}

TEST_CASE("lint: looks at files and names as they are", "[power]") {
  auto folder = sys::TemporaryFolder::Make("lint");
  REQUIRE(folder.ok());
  const std::string file = folder->path() + "/secret";
  REQUIRE(sys::CreateFile(file, "x", 0644).ok());
  const power::InventoryLooks looks = power::RealLooks();
  CHECK(*looks.mode(file) == 0644);
  CHECK(absl::IsNotFound(looks.mode(file + "x").status()));
  CHECK(*looks.addresses("127.0.0.1") == Strings{"127.0.0.1"});
}

}  // namespace
