// The controller's side of msrc --relay: hosts are called by other hosts, each
// of which serves a share, over one channel each. Runs on a sys::Loop.
//
// A relay is reached, and gets its executable, as any host does. What it is
// told to call becomes a connection here, over which everything goes as it
// would over an ssh of our own. What goes to many hosts crosses the line to
// their relay once: streams are cut where their bytes say (wire/chunker.h), and
// a part that the relay keeps is only named.
//
// When a relay is lost, so are the connections through it, each with a line
// that says so; who calls next has it reached anew.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "msrc/host_link.h"
#include "msrc/relay_protocol.h"
#include "net/connect.h"
#include "sys/loop.h"

namespace msrc {

// --relay and --relay-ssh.
struct RelayOptions {
  std::vector<std::string> hosts;  // [login@]host; none: no relays
  std::vector<std::string> ssh = {"ssh"};
};

class Relays {
 public:
  // Reaches nobody yet. `shared` is borrowed.
  Relays(sys::Loop& loop, const RunShared& shared, const RelayOptions& options);
  ~Relays();  // hangs up
  Relays(const Relays&) = delete;

  struct Way {
    net::Connection connection;  // without a child
    // Others: what fills it in. Once its bytes are at their end: the exit code
    // of the ssh that was run there.
    std::shared_ptr<const int> code;
  };
  // By the relay whose turn it is. `opened`, once the relay is there, and
  // calls.
  absl::StatusOr<Way> Call(size_t turn, RelayOpen open,
                           std::function<void()> opened);

 private:
  struct Stream;
  struct Relay;
  void Reach(Relay& relay);
  void Ready(Relay& relay);
  void Heard(Relay& relay, absl::string_view bytes);
  absl::Status Take(Relay& relay, const RelayMessage& message);
  void Read(Relay& relay, uint32_t id, absl::string_view bytes);
  void FlushSoon(Relay& relay, uint32_t id);
  void Flush(Relay& relay, uint32_t id);
  void SendPart(Relay& relay, uint32_t id, Stream& stream);
  void Send(Relay& relay, const RelayMessage& message);
  void Brake(Relay& relay, bool brake);
  void Lost(Relay& relay, const ExchangeResult& result);
  void Fail(Relay& relay, absl::string_view why);
  void Drop(Relay& relay, uint32_t id);

  sys::Loop& loop_;
  const wire::Manifest none_;
  RunShared shared_;
  std::vector<std::unique_ptr<Relay>> relays_;
};

}  // namespace msrc
