#include "power/outcome.h"

#include <utility>

namespace power {
namespace {

template <typename T>
struct Named {
  T value;
  absl::string_view word;
};

constexpr Named<Action> kActions[] = {
    {Action::kStatus, "status"},
    {Action::kVerify, "verify"},
    {Action::kTemperature, "temperature"},
    {Action::kBeacon, "beacon"},
    {Action::kOn, "on"},
    {Action::kOff, "off"},
    {Action::kCycle, "cycle"},
    {Action::kReset, "reset"},
    {Action::kSoft, "soft"},
    {Action::kNmi, "nmi"},
    {Action::kIdentifyOn, "identify on"},
    {Action::kIdentifyOff, "identify off"},
    {Action::kBootNone, "bootdev none"},
    {Action::kBootPxe, "bootdev pxe"},
    {Action::kBootDisk, "bootdev disk"},
    {Action::kBootCdrom, "bootdev cdrom"},
    {Action::kBootBios, "bootdev bios"},
};
constexpr Named<PlugState> kStates[] = {
    {PlugState::kUnknown, "unknown"},
    {PlugState::kOn, "on"},
    {PlugState::kOff, "off"},
    {PlugState::kPending, "pending"},
};
constexpr Named<FailureClass> kClasses[] = {
    {FailureClass::kAuth, "auth"},
    {FailureClass::kPrivilege, "privilege"},
    {FailureClass::kUnreachable, "unreachable"},
    {FailureClass::kTimeout, "timeout"},
    {FailureClass::kClosed, "closed"},
    {FailureClass::kPrompt, "prompt"},
    {FailureClass::kDevice, "device"},
    {FailureClass::kBusy, "busy"},
    {FailureClass::kLocked, "locked"},
    {FailureClass::kPlug, "plug"},
    {FailureClass::kUnsupported, "unsupported"},
    {FailureClass::kTls, "tls"},
    {FailureClass::kHostKey, "hostkey"},
    {FailureClass::kState, "state"},
    {FailureClass::kConfig, "config"},
    {FailureClass::kInternal, "internal"},
};
constexpr Named<VerifyLevel> kLevels[] = {
    {VerifyLevel::kNothing, "nothing"},     {VerifyLevel::kReach, "reach"},
    {VerifyLevel::kLogin, "login"},         {VerifyLevel::kPlug, "plug"},
    {VerifyLevel::kPrivilege, "privilege"},
};

template <typename T, size_t kCount>
absl::string_view WordOf(const Named<T> (&names)[kCount], T value) {
  for (const Named<T>& named : names) {
    if (named.value == value) return named.word;
  }
  return "";
}

template <typename T, size_t kCount>
std::optional<T> ValueOf(const Named<T> (&names)[kCount],
                         absl::string_view word) {
  for (const Named<T>& named : names) {
    if (named.word == word) return named.value;
  }
  return std::nullopt;
}

}  // namespace

absl::string_view Word(Action action) { return WordOf(kActions, action); }
std::optional<Action> ParseAction(absl::string_view word) {
  return ValueOf(kActions, word);
}
bool OnlyLooks(Action action) { return action <= Action::kBeacon; }
bool SetsBootDevice(Action action) { return action >= Action::kBootNone; }

bool IsRepeatable(Action action) {
  switch (action) {
    case Action::kStatus:
    case Action::kVerify:
    case Action::kTemperature:
    case Action::kBeacon:
    case Action::kOn:
    case Action::kOff:
    case Action::kIdentifyOn:
    case Action::kIdentifyOff:
    case Action::kBootNone:
    case Action::kBootPxe:
    case Action::kBootDisk:
    case Action::kBootCdrom:
    case Action::kBootBios:
      return true;
    case Action::kCycle:
    case Action::kReset:
    case Action::kSoft:
    case Action::kNmi:
      return false;
  }
  return false;
}
absl::string_view Word(PlugState state) { return WordOf(kStates, state); }
absl::string_view Word(FailureClass c) { return WordOf(kClasses, c); }
std::optional<FailureClass> ParseFailureClass(absl::string_view word) {
  return ValueOf(kClasses, word);
}
absl::string_view Word(VerifyLevel level) { return WordOf(kLevels, level); }

}  // namespace power
