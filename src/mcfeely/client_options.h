// The options by which a command that asks a server is told which one, and who
// asks.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "cli/applet.h"
#include "mcfeely/client.h"

namespace mcfeely {

inline constexpr cli::Option kServerOption = {'S', "server", "ADDR",
                                              "the server to ask"};
inline constexpr cli::Option kToOption = {
    0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"};
inline constexpr cli::Option kIdentityOption = {'i', "identity", "FILE",
                                                "the key to sign with"};
inline constexpr cli::Option kTrustOption = {0, "trust", "FILE",
                                             "whose keys are trusted"};

// As Client::Make, of a call of an applet that has options of these names.
absl::StatusOr<std::unique_ptr<Client>> MakeClient(const cli::Call& call);

}  // namespace mcfeely
