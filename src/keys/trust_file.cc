#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/limits.h"
#include "base/status.h"
#include "keys/allowed_signers.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/users.h"

namespace keys {
namespace {

constexpr char kHostFile[] = "/etc/fleetbox/allowed_signers";
// A file changed so recently may change again without its time changing.
constexpr absl::Duration kUnsettled = absl::Seconds(2);

std::string Find(const std::string& path) {
  if (!path.empty()) return path;
  if (std::string named = sys::EnvironmentVariable("FLEETBOX_TRUST");
      !named.empty()) {
    return named;
  }
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(kHostFile);
  // One that is there but cannot be looked at is still the one that counts.
  if (!info.ok() || info->exists) return kHostFile;
  return absl::StrCat(sys::HomeFolder(), "/.config/fleetbox/allowed_signers");
}

}  // namespace

TrustFile::TrustFile(const std::string& path) : path_(Find(path)) { Refresh(); }

bool TrustFile::Refresh() {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path_);
  int64_t stamp[4] = {-1, -1, -1, -1};
  if (info.ok() && info->exists) {
    stamp[0] = info->bytes;
    stamp[1] = info->mtime_ns;
    stamp[2] = static_cast<int64_t>(info->inode);
    stamp[3] = static_cast<int64_t>(info->device);
    if (std::equal(std::begin(stamp), std::end(stamp), stamp_)) return false;
  }

  absl::StatusOr<std::string> text = std::string();
  if (!info.ok()) {
    text = info.status();
  } else if (!info->exists) {
    text = absl::NotFoundError(absl::StrCat(path_, ": there is no such file"));
  } else {
    text = sys::ReadFile(path_, base::kMaxTrustFileBytes);
    const absl::Duration age =
        sys::WallNow() - absl::FromUnixNanos(info->mtime_ns);
    if (age < kUnsettled) stamp[1] = -1;
  }
  std::copy(std::begin(stamp), std::end(stamp), stamp_);
  if (text.ok() && error_.ok() && *text == text_) return false;
  if (!text.ok() && text.status() == error_) return false;

  const bool trusted_nobody = signers_.signers().empty();
  signers_ = AllowedSigners();
  error_ = text.status();
  if (text.ok()) {
    text_ = *std::move(text);
    absl::StatusOr<AllowedSigners> parsed = AllowedSigners::Parse(text_);
    error_ = base::Context(parsed.status(), path_);
    if (parsed.ok()) signers_ = *std::move(parsed);
  }
  names_.clear();
  for (const AllowedSigner& signer : signers_.signers()) {
    names_.insert(signer.principals.begin(), signer.principals.end());
  }
  return !(trusted_nobody && signers_.signers().empty());
}

bool TrustFile::Names(absl::string_view principal) const {
  return names_.contains(principal);
}

absl::Status AddSigner(const std::string& path, const AllowedSigner& signer) {
  TRY_ASSIGN(const std::string line, FormatSigner(signer));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  TRY(sys::MakeFolders(folder));
  // The folder is locked and not the file, which is about to be another one.
  TRY_ASSIGN(const sys::Fd lock, sys::Open(folder, O_RDONLY | O_DIRECTORY));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return base::SysError(folder);
    return absl::UnavailableError(
        absl::StrCat(path, ": somebody else is changing it"));
  }

  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
  std::string text;
  if (info.exists) {
    TRY_ASSIGN(text, sys::ReadFile(path, base::kMaxTrustFileBytes));
  }
  const absl::StatusOr<AllowedSigners> file = AllowedSigners::Parse(text);
  if (!file.ok()) return base::Context(file.status(), path);
  for (const AllowedSigner& old : file->signers()) {
    if (old.key != signer.key) continue;
    for (const std::string& principal : signer.principals) {
      if (std::find(old.principals.begin(), old.principals.end(), principal) ==
          old.principals.end()) {
        continue;
      }
      return absl::AlreadyExistsError(
          absl::StrCat(path, ": line ", old.line, ": the key is already there ",
                       "for ", principal));
    }
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += line;
  return sys::ReplaceFile(path, text,
                          info.exists ? static_cast<int>(info.mode) : 0644);
}

absl::StatusOr<std::vector<std::string>> TrustFile::Principals(
    const wire::PublicKey& key, absl::string_view name_space,
    absl::Time when) const {
  if (!error_.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat("nobody is trusted: ", error_.message()));
  }
  return signers_.Principals(key, name_space, when);
}

}  // namespace keys
