#include "fanout/limits.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>

#include "base/time.h"
#include "fanout/numbers.h"

namespace fanout {
namespace {

enum class Unit { kCount, kBytes, kSeconds };
struct Resource {
  absl::string_view name;
  int number;
  Unit unit;
};
constexpr Resource kResources[] = {
    {"as", RLIMIT_AS, Unit::kBytes},
    {"core", RLIMIT_CORE, Unit::kBytes},
    {"cpu", RLIMIT_CPU, Unit::kSeconds},
    {"data", RLIMIT_DATA, Unit::kBytes},
    {"fsize", RLIMIT_FSIZE, Unit::kBytes},
    {"memlock", RLIMIT_MEMLOCK, Unit::kBytes},
    {"nofile", RLIMIT_NOFILE, Unit::kCount},
    {"nproc", RLIMIT_NPROC, Unit::kCount},
    {"rss", RLIMIT_RSS, Unit::kBytes},
    {"stack", RLIMIT_STACK, Unit::kBytes},
};

const Resource* Find(absl::string_view name) {
  for (const Resource& resource : kResources) {
    if (resource.name == name) return &resource;
  }
  return nullptr;
}

std::optional<rlim_t> Value(absl::string_view text, Unit unit) {
  if (text == "unlimited") return RLIM_INFINITY;
  switch (unit) {
    case Unit::kCount:
      return WholeNumber(text);
    case Unit::kBytes:
      return SizeOf(text);
    case Unit::kSeconds: {
      const absl::StatusOr<absl::Duration> d = base::ParseDuration(text);
      if (!d.ok()) return std::nullopt;
      // A part of a second would be no time at all.
      return absl::ToInt64Seconds(absl::Ceil(*d, absl::Seconds(1)));
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<int> ParseNice(absl::string_view text) {
  absl::string_view digits = text;
  const bool negative = !digits.empty() && digits[0] == '-';
  if (negative) digits.remove_prefix(1);
  const std::optional<int64_t> number = WholeNumber(digits);
  if (!number.has_value() || *number > (negative ? 20 : 19)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a number from -20 to 19"));
  }
  return static_cast<int>(negative ? -*number : *number);
}

absl::Status AddLimit(absl::string_view text, TaskLimits* limits) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  const Resource* resource = Find(parts.first);
  if (resource == nullptr) {
    std::string names;
    for (const Resource& each : kResources) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", each.name);
    }
    return absl::InvalidArgumentError(
        absl::StrCat("'", parts.first, "' is none of ", names));
  }
  const std::optional<rlim_t> value = Value(parts.second, resource->unit);
  if (!value.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text,
                     "' is not such as nofile:1024, as:2g, cpu:5m, "
                     "core:unlimited"));
  }
  // Told now, once, instead of by every task.
  struct rlimit ours;
  if (geteuid() != 0 && getrlimit(resource->number, &ours) == 0 &&
      *value > ours.rlim_max) {
    return absl::PermissionDeniedError(absl::StrCat(
        text, ": the hard limit is ", static_cast<int64_t>(ours.rlim_max)));
  }
  for (sys::ResourceLimit& limit : limits->resources) {
    if (limit.resource == resource->number) {
      limit.value = *value;
      return absl::OkStatus();
    }
  }
  limits->resources.push_back({resource->number, *value});
  return absl::OkStatus();
}

}  // namespace fanout
