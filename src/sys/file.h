// Files and folders. Paths are byte strings; everything is opened
// close-on-exec. Statuses name the path.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sys/fd.h"

namespace sys {

// The whole file. ResourceExhausted when longer than `max_bytes`. "-" is not
// special. NotFound, PermissionDenied.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes = 64 << 20);
absl::StatusOr<std::string> ReadFd(int fd, size_t max_bytes = 64 << 20);

// Puts `content` at `path` so that after a crash there is either the old or the
// new whole content: new file, sync, rename, sync of the folder. `mode` is
// subject to the umask. A link at `path` is replaced, not followed.
absl::Status ReplaceFile(const std::string& path, absl::string_view content,
                         int mode = 0644);
// The same for a file that must not exist yet: AlreadyExists.
absl::Status CreateFile(const std::string& path, absl::string_view content,
                        int mode = 0644);
// Waits when a descriptor that does not block is full.
absl::Status WriteAll(int fd, absl::string_view bytes);
// Puts a file that has grown out of the way: PATH becomes PATH.1.
absl::Status RotateFile(const std::string& path);
absl::Status RemoveFile(const std::string& path);  // ok if there is none
// A second name for a file: AlreadyExists.
absl::Status LinkFile(const std::string& path, const std::string& name);
// Puts a file that is whole and synced in the place of another, in the same
// folder, durably.
absl::Status MoveFile(const std::string& path, const std::string& to);

struct FileInfo {
  bool exists = false, folder = false, regular = false, symlink = false;
  uint32_t mode = 0;  // permission bits
  uint32_t uid = 0, gid = 0;
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;  // of the last change, which nobody can set
  uint64_t inode = 0, device = 0;
};
// Follows links; `symlink` says that `path` itself is one. A missing file, and
// a link to one, is ok with exists == false.
absl::StatusOr<FileInfo> Stat(const std::string& path);
absl::StatusOr<FileInfo> Stat(int fd);

absl::StatusOr<Fd> Open(const std::string& path, int flags, int mode = 0600);
absl::StatusOr<Fd> OpenAt(int folder, const std::string& name, int flags);
// The path as it is for a process in another folder. Not resolved otherwise.
absl::StatusOr<std::string> AbsolutePath(const std::string& path);
// The path, free of links, of what a descriptor has open. Needs /proc.
absl::StatusOr<std::string> PathOf(int fd);
// Makes it and its missing parents.
absl::Status MakeFolders(const std::string& path, int mode = 0755);
// The names in it, sorted, without "." and "..".
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);
absl::Status SyncFolder(const std::string& path);
// Removes a file, a link or a folder with all it holds; ok if there is none.
// Follows no links. Removes what it can and returns the first failure.
absl::Status RemoveTree(const std::string& path);

// A folder under $TMPDIR or /tmp that is removed with all it holds.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Make(absl::string_view prefix);
  // In another place.
  static absl::StatusOr<TemporaryFolder> MakeIn(absl::string_view parent,
                                                absl::string_view prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Holds an exclusive lock on a file (made when missing) until it goes out of
// scope or the process ends, whichever way it ends. The file holds our pid.
class LockFile {
 public:
  // Unavailable, naming the holder's pid, when somebody else has it.
  static absl::StatusOr<LockFile> Take(const std::string& path);

 private:
  explicit LockFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// A file in memory alone, with this content, open for reading from its start.
absl::StatusOr<Fd> MemoryFile(absl::string_view content);
// Gives it to another user; a link itself, not what it names.
absl::Status GiveTo(const std::string& path, uint32_t uid, uint32_t gid);

// A pipe: {read end, write end}.
absl::StatusOr<std::pair<Fd, Fd>> Pipe(int flags = 0);
absl::Status SetNonBlocking(int fd);
// Opens /dev/null on whichever of 0, 1, 2 is closed, so that no file of ours
// becomes somebody's standard output. For every main.
void FillStandardDescriptors();

}  // namespace sys
