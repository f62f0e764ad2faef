#include "mcfeely/policy_file.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "sys/file.h"
#include "sys/log.h"

namespace mcfeely {

PolicyFile::PolicyFile(std::string path)
    : path_(path.empty() ? kDefaultPolicy : std::move(path)),
      needed_(path_ != kDefaultPolicy) {}

absl::Status PolicyFile::Read() {
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path_));
  if (!info.exists) {
    std::fill(std::begin(stamp_), std::end(stamp_), -1);
    read_ = false;
    if (!needed_) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat(path_, ": No such file or directory"));
  }
  // Whoever removes it later does not thereby allow everything.
  needed_ = true;
  const int64_t stamp[4] = {info.bytes, info.ctime_ns,
                            static_cast<int64_t>(info.inode),
                            static_cast<int64_t>(info.device)};
  if (read_ && std::equal(std::begin(stamp), std::end(stamp), stamp_)) {
    return trouble_;
  }
  TRY_ASSIGN(const std::string text,
             sys::ReadFile(path_, base::kMaxPolicyBytes));
  Policy::Parsed parsed = Policy::Parse(text, path_);
  std::copy(std::begin(stamp), std::end(stamp), stamp_);
  read_ = true;
  policy_ = std::move(parsed.policy);
  if (parsed.errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(parsed.errors, "\n"));
}

absl::Status PolicyFile::Open() {
  trouble_ = Read();
  return trouble_;
}

absl::StatusOr<const Policy*> PolicyFile::Now() {
  absl::Status now = Read();
  if (now != trouble_) {
    if (now.ok()) {
      sys::Log("policy.read", {{"file", path_}});
    } else {
      sys::Log("policy.trouble", {{"why", std::string(now.message())}});
    }
    trouble_ = std::move(now);
  }
  if (trouble_.ok()) return &policy_;
  return absl::UnavailableError(
      absl::StrCat("the policy cannot be used: ", trouble_.message()));
}

}  // namespace mcfeely
