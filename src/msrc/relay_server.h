// The far side of msrc --relay: runs ssh for hosts that the controller names,
// and carries bytes between them and it.
//
// Whoever can start this can run programs as this account anyway: ssh has let
// them in. A login whose key is held to deliveries (--require-signed in a
// forced command) is no relay.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "msrc/relay_protocol.h"
#include "msrc/relay_stream.h"
#include "net/connect.h"
#include "sys/loop.h"

namespace msrc {

class RelayServer {
 public:
  struct Calls {
    std::function<void(std::string)> send;  // a message for the controller
    // The controller does not speak as it should; nothing is called after it.
    std::function<void(const absl::Status&)> failed;
  };
  RelayServer(sys::Loop& loop, Calls calls);
  ~RelayServer();  // ends all that it runs
  RelayServer(const RelayServer&) = delete;

  void OnMessage(absl::string_view bytes);
  // While much waits to be sent, nothing is read.
  void Brake(bool brake);
  size_t streams() const { return hosts_.size(); }

 private:
  struct Host;
  absl::Status Take(RelayMessage& message);
  absl::Status Open(uint32_t id, const RelayOpen& open);
  absl::Status Write(uint32_t id, absl::string_view bytes);
  void Connected(uint32_t id, absl::StatusOr<net::Connection> connection);
  void ReadErrors(Host& host);
  void OutputEnded(uint32_t id);
  void End(uint32_t id);
  void Forget(uint32_t id);
  void Send(RelayKind kind, uint32_t id, absl::string_view bytes,
            uint32_t number);

  sys::Loop& loop_;
  const Calls calls_;
  RelayStore store_;
  std::map<uint32_t, std::unique_ptr<Host>> hosts_;
  uint32_t last_ = 0;  // that was opened
  bool brake_ = false, failed_ = false;
};

// Serves one controller at standard input and output; BLOCKS. The exit code.
absl::StatusOr<int> ServeRelay();

}  // namespace msrc
