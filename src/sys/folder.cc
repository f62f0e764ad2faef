#include <absl/strings/str_cat.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "sys/file.h"
#include "sys/users.h"

namespace sys {
namespace {

// The names in the folder that `fd` is, without "." and "..".
absl::StatusOr<std::vector<std::string>> NamesIn(Fd fd) {
  DIR* dir = fdopendir(fd.get());
  if (dir == nullptr) return base::SysError("fdopendir");
  fd.Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  absl::Status status =
      errno != 0 ? base::SysError("readdir") : absl::OkStatus();
  closedir(dir);
  if (!status.ok()) return status;
  return names;
}

// A folder on the way from the root of a tree that is being removed.
struct Level {
  dev_t device;
  ino_t inode;
  std::string name;                // in the level above
  std::vector<std::string> names;  // still to remove
};

// Removes what `fd` holds. One descriptor however deep the tree is, and no
// recursion: trees come from strangers. Going up is by "..", which is compared
// with where we came from, since somebody may have moved the folder meanwhile.
absl::Status RemoveContents(Fd fd) {
  absl::Status first;
  std::vector<Level> levels;
  const auto enter = [&](std::string name) {
    struct stat info;
    if (fstat(fd.get(), &info) != 0) return base::SysError("fstat");
    // fdopendir's offset is shared with a duplicate; "." is opened anew.
    TRY_ASSIGN(Fd again, OpenAt(fd.get(), ".", O_RDONLY | O_DIRECTORY));
    TRY_ASSIGN(std::vector<std::string> names, NamesIn(std::move(again)));
    levels.push_back(
        {info.st_dev, info.st_ino, std::move(name), std::move(names)});
    return absl::OkStatus();
  };
  TRY(enter(""));
  for (;;) {
    Level& level = levels.back();
    if (level.names.empty()) {
      if (levels.size() == 1) return first;
      const std::string done = std::move(level.name);
      levels.pop_back();
      TRY_ASSIGN(fd, OpenAt(fd.get(), "..", O_RDONLY | O_DIRECTORY));
      struct stat info;
      if (fstat(fd.get(), &info) != 0) return base::SysError("fstat");
      if (info.st_dev != levels.back().device ||
          info.st_ino != levels.back().inode) {
        return absl::AbortedError("a folder was moved while it was removed");
      }
      if (unlinkat(fd.get(), done.c_str(), AT_REMOVEDIR) != 0 && first.ok()) {
        first = base::SysError(done);
      }
      continue;
    }
    const std::string name = std::move(level.names.back());
    level.names.pop_back();
    if (unlinkat(fd.get(), name.c_str(), 0) == 0 || errno == ENOENT) continue;
    const int error = errno;
    // unlink of a folder: EISDIR on Linux, EPERM by POSIX.
    absl::Status status = base::SysError(error, name);
    if (error == EISDIR || error == EPERM) {
      absl::StatusOr<Fd> below =
          OpenAt(fd.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (below.ok()) {
        Fd above = std::exchange(fd, *std::move(below));
        status = enter(name);
        if (!status.ok()) fd = std::move(above);
      } else if (error == EISDIR) {
        status = below.status();
      }
    }
    if (!status.ok() && first.ok()) first = status;
  }
}

}  // namespace

absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == nullptr) {
    return base::SysError("find the current folder");
  }
  return absl::StrCat(here, "/", path);
}

absl::StatusOr<std::string> PathOf(int fd) {
  char path[PATH_MAX];
  const ssize_t n =
      readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), path, sizeof path);
  if (n < 0) return base::SysError("find the path of an open file");
  return std::string(path, static_cast<size_t>(n));
}

absl::Status MakeFolders(const std::string& path, int mode) {
  if (mkdir(path.c_str(), mode) == 0) return absl::OkStatus();
  if (errno == ENOENT && !path.empty()) {
    const size_t end = path.find_last_not_of('/');
    const size_t slash = end == std::string::npos ? end : path.rfind('/', end);
    if (slash == std::string::npos || slash == 0) return base::SysError(path);
    TRY(MakeFolders(path.substr(0, slash), mode));
    if (mkdir(path.c_str(), mode) == 0) return absl::OkStatus();
  }
  if (errno != EEXIST) return base::SysError(path);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return base::SysError(path);
  if (!S_ISDIR(info.st_mode)) return base::SysError(ENOTDIR, path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  TRY_ASSIGN(Fd fd, Open(path, O_RDONLY | O_DIRECTORY));
  absl::StatusOr<std::vector<std::string>> names = NamesIn(std::move(fd));
  if (!names.ok()) return base::Context(names.status(), path);
  std::sort(names->begin(), names->end());
  return names;
}

absl::Status RemoveTree(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  const int error = errno;
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return base::SysError(errno == ENOTDIR ? error : errno, path);
  TRY(base::Context(RemoveContents(std::move(fd)), path));
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return base::SysError(path);
  return absl::OkStatus();
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(
    absl::string_view prefix) {
  std::string parent = EnvironmentVariable("TMPDIR");
  if (parent.empty()) parent = "/tmp";
  return MakeIn(parent, prefix);
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::MakeIn(
    absl::string_view parent, absl::string_view prefix) {
  std::string path = absl::StrCat(parent, "/", prefix, "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return base::SysError(path);
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

TemporaryFolder::~TemporaryFolder() {
  if (!path_.empty()) RemoveTree(path_).IgnoreError();
}

}  // namespace sys
