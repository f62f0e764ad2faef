#include "msrc/receiver_identity.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/content_hash.h"

namespace msrc {
namespace {

constexpr size_t kHashDigits = 64;
constexpr size_t kReadBytes = 256 << 10;

struct CopyName {
  std::string hash;   // empty: it is no copy
  bool once = false;  // recv-HASH.HOST.PID
};

CopyName ReadName(absl::string_view path) {
  absl::string_view name = path.substr(path.rfind('/') + 1);
  absl::ConsumePrefix(&name, ".");
  if (!absl::ConsumePrefix(&name, "recv-")) return {};
  const absl::string_view hash = name.substr(0, name.find('.'));
  const bool is_hash =
      hash.size() == kHashDigits &&
      std::all_of(hash.begin(), hash.end(), absl::ascii_isxdigit);
  if (!is_hash) return {};
  return {std::string(hash), hash.size() != name.size()};
}

absl::StatusOr<std::string> HashOfFile(const std::string& path) {
  TRY_ASSIGN(const sys::Fd fd, sys::Open(path, O_RDONLY | O_CLOEXEC));
  wire::Hasher hasher;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError(path);
    if (n == 0) break;
    hasher.Feed({buffer.data(), static_cast<size_t>(n)});
  }
  const wire::Hash hash = hasher.Finish();
  return base::Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// Which file it is, as it was since this start of the machine: whoever has
// hashed it need not do so again. "" where that cannot be known.
std::string SeenText(const std::string& path) {
  const auto boot = sys::ReadFile("/proc/sys/kernel/random/boot_id");
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
  if (!boot.ok() || boot->empty() || !info.ok() || !info->exists) return "";
  return absl::StrCat(*boot, info->device, " ", info->inode, " ", info->bytes,
                      " ", info->mtime_ns, " ", info->ctime_ns, "\n");
}

// What nobody has used for 90 days goes: to say it once a day is enough.
bool WasUsedToday(const std::string& path) {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
  return info.ok() &&
         sys::WallNow() - absl::FromUnixNanos(info->mtime_ns) < absl::Hours(24);
}

}  // namespace

absl::Status CheckIdentity(const std::string& path) {
  const CopyName name = ReadName(path);
  if (name.hash.empty()) return absl::OkStatus();
  const std::string seen = absl::StrCat(path, ".seen");
  const absl::StatusOr<std::string> before = sys::ReadFile(seen, 4096);
  const std::string now = SeenText(path);
  if (before.ok() && !now.empty() && *before == now && WasUsedToday(path)) {
    return absl::OkStatus();
  }
  TRY_ASSIGN(const std::string hash, HashOfFile(path));
  if (hash != name.hash) {
    unlink(path.c_str());
    return absl::DataLossError(
        absl::StrCat(path, ": is not what its name says; it is removed"));
  }
  // Not our file any more, or a folder that may not be written: then it lives
  // as long as others let it, and is read each time.
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  const std::string text = SeenText(path);
  if (!text.empty() && !name.once) {
    sys::ReplaceFile(seen, text, 0600).IgnoreError();
  }
  return absl::OkStatus();
}

absl::Status CheckOwnIdentity() { return CheckIdentity(sys::OwnExecutable()); }

void RemoveCopy(const std::string& path) {
  if (ReadName(path).once) unlink(path.c_str());
}

void RemoveOwnCopy() { RemoveCopy(sys::OwnExecutable()); }

}  // namespace msrc
