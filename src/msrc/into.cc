#include "msrc/into.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "sys/file.h"

namespace msrc {
namespace {

absl::Status Failed(const std::string& path) {
  return base::SysError(absl::StrCat("'", base::Escape(path), "'"));
}

// Makes the missing folders of an absolute path; `made` gets them.
absl::Status MakeParents(const std::string& path,
                         std::vector<std::string>& made) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), 0755) == 0) {
      made.push_back(part);
    } else if (errno != EEXIST) {
      return Failed(part);
    }
    if (slash == std::string::npos) return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<std::string> IntoPath(absl::string_view into,
                                     const std::string& home) {
  const auto refuse = [into](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("INTO '", base::Escape(into.substr(0, 200)), "': ", why));
  };
  if (into.empty()) return refuse("is empty");
  if (into.size() + home.size() + 1 > base::kMaxPathBytes) {
    return refuse("is too long");
  }
  if (absl::StrContains(into, absl::string_view("\0", 1))) {
    return refuse("has a NUL");
  }
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(into, '/')) {
    if (part == "..") return refuse("has a part '..'");
    if (part.size() > base::kMaxPathPartBytes) return refuse("is too long");
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  std::string path = into[0] == '/' || home == "/" ? "" : home;
  for (absl::string_view part : parts) absl::StrAppend(&path, "/", part);
  return path.empty() ? "/" : path;
}

absl::StatusOr<Into> Into::Open(const std::string& path) {
  Into into;
  into.asked_ = path;
  into.root_ = sys::Fd(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!into.root_ && errno == EACCES) {
    // One that can be passed through only.
    into.root_ = sys::Fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (!into.root_) {
    if (errno == ENOTDIR) {
      return absl::AlreadyExistsError(
          absl::StrCat("'", base::Escape(path), "': is no folder"));
    }
    return Failed(path);
  }
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(into.root_.get()));
  into.device_ = info.device;
  into.inode_ = info.inode;
  TRY_ASSIGN(into.path_, sys::PathOf(into.root_.get()));
  return into;
}

absl::StatusOr<Into> Into::OpenOrMake(const std::string& path, uint32_t mode) {
  absl::StatusOr<Into> into = Open(path);
  if (!absl::IsNotFound(into.status())) return into;
  std::vector<std::string> made;
  absl::Status status = MakeParents(path, made);
  if (status.ok() && mode != 0 && !made.empty() &&
      chmod(path.c_str(), mode & 01777) != 0) {
    status = Failed(path);
  }
  if (status.ok()) {
    into = Open(path);
    status = into.status();
  }
  if (!status.ok()) {
    for (; !made.empty(); made.pop_back()) rmdir(made.back().c_str());
    return status;
  }
  into->made_ = std::move(made);
  return into;
}

absl::Status Into::Lock() {
  if (flock(root_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::UnavailableError(absl::StrCat(
          "'", base::Escape(path_), "': another delivery is at it"));
    }
    // A file system without locks, or a folder that cannot be read: nothing
    // can be locked, and two at a time are the caller's to avoid.
    if (errno != ENOLCK && errno != EOPNOTSUPP && errno != EBADF) {
      return Failed(path_);
    }
  }
  const absl::StatusOr<sys::FileInfo> now = sys::Stat(asked_);
  if (!now.ok() || !now->exists || now->device != device_ ||
      now->inode != inode_) {
    Unlock();
    return absl::AbortedError(
        absl::StrCat("'", base::Escape(path_), "': is another folder now"));
  }
  return absl::OkStatus();
}

void Into::Unlock() { flock(root_.get(), LOCK_UN); }

std::string Into::beside() const {
  if (made_.empty()) return "";
  const size_t slash = made_.front().rfind('/');
  return slash == 0 ? "/" : made_.front().substr(0, slash);
}

void Into::RemoveMade() {
  for (; !made_.empty(); made_.pop_back()) {
    if (rmdir(made_.back().c_str()) != 0) return;
  }
}

}  // namespace msrc
