// Datagrams to and from many addresses by one socket.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sys/fd.h"

namespace sys {

// An address of IPv4 or IPv6 and a port.
class UdpAddress {
 public:
  UdpAddress() = default;
  // `numeric` is no name; InvalidArgument otherwise. A scope (fe80::1%eth0) is
  // part of it.
  static absl::StatusOr<UdpAddress> Parse(const std::string& numeric, int port);

  bool is_ipv6() const { return is_ipv6_; }
  int port() const { return port_; }
  std::string Text() const;  // "10.0.0.1:623", "[::1]:623"

  friend bool operator==(const UdpAddress&, const UdpAddress&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const UdpAddress& a) {
    return H::combine(std::move(h), a.ip_, a.port_, a.scope_);
  }

 private:
  friend class UdpSocket;
  bool is_ipv6_ = false;
  std::array<uint8_t, 16> ip_ = {};  // of IPv4 the first four
  uint16_t port_ = 0;
  uint32_t scope_ = 0;
};

class UdpSocket {
 public:
  // Not bound. Receives up to about `buffer_bytes` before it is read, as far
  // as the system lets us.
  static absl::StatusOr<UdpSocket> Open(bool is_ipv6, size_t buffer_bytes);
  // Bound to an address; port 0 picks one.
  static absl::StatusOr<UdpSocket> Bind(const UdpAddress& address);

  // Readable: Receive. An error on it (EPOLLERR): TakeError.
  int fd() const { return fd_.get(); }
  absl::StatusOr<UdpAddress> LocalAddress() const;
  // Unavailable: not now, wait until it is writable. Else in the system's
  // words why this address cannot be sent to.
  absl::Status Send(const UdpAddress& to, absl::string_view datagram);

  struct Arrived {
    UdpAddress from = {};
    absl::string_view datagram = {};  // within the buffer
  };
  // One that has arrived, if any. One that is larger than `buffer` is dropped.
  std::optional<Arrived> Receive(std::string& buffer);
  // That a host or router has refused what was sent there.
  struct Refused {
    UdpAddress to = {};
    std::string why = {};  // "Connection refused"
  };
  std::optional<Refused> TakeError();

 private:
  UdpSocket(Fd fd, bool is_ipv6) : fd_(std::move(fd)), is_ipv6_(is_ipv6) {}
  Fd fd_;
  bool is_ipv6_ = false;
};

}  // namespace sys
