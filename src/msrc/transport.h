// How a folder gets to a host. Pure.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>

namespace msrc {

// kBuiltin is an exchange with a receiver of ours (msrc-transport(7)).
enum class Transport { kBuiltin, kTar, kRsync, kRdist };
inline constexpr Transport kUsualTransport = Transport::kBuiltin;

absl::string_view NameOf(Transport transport);
std::optional<Transport> ParseTransport(absl::string_view name);

// What is known of a host: expanded values of its attributes, if it has them.
struct TransportFacts {
  std::optional<Transport> asked;  // --transport
  std::optional<std::string> transport, sdist, rdist_path;
};
struct TransportChoice {
  Transport transport = kUsualTransport;
  // A program that was asked for and is not here; "" for none.
  std::string missing;
  // A TRANSPORT that is none; "" for none.
  std::string unknown;
};

// The first of --transport, TRANSPORT, and rdist where SDIST or RDIST_PATH name
// a program that can be run here; else the usual one.
TransportChoice ChooseTransport(
    const TransportFacts& facts,
    absl::FunctionRef<bool(absl::string_view)> can_run);

}  // namespace msrc
