#include "msrc/transport.h"

#include <absl/strings/ascii.h>

namespace msrc {
namespace {

std::string FirstWord(absl::string_view command) {
  command = absl::StripLeadingAsciiWhitespace(command);
  return std::string(command.substr(0, command.find_first_of(" \t\n<>|;&")));
}

}  // namespace

absl::string_view NameOf(Transport transport) {
  switch (transport) {
    case Transport::kBuiltin:
      return "builtin";
    case Transport::kTar:
      return "tar";
    case Transport::kRsync:
      return "rsync";
    case Transport::kRdist:
      break;
  }
  return "rdist";
}

std::optional<Transport> ParseTransport(absl::string_view name) {
  for (Transport t : {Transport::kBuiltin, Transport::kTar, Transport::kRsync,
                      Transport::kRdist}) {
    if (name == NameOf(t)) return t;
  }
  return std::nullopt;
}

TransportChoice ChooseTransport(
    const TransportFacts& facts,
    absl::FunctionRef<bool(absl::string_view)> can_run) {
  TransportChoice choice;
  if (facts.asked) {
    choice.transport = *facts.asked;
    return choice;
  }
  if (facts.transport) {
    const absl::string_view name = absl::StripAsciiWhitespace(*facts.transport);
    const std::optional<Transport> named = ParseTransport(name);
    if (!named) choice.unknown = std::string(name);
    choice.transport = named.value_or(kUsualTransport);
    return choice;
  }
  for (const auto* command : {&facts.sdist, &facts.rdist_path}) {
    if (!command->has_value()) continue;
    const std::string program = FirstWord(**command);
    if (program.empty()) continue;
    if (can_run(program)) {
      choice.transport = Transport::kRdist;
      choice.missing.clear();
      return choice;
    }
    choice.missing = program;
  }
  return choice;
}

}  // namespace msrc
