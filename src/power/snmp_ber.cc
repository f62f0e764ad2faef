#include "power/snmp_ber.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/status.h"
#include "power/limits.h"

namespace power {
namespace {

constexpr uint8_t kMoreBytes = 0x80;

void PutBase128(std::string& out, uint32_t number) {
  char digits[5];
  int count = 0;
  do {
    digits[count++] = static_cast<char>(number & 0x7f);
    number >>= 7;
  } while (number != 0);
  while (count > 1) out.push_back(static_cast<char>(digits[--count] | 0x80));
  out.push_back(digits[0]);
}

}  // namespace

std::string SnmpOidText(const SnmpOid& oid) { return absl::StrJoin(oid, "."); }

absl::StatusOr<SnmpOid> ParseSnmpOid(absl::string_view text) {
  const auto bad = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not an object identifier"));
  };
  absl::string_view rest = text;
  if (!rest.empty() && rest[0] == '.') rest.remove_prefix(1);
  SnmpOid oid;
  for (const absl::string_view part : absl::StrSplit(rest, '.')) {
    uint32_t number = 0;
    if (part.empty() || !absl::ascii_isdigit(part[0]) ||
        !absl::SimpleAtoi(part, &number) || oid.size() >= kMaxSnmpOidParts) {
      return bad();
    }
    oid.push_back(number);
  }
  if (oid.size() < 2 || oid[0] > 2 || oid[1] > 39) return bad();
  return oid;
}

void PutBer(std::string& out, uint8_t type, absl::string_view content) {
  out.push_back(static_cast<char>(type));
  const size_t bytes = content.size();
  if (bytes < 0x80) {
    out.push_back(static_cast<char>(bytes));
  } else if (bytes < 0x100) {
    out.push_back(static_cast<char>(0x81));
    out.push_back(static_cast<char>(bytes));
  } else {
    MUST(bytes < 0x10000);
    out.push_back(static_cast<char>(0x82));
    out.push_back(static_cast<char>(bytes >> 8));
    out.push_back(static_cast<char>(bytes));
  }
  absl::StrAppend(&out, content);
}

void PutBerInteger(std::string& out, int64_t number) {
  std::string content;
  int shift = 56;
  // The fewest bytes that keep the sign.
  while (shift > 0 &&
         (number >> (shift - 1) == 0 || number >> (shift - 1) == -1)) {
    shift -= 8;
  }
  for (; shift >= 0; shift -= 8) {
    content.push_back(static_cast<char>(number >> shift));
  }
  PutBer(out, static_cast<uint8_t>(SnmpType::kInteger), content);
}

void PutBerOid(std::string& out, const SnmpOid& oid) {
  MUST(oid.size() >= 2 && oid[0] <= 2 && oid[1] <= 39);
  std::string content;
  PutBase128(content, oid[0] * 40 + oid[1]);
  for (size_t i = 2; i < oid.size(); ++i) PutBase128(content, oid[i]);
  PutBer(out, static_cast<uint8_t>(SnmpType::kOid), content);
}

void PutBerValue(std::string& out, const SnmpValue& value) {
  const uint8_t type = static_cast<uint8_t>(value.type);
  switch (value.type) {
    case SnmpType::kInteger:
      return PutBerInteger(out, value.number);
    case SnmpType::kOid:
      return PutBerOid(out, value.oid);
    case SnmpType::kCounter:
    case SnmpType::kGauge:
    case SnmpType::kTicks:
    case SnmpType::kCounter64: {
      const size_t at = out.size();
      PutBerInteger(out, value.number);
      out[at] = static_cast<char>(type);
      return;
    }
    default:
      return PutBer(out, type, value.bytes);
  }
}

absl::string_view BerReader::Take(uint8_t type) {
  if (!ok_ || rest_.size() < 2 || static_cast<uint8_t>(rest_[0]) != type) {
    ok_ = false;
    return {};
  }
  size_t bytes = static_cast<uint8_t>(rest_[1]);
  size_t head = 2;
  if ((bytes & kMoreBytes) != 0) {
    const size_t digits = bytes & 0x7f;
    // 0 is the indefinite length, which SNMP does not have.
    if (digits == 0 || digits > 4 || rest_.size() < 2 + digits) {
      ok_ = false;
      return {};
    }
    bytes = 0;
    for (size_t i = 0; i < digits; ++i) {
      bytes = bytes << 8 | static_cast<uint8_t>(rest_[2 + i]);
    }
    head += digits;
  }
  if (rest_.size() - head < bytes) {
    ok_ = false;
    return {};
  }
  const absl::string_view content = rest_.substr(head, bytes);
  rest_.remove_prefix(head + bytes);
  return content;
}

int64_t BerReader::Number(absl::string_view content) {
  // A counter of 64 bits may have a zero in front.
  if (content.size() == 9 && content[0] == 0) content.remove_prefix(1);
  if (content.empty() || content.size() > 8) {
    ok_ = false;
    return 0;
  }
  uint64_t number = (content[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (const char c : content) number = number << 8 | static_cast<uint8_t>(c);
  return static_cast<int64_t>(number);
}

SnmpOid BerReader::Oid(absl::string_view content) {
  SnmpOid oid;
  uint64_t number = 0;
  bool begun = false;
  for (const char c : content) {
    const uint8_t byte = c;
    number = number << 7 | (byte & 0x7f);
    begun = true;
    if (number > UINT32_MAX) break;
    if ((byte & kMoreBytes) != 0) continue;
    if (oid.empty()) {
      const uint32_t first = std::min<uint32_t>(number / 40, 2);
      oid = {first, static_cast<uint32_t>(number) - 40 * first};
    } else {
      oid.push_back(number);
    }
    number = 0;
    begun = false;
    if (oid.size() > kMaxSnmpOidParts) break;
  }
  if (begun || oid.empty() || oid.size() > kMaxSnmpOidParts) {
    ok_ = false;
    return {};
  }
  return oid;
}

int64_t BerReader::TakeInteger() {
  const absl::string_view content =
      Take(static_cast<uint8_t>(SnmpType::kInteger));
  return ok_ ? Number(content) : 0;
}

SnmpOid BerReader::TakeOid() {
  const absl::string_view content = Take(static_cast<uint8_t>(SnmpType::kOid));
  return ok_ ? Oid(content) : SnmpOid();
}

SnmpValue BerReader::TakeValue() {
  SnmpValue value;
  const uint8_t type = next_type();
  value.type = static_cast<SnmpType>(type);
  const absl::string_view content = Take(type);
  if (!ok_) return value;
  switch (value.type) {
    case SnmpType::kInteger:
    case SnmpType::kCounter:
    case SnmpType::kGauge:
    case SnmpType::kTicks:
    case SnmpType::kCounter64:
      value.number = Number(content);
      break;
    case SnmpType::kOid:
      value.oid = Oid(content);
      break;
    case SnmpType::kString:
    case SnmpType::kIpAddress:
    case SnmpType::kOpaque:
      if (content.size() > kMaxSnmpValueBytes) ok_ = false;
      if (ok_) value.bytes = std::string(content);
      break;
    case SnmpType::kNull:
    case SnmpType::kNoSuchObject:
    case SnmpType::kNoSuchInstance:
    case SnmpType::kEndOfView:
      if (!content.empty()) ok_ = false;
      break;
    default:
      ok_ = false;
  }
  return value;
}

}  // namespace power
