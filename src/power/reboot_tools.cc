#include "power/reboot_tools.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "cli/report.h"
#include "power/device_library.h"
#include "power/device_print.h"
#include "power/import_records.h"
#include "power/inventory_file.h"
#include "power/inventory_lint.h"
#include "power/journal.h"
#include "power/limits.h"
#include "power/model_choice.h"
#include "power/reboot_options.h"
#include "power/transcript.h"
#include "power/transcript_session.h"
#include "power/way_in.h"
#include "sys/file.h"
#include "sys/terminal.h"
#include "text/columns.h"
#include "text/json.h"

namespace power {
namespace {

std::string FeedsText(const PoweredHost& host) {
  std::vector<std::string> feeds;
  for (const Outlet& feed : host.feeds) {
    feeds.push_back(absl::StrCat(feed.pcu, "/", feed.plug));
  }
  return absl::StrJoin(feeds, " ");
}

std::string WaysText(const Inventory& inventory, const Pcu& pcu) {
  const Specification* specification = inventory.SpecificationOf(pcu);
  if (specification == nullptr) return "";
  std::vector<std::string> ways;
  for (const WayIn& way :
       WaysInto(pcu, *specification, [&](absl::string_view name) {
         return inventory.FindSpecification(name);
       })) {
    ways.push_back(
        absl::StrCat(way.way.transport, ":", way.way.port.value_or(0)));
  }
  return absl::StrJoin(ways, " ");
}

// What an account's secret is called; never the secret.
std::string SecretName(const SecretSource& source) {
  return source.kind == SecretSource::Kind::kClear ? "***" : SourceText(source);
}

void ListJson(const Inventory& inventory,
              const std::vector<const PoweredHost*>& hosts) {
  for (const PoweredHost* host : hosts) {
    text::JsonWriter out;
    out.BeginObject();
    out.Key("host").String(host->name);
    out.Key("protected").Bool(host->is_protected);
    if (!host->parent.empty()) out.Key("parent").String(host->parent);
    out.Key("feeds").BeginArray();
    for (const Outlet& feed : host->feeds) {
      const Pcu* pcu = inventory.FindPcu(feed.pcu);
      out.BeginObject();
      out.Key("pcu").String(feed.pcu);
      out.Key("plug").String(feed.plug);
      out.Key("model").String(pcu == nullptr ? "" : pcu->model);
      out.Key("user").String(pcu == nullptr ? "" : pcu->user);
      out.Key("secret").String(pcu == nullptr ? "" : SecretName(pcu->secret));
      out.EndObject();
    }
    out.EndArray();
    out.EndObject();
    cli::Print(absl::StrCat(out.Take(), "\n"));
  }
}

bool IsFedBy(const PoweredHost& host, const std::string& pcu) {
  return std::any_of(host.feeds.begin(), host.feeds.end(),
                     [&](const Outlet& feed) { return feed.pcu == pcu; });
}

// The hosts that the operands name; all without any.
absl::StatusOr<std::vector<const PoweredHost*>> ListedHosts(
    const Inventory& inventory, const cli::Call& call) {
  std::vector<const PoweredHost*> hosts;
  if (call.operands.empty()) {
    for (const PoweredHost& host : inventory.hosts()) hosts.push_back(&host);
    return hosts;
  }
  TRY_ASSIGN(const std::vector<Target> targets,
             ChooseTargets(inventory, {.words = call.operands}));
  for (const Target& target : targets) {
    for (const std::string& name : target.hosts) {
      const PoweredHost* host = inventory.FindHost(name);
      if (host != nullptr &&
          std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
        hosts.push_back(host);
      }
    }
  }
  return hosts;
}

void PrintProblems(const std::vector<DeviceProblem>& problems) {
  for (const DeviceProblem& problem : problems) {
    cli::Print(absl::StrCat(
        problem.error ? "" : "warning: ", ProblemText(problem), "\n"));
  }
}

// Whether a recorded session goes the same way with the model of a file, or the
// built-in one of that name.
absl::StatusOr<int> LintAgainst(const cli::Call& call) {
  const std::string path = call.Get("against");
  TRY_ASSIGN(const std::string text, sys::ReadFile(path, kMaxTranscriptBytes));
  const TranscriptReading reading = ReadTranscript(path, text);
  if (!reading.problems.empty()) {
    PrintProblems(reading.problems);
    return 1;
  }
  const std::string& model = reading.transcript.model;
  std::optional<Specification> specification;
  for (const std::string& file : call.operands) {
    TRY_ASSIGN(const InventoryReading inventory, ReadInventory(file));
    PrintProblems(inventory.problems);
    const Specification* found = inventory.inventory.FindSpecification(model);
    if (found != nullptr) specification = *found;
  }
  if (!specification.has_value() && call.operands.empty()) {
    const DeviceFile file = ReadBuiltInModel(CurrentModelName(model));
    const Specification* found = file.Find(CurrentModelName(model));
    if (found != nullptr) specification = *found;
  }
  if (!specification.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("'", model, "', which ", path, " is of, is not there"));
  }
  const std::optional<std::string> difference =
      Replay(reading.transcript, path, *specification);
  if (!difference.has_value()) return 0;
  cli::Print(absl::StrCat(*difference, "\n"));
  return 1;
}

}  // namespace

absl::StatusOr<int> RunList(const cli::Call& call) {
  TRY_ASSIGN(const Inventory inventory, NeedInventory(call));
  TRY_ASSIGN(const std::vector<const PoweredHost*> hosts,
             ListedHosts(inventory, call));
  if (call.Has("json")) {
    ListJson(inventory, hosts);
    return 0;
  }
  for (const PoweredHost* host : hosts) {
    cli::Print(absl::StrCat(host->name, " ", FeedsText(*host),
                            host->parent.empty() ? "" : " parent ",
                            host->parent,
                            host->is_protected ? " protected" : "", "\n"));
  }
  if (!call.Has("verbose")) return 0;
  for (const Pcu& pcu : inventory.pcus()) {
    if (!call.operands.empty() &&
        std::none_of(hosts.begin(), hosts.end(), [&](const PoweredHost* host) {
          return IsFedBy(*host, pcu.name);
        })) {
      continue;
    }
    cli::Print(absl::StrCat(
        "pcu ", pcu.name, " ", pcu.model, " ",
        pcu.host.empty() ? pcu.ip : pcu.host, " ", WaysText(inventory, pcu),
        pcu.user.empty() ? "" : " user ", pcu.user,
        pcu.secret.kind == SecretSource::Kind::kNone
            ? ""
            : absl::StrCat(" secret ", SecretName(pcu.secret)),
        "\n"));
  }
  return 0;
}

// Each once: an inventory's may have the name of a built-in one.
std::vector<std::string> ModelNames(const std::optional<Inventory>& inventory) {
  std::vector<std::string> names = BuiltInModelNames();
  if (inventory.has_value()) {
    for (const Specification& own : inventory->parts().specifications) {
      names.push_back(own.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::StatusOr<int> RunModels(const cli::Call& call) {
  std::optional<Inventory> inventory;
  if (call.Has("config")) {
    TRY_ASSIGN(inventory, NeedInventory(call));
  }
  if (call.operands.empty()) {
    for (const std::string& name : ModelNames(inventory)) {
      cli::Print(absl::StrCat(name, "\n"));
    }
    return 0;
  }
  TRY(call.Operands(2, 2, "NAME"));
  if (call.operands[0] != "show") {
    return cli::UsageError(
        absl::StrCat("'", call.operands[0], "' is not 'show'"));
  }
  const std::string& asked = call.operands[1];
  ModelChoice models({});
  const Specification* found = models.Find(models.Add(asked));
  if (inventory.has_value()) {
    const Specification* own = inventory->FindSpecification(asked);
    if (own != nullptr) found = own;
  }
  if (found == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("'", asked, "' is no model", ModelChoice::Perhaps(asked)));
  }
  cli::Print(SpecificationText(*found));
  return 0;
}

absl::StatusOr<int> RunLint(const cli::Call& call) {
  if (call.Has("against")) return LintAgainst(call);
  std::vector<std::string> files = call.operands;
  if (files.empty()) files.push_back(InventoryPath(call));
  bool is_good = true;
  for (const std::string& file : files) {
    absl::StatusOr<InventoryReading> reading = ReadInventory(file);
    TRY(reading);
    PrintProblems(reading->problems);
    is_good = is_good && reading->problems.empty();
    if (!reading->ok()) continue;
    const std::vector<DeviceProblem> more =
        LintInventory(reading->inventory, RealLooks());
    PrintProblems(more);
    is_good = is_good && more.empty();
  }
  return is_good ? 0 : 1;
}

absl::StatusOr<int> RunImport(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  absl::StatusOr<std::string> json =
      file == "-" ? sys::ReadFd(0) : sys::ReadFile(file);
  TRY(json);
  absl::StatusOr<Import> import = ImportRecords(*std::move(json));
  if (!import.ok()) return base::Context(import.status(), file);
  for (const ImportProblem& problem : import->problems) {
    cli::Warn(call, absl::UnknownError(ProblemText(problem)));
  }
  const std::string folder = PlacesOf(call).store_folder;
  for (const ImportedSecret& secret : import->secrets) {
    TRY(SecretStore::Set(folder, secret.name, secret.secret));
  }
  cli::Print(import->text);
  return import->problems.empty() ? 0 : 1;
}

absl::StatusOr<int> RunJournal(const cli::Call& call) {
  TRY(call.Operands(0, 1, "HOST"));
  const bool json = call.Has("json");
  const absl::Status scanned =
      Journal::Scan(StateFolder(call), [&](const JournalRecord& record) {
        if (!call.operands.empty() && record.host.name != call.operands[0])
          return;
        cli::Print(
            absl::StrCat(json ? RecordText(record) : RecordLine(record), "\n"));
      });
  if (absl::IsNotFound(scanned)) return 0;  // nothing was ever switched
  TRY(scanned);
  return 0;
}

absl::StatusOr<int> RunSecret(const cli::Call& call) {
  const std::string folder = PlacesOf(call).store_folder;
  const std::string what = call.operands.empty() ? "" : call.operands[0];
  if (what == "list") {
    TRY(call.Operands(1, 1, ""));
    TRY_ASSIGN(const SecretStore store, SecretStore::Read(folder));
    for (const std::string& name : store.Names()) {
      cli::Print(absl::StrCat(name, "\n"));
    }
    return 0;
  }
  if (what != "set" && what != "rm") {
    return cli::UsageError("secret: 'set NAME', 'list' or 'rm NAME'");
  }
  TRY(call.Operands(2, 2, "NAME"));
  const std::string& name = call.operands[1];
  TRY(CheckSecretName(name));
  if (what == "rm") {
    TRY(SecretStore::Remove(folder, name));
    return 0;
  }
  if (sys::IsTerminal(0)) {
    SecretReader reader(PlacesOf(call));
    TRY_ASSIGN(const HeldSecret held,
               reader.Read({.kind = SecretSource::Kind::kPrompt},
                           absl::StrCat("Secret ", name)));
    TRY(SecretStore::Set(folder, name, *held.secret));
    return 0;
  }
  TRY_ASSIGN(std::string text, sys::ReadFd(0, kMaxSecretBytes));
  const size_t end = std::min(text.find('\n'), text.size());
  const keys::Secret secret(absl::string_view(text).substr(0, end));
  keys::Wipe(text);
  TRY(SecretStore::Set(folder, name, secret));
  return 0;
}

}  // namespace power
