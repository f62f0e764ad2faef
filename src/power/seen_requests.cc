#include "power/seen_requests.h"

#include <absl/strings/str_cat.h>

#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "power/limits.h"
#include "sys/file.h"

namespace power {
namespace {

// A parcel signed as far ahead as a clock may be is taken this long; and what
// the clocks of files and of processes may differ by.
absl::Duration Kept() {
  return base::kMaxClockAhead + base::kMaxClockBehind + absl::Minutes(1);
}

std::string NameOf(const wire::Header& header) {
  return absl::StrCat(base::Hex(header.id.view()), "-",
                      base::Hex(header.sender.view()));
}

}  // namespace

absl::Status SeenRequests::Check(const wire::Header& header, absl::Time now) {
  TRY(sys::MakeFolders(folder_, 0700));
  TRY(Tidy(now));
  const absl::Status made =
      sys::CreateFile(absl::StrCat(folder_, "/", NameOf(header)), "", 0600);
  if (absl::IsAlreadyExists(made)) {
    return absl::AlreadyExistsError(
        absl::StrCat("step 9 (replay): ", wire::Fingerprint(header.sender),
                     ": was carried out before"));
  }
  return made;
}

absl::Status SeenRequests::Tidy(absl::Time now) {
  TRY_ASSIGN(const std::vector<std::string> names, sys::ListFolder(folder_));
  size_t left = 0;
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder_, "/", name);
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
    if (info.ok() && info->exists &&
        absl::FromUnixNanos(info->mtime_ns) + Kept() < now) {
      TRY(sys::RemoveFile(path));
    } else {
      ++left;
    }
  }
  if (left < kMaxSeenRequests) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(folder_, ": has too many requests of the last minutes"));
}

}  // namespace power
