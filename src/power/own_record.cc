#include "power/own_record.h"

#include <absl/strings/numbers.h>

#include <cstdint>

#include "sys/file.h"
#include "sys/process.h"
#include "sys/process_list.h"
#include "sys/users.h"

namespace power {

bool IsJournaled(Action action) {
  return !OnlyLooks(action) && action != Action::kIdentifyOn &&
         action != Action::kIdentifyOff;
}

std::string LoginName() {
  uint32_t uid = sys::MyUid();
  const absl::StatusOr<std::string> text =
      sys::ReadFile("/proc/self/loginuid", 32);
  uint32_t login = 0;
  if (text.ok() && absl::SimpleAtoi(*text, &login) && login != UINT32_MAX) {
    uid = login;
  }
  const absl::StatusOr<sys::Account> account = sys::FindAccount(uid);
  return account.ok() ? account->name : "";
}

JournalRecord OwnRecord(absl::Time now, const std::string& login) {
  JournalRecord record;
  record.id = NewRecordId(now, sys::RandomBytes(4));
  record.at = now;
  record.uid = sys::MyUid();
  record.login = login;
  record.pid = sys::MyPid();
  if (const auto process = sys::ReadProcess(sys::MyPid())) {
    record.start_ticks = process->start_ticks;
  }
  return record;
}

}  // namespace power
