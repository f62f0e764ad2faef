#include "mcfeely/client_options.h"

namespace mcfeely {

absl::StatusOr<std::unique_ptr<Client>> MakeClient(const cli::Call& call) {
  return Client::Make({.server = ServersOf(call.All("server")),
                       .server_principal = call.Get("to"),
                       .identity = call.Get("identity"),
                       .trust = call.Get("trust")});
}

}  // namespace mcfeely
