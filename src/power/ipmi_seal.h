// The keys of an IPMI session, and what is sealed with them (IPMI v2.0,
// sections 13.28 to 13.32). Pure.
//
// K is the password, Kg the controller's own key where it has one, which few
// have. The session's key SIK comes of Kg (else K) and both random numbers; K1
// authenticates packets, K2 encrypts them. K is padded with zeros to 20 bytes
// by the standard; an HMAC pads its key by itself, so nothing is copied here.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "net/ciphers.h"
#include "power/ipmi_packet.h"

namespace power {

struct IpmiKeys {
  const IpmiSuite* suite = nullptr;
  net::Key session;         // SIK
  net::Key authentication;  // K1
  net::Key encryption;      // the first 16 bytes of K2
};
IpmiKeys MakeIpmiKeys(const IpmiSuite& suite, absl::string_view key,
                      const IpmiExchange& exchange);

// By which the controller shows that it knows the password,
net::Key IpmiRakp2Code(const IpmiSuite& suite, absl::string_view password,
                       const IpmiExchange& exchange);
// by which the console shows it,
net::Key IpmiRakp3Code(const IpmiSuite& suite, absl::string_view password,
                       const IpmiExchange& exchange);
// and that both came to the same session key.
net::Key IpmiRakp4Check(const IpmiKeys& keys, const IpmiExchange& exchange);

// A packet of a session. `vector` is 16 random bytes, never the same twice.
std::string SealIpmiPacket(const IpmiKeys& keys, uint32_t session,
                           uint32_t sequence, absl::string_view vector,
                           absl::string_view message);
// The message of a packet. InvalidArgument, with the reason, unless it is
// encrypted, authentic and well formed.
absl::StatusOr<std::string> UnsealIpmiPacket(const IpmiKeys& keys,
                                             absl::string_view datagram);

}  // namespace power
