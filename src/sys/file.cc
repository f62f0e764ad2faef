#include "sys/file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/process.h"

namespace sys {
namespace {

FileInfo InfoOf(const struct stat& s) {
  FileInfo info;
  info.exists = true;
  info.folder = S_ISDIR(s.st_mode);
  info.regular = S_ISREG(s.st_mode);
  info.symlink = S_ISLNK(s.st_mode);
  info.mode = s.st_mode & 07777;
  info.uid = s.st_uid;
  info.gid = s.st_gid;
  info.bytes = s.st_size;
  info.mtime_ns = int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec;
  info.ctime_ns = int64_t{s.st_ctim.tv_sec} * 1'000'000'000 + s.st_ctim.tv_nsec;
  info.inode = s.st_ino;
  info.device = s.st_dev;
  return info;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A whole, synced file beside `path`, under a name of its own. The name does
// not grow with `path`, which may be as long as names can be.
absl::StatusOr<std::string> WriteBeside(const std::string& path,
                                        absl::string_view content, int mode) {
  const std::string name =
      absl::StrCat(FolderOf(path), "/.fleetbox-", base::Hex(RandomBytes(8)));
  Fd fd(open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return base::SysError(path);
  absl::Status status = WriteAll(fd.get(), content);
  if (status.ok() && fsync(fd.get()) != 0) status = base::SysError("sync");
  if (status.ok()) return name;
  unlink(name.c_str());
  return base::Context(status, path);
}

// Fails with EEXIST when there is something at `to`, and does not touch it.
int RenameToNew(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  // A file system without it, such as NFS.
  if (link(from, to) != 0) return -1;
  unlink(from);
  return 0;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  TRY_ASSIGN(Fd fd, Open(path, O_RDONLY | O_NOCTTY));
  absl::StatusOr<std::string> content = ReadFd(fd.get(), max_bytes);
  if (!content.ok()) return base::Context(content.status(), path);
  return content;
}

absl::StatusOr<std::string> ReadFd(int fd, size_t max_bytes) {
  max_bytes = std::min<size_t>(max_bytes, SSIZE_MAX - 1);
  std::string content;
  struct stat info;
  // One byte more than there seems to be, to see the end without growing.
  size_t room = 64 << 10;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    room = static_cast<size_t>(info.st_size) + 1;
  }
  for (;;) {
    const size_t had = content.size();
    content.resize(had +
                   std::min(std::max<size_t>(room, 4096), max_bytes + 1 - had));
    room = content.size();  // doubles
    ssize_t n;
    do {
      n = read(fd, &content[had], content.size() - had);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return base::SysError("read");
    content.resize(had + static_cast<size_t>(n));
    if (n == 0) return content;
    if (content.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("longer than ", max_bytes, " bytes"));
    }
  }
}

absl::Status ReplaceFile(const std::string& path, absl::string_view content,
                         int mode) {
  TRY_ASSIGN(const std::string name, WriteBeside(path, content, mode));
  if (rename(name.c_str(), path.c_str()) != 0) {
    absl::Status status = base::SysError(path);
    unlink(name.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

absl::Status CreateFile(const std::string& path, absl::string_view content,
                        int mode) {
  TRY_ASSIGN(const std::string name, WriteBeside(path, content, mode));
  if (RenameToNew(name.c_str(), path.c_str()) != 0) {
    absl::Status status = base::SysError(path);
    unlink(name.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      // Somebody else who holds our output made it non-blocking.
      pollfd writable = {fd, POLLOUT, 0};
      if (poll(&writable, 1, -1) < 0 && errno != EINTR) {
        return base::SysError("poll");
      }
    } else if (errno != EINTR) {
      return base::SysError("write");
    }
  }
  return absl::OkStatus();
}

absl::Status RotateFile(const std::string& path) {
  const std::string old = path + ".1";
  if (rename(path.c_str(), old.c_str()) != 0) return base::SysError(path);
  return absl::OkStatus();
}

absl::Status LinkFile(const std::string& path, const std::string& name) {
  if (link(path.c_str(), name.c_str()) != 0) return base::SysError(name);
  return absl::OkStatus();
}

absl::Status MoveFile(const std::string& path, const std::string& to) {
  if (rename(path.c_str(), to.c_str()) != 0) return base::SysError(to);
  const size_t slash = to.rfind('/');
  return SyncFolder(slash == std::string::npos ? "."
                    : slash == 0               ? "/"
                                               : to.substr(0, slash));
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return base::SysError(path);
}

absl::StatusOr<FileInfo> Stat(const std::string& path) {
  struct stat s;
  if (lstat(path.c_str(), &s) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileInfo();
    return base::SysError(path);
  }
  if (!S_ISLNK(s.st_mode)) return InfoOf(s);
  FileInfo info;
  if (stat(path.c_str(), &s) == 0) {
    info = InfoOf(s);
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return base::SysError(path);
  }
  info.symlink = true;
  return info;
}

absl::StatusOr<FileInfo> Stat(int fd) {
  struct stat s;
  if (fstat(fd, &s) != 0) return base::SysError("fstat");
  return InfoOf(s);
}

absl::StatusOr<Fd> Open(const std::string& path, int flags, int mode) {
  Fd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return base::SysError(path);
  return fd;
}

absl::StatusOr<Fd> OpenAt(int folder, const std::string& name, int flags) {
  Fd fd(openat(folder, name.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return base::SysError(name);
  return fd;
}

absl::Status SyncFolder(const std::string& path) {
  TRY_ASSIGN(Fd fd, Open(path, O_RDONLY | O_DIRECTORY));
  // EINVAL: a file system that has nothing to sync.
  if (fsync(fd.get()) != 0 && errno != EINVAL) {
    return base::SysError(absl::StrCat(path, ": sync"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Fd> MemoryFile(absl::string_view content) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  if (!file) return base::SysError("memory file");
  TRY(WriteAll(file.get(), content));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return base::SysError("memory file");
  return file;
}

absl::Status GiveTo(const std::string& path, uint32_t uid, uint32_t gid) {
  if (lchown(path.c_str(), uid, gid) != 0) return base::SysError(path);
  return absl::OkStatus();
}

absl::StatusOr<std::pair<Fd, Fd>> Pipe(int flags) {
  int fds[2];
  if (pipe2(fds, flags | O_CLOEXEC) != 0) return base::SysError("pipe");
  return std::pair<Fd, Fd>(Fd(fds[0]), Fd(fds[1]));
}

absl::Status SetNonBlocking(int fd) {
  int on = 1;  // one call where fcntl(2) needs two
  if (ioctl(fd, FIONBIO, &on) != 0) return base::SysError("ioctl");
  return absl::OkStatus();
}

void FillStandardDescriptors() {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is the one: those below it are open. Without a
    // /dev the root folder holds the place; it can neither be read nor written.
    if (open("/dev/null", O_RDWR) < 0) open("/", O_RDONLY | O_DIRECTORY);
  }
}

}  // namespace sys
