#include "msrc/cache_folder.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "wire/content_hash.h"

namespace msrc {
namespace {

constexpr size_t kHashDigits = 2 * sizeof(wire::Hash);

// The digits that an executable's name ends in, or none.
absl::string_view NamedHash(absl::string_view path) {
  if (path.size() <= kHashDigits) return "";
  const absl::string_view digits = path.substr(path.size() - kHashDigits);
  if (path[path.size() - kHashDigits - 1] != '-' ||
      digits.find_first_not_of("0123456789abcdef") != absl::string_view::npos) {
    return "";
  }
  return digits;
}

bool IsOld(const std::string& path, absl::Time before) {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
  return info.ok() && info->exists && !info->symlink &&
         absl::FromUnixNanos(info->mtime_ns) < before;
}

}  // namespace

absl::Status NeedPrivateFolder(const std::string& path) {
  TRY(sys::MakeFolders(path, 0700));
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return base::SysError(path);
  if (!S_ISDIR(info.st_mode) || info.st_uid != sys::MyUid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": is no folder of our own"));
  }
  if ((info.st_mode & 022) != 0) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "%s: others can write to it (mode %04o)", path, info.st_mode & 07777));
  }
  // Files can be made in it.
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return base::SysError(path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CacheFolder() {
  const std::string xdg = sys::EnvironmentVariable("XDG_CACHE_HOME");
  const std::string usual =
      absl::StartsWith(xdg, "/")
          ? absl::StrCat(xdg, "/fleetbox")
          : absl::StrCat(sys::HomeFolder(), "/.cache/fleetbox");
  const absl::Status status = NeedPrivateFolder(usual);
  if (status.ok()) return usual;
  std::string temporary = sys::EnvironmentVariable("TMPDIR");
  if (temporary.empty()) temporary = "/tmp";
  const std::string other = absl::StrCat(temporary, "/fleetbox-", sys::MyUid());
  if (NeedPrivateFolder(other).ok()) return other;
  return status;
}

void TidyCache(const std::string& cache, absl::Time now) {
  const absl::StatusOr<std::vector<std::string>> names = sys::ListFolder(cache);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(cache, "/", name);
    if ((!NamedHash(name).empty() || absl::StartsWith(name, "hashes-")) &&
        IsOld(path, now - kKeepReceivers)) {
      (void)sys::RemoveFile(path);
    }
  }
  const std::string runs = absl::StrCat(cache, "/runs");
  for (const std::string& name :
       sys::ListFolder(runs).value_or(std::vector<std::string>())) {
    const std::string path = absl::StrCat(runs, "/", name);
    if (IsOld(path, now - kKeepRuns)) (void)sys::RemoveTree(path);
  }
}

}  // namespace msrc
