#include "sys/tree.h"

#include <absl/strings/str_cat.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace sys {
namespace {

constexpr size_t kMaxNames = 1'000'000;
// Folders in folders, each of which takes a descriptor while it is removed.
constexpr int kMaxDepth = 500;

absl::Status Failed(const std::string& name) {
  return base::SysError(absl::StrCat("'", base::Escape(name), "'"));
}

Item::Type TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return Item::Type::kFile;
  if (S_ISDIR(mode)) return Item::Type::kFolder;
  if (S_ISLNK(mode)) return Item::Type::kLink;
  return Item::Type::kOther;
}

int64_t Nanoseconds(const timespec& t) {
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

absl::Status RemoveFolder(int folder, const std::string& name,
                          const Mount& mount, int depth) {
  Fd inside(openat(folder, name.c_str(),
                   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside) return errno == ENOENT ? absl::OkStatus() : Failed(name);
  TRY_ASSIGN(const Mount here, MountOf(inside.get()));
  if (here != mount || depth > kMaxDepth) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", base::Escape(name),
        "': ", here != mount ? "is a mount" : "folders too deep in folders"));
  }
  // A folder of ours that we may not look into is made so that we may.
  if (faccessat(inside.get(), ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    fchmodat(folder, name.c_str(), 0700, 0);
  }
  TRY_ASSIGN(const std::vector<std::string> names,
             NamesIn(inside.get(), kMaxNames));
  absl::Status status;
  for (const std::string& n : names) {
    if (unlinkat(inside.get(), n.c_str(), 0) == 0 || errno == ENOENT) continue;
    absl::Status one = errno == EISDIR || errno == EPERM
                           ? RemoveFolder(inside.get(), n, mount, depth + 1)
                           : Failed(n);
    if (status.ok()) status = one;
  }
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT &&
      status.ok()) {
    status = Failed(name);
  }
  return status;
}

}  // namespace

absl::StatusOr<Item> LookAt(int folder, const std::string& name) {
  struct stat info;
  Item item;
  if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return item;
    return Failed(name);
  }
  item.type = TypeOf(info.st_mode);
  item.uid = info.st_uid;
  item.gid = info.st_gid;
  item.bytes = info.st_size;
  item.mtime_ns = Nanoseconds(info.st_mtim);
  item.ctime_ns = Nanoseconds(info.st_ctim);
  item.device = info.st_dev;
  item.inode = info.st_ino;
  if (item.type != Item::Type::kLink) {
    item.mode = info.st_mode & 07777;
    return item;
  }
  char target[PATH_MAX];
  const ssize_t n = readlinkat(folder, name.c_str(), target, sizeof target);
  if (n < 0) return Failed(name);
  item.target.assign(target, static_cast<size_t>(n));
  return item;
}

absl::StatusOr<std::vector<std::string>> NamesIn(int folder, size_t max) {
  Fd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::SysError("list");
  DIR* opened = fdopendir(fd.get());
  if (opened == nullptr) return base::SysError("list");
  fd.Release();
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opened, closedir);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    if (names.size() == max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a folder of more than ", max, " names"));
    }
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) return base::SysError("list");
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Mount> MountOf(int folder) {
  struct statx info = {};
  if (statx(folder, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID,
            &info) != 0) {
    return base::SysError("statx");
  }
  Mount mount;
  mount.device = uint64_t{info.stx_dev_major} << 32 | info.stx_dev_minor;
  // Before Linux 5.8 there is none; a bind mount is then seen when it fails.
  if ((info.stx_mask & STATX_MNT_ID) != 0) mount.id = info.stx_mnt_id;
  return mount;
}

absl::Status Move(int folder, const std::string& name, int to_folder,
                  const std::string& to_name) {
  if (renameat(folder, name.c_str(), to_folder, to_name.c_str()) == 0) {
    return absl::OkStatus();
  }
  return Failed(to_name);
}

absl::Status MoveToNew(int folder, const std::string& name, int to_folder,
                       const std::string& to_name) {
  if (renameat2(folder, name.c_str(), to_folder, to_name.c_str(),
                RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno != EINVAL && errno != ENOSYS) return Failed(to_name);
  // A file system without it, such as NFS.
  if (linkat(folder, name.c_str(), to_folder, to_name.c_str(), 0) == 0) {
    return Remove(folder, name);
  }
  // A folder has no second name: whoever has the lock is alone.
  if (errno != EPERM) return Failed(to_name);
  struct stat info;
  if (fstatat(to_folder, to_name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return Failed(to_name);
  }
  return Move(folder, name, to_folder, to_name);
}

absl::Status Exchange(int folder, const std::string& name, int to_folder,
                      const std::string& to_name) {
  if (renameat2(folder, name.c_str(), to_folder, to_name.c_str(),
                RENAME_EXCHANGE) == 0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) {
    return absl::UnimplementedError(absl::StrCat(
        "'", base::Escape(to_name), "': the file system exchanges no names"));
  }
  return Failed(to_name);
}

absl::Status LinkTo(int folder, const std::string& name, int to_folder,
                    const std::string& to_name) {
  if (linkat(folder, name.c_str(), to_folder, to_name.c_str(), 0) == 0) {
    return absl::OkStatus();
  }
  return Failed(to_name);
}

absl::Status MakeLink(int folder, const std::string& name,
                      const std::string& target) {
  if (symlinkat(target.c_str(), folder, name.c_str()) == 0) {
    return absl::OkStatus();
  }
  return Failed(name);
}

absl::Status MakeFolder(int folder, const std::string& name, uint32_t mode) {
  if (mkdirat(folder, name.c_str(), static_cast<mode_t>(mode)) == 0) {
    return absl::OkStatus();
  }
  return Failed(name);
}

absl::Status Remove(int folder, const std::string& name) {
  if (unlinkat(folder, name.c_str(), 0) == 0) return absl::OkStatus();
  if (errno == EISDIR || errno == EPERM) {
    const int error = errno;
    if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) {
      return absl::OkStatus();
    }
    if (errno == ENOTDIR) errno = error;
  }
  return errno == ENOENT ? absl::OkStatus() : Failed(name);
}

absl::Status RemoveAll(int folder, const std::string& name) {
  if (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  if (errno != EISDIR && errno != EPERM) return Failed(name);
  TRY_ASSIGN(const Mount mount, MountOf(folder));
  return RemoveFolder(folder, name, mount, 0);
}

absl::Status SyncNames(int folder) {
  Fd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system that has nothing to sync.
  if (!fd || (fsync(fd.get()) != 0 && errno != EINVAL)) {
    return base::SysError("sync a folder");
  }
  return absl::OkStatus();
}

}  // namespace sys
