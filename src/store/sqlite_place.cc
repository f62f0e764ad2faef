#include "store/sqlite_place.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstdint>

#include "base/status.h"
#include "store/sqlite_engine.h"

namespace store {
namespace {

// statfs(2), f_type, as in <linux/magic.h> and the kernel's sources of those
// that are not in it.
constexpr struct {
  uint32_t magic;
  const char* name;
} kNetworkFileSystems[] = {
    {0x6969, "NFS"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x517b, "SMB"},
    {0x65735546, "FUSE"},
    {0x01021997, "9P"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x00c36400, "Ceph"},
    {0x73757245, "Coda"},
    {0x564c, "NCP"},
    {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x7461636f, "OCFS2"},
    {0x01161970, "GFS2"},
    {0x013111a8, "IBRIX"},
    {0xaad7aaea, "PanFS"},
    {0x786f4256, "vboxsf"},
    {0xbacbacbc, "VMware hgfs"},
};

}  // namespace

const char* NetworkFileSystem(int64_t magic) {
  // f_type is signed in some libraries, and 32 bits wide in all.
  const uint32_t kind = static_cast<uint32_t>(magic);
  for (const auto& fs : kNetworkFileSystems) {
    if (fs.magic == kind) return fs.name;
  }
  return nullptr;
}

std::string StorePath(const std::string& folder) {
  return absl::StrCat(folder, "/store.db");
}

absl::StatusOr<sys::LockFile> TakeStore(const std::string& folder) {
  return sys::LockFile::Take(absl::StrCat(folder, "/lock"));
}

absl::StatusOr<LogGate> LogGate::Open(const std::string& folder) {
  TRY_ASSIGN(sys::Fd file, sys::Open(StorePath(folder), O_RDONLY));
  return LogGate(std::move(file));
}

absl::StatusOr<bool> LogGate::TryToMove() {
  if (flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return base::SysError("flock");
}

absl::Status LogGate::EnterToCopy() {
  while (flock(file_.get(), LOCK_SH) != 0) {
    if (errno != EINTR) return base::SysError("flock");
  }
  return absl::OkStatus();
}

void LogGate::Leave() { flock(file_.get(), LOCK_UN); }

absl::Status CheckFileSystem(const std::string& folder) {
  struct statfs fs;
  if (statfs(folder.c_str(), &fs) != 0) return base::SysError(folder);
  const char* name = NetworkFileSystem(static_cast<int64_t>(fs.f_type));
  if (name == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(folder, ": lies on a file system (", name,
                   ") that is not known to lock and flush"));
}

}  // namespace store
