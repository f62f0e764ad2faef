// The memory of refused credentials: what a controller has refused is not
// offered to it again for 15 minutes, so that a wrong password that a whole
// fleet shares does not lock every account. Another secret is offered at once.
// Pure; `lockout_file` keeps it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace power {

inline constexpr absl::Duration kLockoutSpan = absl::Minutes(15);

class Lockout {
 public:
  // Until when these are not to be tried; nullopt: now is fine. `version` is
  // HeldSecret's; where one of the two is empty nobody knows whether the secret
  // has changed, and it counts as the same.
  std::optional<absl::Time> LockedUntil(absl::string_view pcu,
                                        absl::string_view user,
                                        absl::string_view version,
                                        absl::Time now) const;
  // They were refused. Forgets what is over.
  void Refused(absl::string_view pcu, absl::string_view user,
               absl::string_view version, absl::Time now);
  // They were accepted.
  void Accepted(absl::string_view pcu, absl::string_view user);

  bool empty() const { return refusals_.empty(); }
  // A text, and back. InvalidArgument.
  std::string Text() const;
  static absl::StatusOr<Lockout> Parse(absl::string_view text);

 private:
  struct Refusal {
    std::string version;
    absl::Time at;
  };
  std::map<std::pair<std::string, std::string>, Refusal> refusals_;
};

// "not tried until 2026-01-02T03:04:05.000Z: the password was refused"
std::string LockedText(absl::Time until);

}  // namespace power
