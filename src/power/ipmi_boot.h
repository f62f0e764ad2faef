// What a host starts from the next time, as IPMI has it: the boot options of
// its controller (IPMI v2.0, section 28.12 and table 28-14). Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

#include "power/ipmi_packet.h"
#include "power/outcome.h"

namespace power {

// The completion code for an option that a controller does not have.
inline constexpr uint8_t kNoSuchBootOption = 0x80;

IpmiRequest GetBootFlags();
// That flags hold until the host starts: a controller forgets them after a
// minute in which nothing was switched, unless it is told not to.
IpmiRequest KeepBootFlags();
// `before`: the flags as they were, "" if that is not known.
IpmiRequest SetBootFlags(Action command, absl::string_view before);

// The flags in the answer to GetBootFlags; "" when there are none.
absl::string_view BootFlagsIn(absl::string_view answer);
// Whether that answer is what `command` has set; nullopt: it does not say.
std::optional<bool> BootsSo(absl::string_view answer, Action command);

}  // namespace power
