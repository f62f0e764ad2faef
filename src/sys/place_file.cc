#include "sys/place_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/process.h"

namespace sys {
namespace {

std::string OwnName() {
  return absl::StrCat(".fleetbox-", base::Hex(RandomBytes(8)));
}

absl::Status Failed(const std::string& path) {
  return base::SysError(absl::StrCat("'", base::Escape(path), "'"));
}

absl::Status RenameBeneath(int staging, const std::string& name,
                           const ParentBeneath& to, const std::string& path) {
  if (renameat(staging, name.c_str(), to.folder.get(), to.name.c_str()) == 0) {
    return absl::OkStatus();
  }
  if (errno == EISDIR) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", base::Escape(path), "': is a folder"));
  }
  return Failed(path);
}

}  // namespace

absl::StatusOr<StagedFile> StagedFile::Make(int staging, Durable durable) {
  std::string name = OwnName();
  Fd fd(openat(staging, name.c_str(),
               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return base::SysError("make a file");
  return StagedFile(staging, std::move(name), std::move(fd), durable);
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : staging_(other.staging_),
      name_(std::exchange(other.name_, "")),
      fd_(std::move(other.fd_)),
      durable_(other.durable_) {}

StagedFile& StagedFile::operator=(StagedFile&& other) noexcept {
  std::swap(staging_, other.staging_);
  std::swap(name_, other.name_);
  std::swap(fd_, other.fd_);
  std::swap(durable_, other.durable_);
  return *this;
}

StagedFile::~StagedFile() {
  if (!name_.empty()) unlinkat(staging_, name_.c_str(), 0);
}

absl::Status StagedFile::Write(int64_t offset, absl::string_view bytes) {
  MUST(fd_);
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd_.get(), bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("write");
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
  return absl::OkStatus();
}

absl::Status StagedFile::Settle(const FileAttributes& attributes) {
  MUST(fd_);
  // The owner first: a change of it takes set-id bits away.
  if ((attributes.uid || attributes.gid) &&
      fchown(fd_.get(), attributes.uid.value_or(-1),
             attributes.gid.value_or(-1)) != 0) {
    return base::SysError("set the owner");
  }
  if (attributes.mode && fchmod(fd_.get(), *attributes.mode) != 0) {
    return base::SysError("set the mode");
  }
  if (attributes.mtime) {
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                               absl::ToTimespec(*attributes.mtime)};
    if (futimens(fd_.get(), times) != 0) return base::SysError("set the time");
  }
  if (durable_ == Durable::kYes && fsync(fd_.get()) != 0) {
    return base::SysError("sync");
  }
  fd_.Reset();
  return absl::OkStatus();
}

absl::Status StagedFile::Place(int root, const std::string& path) {
  MUST(!fd_ && !name_.empty());
  TRY_ASSIGN(const ParentBeneath to, OpenParentBeneath(root, path));
  TRY(RenameBeneath(staging_, name_, to, path));
  name_.clear();
  if (durable_ == Durable::kNo) return absl::OkStatus();
  // An O_PATH descriptor cannot be synced.
  Fd folder(openat(to.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system that has nothing to sync.
  if (!folder || (fsync(folder.get()) != 0 && errno != EINVAL)) {
    return base::Context(base::SysError("sync its folder"),
                         absl::StrCat("'", base::Escape(path), "'"));
  }
  return absl::OkStatus();
}

absl::Status PlaceLink(int root, int staging, const std::string& path,
                       const std::string& target) {
  TRY_ASSIGN(const ParentBeneath to, OpenParentBeneath(root, path));
  const std::string name = OwnName();
  if (symlinkat(target.c_str(), staging, name.c_str()) != 0) {
    return Failed(path);
  }
  absl::Status status = RenameBeneath(staging, name, to, path);
  if (!status.ok()) unlinkat(staging, name.c_str(), 0);
  return status;
}

}  // namespace sys
