// Serves powerman's protocol (powerman_protocol.h) on sockets. No client holds
// up another: what one does not read is kept up to a limit, then nothing more
// is taken from it, then it is left.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "power/limits.h"
#include "power/service.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace power {

// "HOST:PORT", "[V6]:PORT"; "" and "*" as HOST are all addresses.
struct ListenAddress {
  std::string host;
  int port = 10101;
  bool is_loopback() const;  // nobody but this machine reaches it
};
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

struct PowermanServerOptions {
  // Of all orders.
  bool native_cycle = false, wait = true;
  size_t max_clients = kMaxPowermanClients;
  size_t max_unread_bytes = kMaxPowermanUnreadBytes;
  absl::Duration idle_time = kPowermanIdleTime;
  absl::Duration stall_time = kPowermanStallTime;
};

class PowermanServer {
 public:
  // Both outlive it.
  PowermanServer(sys::Loop& loop, Service& service,
                 PowermanServerOptions options = {});
  ~PowermanServer();
  PowermanServer(const PowermanServer&) = delete;

  // Whoever may write to the socket file may switch.
  absl::Status ListenUnix(const std::string& path, int mode = 0600);
  // The port it listens on; 0 in `address` picks one. An address that others
  // reach is logged as such: nobody has to say who he is.
  absl::StatusOr<int> ListenTcp(const ListenAddress& address);
  // Takes no more clients; those that are there go on.
  void StopListening();

  size_t clients() const { return clients_.size(); }

 private:
  struct Listener;
  struct Client;

  absl::Status Watch(std::unique_ptr<Listener> listener);
  void Accept(Listener& listener);
  void Add(sys::Fd fd, std::string peer);
  void Ready(uint64_t number, uint32_t events);
  bool Read(Client& client);   // false: it has been dropped
  bool Write(Client& client);  // false: it has been dropped
  // Carries out what its session wants.
  template <typename Told>
  void Tell(uint64_t number, Told told);
  void Start(Client& client, ServiceOrder order);
  void SetWatch(Client& client);
  void SetTimer(Client& client);
  void Drop(uint64_t number, absl::string_view why);

  sys::Loop& loop_;
  Service& service_;
  const PowermanServerOptions options_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Client>> clients_;
  uint64_t last_number_ = 0;
};

}  // namespace power
