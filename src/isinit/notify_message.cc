#include "isinit/notify_message.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cstdint>

namespace isinit {
namespace {

constexpr size_t kMaxNameBytes = 255;  // FDNAME, by sd_pid_notify_with_fds(3)

std::optional<absl::Duration> Microseconds(absl::string_view value) {
  uint64_t number;
  // "infinity", as large as it gets.
  if (!absl::SimpleAtoi(value, &number) || number > INT64_MAX / 1000) {
    return std::nullopt;
  }
  return absl::Microseconds(static_cast<int64_t>(number));
}

bool IsDescriptorName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isgraph(c) && c != ':';
         });
}

void ReadLine(absl::string_view name, absl::string_view value,
              NotifyMessage& message) {
  int pid;
  if (name == "READY") {
    message.ready = message.ready || value == "1";
  } else if (name == "RELOADING") {
    message.reloading = message.reloading || value == "1";
  } else if (name == "STOPPING") {
    message.stopping = message.stopping || value == "1";
  } else if (name == "STATUS") {
    message.status = std::string(value);
  } else if (name == "MAINPID") {
    if (absl::SimpleAtoi(value, &pid) && pid > 0) message.main_pid = pid;
  } else if (name == "WATCHDOG") {
    message.alive = message.alive || value == "1";
    message.hung = message.hung || value == "trigger";
  } else if (name == "WATCHDOG_USEC") {
    if (const auto span = Microseconds(value)) message.watchdog = span;
  } else if (name == "EXTEND_TIMEOUT_USEC") {
    if (const auto span = Microseconds(value)) message.extend_timeout = span;
  } else if (name == "FDSTORE") {
    message.store = message.store || value == "1";
  } else if (name == "FDSTOREREMOVE") {
    message.remove = message.remove || value == "1";
  } else if (name == "FDNAME" && IsDescriptorName(value)) {
    message.descriptor_name = std::string(value);
  }
}

}  // namespace

NotifyMessage ReadNotifyMessage(absl::string_view datagram) {
  NotifyMessage message;
  for (absl::string_view line : absl::StrSplit(datagram, '\n')) {
    const size_t sign = line.find('=');
    if (sign == absl::string_view::npos) continue;
    ReadLine(line.substr(0, sign), line.substr(sign + 1), message);
  }
  return message;
}

}  // namespace isinit
