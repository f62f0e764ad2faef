#include "power/ways.h"

#include <absl/algorithm/container.h>

#include <utility>

namespace power {
namespace {

constexpr std::pair<absl::string_view, int> kPorts[] = {
    {"ssh", 22},   {"telnet", 23}, {"http", 80},     {"https", 443},
    {"tls", 443},  {"snmp", 161},  {"redfish", 443}, {"ribcl", 443},
    {"ipmi", 623}, {"amt", 16992},
};

int PortOf(const Specification& spec, absl::string_view transport) {
  for (const auto& [name, port] : spec.ports) {
    if (name == transport) return port;
  }
  // One for every transport means those that the model names.
  for (const auto& [name, port] : spec.ports) {
    if (name.empty()) {
      for (const std::string& known : spec.transports) {
        if (known == transport) return port;
      }
    }
  }
  return UsualPort(transport);
}

bool SendsSecret(const std::vector<Statement>& body) {
  return absl::c_any_of(body, [](const Statement& s) {
    return s.kind == Statement::Kind::kSendSecret || SendsSecret(s.body) ||
           absl::c_any_of(s.branches,
                          [](const Branch& b) { return SendsSecret(b.body); });
  });
}

bool AsksForSecret(absl::string_view transport) {
  return transport == "ipmi" || transport == "redfish" || transport == "snmp" ||
         transport == "amt" || transport == "ribcl";
}

}  // namespace

int UsualPort(absl::string_view transport) {
  for (const auto& [name, port] : kPorts) {
    if (name == transport) return port;
  }
  return 0;
}

std::vector<Way> WaysOf(const Pcu& pcu, const Specification& spec) {
  std::vector<Way> ways = pcu.ways;
  if (ways.empty()) {
    for (const std::string& transport : spec.transports) {
      ways.push_back({transport});
    }
  }
  for (Way& way : ways) {
    if (!way.port) way.port = PortOf(spec, way.transport);
  }
  return ways;
}

bool NeedsSecret(const Pcu& pcu, const Specification& spec) {
  return absl::c_any_of(spec.scripts,
                        [](const Script& s) { return SendsSecret(s.body); }) ||
         absl::c_any_of(WaysOf(pcu, spec), [](const Way& way) {
           return AsksForSecret(way.transport);
         });
}

}  // namespace power
