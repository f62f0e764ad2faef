// What is asked of a power controller, and what can come of it: one set of
// words for every protocol, for people and for programs (pcu-reboot(8)).
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

namespace power {

// What is done to one plug. The first four only look.
enum class Action : uint8_t {
  kStatus,
  kVerify,  // logged in, looked, and nothing switched
  kTemperature,
  kBeacon,  // whether its light is on
  kOn,
  kOff,
  kCycle,
  kReset,
  kSoft,  // asks the operating system
  kNmi,
  kIdentifyOn,
  kIdentifyOff,
  // What the host starts from the next time, once; kBootNone: as it always
  // does.
  kBootNone,
  kBootPxe,
  kBootDisk,
  kBootCdrom,
  kBootBios,  // the setup of its firmware
};
absl::string_view Word(Action action);  // "on", "identify on", "bootdev pxe"
std::optional<Action> ParseAction(absl::string_view word);
bool OnlyLooks(Action action);
bool SetsBootDevice(Action action);
// Doing it twice comes to the same as once.
bool IsRepeatable(Action action);

// Neither on nor off counts as the other; kPending (going on, going off, in the
// middle of a cycle) counts as neither.
enum class PlugState : uint8_t { kUnknown, kOn, kOff, kPending };
absl::string_view Word(PlugState state);

// Why something failed.
enum class FailureClass : uint8_t {
  kAuth,         // credentials refused
  kPrivilege,    // logged in, and not allowed
  kUnreachable,  // name, route, connection refused
  kTimeout,      // connect, login or step; the text says which
  kClosed,       // the other side hung up
  kPrompt,       // printed something else than was waited for
  kDevice,       // said no: its words
  kBusy,         // has no session to give
  kLocked,       // another process of ours is at it, or its account is spared
  kPlug,         // no such plug
  kUnsupported,
  kTls,
  kHostKey,
  kState,  // took the command, and the state did not follow in time
  kConfig,
  kInternal,
};
absl::string_view Word(FailureClass c);  // "auth", "hostkey"
std::optional<FailureClass> ParseFailureClass(absl::string_view word);

struct Failure {
  FailureClass failure_class = FailureClass::kInternal;
  std::string text;  // one line, without secrets
  // How far it came: after the command may have been sent, it is not known
  // whether it was carried out.
  bool maybe_executed = false;
  // What is behind this plug of a co-process failed, and not the PCU: it says
  // nothing of the other plugs.
  bool is_of_plug = false;

  friend bool operator==(const Failure&, const Failure&) = default;
};

// How far a kVerify came; each holds the ones before it.
enum class VerifyLevel : uint8_t {
  kNothing,
  kReach,      // something answers
  kLogin,      // and lets us in
  kPlug,       // and the plug is there, its state can be read
  kPrivilege,  // and we may switch it
};
absl::string_view Word(VerifyLevel level);

}  // namespace power
