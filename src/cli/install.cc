#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>

#include "base/status.h"
#include "cli/multi.h"
#include "sys/file.h"
#include "sys/process.h"

namespace cli {
namespace {

std::string LastPart(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Where a symbolic link leads; "" when `path` is none.
std::string LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  return n < 0 ? "" : std::string(target, n);
}

// What the links lead to, and how to know one that does already.
struct Aim {
  std::string path;    // for link(2)
  std::string target;  // text of a symbolic link
  std::string name;    // last part
  sys::FileInfo file;
};

bool IsAim(const sys::FileInfo& f, const Aim& aim) {
  return f.exists && f.inode == aim.file.inode && f.device == aim.file.device;
}

absl::StatusOr<Aim> FindAim(const std::string& executable,
                            const std::string& folder) {
  Aim aim = {executable, executable, LastPart(executable), {}};
  // After `make install` the links belong to the program beside them, not to
  // the one in the build folder that makes them.
  const std::string beside = absl::StrCat(folder, "/", aim.name);
  if (LinkTarget(beside).empty() && access(beside.c_str(), X_OK) == 0) {
    aim.path = beside;
    aim.target = aim.name;
  }
  TRY_ASSIGN(aim.file, sys::Stat(aim.path));
  if (!aim.file.exists) {
    return absl::NotFoundError(
        absl::StrCat("our own executable '", aim.path, "' is not to be found"));
  }
  return aim;
}

// A link may be replaced if it leads to a fleetbox: to this one, to one of the
// same file name (an older one elsewhere), or nowhere any more.
absl::StatusOr<bool> MayReplace(const std::string& path, const Aim& aim) {
  const std::string target = LinkTarget(path);
  TRY_ASSIGN(const sys::FileInfo file, sys::Stat(path));
  if (IsAim(file, aim)) return true;
  return !target.empty() && (!file.exists || LastPart(target) == aim.name);
}

// Made under another name and renamed, so that there is no moment at which a
// command of a running host is missing.
absl::Status Link(const Aim& aim, const std::string& path, bool symbolic) {
  const std::string made = absl::StrCat(path, ".new-", sys::MyPid());
  TRY(sys::RemoveFile(made));
  const int failed = symbolic ? symlink(aim.target.c_str(), made.c_str())
                              : link(aim.path.c_str(), made.c_str());
  if (failed != 0) {
    if (!symbolic && (errno == EXDEV || errno == EPERM || errno == EMLINK)) {
      return absl::UnavailableError(absl::StrCat(
          path, ": a hard link cannot be made here; try --symbolic"));
    }
    return base::SysError(path);
  }
  if (rename(made.c_str(), path.c_str()) != 0) {
    const absl::Status status = base::SysError(path);
    sys::RemoveFile(made).IgnoreError();
    return status;
  }
  // rename(2) leaves both names alone when they are links to one file already.
  return sys::RemoveFile(made);
}

}  // namespace

absl::Status Install(absl::Span<const absl::string_view> names,
                     const std::string& executable, const std::string& folder,
                     bool symbolic) {
  TRY(sys::MakeFolders(folder));
  TRY_ASSIGN(const Aim aim, FindAim(executable, folder));
  std::vector<std::string> in_the_way;
  for (absl::string_view name : names) {
    const std::string path = absl::StrCat(folder, "/", name);
    if (name == aim.name) continue;
    if (faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      TRY_ASSIGN(const bool replace, MayReplace(path, aim));
      if (!replace) {
        in_the_way.push_back(absl::StrCat(path, ": is no link to fleetbox"));
        continue;
      }
    }
    TRY(Link(aim, path, symbolic));
  }
  if (in_the_way.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrJoin(in_the_way, "\n"));
}

}  // namespace cli
