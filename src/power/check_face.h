// check_pcu: whether a host could be switched now, as a plugin of Nagios and
// its kin says it: one line and a number. Pure.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "power/service.h"

namespace power {

enum CheckCode : int {
  kCheckOk = 0,
  kCheckWarning = 1,   // could not be verified
  kCheckCritical = 2,  // has no controller
  kCheckUnknown = 3,
};

struct CheckAnswer {
  int code = kCheckUnknown;
  std::string line;  // with what such programs draw behind a |
};

// What is wrong here, in lines: the first of them.
CheckAnswer CheckMistake(absl::string_view lines);

// Before anything is asked: an answer where there is nothing to ask.
std::optional<CheckAnswer> CheckHost(const Directory& directory,
                                     const std::string& host);

// Of what a kVerify of it came to; null if nothing came within the time.
CheckAnswer CheckResult(const std::string& host, const ServiceResult* result,
                        absl::Duration took);

}  // namespace power
