#include "power/secret_mode.h"

#include <absl/strings/str_format.h>

namespace power {

std::string ModeProblem(uint32_t mode) {
  if ((mode & 077) == 0) return "";
  // Who can write it can make us hand another password to a controller.
  const bool read = (mode & 044) != 0;
  return absl::StrFormat("mode %04o: others may %s it; chmod 600", mode & 07777,
                         read ? "read" : "change");
}

}  // namespace power
