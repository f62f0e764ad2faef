// Whatever comes over the channel of a relay, at either end: no crash, and what
// is read of it is a message that says the same when it is sent on.
#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "msrc/relay_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<msrc::RelayMessage> message = msrc::ParseRelay(bytes);
  if (!message.ok()) return 0;
  MUST(message->stream != 0);
  MUST(message->bytes.size() <= msrc::kMaxRelayDataBytes);
  MUST(message->number <= msrc::kRelayWindow);
  if (message->kind == msrc::RelayKind::kOpen) {
    MUST(!message->open.ssh.empty() && !message->open.host.empty());
    MUST(message->open.host[0] != '-');
  }
  const std::string again = msrc::EncodeRelay(*message);
  MUST(again == bytes);
  return 0;
}
