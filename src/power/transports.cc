#include "power/transports.h"

#include "power/exec_transport.h"
#include "power/serial_transport.h"
#include "power/tcp_transport.h"

namespace power {

std::unique_ptr<Transport> MakeTransport(sys::Loop& loop,
                                         const TransportPlan& plan,
                                         const SshSettings& settings,
                                         SshPrograms& programs) {
  const std::string& way = plan.transport;
  if (way == "exec") {
    return std::make_unique<ExecTransport>(loop, plan.program);
  }
  if (way == "ssh") {
    return std::make_unique<SshTransport>(loop, settings, programs, plan);
  }
  if (way == "telnet" || way == "tcp") {
    return std::make_unique<TcpTransport>(loop, plan.address, plan.port,
                                          plan.connect_timeout);
  }
  if (way == "serial") {
    return std::make_unique<SerialTransport>(loop, plan.pcu->host,
                                             plan.pcu->serial);
  }
  return nullptr;
}

}  // namespace power
