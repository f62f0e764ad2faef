// IPMI 2.0 over LAN, the bytes: RMCP+ packets, the four messages of a login and
// the messages of a session (IPMI v2.0 rev. 1.1, sections 13.6 to 13.24). Pure.
//
// A packet is an RMCP header, a session header and a payload; inside a session
// it is sealed (ipmi_seal.h). Integers are little endian.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

#include "net/ciphers.h"

namespace power {

// A cipher suite. 3 and 17 are offered; weaker ones are not.
struct IpmiSuite {
  uint8_t number = 0;
  uint8_t authentication = 0, integrity = 0, confidentiality = 0;
  net::Digest digest = net::Digest::kSha1;
  size_t check_bytes = 0;  // of RAKP 4 and of each packet of the session
};
// Null for a suite that is not offered.
const IpmiSuite* FindIpmiSuite(int number);

enum class IpmiPayload : uint8_t {
  kMessage = 0x00,
  kOpenRequest = 0x10,
  kOpenResponse = 0x11,
  kRakp1 = 0x12,
  kRakp2 = 0x13,
  kRakp3 = 0x14,
  kRakp4 = 0x15,
};

// What an RMCP+ packet says of itself.
struct IpmiPacket {
  uint8_t payload_type = 0;  // an IpmiPayload, or one that we do not know
  bool encrypted = false, authenticated = false;
  uint32_t session = 0, sequence = 0;
  absl::string_view payload = {};  // within the datagram; sealed or not
};
// InvalidArgument with the reason for everything else, IPMI 1.5 included.
absl::StatusOr<IpmiPacket> ParseIpmiPacket(absl::string_view datagram);
// Outside a session.
std::string EncodeIpmiPacket(IpmiPayload type, absl::string_view payload);
// The session, of ours, that a controller's packet is for; 0 when it does not
// say: some refuse in two bytes. Looks no further.
std::optional<uint32_t> IpmiSessionOf(absl::string_view datagram);

// --- the login --------------------------------------------------------------

// What both sides know of a login, and what its codes are made of.
struct IpmiExchange {
  uint32_t our_id = 0, their_id = 0;  // the console's and the controller's
  std::string our_random = {}, their_random = {};  // 16 bytes each
  std::string guid = {};                           // 16 bytes, the controller's
  uint8_t role = 0;  // as sent: privilege, and that only the name is looked up
  std::string user = {};
};

// The statuses that lead to something of their own (table 13-15).
enum class IpmiStatus : uint8_t {
  kOk = 0x00,
  kNoResources = 0x01,
  kInvalidSession = 0x02,
  kInvalidAuthentication = 0x04,
  kInvalidIntegrity = 0x05,
  kNoMatchingAuthentication = 0x06,
  kNoMatchingIntegrity = 0x07,
  kInactiveSession = 0x08,
  kInvalidRole = 0x09,
  kUnauthorizedRole = 0x0a,
  kNoResourcesForRole = 0x0b,
  kInvalidNameLength = 0x0c,
  kUnauthorizedName = 0x0d,
  kInvalidCheckValue = 0x0f,
  kInvalidConfidentiality = 0x10,
  kNoMatchingSuite = 0x11,
};
std::string DescribeIpmiStatus(uint8_t status);  // "unknown user (0x0d)"

std::string EncodeIpmiOpenRequest(uint8_t tag, uint32_t our_id,
                                  const IpmiSuite& suite);
struct IpmiOpenResponse {
  uint8_t tag = 0, status = 0;
  uint32_t our_id = 0;  // 0 in a refusal that does not say
  // Only when the status is 0:
  uint32_t their_id = 0;
  uint8_t authentication = 0, integrity = 0, confidentiality = 0;
};
absl::StatusOr<IpmiOpenResponse> ParseIpmiOpenResponse(
    absl::string_view payload);

std::string EncodeIpmiRakp1(uint8_t tag, const IpmiExchange& exchange);
struct IpmiRakp2 {
  uint8_t tag = 0, status = 0;
  uint32_t our_id = 0;
  absl::string_view their_random = {}, guid = {}, code = {};
};
absl::StatusOr<IpmiRakp2> ParseIpmiRakp2(absl::string_view payload,
                                         const IpmiSuite& suite);
std::string EncodeIpmiRakp3(uint8_t tag, uint32_t their_id,
                            absl::string_view code);
struct IpmiRakp4 {
  uint8_t tag = 0, status = 0;
  uint32_t our_id = 0;
  absl::string_view check = {};
};
absl::StatusOr<IpmiRakp4> ParseIpmiRakp4(absl::string_view payload,
                                         const IpmiSuite& suite);

// --- messages ---------------------------------------------------------------

struct IpmiRequest {
  uint8_t function = 0, command = 0;
  std::string data = {};

  friend bool operator==(const IpmiRequest&, const IpmiRequest&) = default;
};
// `number` is from 0 to 63: an answer carries it, and a repeat is known by it.
std::string EncodeIpmiRequest(const IpmiRequest& request, uint8_t number);

struct IpmiAnswer {
  uint8_t function = 0, command = 0, number = 0;  // function is the request's
  uint8_t completion = 0;
  std::string data = {};
};
absl::StatusOr<IpmiAnswer> ParseIpmiAnswer(absl::string_view payload);

// What makes the sum of all bytes zero.
uint8_t IpmiChecksum(absl::string_view bytes);

}  // namespace power
