#include "msrc/wave_plan.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/status.h"

namespace msrc {

int64_t Share::Of(int64_t total) const {
  if (!percent) return count;
  return std::max<int64_t>(1, (count * total + 99) / 100);
}

absl::StatusOr<Share> ParseShare(absl::string_view text) {
  Share share;
  absl::string_view number = text;
  share.percent = absl::ConsumeSuffix(&number, "%");
  const bool digits =
      !number.empty() &&
      number.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!digits || !absl::SimpleAtoi(number, &share.count) || share.count < 1 ||
      share.count > (share.percent ? 100 : 1'000'000'000)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is neither a number nor a percentage"));
  }
  return share;
}

WavePlan::WavePlan(Options options, int64_t total)
    : options_(options), total_(total) {
  wave_end_ = WaveEnd();
}

// Of the wave that begins with the host that is next.
int64_t WavePlan::WaveEnd() const {
  if (started_ < options_.canaries) return options_.canaries;
  if (!options_.batch.has_value()) return INT64_MAX;
  return started_ + options_.batch->Of(total_);
}

bool WavePlan::stopped() const {
  if (options_.max_fail.has_value()) {
    return failed_ >= options_.max_fail->Of(total_);
  }
  return failed_ > 0 && options_.canaries > 0 && started_ <= options_.canaries;
}

int64_t WavePlan::MayStart() const {
  if (stopped()) return 0;
  const int64_t running = started_ - ended_;
  return std::max<int64_t>(
      0, std::min(options_.jobs - running, wave_end_ - started_));
}

void WavePlan::Started() { started_++; }

void WavePlan::Ended(bool failed) {
  ended_++;
  if (failed) failed_++;
  if (started_ == ended_ && started_ >= wave_end_ && !stopped()) {
    wave_end_ = WaveEnd();
  }
}

}  // namespace msrc
