#include "power/lockout_file.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "power/limits.h"
#include "power/private_file.h"
#include "sys/file.h"

namespace power {
namespace {

constexpr absl::Duration kLongestWait = absl::Seconds(10);

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<Lockout> LockoutFile::Read() const {
  // Who could change it could have our passwords tried again and again.
  const auto text = ReadPrivateFile(path_, kMaxLockoutBytes);
  if (absl::IsNotFound(text.status()) ||
      absl::IsResourceExhausted(text.status())) {
    return Lockout();
  }
  TRY(text);
  absl::StatusOr<Lockout> lockout = Lockout::Parse(text->view());
  if (!lockout.ok()) return Lockout();
  return lockout;
}

absl::Status LockoutFile::Change(
    absl::FunctionRef<void(Lockout&)> change) const {
  TRY(sys::MakeFolders(FolderOf(path_)));
  TRY_ASSIGN(const sys::LockFile lock,
             WaitForLock(absl::StrCat(path_, ".lock"), kLongestWait));
  TRY_ASSIGN(Lockout lockout, Read());
  change(lockout);
  return sys::ReplaceFile(path_, lockout.Text(), 0600);
}

}  // namespace power
