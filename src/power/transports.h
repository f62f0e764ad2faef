// Which transport a way in is.
#pragma once

#include <memory>

#include "power/ssh_transport.h"
#include "power/transport.h"

namespace power {

// Null for one that is not here. `settings` and `programs` outlive it.
std::unique_ptr<Transport> MakeTransport(sys::Loop& loop,
                                         const TransportPlan& plan,
                                         const SshSettings& settings,
                                         SshPrograms& programs);
// Whether telnet's options are to be taken out.
inline bool IsTelnet(absl::string_view transport) {
  return transport == "telnet";
}

}  // namespace power
