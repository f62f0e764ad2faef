#include "power/pcu_lock.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kMaxCommandColumns = 60;
constexpr size_t kMaxCommandBytes = 4096;
constexpr int kMaxSessions = 64;

// The same in every process, and another for (almost) every end point: FNV-1a.
// Two that share a number wait for each other, and nothing else.
int64_t NumberOf(const EndPoint& end_point, int session) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c :
       absl::StrCat(end_point.address, "+", end_point.port)) {
    hash = (hash ^ c) * 0x100000001b3;
  }
  return static_cast<int64_t>((hash >> 2) / kMaxSessions * kMaxSessions) +
         session % kMaxSessions;
}

// "process 31 (pcu-reboot cycle web1)"
std::string HolderText(int pid) {
  absl::StatusOr<std::string> command =
      sys::ReadFile(absl::StrCat("/proc/", pid, "/cmdline"), kMaxCommandBytes);
  if (!command.ok()) return absl::StrCat("process ", pid);
  while (!command->empty() && command->back() == '\0') command->pop_back();
  if (command->empty()) return absl::StrCat("process ", pid);
  std::replace(command->begin(), command->end(), '\0', ' ');
  return absl::StrCat("process ", pid, " (",
                      text::Cut(text::Clean(*command), kMaxCommandColumns),
                      ")");
}

}  // namespace

std::string DefaultRunFolder() {
  if (sys::MyUid() == 0) return "/run/fleetbox/power";
  const std::string runtime = sys::EnvironmentVariable("XDG_RUNTIME_DIR");
  if (!runtime.empty()) return absl::StrCat(runtime, "/fleetbox-power");
  return absl::StrCat("/tmp/fleetbox-power-", sys::MyUid());
}

absl::Status PcuLocks::Open() {
  if (file_.has_value()) return absl::OkStatus();
  TRY(sys::MakeFolders(folder_, 0700));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(folder_));
  // In a folder of somebody else's the file could be replaced.
  if (info.uid != sys::MyUid() && info.uid != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder_, ": belongs to user ", info.uid));
  }
  absl::StatusOr<sys::RangeLocks> file =
      sys::RangeLocks::Open(absl::StrCat(folder_, "/locks"));
  TRY(file);
  file_.emplace(*std::move(file));
  return absl::OkStatus();
}

absl::Status PcuLocks::Take(const EndPoint& end_point, int session) {
  TRY(Open());
  const int64_t number = NumberOf(end_point, session);
  TRY_ASSIGN(const std::optional<int> holder, file_->Take(number));
  if (holder.has_value()) {
    return absl::UnavailableError(
        absl::StrCat("is in use by ", HolderText(*holder)));
  }
  ++held_[number];
  return absl::OkStatus();
}

void PcuLocks::LetGo(const EndPoint& end_point, int session) {
  const int64_t number = NumberOf(end_point, session);
  const auto at = held_.find(number);
  if (at == held_.end() || --at->second > 0) return;
  held_.erase(at);
  file_->LetGo(number);
}

}  // namespace power
