// Whatever datagram comes: no crash, nothing that is out of its limits, and a
// line more changes nothing that was said of other things.
#include "isinit/notify_message.h"

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const isinit::NotifyMessage message = isinit::ReadNotifyMessage(text);
  MUST(!message.main_pid || *message.main_pid > 0);
  MUST(!message.watchdog || *message.watchdog >= absl::ZeroDuration());
  MUST(!message.extend_timeout ||
       *message.extend_timeout >= absl::ZeroDuration());
  MUST(message.descriptor_name.size() <= 255);
  MUST(message.descriptor_name.find_first_of(":\n ") == std::string::npos);
  if (message.status) {
    MUST(message.status->find('\n') == std::string::npos);
  }
  const isinit::NotifyMessage more =
      isinit::ReadNotifyMessage(std::string(text) + "\nREADY=1\n");
  MUST(more.ready);
  MUST(more.stopping == message.stopping && more.store == message.store);
  MUST(more.main_pid == message.main_pid && more.hung == message.hung);
  MUST(more.status == message.status);
  return 0;
}
