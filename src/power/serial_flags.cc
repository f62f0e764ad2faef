#include "power/serial_flags.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iterator>

#include "text/utf8.h"

namespace power {
namespace {

// Those of termios(3) that devices have.
constexpr int kRates[] = {300,   600,   1200,  2400,   4800,   9600,
                          19200, 38400, 57600, 115200, 230400, 460800};

}  // namespace

absl::StatusOr<SerialFlags> ParseSerialFlags(absl::string_view text) {
  SerialFlags flags;
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("'", text::Clean(text),
                   "' is not of the form '9600,8n1': a rate from 300 to "
                   "460800, 7 or 8 bits, n, e or o, 1 or 2"));
  if (text.empty()) return flags;
  const size_t comma = text.find(',');
  if (!absl::SimpleAtoi(text.substr(0, comma), &flags.baud) ||
      std::find(std::begin(kRates), std::end(kRates), flags.baud) ==
          std::end(kRates)) {
    return wrong;
  }
  if (comma == text.npos) return flags;
  const absl::string_view frame = text.substr(comma + 1);
  if (frame.size() != 3) return wrong;
  flags.data_bits = frame[0] - '0';
  flags.parity = absl::ascii_tolower(static_cast<unsigned char>(frame[1]));
  flags.stop_bits = frame[2] - '0';
  if ((flags.data_bits != 7 && flags.data_bits != 8) ||
      absl::string_view("neo").find(flags.parity) == text.npos ||
      (flags.stop_bits != 1 && flags.stop_bits != 2)) {
    return wrong;
  }
  return flags;
}

}  // namespace power
