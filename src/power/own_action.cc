#include "power/own_action.h"

#include <absl/strings/numbers.h>

#include <cstdint>
#include <utility>

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

JournalEnd EndOf(const HostResult& result, absl::Time now) {
  JournalEnd end = {.at = now,
                    .outcome = std::string(Word(result.outcome)),
                    .detail = result.detail,
                    .before = std::string(Word(result.before)),
                    .after = std::string(Word(result.after)),
                    .transport = result.transport};
  if (result.outcome == HostOutcome::kFailed) {
    end.failure_class = std::string(Word(result.failure_class));
  }
  return end;
}

JournalAction OwnAction(absl::Time now, Action action, std::string login) {
  JournalAction own;
  own.at = now;
  own.verb = std::string(Word(action));
  own.uid = sys::MyUid();
  own.login = std::move(login);
  own.pid = sys::MyPid();
  if (const auto process = sys::ReadProcess(sys::MyPid())) {
    own.start_ticks = process->start_ticks;
  }
  return own;
}

}  // namespace power
