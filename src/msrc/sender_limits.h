// What those may do who may deliver at all: msrc-limits(5), a file beside the
// trust file. Pure: who reads the file hands its text over.
//
// Rules only allow, and what no rule allows is refused; so their order means
// nothing. Where there is no file, whoever is trusted may do everything.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

namespace msrc {

struct SenderRule {
  int line = 0;
  std::vector<std::string> who;   // patterns of principals
  std::vector<std::string> into;  // absolute: these folders and all below them
  // Utilities, as a shell gets them; `any_utility` for all.
  std::vector<std::string> run;
  bool any_utility = false;
  struct Hours {  // UTC; an end before its beginning is of the next day
    int from_minute = 0, to_minute = 24 * 60;
    unsigned days = 0x7f;  // bit 0 is Monday
    friend bool operator==(const Hours&, const Hours&) = default;
  };
  std::vector<Hours> hours;  // none: always
  bool set_id = false, prune_all = false;

  friend bool operator==(const SenderRule&, const SenderRule&) = default;
};

// What somebody wants to do.
struct SenderWish {
  std::vector<std::string> principals = {};
  std::string into = {};                  // absolute, without "." and ".."
  std::vector<std::string> utility = {};  // its words; none: nothing is run
  bool argv = false;  // executed as they are, without a shell
  // With a shell, definitions or variables of the sender's own: any of them
  // makes another utility of the same words.
  bool embellished = false;
  bool set_id = false, prune_all = false;
  absl::Time now;
};

class SenderLimits {
 public:
  SenderLimits() = default;  // allows everything
  // InvalidArgument, naming the line.
  static absl::StatusOr<SenderLimits> Parse(absl::string_view text);

  // PermissionDenied, with what the rule that comes nearest lacks.
  absl::Status Check(const SenderWish& wish) const;
  const std::vector<SenderRule>& rules() const { return rules_; }

 private:
  bool everything_ = true;
  std::vector<SenderRule> rules_;
};
// A line that means the same.
std::string FormatRule(const SenderRule& rule);

}  // namespace msrc
