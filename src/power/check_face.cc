#include "power/check_face.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kLongestText = 300;

// What stands behind a | is for programs that draw.
std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(text::Clean(text.substr(0, kLongestText)),
                             {{"|", "/"}});
}

CheckAnswer Answer(int code, absl::string_view text) {
  constexpr const char* kWords[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return {code, absl::StrCat("PCU ", kWords[code], " - ", OneLine(text))};
}

// Of what a host is down with, and what nobody can say.
bool IsOurs(FailureClass failure_class) {
  return failure_class == FailureClass::kConfig ||
         failure_class == FailureClass::kInternal ||
         failure_class == FailureClass::kLocked;
}

}  // namespace

CheckAnswer CheckMistake(absl::string_view lines) {
  const std::vector<absl::string_view> all =
      absl::StrSplit(lines, '\n', absl::SkipEmpty());
  if (all.empty()) return Answer(kCheckUnknown, "the inventory is wrong");
  return Answer(kCheckUnknown,
                all.size() == 1
                    ? std::string(all[0])
                    : absl::StrCat(all[0], " (and ", all.size() - 1, " more)"));
}

std::optional<CheckAnswer> CheckHost(const Directory& directory,
                                     const std::string& host) {
  if (directory.HasHost(host)) return std::nullopt;
  return Answer(kCheckCritical, absl::StrCat(host, ": has no controller"));
}

CheckAnswer CheckResult(const std::string& host, const ServiceResult* result,
                        absl::Duration took) {
  if (result == nullptr) {
    return Answer(kCheckUnknown, absl::StrCat(host, ": no answer in time"));
  }
  const PlugResult& r = result->result;
  const std::string who = absl::StrCat(host, " by ", result->device, ": ");
  if (r.failure) {
    return Answer(
        IsOurs(r.failure->failure_class) ? kCheckUnknown : kCheckWarning,
        absl::StrCat(who, Word(r.failure->failure_class), ": ",
                     r.failure->text));
  }
  if (!r.outcome) {
    return Answer(kCheckUnknown, absl::StrCat(who, "not tried: ", r.remark));
  }
  CheckAnswer answer = Answer(
      kCheckOk, absl::StrCat(who, "verified up to ", Word(r.verified),
                             r.after == PlugState::kUnknown
                                 ? ""
                                 : absl::StrCat(", is ", Word(r.after))));
  absl::StrAppend(&answer.line,
                  absl::StrFormat("|time=%.3fs", absl::ToDoubleSeconds(took)));
  return answer;
}

}  // namespace power
