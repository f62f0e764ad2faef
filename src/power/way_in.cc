#include "power/way_in.h"

#include <algorithm>
#include <utility>

#include "power/ways.h"

namespace power {
namespace {

constexpr int kMaxAlternatives = 8;  // they could name each other in a ring

bool Speaks(const Specification& specification, absl::string_view transport) {
  const std::vector<std::string>& all = specification.transports;
  return std::find(all.begin(), all.end(), transport) != all.end();
}

}  // namespace

bool IsDatagram(absl::string_view transport) {
  return transport == "ipmi" || transport == "snmp";
}

bool IsLocal(absl::string_view transport) {
  return transport == "exec" || transport == "serial";
}

std::vector<WayIn> WaysInto(const Pcu& pcu, const Specification& specification,
                            const FindModel& find) {
  std::vector<const Specification*> models = {&specification};
  while (models.size() < kMaxAlternatives &&
         !models.back()->alternative.empty()) {
    const Specification* next = find(models.back()->alternative);
    if (next == nullptr ||
        std::find(models.begin(), models.end(), next) != models.end()) {
      break;
    }
    models.push_back(next);
  }
  std::vector<WayIn> ways;
  if (pcu.ways.empty()) {
    for (const Specification* model : models) {
      for (Way& way : WaysOf(pcu, *model)) {
        ways.push_back({model, std::move(way)});
      }
    }
    return ways;
  }
  for (size_t i = 0; i < pcu.ways.size(); ++i) {
    const Way& way = pcu.ways[i];
    // The first of the alternatives that is meant for it, else the model
    // itself: powerman's files say nothing of ways.
    const auto speaker = std::find_if(models.begin(), models.end(),
                                      [&](const Specification* model) {
                                        return Speaks(*model, way.transport);
                                      });
    const Specification* model =
        speaker == models.end() ? &specification : *speaker;
    ways.push_back({model, WaysOf(pcu, *model)[i]});
  }
  return ways;
}

}  // namespace power
