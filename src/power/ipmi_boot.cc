#include "power/ipmi_boot.h"

namespace power {
namespace {

constexpr uint8_t kChassis = 0x00, kSet = 0x08, kGet = 0x09;
constexpr char kClearing = 3, kFlags = 5;  // parameters
constexpr size_t kFlagBytes = 5;
// Of kFlags, the first byte.
constexpr uint8_t kAreValid = 0x80, kPersist = 0x40, kAreForEfi = 0x20;
// Of kClearing: the flags are not dropped 60 seconds later.
constexpr char kNotByTime = 0x08;

int SelectorOf(Action command) {
  switch (command) {
    case Action::kBootPxe:
      return 1;
    case Action::kBootDisk:
      return 2;
    case Action::kBootCdrom:
      return 5;
    case Action::kBootBios:
      return 6;
    default:
      return 0;
  }
}

int SelectorIn(absl::string_view flags) { return flags[1] >> 2 & 0x0f; }

IpmiRequest Setting(char parameter, absl::string_view value) {
  return {.function = kChassis,
          .command = kSet,
          .data = std::string(1, parameter) + std::string(value)};
}

}  // namespace

IpmiRequest GetBootFlags() {
  return {.function = kChassis,
          .command = kGet,
          .data = std::string({kFlags, 0, 0})};
}

IpmiRequest KeepBootFlags() {
  return Setting(kClearing, std::string(1, kNotByTime));
}

IpmiRequest SetBootFlags(Action command, absl::string_view before) {
  // Whether they are for a firmware of the old or the new kind is not ours to
  // say: it stays as it was.
  const uint8_t kind = before.empty() ? 0 : before[0] & kAreForEfi;
  std::string flags(kFlagBytes, '\0');
  flags[0] = static_cast<char>(kAreValid | kind);
  flags[1] = static_cast<char>(SelectorOf(command) << 2);
  return Setting(kFlags, flags);
}

absl::string_view BootFlagsIn(absl::string_view answer) {
  constexpr size_t kHead = 2;  // the version, and which parameter
  if (answer.size() < kHead + kFlagBytes) return "";
  return (answer[1] & 0x7f) == kFlags ? answer.substr(kHead, kFlagBytes) : "";
}

std::optional<bool> BootsSo(absl::string_view answer, Action command) {
  const absl::string_view flags = BootFlagsIn(answer);
  if (flags.empty()) return std::nullopt;
  const bool are_valid = (flags[0] & kAreValid) != 0;
  if (command == Action::kBootNone) return !are_valid || SelectorIn(flags) == 0;
  if (SelectorIn(flags) != SelectorOf(command) || (flags[0] & kPersist) != 0) {
    return false;
  }
  // There are controllers, OpenIPMI's for one, that keep the device and never
  // say that it is valid.
  return are_valid ? std::optional(true) : std::nullopt;
}

}  // namespace power
