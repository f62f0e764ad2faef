// The part of ASN.1's basic encoding rules that SNMP needs (RFC 3417, section
// 8): definite lengths, low tags. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

namespace power {

using SnmpOid = std::vector<uint32_t>;
std::string SnmpOidText(const SnmpOid& oid);  // "1.3.6.1"
// InvalidArgument for what is no object identifier. A leading dot is allowed.
absl::StatusOr<SnmpOid> ParseSnmpOid(absl::string_view text);

// As they stand in the first byte of each value.
enum class SnmpType : uint8_t {
  kInteger = 0x02,
  kString = 0x04,
  kNull = 0x05,
  kOid = 0x06,
  kSequence = 0x30,
  kIpAddress = 0x40,
  kCounter = 0x41,
  kGauge = 0x42,
  kTicks = 0x43,
  kOpaque = 0x44,
  kCounter64 = 0x46,
  kNoSuchObject = 0x80,
  kNoSuchInstance = 0x81,
  kEndOfView = 0x82,
};

struct SnmpValue {
  SnmpType type = SnmpType::kNull;
  int64_t number = 0;      // of integers, counters, gauges, ticks
  std::string bytes = {};  // of strings, addresses, opaque
  SnmpOid oid = {};

  friend bool operator==(const SnmpValue&, const SnmpValue&) = default;
};
inline SnmpValue SnmpInteger(int64_t number) {
  return {.type = SnmpType::kInteger, .number = number};
}

// Each appends one value: type, length, content.
void PutBer(std::string& out, uint8_t type, absl::string_view content);
void PutBerInteger(std::string& out, int64_t number);
void PutBerOid(std::string& out, const SnmpOid& oid);
void PutBerValue(std::string& out, const SnmpValue& value);

// Takes values off the front of bytes, never reading past their end. After a
// failure every later call fails too; check ok() once at the end.
class BerReader {
 public:
  explicit BerReader(absl::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  uint8_t next_type() const {
    return ok_ && !rest_.empty() ? static_cast<uint8_t>(rest_[0]) : 0;
  }

  // The content of the next value, which must be of this type.
  absl::string_view Take(uint8_t type);
  BerReader TakeSequence(uint8_t type = 0x30) { return BerReader(Take(type)); }
  int64_t TakeInteger();  // at most 64 bits
  absl::string_view TakeString() { return Take(0x04); }
  SnmpOid TakeOid();
  SnmpValue TakeValue();
  void Fail() { ok_ = false; }

 private:
  int64_t Number(absl::string_view content);
  SnmpOid Oid(absl::string_view content);

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace power
