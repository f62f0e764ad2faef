// One request to one controller by datagrams. A conversation is pure: it is
// told what came and when, and says what to send and when to wake it; UdpDriver
// carries that out for thousands of them.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "power/plug_action.h"

namespace power {

// So many bytes that nobody can guess.
using RandomBytes = std::function<std::string(size_t)>;

// Answers carry a number by which they are told apart: the slot of their
// conversation, and eight bits that the conversation uses as it likes.
inline constexpr uint32_t kMaxSlot = (1 << 23) - 1;
inline uint32_t NumberOf(uint32_t slot, uint8_t count) {
  return slot << 8 | count;
}
inline uint32_t SlotOf(uint32_t number) { return number >> 8; }

class Conversation {
 public:
  virtual ~Conversation() = default;

  virtual void Start(absl::Time now) = 0;
  // From the controller's address; anybody may have forged that.
  virtual void Receive(absl::string_view datagram, absl::Time now) = 0;
  virtual void Wake(absl::Time now) = 0;
  // The system says that nobody listens there, or that no way leads there:
  // `what` in its words. That may pass.
  virtual void Unreachable(absl::string_view what, absl::Time now) = 0;
  // Nobody waits for the result any more: leaves what a good guest leaves.
  virtual void Abandon(absl::Time now) = 0;

  // After each of these: what to send, in this order; when to wake it, if that
  // has not ended; and how it ended.
  virtual std::vector<std::string> TakeDatagrams() = 0;
  virtual absl::Time wake_at() const = 0;
  virtual const PlugResult* result() const = 0;  // null until it has ended
};

}  // namespace power
