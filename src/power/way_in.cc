#include "power/way_in.h"

#include <algorithm>
#include <optional>

namespace power {
namespace {

constexpr int kMaxAlternatives = 8;  // they could name each other in a ring

struct Usual {
  absl::string_view transport;
  int port;
};
constexpr Usual kUsual[] = {
    {"ssh", 22},    {"telnet", 23},   {"http", 80},   {"ipmi", 623},
    {"snmp", 161},  {"redfish", 443}, {"amt", 16992}, {"ribcl", 443},
    {"https", 443}, {"tcp", 0},       {"tls", 0},
};

int PortOf(const Specification& specification, absl::string_view transport) {
  std::optional<int> every;
  for (const auto& [which, port] : specification.ports) {
    if (which == transport) return port;
    if (which.empty()) every = port;
  }
  return every.value_or(UsualPort(transport));
}

Way WithPort(Way way, const Specification& specification) {
  if (!way.port.has_value()) {
    way.port = PortOf(specification, way.transport);
  }
  return way;
}

bool Speaks(const Specification& specification, absl::string_view transport) {
  const std::vector<std::string>& all = specification.transports;
  return std::find(all.begin(), all.end(), transport) != all.end();
}

// A model of a protocol is that protocol, whatever the file says of transports.
std::vector<std::string> TransportsOf(const Specification& specification) {
  if (!specification.transports.empty()) return specification.transports;
  for (const char* block :
       {"ipmi", "snmp", "redfish", "amt", "ribcl", "http"}) {
    if (specification.Block(block) != nullptr) return {block};
  }
  return {};
}

}  // namespace

int UsualPort(absl::string_view transport) {
  for (const Usual& usual : kUsual) {
    if (usual.transport == transport) return usual.port;
  }
  return 0;
}

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
      for (const std::string& transport : TransportsOf(*model)) {
        ways.push_back({model, WithPort({.transport = transport}, *model)});
      }
    }
    return ways;
  }
  for (const Way& way : pcu.ways) {
    // The first of the alternatives that is meant for it, else the model
    // itself: powerman's files say nothing of ways.
    const auto speaker = std::find_if(models.begin(), models.end(),
                                      [&](const Specification* model) {
                                        return Speaks(*model, way.transport);
                                      });
    const Specification* model =
        speaker == models.end() ? &specification : *speaker;
    ways.push_back({model, WithPort(way, *model)});
  }
  return ways;
}

}  // namespace power
