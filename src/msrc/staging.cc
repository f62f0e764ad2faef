#include "msrc/staging.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "sys/beneath.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace msrc {
namespace {

constexpr absl::string_view kPrefix = ".msrc-";
constexpr absl::string_view kLeftPrefix = ".msrc-left-";
constexpr size_t kBlockBytes = 4096;
constexpr size_t kMaxLeftovers = 100'000;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

absl::StatusOr<sys::Fd> OpenFolder(int root, const std::string& path) {
  if (path.empty()) return sys::OpenAt(root, ".", O_PATH | O_DIRECTORY);
  return sys::OpenBeneath(root, path, O_PATH | O_DIRECTORY);
}

absl::Status WriteAt(int fd, int64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("write");
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
  return absl::OkStatus();
}

// Of a folder or a file that only we can have put something into.
bool IsOursAlone(int fd, mode_t type) {
  struct stat info;
  return fstat(fd, &info) == 0 && (info.st_mode & S_IFMT) == type &&
         info.st_uid == geteuid() && (info.st_mode & 07077) == 0 &&
         (type == S_IFDIR || info.st_nlink == 1);
}

bool IsYoung(int fd) {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(fd);
  if (!info.ok()) return false;
  const absl::Duration age =
      sys::WallNow() - absl::FromUnixNanos(info->mtime_ns);
  return age < kKeepLeft && age > -kKeepLeft;
}

bool IsContentName(absl::string_view name) {
  return name.size() == 2 * sizeof(wire::Hash) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsZeros(absl::string_view bytes) {
  return bytes.find_first_not_of('\0') == absl::string_view::npos;
}

}  // namespace

Staging::Staging(int root, std::string run_hex, std::function<void()> before)
    : root_(root), run_(std::move(run_hex)), before_(std::move(before)) {
  if (!before_) before_ = [] {};
}

Staging::~Staging() { (void)Clear(); }

std::string ContentName(const wire::Hash& hash) {
  return base::Hex(absl::string_view(reinterpret_cast<const char*>(hash.data()),
                                     hash.size()));
}

std::string LeftName(const std::string& into) {
  return absl::StrCat(kLeftPrefix, ContentName(wire::HashOf(into)));
}

// A folder that somebody has locked is in use. Where there are no locks, only
// what is older than a day is surely dead.
void RemoveLeftover(int folder, const std::string& name, bool spare) {
  const sys::Fd fd(openat(folder, name.c_str(),
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return;
  // What is new of an exchange (msrc/swap.h) is of no use for anybody.
  const bool has_contents = !absl::StrContains(name, "-new");
  if (spare && has_contents && IsYoung(fd.get())) return;
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return;
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(fd.get());
    if (!info.ok() || absl::FromUnixNanos(info->ctime_ns) >
                          sys::WallNow() - absl::Hours(24)) {
      return;
    }
  }
  (void)sys::RemoveAll(folder, name);
}

void RemoveLeftovers(int folder, bool spare) {
  const absl::StatusOr<std::vector<std::string>> names =
      sys::NamesIn(folder, kMaxLeftovers);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (absl::StartsWith(name, kPrefix)) RemoveLeftover(folder, name, spare);
  }
}

absl::StatusOr<StagingFolder*> Staging::MakeIn(const std::string& parent) {
  auto made = std::make_unique<StagingFolder>();
  made->parent = parent;
  made->name = absl::StrCat(kPrefix, run_);
  TRY_ASSIGN(made->parent_fd, OpenFolder(root_, parent));
  for (int tries = 0;; tries++) {
    before_();
    absl::Status status =
        sys::MakeFolder(made->parent_fd.get(), made->name, 0700);
    // One of a run of the same name, such as of the same host under another
    // one. It is at work, or it would have been removed.
    if (absl::IsAlreadyExists(status) && tries < 100) {
      made->name = absl::StrCat(kPrefix, run_, "-", tries + 1);
      continue;
    }
    TRY(base::Context(status, "staging"));
    TRY_ASSIGN(made->fd, sys::OpenAt(made->parent_fd.get(), made->name,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    flock(made->fd.get(), LOCK_EX | LOCK_NB);
    // Between the two somebody may have taken it for dead.
    struct stat info;
    if (fstat(made->fd.get(), &info) == 0 && info.st_nlink > 0) break;
    if (tries >= 100) return absl::UnavailableError("staging: it is removed");
  }
  // The umask may have taken even our own rights.
  fchmod(made->fd.get(), 0700);
  TRY_ASSIGN(const sys::Mount mount, sys::MountOf(made->fd.get()));
  StagingFolder* folder = made.get();
  folders_[mount] = std::move(made);
  TakeAll(*folder);
  RemoveLeftovers(folder->parent_fd.get());
  return folder;
}

// --- what others have left ---------------------------------------------------

void Staging::TakeAll(StagingFolder& to) {
  if (lacking_.empty()) return;
  const absl::StatusOr<std::vector<std::string>> names =
      sys::NamesIn(to.parent_fd.get(), kMaxLeftovers);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kPrefix) || name == to.name) continue;
    TakeSome(to.parent_fd.get(), name, to);
  }
}

void Staging::TakeFrom(int parent, const std::string& name) {
  const absl::StatusOr<sys::Mount> mount = sys::MountOf(parent);
  if (!mount.ok()) return;
  const auto folder = folders_.find(*mount);
  if (folder != folders_.end()) TakeSome(parent, name, *folder->second);
}

// What is not ours, is in use, or could be, is let alone; where there are no
// locks nobody knows.
void Staging::TakeSome(int parent, const std::string& name, StagingFolder& to) {
  const sys::Fd from(openat(parent, name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!from || !IsOursAlone(from.get(), S_IFDIR) || !IsYoung(from.get()) ||
      flock(from.get(), LOCK_EX | LOCK_NB) != 0) {
    return;
  }
  const absl::StatusOr<std::vector<std::string>> files =
      sys::NamesIn(from.get(), kMaxLeftovers);
  if (!files.ok()) return;
  for (const std::string& file : *files) {
    if (!lacking_.contains(file)) continue;
    before_();
    (void)sys::MoveToNew(from.get(), file, to.fd.get(), file);
  }
}

absl::StatusOr<Staged> Staging::NameForContent(const std::string& path,
                                               const wire::Hash& hash) {
  TRY_ASSIGN(StagingFolder* const folder, FolderFor(path));
  return Staged{folder, ContentName(hash)};
}

absl::StatusOr<sys::Fd> Staging::OpenLeft(const Staged& staged) {
  sys::Fd fd(openat(staged.folder->fd.get(), staged.name.c_str(),
                    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return base::SysError("open what was left");
  // A mode of its own is that of a file that was about to be placed, or was in
  // place until another came.
  if (!IsOursAlone(fd.get(), S_IFREG)) {
    return absl::PermissionDeniedError("it is not ours alone");
  }
  return fd;
}

void Staging::Drop(const Staged& staged) {
  before_();
  (void)sys::RemoveAll(staged.folder->fd.get(), staged.name);
}

// Whether anything is worth it.
bool Staging::LeaveIn(const StagingFolder& folder) {
  const int fd = folder.fd.get();
  const absl::StatusOr<std::vector<std::string>> names =
      sys::NamesIn(fd, SIZE_MAX);
  if (!names.ok()) return false;
  bool any = false;
  for (const std::string& name : *names) {
    const absl::StatusOr<sys::Item> item = sys::LookAt(fd, name);
    const bool stays = IsContentName(name) && item.ok() &&
                       item->type == sys::Item::Type::kFile && item->bytes > 0;
    if (!stays) {
      (void)sys::RemoveAll(fd, name);
      continue;
    }
    any = true;
    // It may have been given to somebody already.
    (void)sys::SetAttributesBeneath(
        fd, name, {.mode = 0600, .uid = geteuid(), .gid = getegid()});
  }
  return any;
}

void Staging::Leave(int beside, const std::string& name) {
  for (auto& [mount, folder] : folders_) {
    const int parent = folder->parent_fd.get();
    const bool goes = beside >= 0 && folder->parent.empty();
    if (LeaveIn(*folder) &&
        (!goes || sys::MoveToNew(parent, folder->name, beside, name).ok())) {
      continue;
    }
    (void)sys::RemoveAll(parent, folder->name);
  }
  folders_.clear();
  known_.clear();
}

// --- names -------------------------------------------------------------------

// The nearest folder above the path that is there says on which mount it will
// be; the staging folder is in the topmost folder of that.
absl::StatusOr<StagingFolder*> Staging::FolderFor(const std::string& path) {
  const std::string folder = FolderOf(path);
  StagingFolder*& known = known_[folder];
  if (known == nullptr) {
    std::string at = folder;
    absl::StatusOr<sys::Fd> opened = OpenFolder(root_, at);
    while (!opened.ok() && !at.empty()) {
      at = FolderOf(at);
      opened = OpenFolder(root_, at);
    }
    TRY(opened);
    TRY_ASSIGN(const sys::Mount mount, sys::MountOf(opened->get()));
    if (const auto made = folders_.find(mount); made != folders_.end()) {
      known = made->second.get();
    } else {
      while (!at.empty()) {
        TRY_ASSIGN(const sys::Fd above, OpenFolder(root_, FolderOf(at)));
        TRY_ASSIGN(const sys::Mount other, sys::MountOf(above.get()));
        if (other != mount) break;
        at = FolderOf(at);
      }
      TRY_ASSIGN(known, MakeIn(at));
    }
  }
  return known;
}

absl::StatusOr<Staged> Staging::NameFor(const std::string& path) {
  TRY_ASSIGN(StagingFolder* const folder, FolderFor(path));
  return Staged{folder, absl::StrCat("n", ++last_name_)};
}

absl::StatusOr<sys::Fd> Staging::Make(const Staged& staged) {
  before_();
  sys::Fd fd(openat(staged.folder->fd.get(), staged.name.c_str(),
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return base::SysError("make a file");
  return fd;
}

absl::Status Staging::Write(int fd, int64_t offset, absl::string_view bytes) {
  // Runs of blocks with something in them, each with one call.
  size_t run = 0;
  for (size_t at = 0; at < bytes.size();) {
    // Blocks are those of the file.
    const size_t into =
        static_cast<size_t>(offset + static_cast<int64_t>(at)) % kBlockBytes;
    const absl::string_view block = bytes.substr(at, kBlockBytes - into);
    const bool hole = block.size() == kBlockBytes && IsZeros(block);
    if (hole) {
      TRY(WriteAt(fd, offset + static_cast<int64_t>(run),
                  bytes.substr(run, at - run)));
      run = at + block.size();
    }
    at += block.size();
  }
  return WriteAt(fd, offset + static_cast<int64_t>(run), bytes.substr(run));
}

absl::Status Staging::WriteOver(int fd, int64_t offset,
                                absl::string_view bytes) {
  return WriteAt(fd, offset, bytes);
}

absl::StatusOr<absl::string_view> Staging::Read(int fd, int64_t offset,
                                                std::string& buffer) {
  size_t had = 0;
  while (had < buffer.size()) {
    const ssize_t n = pread(fd, buffer.data() + had, buffer.size() - had,
                            offset + static_cast<int64_t>(had));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    had += static_cast<size_t>(n);
  }
  return absl::string_view(buffer.data(), had);
}

absl::Status Staging::Finish(int fd, int64_t bytes) {
  if (ftruncate(fd, bytes) != 0) return base::SysError("set the length");
  return absl::OkStatus();
}

absl::Status Staging::Settle(const Staged& staged, const Attributes& attributes,
                             bool sync) {
  const int folder = staged.folder->fd.get();
  // Open before its mode forbids it; a link has nothing to open.
  const sys::Fd fd(openat(folder, staged.name.c_str(),
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno != ELOOP) return base::SysError("settle");
  sys::FileAttributes given = {
      .mode = attributes.mode, .uid = attributes.uid, .gid = attributes.gid};
  if (attributes.mtime_ns) {
    given.mtime = absl::FromUnixNanos(*attributes.mtime_ns);
  }
  TRY(sys::SetAttributesBeneath(folder, staged.name, given));
  if (!fd || !sync) return absl::OkStatus();
  // The disk begins; Application::Sync waits for all of them together. One that
  // cannot be opened any more is waited for now.
  sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  if ((attributes.mode.value_or(0600) & 0400) == 0 && fsync(fd.get()) != 0 &&
      errno != EINVAL) {
    return base::SysError("sync");
  }
  return absl::OkStatus();
}

absl::Status Staging::Clear() {
  absl::Status status;
  for (auto& [mount, folder] : folders_) {
    before_();
    const absl::Status one =
        sys::RemoveAll(folder->parent_fd.get(), folder->name);
    if (status.ok()) status = one;
  }
  folders_.clear();
  known_.clear();
  return status;
}

}  // namespace msrc
