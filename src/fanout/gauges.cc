#include "fanout/gauges.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include "fanout/numbers.h"

namespace fanout {
namespace {

std::optional<std::string> PressureReason(absl::string_view what,
                                          std::optional<double> now,
                                          std::optional<double> limit) {
  if (!limit.has_value() || now.value_or(0) <= *limit) return std::nullopt;
  return absl::StrFormat("%s pressure %.2f%% is above %g%%", what, *now,
                         *limit);
}

}  // namespace

absl::StatusOr<double> ParseLoad(absl::string_view text, int processors) {
  if (const std::optional<double> percent = Percentage(text)) {
    if (*percent > 0) return processors * *percent / 100;
  } else if (const std::optional<double> load = DecimalNumber(text)) {
    if (*load > 0) return *load;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not a load such as 3.5, or 80% of the processors"));
}

absl::StatusOr<int64_t> ParseFree(absl::string_view text) {
  const std::optional<int64_t> size = SizeOf(text);
  if (size.value_or(0) < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a size such as 512m"));
  }
  return *size;
}

absl::Status AddPressure(absl::string_view text, GaugeLimits* limits) {
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(entry, absl::MaxSplits(':', 1));
    std::optional<double>* limit = nullptr;
    if (parts.first == "cpu") limit = &limits->cpu_pressure;
    if (parts.first == "memory") limit = &limits->memory_pressure;
    if (parts.first == "io") limit = &limits->io_pressure;
    const std::optional<double> percent = Percentage(parts.second);
    if (limit == nullptr || !percent.has_value() || *percent > 100) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", entry, "' is not such as cpu:20%, memory:5% or io:50%"));
    }
    *limit = percent;
  }
  return absl::OkStatus();
}

bool Gauges::Swapping(const Readings& readings) {
  if (!readings.swapped.has_value()) return false;
  if (!swapped_.has_value()) {
    swapped_ = readings.swapped;
    window_start_ = readings.at;
    return false;
  }
  const bool moved = readings.swapped->in > swapped_->in &&
                     readings.swapped->out > swapped_->out;
  if (moved) swapping_ = true;
  if (readings.at - window_start_ >= kSwapWindow) {
    swapping_ = moved;
    swapped_ = readings.swapped;
    window_start_ = readings.at;
  }
  return swapping_;
}

std::optional<std::string> Gauges::Reason(const Readings& readings) {
  const bool swapping = limits_.no_swap && Swapping(readings);
  if (limits_.load.has_value() && readings.load.value_or(0) > *limits_.load) {
    return absl::StrFormat("load average %.2f is above %.2f", *readings.load,
                           *limits_.load);
  }
  if (limits_.free_bytes.has_value() && readings.available_bytes.has_value() &&
      *readings.available_bytes < *limits_.free_bytes) {
    return absl::StrCat(*readings.available_bytes,
                        " bytes of memory are available, fewer than ",
                        *limits_.free_bytes);
  }
  if (auto reason =
          PressureReason("cpu", readings.cpu_pressure, limits_.cpu_pressure)) {
    return reason;
  }
  if (auto reason = PressureReason("memory", readings.memory_pressure,
                                   limits_.memory_pressure)) {
    return reason;
  }
  if (auto reason =
          PressureReason("io", readings.io_pressure, limits_.io_pressure)) {
    return reason;
  }
  if (swapping) return "memory is being swapped out and in";
  return std::nullopt;
}

bool Gauges::Short(const Readings& readings) const {
  return limits_.free_bytes.has_value() &&
         readings.available_bytes.has_value() &&
         *readings.available_bytes < *limits_.free_bytes / 2;
}

}  // namespace fanout
