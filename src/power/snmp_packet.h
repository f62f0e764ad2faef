// Messages of SNMP 1, 2c and 3 (RFC 1157, 1901, 3412, 3416). Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/snmp_ber.h"

namespace power {

enum class SnmpPduType : uint8_t {
  kGet = 0xa0,
  kGetNext = 0xa1,
  kResponse = 0xa2,
  kSet = 0xa3,
  kReport = 0xa8,
};

enum class SnmpError : int32_t {
  kNone = 0,
  kTooBig = 1,
  kNoSuchName = 2,  // of SNMP 1; for a set, also: not allowed
  kBadValue = 3,
  kReadOnly = 4,
  kGeneral = 5,
  kNoAccess = 6,
  kWrongType = 7,
  kWrongLength = 8,
  kWrongEncoding = 9,
  kWrongValue = 10,
  kNoCreation = 11,
  kInconsistentValue = 12,
  kResourceUnavailable = 13,
  kCommitFailed = 14,
  kUndoFailed = 15,
  kAuthorization = 16,
  kNotWritable = 17,
  kInconsistentName = 18,
};
std::string DescribeSnmpError(int64_t status);  // "wrongValue (10)"

struct SnmpBinding {
  SnmpOid oid = {};
  SnmpValue value = {};

  friend bool operator==(const SnmpBinding&, const SnmpBinding&) = default;
};

struct SnmpPdu {
  SnmpPduType type = SnmpPduType::kGet;
  uint32_t number = 0;  // of the request, 31 bits
  int64_t error_status = 0, error_index = 0;
  std::vector<SnmpBinding> bindings = {};

  friend bool operator==(const SnmpPdu&, const SnmpPdu&) = default;
};

// With a community. The version is 1 or 2 (2c).
std::string EncodeSnmpCommunity(int version, absl::string_view community,
                                const SnmpPdu& pdu);
struct SnmpCommunityMessage {
  int version = 0;
  absl::string_view community = {};
  SnmpPdu pdu = {};
};
absl::StatusOr<SnmpCommunityMessage> ParseSnmpCommunity(
    absl::string_view datagram);

// Version 3 with the user-based security model (RFC 3414).
struct SnmpSecurity {
  std::string engine = {};
  int64_t boots = 0, time = 0;
  std::string user = {};
  std::string code = {};  // of authentication
  std::string salt = {};  // of privacy
};
struct SnmpV3Message {
  uint32_t number = 0;  // of the message, 31 bits
  bool is_authenticated = false, is_private = false, is_reportable = false;
  SnmpSecurity security = {};
  // The scoped PDU as it is; encrypted when it is private.
  std::string scoped = {};
  size_t code_at = 0;  // where the code stands in the datagram
};
// `code_at` tells where it put the code.
std::string EncodeSnmpV3(SnmpV3Message& message);
absl::StatusOr<SnmpV3Message> ParseSnmpV3(absl::string_view datagram);
std::string EncodeSnmpScoped(absl::string_view engine, const SnmpPdu& pdu);
// What follows it is padding of its cipher.
absl::StatusOr<SnmpPdu> ParseSnmpScoped(absl::string_view scoped);

// The version (1, 2, 3) and the number of a message, of the outermost that has
// one.
std::optional<std::pair<int, uint32_t>> SnmpNumberOf(
    absl::string_view datagram);

}  // namespace power
