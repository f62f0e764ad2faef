#include "hosts/drive_outcome.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>

namespace hosts {
namespace {

// More names than fit on a screen tell nobody anything.
constexpr size_t kMostNames = 50;
constexpr int kMostSignals = 64;

std::string Describe(int status) {
  if (status == kNotStarted) return "not started";
  if (status >= kExpansionFailed)
    return absl::StrCat("skipped, status ", status);
  // 255 is what ssh says of a connection, and no signal.
  if (status > 128 && status <= 128 + kMostSignals) {
    return absl::StrCat("status ", status, ", signal ", status - 128);
  }
  return absl::StrCat("status ", status);
}

}  // namespace

int ExitCodeOf(absl::Span<const int> statuses) {
  const size_t done =
      static_cast<size_t>(std::count(statuses.begin(), statuses.end(), 0));
  if (done == statuses.size()) return 0;
  return done == 0 ? 2 : 1;
}

std::vector<std::string> FailureSummary(
    absl::Span<const int> statuses,
    absl::FunctionRef<absl::string_view(size_t)> name_of) {
  struct Hosts {
    size_t count = 0;
    std::string names;
  };
  std::map<int, Hosts> failed;
  size_t failures = 0;
  for (size_t i = 0; i < statuses.size(); i++) {
    if (statuses[i] == 0) continue;
    failures++;
    Hosts& hosts = failed[statuses[i]];
    if (hosts.count++ >= kMostNames) continue;
    absl::StrAppend(&hosts.names, hosts.count == 1 ? "" : ", ", name_of(i));
  }
  std::vector<std::string> lines;
  if (failures == 0) return lines;
  lines.push_back(
      absl::StrCat(failures, " of ", statuses.size(), " hosts failed"));
  for (const auto& [status, hosts] : failed) {
    lines.push_back(absl::StrCat(Describe(status), ": ", hosts.names));
    if (hosts.count > kMostNames) {
      absl::StrAppend(&lines.back(), " and ", hosts.count - kMostNames,
                      " more");
    }
  }
  return lines;
}

}  // namespace hosts
