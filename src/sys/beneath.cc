#include "sys/beneath.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace sys {
namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY;

absl::StatusOr<std::vector<std::string>> PartsOf(const std::string& path) {
  std::vector<std::string> parts = absl::StrSplit(path, '/');
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part == ".." ||
        part.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", base::Escape(path), "': not a path below a folder"));
    }
  }
  return parts;
}

absl::Status Failed(int error, const std::string& path) {
  return base::SysError(error, absl::StrCat("'", base::Escape(path), "'"));
}

// One step down; `path` is for the message.
absl::StatusOr<Fd> Step(int folder, const std::string& part, int flags,
                        int mode, const std::string& path) {
  Fd fd(openat(folder, part.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode));
  if (fd) return fd;
  const int error = errno;
  // A link gives ENOTDIR when a folder was wanted, else ELOOP.
  struct stat info;
  if ((error == ENOTDIR || error == ELOOP) &&
      fstatat(folder, part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISLNK(info.st_mode)) {
      return absl::FailedPreconditionError(
          absl::StrCat("'", base::Escape(path), "': is a symbolic link"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("'", base::Escape(path), "': is no folder"));
  }
  return Failed(error, path);
}

// glibc 2.36 has no function of this name.
int OpenAt2(int folder, const std::string& path, int flags, int mode) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>((flags & ~O_NOFOLLOW) | O_CLOEXEC);
  if ((flags & O_CREAT) != 0) how.mode = static_cast<uint64_t>(mode);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(
      syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how));
}

absl::Status SetAttributes(const ParentBeneath& at,
                           const FileAttributes& attributes,
                           const std::string& path) {
  struct stat info;
  const int folder = at.folder.get();
  const char* name = at.name.c_str();
  if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return Failed(errno, path);
  }
  // The owner first: a change of it takes set-id bits away.
  if ((attributes.uid || attributes.gid) &&
      fchownat(folder, name, attributes.uid.value_or(-1),
               attributes.gid.value_or(-1), AT_SYMLINK_NOFOLLOW) != 0) {
    return Failed(errno, path);
  }
  if (attributes.mode && !S_ISLNK(info.st_mode) &&
      fchmodat(folder, name, *attributes.mode, AT_SYMLINK_NOFOLLOW) != 0) {
    return Failed(errno, path);
  }
  if (attributes.mtime) {
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                               absl::ToTimespec(*attributes.mtime)};
    if (utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
      return Failed(errno, path);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> OpenBeneath(int folder, const std::string& path, int flags,
                               int mode) {
  TRY(PartsOf(path));
  Fd fd(OpenAt2(folder, path, flags, mode));
  if (fd) return fd;
  switch (errno) {
    case ENOSYS:
    case EPERM:   // a filter that does not know the call; or no permission
    case E2BIG:   // a kernel with less
    case EAGAIN:  // something was renamed meanwhile
    case ELOOP:   // a link: which part?
    case EXDEV:
    case ENOTDIR:
      return OpenBeneathByParts(folder, path, flags, mode);
    default:
      return Failed(errno, path);
  }
}

absl::StatusOr<Fd> OpenBeneathByParts(int folder, const std::string& path,
                                      int flags, int mode) {
  TRY_ASSIGN(const std::vector<std::string> parts, PartsOf(path));
  Fd at;
  std::string done;
  for (size_t i = 0; i < parts.size(); i++) {
    const bool last = i + 1 == parts.size();
    absl::StrAppend(&done, i > 0 ? "/" : "", parts[i]);
    // O_PATH with O_NOFOLLOW would open a link itself, which is none of what
    // the caller wants.
    TRY_ASSIGN(Fd next, Step(at ? at.get() : folder, parts[i],
                             last ? flags : kFolder, last ? mode : 0, done));
    at = std::move(next);
  }
  struct stat info;
  if ((flags & O_PATH) != 0 && fstat(at.get(), &info) == 0 &&
      S_ISLNK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", base::Escape(path), "': is a symbolic link"));
  }
  return at;
}

absl::StatusOr<ParentBeneath> OpenParentBeneath(int folder,
                                                const std::string& path) {
  TRY(PartsOf(path));
  const size_t slash = path.rfind('/');
  ParentBeneath parent;
  if (slash == std::string::npos) {
    parent.folder = Fd(openat(folder, ".", kFolder | O_CLOEXEC));
    if (!parent.folder) return Failed(errno, path);
    parent.name = path;
    return parent;
  }
  TRY_ASSIGN(parent.folder,
             OpenBeneath(folder, path.substr(0, slash), kFolder));
  parent.name = path.substr(slash + 1);
  return parent;
}

absl::StatusOr<std::vector<std::string>> MakeFoldersBeneath(
    int folder, const std::string& path, int mode) {
  TRY_ASSIGN(const std::vector<std::string> parts, PartsOf(path));
  std::vector<std::string> made;
  Fd at;
  std::string done;
  absl::Status status;
  for (size_t i = 0; i < parts.size() && status.ok(); i++) {
    const int in = at ? at.get() : folder;
    absl::StrAppend(&done, i > 0 ? "/" : "", parts[i]);
    if (mkdirat(in, parts[i].c_str(), static_cast<mode_t>(mode)) == 0) {
      made.push_back(done);
    } else if (errno != EEXIST) {
      status = Failed(errno, done);
      break;
    }
    absl::StatusOr<Fd> next = Step(in, parts[i], kFolder, 0, done);
    status = next.status();
    if (next.ok()) at = *std::move(next);
  }
  if (status.ok()) return made;
  for (; !made.empty(); made.pop_back()) {
    const absl::StatusOr<ParentBeneath> parent =
        OpenParentBeneath(folder, made.back());
    if (!parent.ok()) break;
    unlinkat(parent->folder.get(), parent->name.c_str(), AT_REMOVEDIR);
  }
  return status;
}

absl::Status SetAttributesBeneath(int folder, const std::string& path,
                                  const FileAttributes& attributes) {
  TRY_ASSIGN(const ParentBeneath at, OpenParentBeneath(folder, path));
  return SetAttributes(at, attributes, path);
}

}  // namespace sys
