#include "fanout/retry.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/status.h"
#include "base/time.h"
#include "fanout/numbers.h"

namespace fanout {
namespace {

// Linux on all machines but Alpha, MIPS, PA-RISC and SPARC (signal(7)).
constexpr absl::string_view kSignals[] = {
    "",       "HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",
    "FPE",    "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",
    "XCPU",   "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS"};

std::optional<int> SignalNumber(absl::string_view name) {
  absl::ConsumePrefix(&name, "SIG");
  for (int n = 1; n < static_cast<int>(std::size(kSignals)); n++) {
    if (kSignals[n] == name) return n;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<RetryDelay> ParseRetryDelay(absl::string_view text) {
  const size_t comma = text.find(',');
  RetryDelay delay;
  TRY_ASSIGN(delay.first, base::ParseDuration(text.substr(0, comma)));
  if (comma == absl::string_view::npos) return delay;
  const std::optional<double> factor = DecimalNumber(text.substr(comma + 1));
  if (!factor.has_value() || *factor < 1 || *factor > 100) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text.substr(comma + 1), "' is not a factor from 1 to 100"));
  }
  delay.factor = *factor;
  return delay;
}

RetryOn RetryOn::AnyFailure() {
  RetryOn on;
  on.codes.set();
  on.codes.reset(0);
  on.timeout = true;
  return on;
}

absl::StatusOr<RetryOn> ParseRetryOn(absl::string_view text) {
  RetryOn on;
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    if (entry == "timeout") {
      on.timeout = true;
      continue;
    }
    if (const std::optional<int> signal = SignalNumber(entry)) {
      on.codes.set(128 + *signal);
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(entry, absl::MaxSplits('-', 1));
    const bool range = ends.first.size() != entry.size();
    const std::optional<int64_t> first = WholeNumber(ends.first);
    const std::optional<int64_t> last =
        range ? WholeNumber(ends.second) : first;
    if (!first.has_value() || !last.has_value() || *first < 1 ||
        *last < *first || *last > 255) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", entry,
                       "' is not a status from 1 to 255, a range of them, a "
                       "signal or timeout"));
    }
    for (int64_t code = *first; code <= *last; code++) on.codes.set(code);
  }
  return on;
}

absl::Duration WaitAfter(const RetryDelay& delay, int attempt) {
  // In seconds: a power soon leaves what a Duration is multiplied with.
  const double longest = absl::ToDoubleSeconds(RetryRules::kLongest);
  const double seconds = absl::ToDoubleSeconds(delay.first) *
                         std::pow(delay.factor, std::max(attempt - 1, 0));
  if (!(seconds < longest)) {
    return delay.first == absl::ZeroDuration() ? absl::ZeroDuration()
                                               : RetryRules::kLongest;
  }
  return absl::Seconds(seconds);
}

std::optional<absl::Duration> RetryRules::Again(const Outcome& outcome,
                                                int attempt) const {
  const int code = outcome.code();
  const bool wanted = (code > 0 && code < 256 && on.codes.test(code)) ||
                      (outcome.timed_out && on.timeout);
  if (!wanted || attempt > retries) return std::nullopt;
  return WaitAfter(delay, attempt);
}

}  // namespace fanout
