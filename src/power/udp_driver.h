// Carries out conversations (conversation.h): one socket for each family of
// addresses, whatever their number; so many conversations at once, the others
// wait their turn.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "power/conversation.h"
#include "sys/loop.h"
#include "sys/udp_socket.h"

namespace power {

class UdpDriver {
 public:
  // The number that an answer carries (NumberOf); 0 for one that may be an
  // answer to the last that began with its sender; none for what is no answer.
  using NumberIn =
      std::function<std::optional<uint32_t>(absl::string_view datagram)>;
  // A conversation with this slot; made when its turn comes.
  using Make = std::function<std::unique_ptr<Conversation>(uint32_t slot)>;
  // Never called from within Start. `conversation` is gone after it.
  using Done = std::function<void(Conversation& conversation)>;
  using Ticket = uint64_t;  // never 0

  struct Options {
    size_t at_once = 1024;
    size_t max_datagram_bytes = 8192;
    uint32_t first_slot = 1;  // one that others cannot guess
  };
  // The loop outlives it.
  UdpDriver(sys::Loop& loop, NumberIn number_in, Options options);
  ~UdpDriver();  // what has not ended is not told
  UdpDriver(const UdpDriver&) = delete;

  // `failed` instead of `done` when there is no socket to be had.
  Ticket Start(const sys::UdpAddress& address, Make make, Done done,
               std::function<void(absl::Status)> failed);
  // Nothing is told of it any more. Harmless for what has ended.
  void Cancel(Ticket ticket);

  size_t under_way() const { return jobs_.size(); }
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    Ticket ticket;
    sys::UdpAddress address;
    Make make;
    Done done;
    std::function<void(absl::Status)> failed;
  };
  struct Job {
    Ticket ticket;
    sys::UdpAddress address;
    std::unique_ptr<Conversation> conversation;
    Done done;
    sys::Loop::Timer timer = 0;
    absl::Time wake_at = absl::InfiniteFuture();  // what the timer is set to
  };
  struct Socket {
    std::optional<sys::UdpSocket> socket;
    std::deque<std::pair<sys::UdpAddress, std::string>> unsent;
  };

  void StartSoon();
  void StartWaiting();
  absl::Status OpenSocket(Socket& socket, bool is_ipv6);
  void OnReady(Socket& socket, uint32_t events);
  void OnDatagram(const sys::UdpSocket::Arrived& arrived);
  void OnRefused(const sys::UdpSocket::Refused& refused);
  void SendUnsent(Socket& socket);
  void Send(const sys::UdpAddress& to, std::string datagram);
  // After whatever the conversation was told: sends, sets the timer, ends.
  void Follow(uint32_t slot);
  uint32_t FreeSlot();

  sys::Loop& loop_;
  const NumberIn number_in_;
  const Options options_;
  Socket sockets_[2];  // IPv4, IPv6
  std::string buffer_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Job>> jobs_;  // by slot
  absl::flat_hash_map<Ticket, uint32_t> slots_;
  absl::flat_hash_map<sys::UdpAddress, uint32_t> last_slot_;  // of an address
  std::deque<Waiting> waiting_;
  uint32_t next_slot_;
  Ticket next_ticket_ = 1;
  sys::Loop::Timer start_timer_ = 0;
  // What runs at the end of a turn may come after this has gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
