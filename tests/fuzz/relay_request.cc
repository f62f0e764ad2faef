// Whatever a host sends as a request to switch: no crash, and what is read of
// it is an order that says the same when it is sent on.
#include "power/relay_request.h"

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "power/limits.h"
#include "wire/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<power::RelayWish> wish = power::ParseRequest(bytes);
  if (!wish.ok()) return 0;
  if (!wish->order.has_value()) {
    const auto again =
        power::ReadRequest(power::EncodeStop(wish->stop, wish->abandon));
    MUST(again.ok() && again->stop == wish->stop);
    return 0;
  }
  const power::RelayOrder& order = *wish->order;
  MUST(!order.choice.words.empty());
  MUST(order.choice.words.size() <= power::kMaxTargets);
  MUST(order.plan.at_once > 0);
  MUST(order.connect_timeout > absl::ZeroDuration());
  const auto message = power::EncodeOrder(order);
  const auto again = power::ReadRequest(message);
  MUST(again.ok() && again->order.has_value());
  MUST(wire::Serialize(power::EncodeOrder(*again->order)) ==
       wire::Serialize(message));
  return 0;
}
