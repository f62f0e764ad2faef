#include "power/inventory_file.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "base/status.h"
#include "power/limits.h"
#include "sys/file.h"
#include "sys/resolve.h"

namespace power {
namespace {

constexpr char kOwn[] = "/etc/fleetbox/pcu.conf";
constexpr char kPowermans[] = "/etc/powerman/powerman.conf";

// "" for a name without a folder, else with the slash.
std::string FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos
             ? ""
             : std::string(path.substr(0, slash + 1));
}

// Reads files that files include. Messages call a file by what stands behind
// `include`; where it really is depends on the file that includes it.
class Includer {
 public:
  explicit Includer(const std::string& main) { real_[main] = main; }

  absl::StatusOr<std::string> Read(absl::string_view path,
                                   absl::string_view from) {
    std::string real(path);
    if (!absl::StartsWith(real, "/")) {
      real = absl::StrCat(FolderOf(real_[std::string(from)]), path);
    }
    real_[std::string(path)] = real;
    return sys::ReadFile(real, kMaxDeviceFileBytes);
  }

 private:
  std::map<std::string, std::string> real_;
};

}  // namespace

std::string DefaultInventoryPath() {
  const auto own = sys::Stat(kOwn);
  const auto powermans = sys::Stat(kPowermans);
  // One that is there but cannot be looked at is still the one that counts.
  if (own.ok() && !own->exists && powermans.ok() && powermans->exists) {
    return kPowermans;
  }
  return kOwn;
}

absl::StatusOr<InventoryReading> ReadInventory(const std::string& path) {
  std::string text;
  if (path == "-") {
    TRY_ASSIGN(text, sys::ReadFd(STDIN_FILENO, kMaxDeviceFileBytes));
  } else {
    absl::StatusOr<std::string> read = sys::ReadFile(path, kMaxDeviceFileBytes);
    if (absl::IsNotFound(read.status()) && path == kOwn) {
      return absl::NotFoundError(
          absl::StrCat("there is no inventory: neither ", kOwn, " nor ",
                       kPowermans, " exists; -c FILE names another"));
    }
    TRY(read.status());
    text = *std::move(read);
  }
  Includer includer(path);
  return ReadInventoryText(
      path, text, [&](absl::string_view included, absl::string_view from) {
        return includer.Read(included, from);
      });
}

InventoryLooks RealLooks() {
  InventoryLooks looks;
  looks.mode = [](const std::string& path) -> absl::StatusOr<uint32_t> {
    TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
    if (!info.exists) return absl::NotFoundError("there is no such file");
    return info.mode;
  };
  // Shared by the copies of the function.
  const auto silent = std::make_shared<bool>(false);
  looks.addresses =
      [silent](
          const std::string& host) -> absl::StatusOr<std::vector<std::string>> {
    if (*silent) return absl::UnavailableError("the name server is silent");
    auto addresses = sys::Resolve(host);
    if (absl::IsUnavailable(addresses.status())) *silent = true;
    return addresses;
  };
  return looks;
}

}  // namespace power
