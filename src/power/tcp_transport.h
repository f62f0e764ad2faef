// Telnet and plain TCP to a numeric address. Telnet's options are the
// session's: here are bytes.
#pragma once

#include <string>

#include "power/transport.h"
#include "power/transport_line.h"

namespace power {

class TcpTransport : public Transport {
 public:
  TcpTransport(sys::Loop& loop, std::string address, int port,
               absl::Duration connect_timeout);
  ~TcpTransport() override;

  void Start(Events events) override;
  void Send(absl::string_view bytes) override { line_.Send(bytes); }
  void Leave(std::function<void()> gone) override;

 private:
  void OnConnected();

  sys::Loop& loop_;
  const std::string address_;
  const int port_;
  const absl::Duration connect_timeout_;
  sys::Fd connecting_;
  TransportLine line_;
};

// What an error of connecting means: refused and no route are kUnreachable.
Failure ConnectFailure(const absl::Status& status);

}  // namespace power
