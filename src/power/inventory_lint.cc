#include "power/inventory_lint.h"

#include <absl/algorithm/container.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <set>

#include "power/device_lint.h"
#include "power/secret_mode.h"
#include "power/ways.h"
#include "text/utf8.h"

namespace power {
namespace {

using Kind = SecretSource::Kind;

// The programs whose place our engines take (device(5) calls them by name).
constexpr absl::string_view kHelpers[] = {"ipmipower", "redfishpower",
                                          "httppower", "snmppower"};
constexpr absl::string_view kPasswordOptions[] = {"-p", "--password"};

class Lint {
 public:
  Lint(const Inventory& inventory, const InventoryLooks& looks)
      : inventory_(inventory), looks_(looks) {}
  std::vector<DeviceProblem> Run();

 private:
  void OnePcu(const Pcu& pcu);
  void Secrets(const Pcu& pcu);
  void SecretFile(const Pcu& pcu, const SecretSource& source);
  void CommandLine(const Pcu& pcu);
  void Dns(const Pcu& pcu);
  void Listens();
  void Warn(const Where& where, absl::string_view rule, std::string text) {
    problems_.Warn(where, rule, std::move(text));
  }

  const Inventory& inventory_;
  const InventoryLooks& looks_;
  DeviceProblems problems_;
  std::set<std::string> files_seen_;
};

std::vector<DeviceProblem> Lint::Run() {
  for (const Pcu& pcu : inventory_.pcus()) OnePcu(pcu);
  Listens();
  DeviceFile known;
  known.specifications = inventory_.parts().specifications;
  std::vector<DeviceProblem> all = problems_.Take();
  for (const Specification& spec : known.specifications) {
    // Of a protocol that needs no specification nothing was written.
    if (spec.where.line == 0) continue;
    for (DeviceProblem& problem : LintSpecification(spec, known)) {
      if (all.size() < kMaxDeviceProblems) all.push_back(std::move(problem));
    }
  }
  return all;
}

void Lint::OnePcu(const Pcu& pcu) {
  if (inventory_.PlugsOf(pcu.name).empty()) {
    Warn(pcu.where, "unused", absl::StrCat("no host hangs on PCU ", pcu.name));
  }
  Secrets(pcu);
  CommandLine(pcu);
  Dns(pcu);
}

void Lint::Secrets(const Pcu& pcu) {
  for (const SecretSource* source : {&pcu.secret, &pcu.privacy_secret}) {
    if (source->kind == Kind::kClear) {
      Warn(pcu.where, "secret-clear",
           absl::StrCat("a secret of PCU ", pcu.name,
                        " stands in the inventory in clear"));
    }
    if (source->kind == Kind::kFile) SecretFile(pcu, *source);
  }
  const Specification* spec = inventory_.SpecificationOf(pcu);
  if (spec != nullptr && pcu.secret.kind == Kind::kNone &&
      NeedsSecret(pcu, *spec)) {
    Warn(pcu.where, "secret",
         absl::StrCat("PCU ", pcu.name, " has no secret, and model ",
                      spec->name, " needs one"));
  }
}

void Lint::SecretFile(const Pcu& pcu, const SecretSource& source) {
  if (!looks_.mode || !files_seen_.insert(source.text).second) return;
  const absl::StatusOr<uint32_t> mode = looks_.mode(source.text);
  if (!mode.ok()) {
    return Warn(
        pcu.where, "secret-file",
        absl::StrCat(text::Clean(source.text), ": ", mode.status().message()));
  }
  if (const std::string problem = ModeProblem(*mode); !problem.empty()) {
    Warn(pcu.where, "secret-file",
         absl::StrCat(text::Clean(source.text), ": ", problem));
  }
}

// Whoever lists processes sees a program's words; and whoever may read the
// inventory reads them even if no program is started.
void Lint::CommandLine(const Pcu& pcu) {
  if (pcu.program.empty()) return;
  absl::string_view name = pcu.program.front();
  if (const size_t slash = name.rfind('/'); slash != absl::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  if (!absl::c_linear_search(kHelpers, name)) return;
  if (!absl::c_any_of(pcu.program, [](const std::string& word) {
        return absl::c_linear_search(kPasswordOptions, word) ||
               absl::StartsWith(word, "--password=");
      })) {
    return;
  }
  Warn(pcu.where, "secret-clear",
       absl::StrCat("the command of PCU ", pcu.name,
                    " has a password in clear"));
}

void Lint::Dns(const Pcu& pcu) {
  // A line or a program has no address in the network.
  if (!looks_.addresses || !pcu.serial.empty() || !pcu.program.empty()) return;
  std::optional<absl::StatusOr<std::vector<std::string>>> addresses;
  Pcu canonical;
  canonical.host = pcu.host;
  canonical.ip = pcu.ip;
  if (!pcu.host.empty()) addresses = looks_.addresses(pcu.host);
  if (!pcu.ip.empty()) {
    // The same address may be written in several ways.
    const auto ip = looks_.addresses(pcu.ip);
    if (ip.ok() && !ip->empty()) canonical.ip = ip->front();
  }
  switch (JudgeDns(canonical, addresses)) {
    case DnsVerdict::kOk:
    case DnsVerdict::kNoHostname:
    case DnsVerdict::kNoDnsOrIp:  // the reader's
    case DnsVerdict::kNotLookedAt:
      return;
    case DnsVerdict::kMismatch:
      return Warn(pcu.where, "DNS-MISMATCH",
                  absl::StrCat("PCU ", pcu.name, ": ", text::Clean(pcu.host),
                               " is ", absl::StrJoin(**addresses, ", "),
                               ", and not ", text::Clean(pcu.ip)));
    case DnsVerdict::kNoEntry:
      return Warn(pcu.where, "DNS-NOENTRY",
                  absl::StrCat("PCU ", pcu.name, ": ", text::Clean(pcu.host),
                               " has no address"));
  }
}

// powerman's protocol has neither passwords nor encryption.
void Lint::Listens() {
  for (const std::string& address : inventory_.parts().listens) {
    if (absl::StartsWith(address, "127.") ||
        absl::StartsWith(address, "localhost:") ||
        absl::StartsWith(address, "[::1]:") || absl::StartsWith(address, "/") ||
        absl::StartsWith(address, "unix:")) {
      continue;
    }
    const Where where = inventory_.pcus().empty()
                            ? Where{"", 0}
                            : inventory_.pcus().front().where;
    Warn(where, "listen",
         absl::StrCat("whoever reaches ", text::Clean(address.substr(0, 80)),
                      " may switch everything"));
  }
}

}  // namespace

absl::string_view Word(DnsVerdict verdict) {
  switch (verdict) {
    case DnsVerdict::kOk:
      return "DNS-OK";
    case DnsVerdict::kMismatch:
      return "DNS-MISMATCH";
    case DnsVerdict::kNoEntry:
      return "DNS-NOENTRY";
    case DnsVerdict::kNoHostname:
      return "NOHOSTNAME";
    case DnsVerdict::kNoDnsOrIp:
      return "NO-DNS-OR-IP";
    case DnsVerdict::kNotLookedAt:
      return "novalue";
  }
  return "";
}

DnsVerdict JudgeDns(
    const Pcu& pcu,
    const std::optional<absl::StatusOr<std::vector<std::string>>>& addresses) {
  if (pcu.host.empty()) {
    return pcu.ip.empty() ? DnsVerdict::kNoDnsOrIp : DnsVerdict::kNoHostname;
  }
  if (!addresses) return DnsVerdict::kNotLookedAt;
  const absl::Status& status = addresses->status();
  if (absl::IsNotFound(status) || absl::IsInvalidArgument(status) ||
      (status.ok() && (*addresses)->empty())) {
    return DnsVerdict::kNoEntry;
  }
  if (!status.ok() || pcu.ip.empty()) return DnsVerdict::kNotLookedAt;
  return absl::c_linear_search(**addresses, pcu.ip) ? DnsVerdict::kOk
                                                    : DnsVerdict::kMismatch;
}

std::vector<DeviceProblem> LintInventory(const Inventory& inventory,
                                         const InventoryLooks& looks) {
  return Lint(inventory, looks).Run();
}

}  // namespace power
