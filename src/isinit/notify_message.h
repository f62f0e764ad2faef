// What a process says of itself to $NOTIFY_SOCKET, as sd_notify(3) has it:
// lines NAME=VALUE in one datagram. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <optional>
#include <string>

namespace isinit {

inline constexpr size_t kMaxNotifyBytes = 4096;
inline constexpr size_t kMaxStoredDescriptors = 64;  // of one entry

struct NotifyMessage {
  bool ready = false, reloading = false, stopping = false;
  std::optional<std::string> status = {};  // for people, one line
  std::optional<int> main_pid = {};
  bool alive = false;                                 // WATCHDOG=1
  bool hung = false;                                  // WATCHDOG=trigger
  std::optional<absl::Duration> watchdog = {};        // WATCHDOG_USEC; 0: none
  std::optional<absl::Duration> extend_timeout = {};  // EXTEND_TIMEOUT_USEC
  bool store = false, remove = false;  // FDSTORE=1, FDSTOREREMOVE=1
  std::string descriptor_name = {};    // FDNAME; "" not given or no such name
};

// Lines it does not know, and values that make no sense, say nothing.
NotifyMessage ReadNotifyMessage(absl::string_view datagram);

}  // namespace isinit
