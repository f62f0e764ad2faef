// "9600,8n1": how a serial line is set, as powerman.conf writes it. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

namespace power {

struct SerialFlags {
  int baud = 9600;
  int data_bits = 8;
  char parity = 'n';  // n, e, o
  int stop_bits = 1;
};
// Empty is the default, and so is what is left out at the end. InvalidArgument.
absl::StatusOr<SerialFlags> ParseSerialFlags(absl::string_view text);

}  // namespace power
