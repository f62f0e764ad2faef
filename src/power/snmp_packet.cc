#include "power/snmp_packet.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "keys/secret.h"
#include "power/limits.h"

namespace power {
namespace {

constexpr uint8_t kSequence = 0x30, kString = 0x04;
constexpr int64_t kVersion1 = 0, kVersion2 = 1, kVersion3 = 3;
constexpr uint8_t kAuthenticated = 1, kPrivate = 2, kReportable = 4;
constexpr int64_t kUserBased = 3;  // the security model
constexpr int64_t kMaxNumber = 0x7fffffff;

absl::Status Bad() {
  return absl::InvalidArgumentError("not a message of SNMP");
}

void PutPdu(std::string& out, const SnmpPdu& pdu) {
  std::string bindings;
  for (const SnmpBinding& binding : pdu.bindings) {
    std::string one;
    PutBerOid(one, binding.oid);
    PutBerValue(one, binding.value);
    PutBer(bindings, kSequence, one);
  }
  std::string content;
  PutBerInteger(content, pdu.number);
  PutBerInteger(content, pdu.error_status);
  PutBerInteger(content, pdu.error_index);
  PutBer(content, kSequence, bindings);
  PutBer(out, static_cast<uint8_t>(pdu.type), content);
}

bool IsPduType(uint8_t type) {
  switch (static_cast<SnmpPduType>(type)) {
    case SnmpPduType::kGet:
    case SnmpPduType::kGetNext:
    case SnmpPduType::kResponse:
    case SnmpPduType::kSet:
    case SnmpPduType::kReport:
      return true;
  }
  return false;
}

SnmpPdu TakePdu(BerReader& reader) {
  SnmpPdu pdu;
  const uint8_t type = reader.next_type();
  if (!IsPduType(type)) {
    reader.Fail();
    return pdu;
  }
  pdu.type = static_cast<SnmpPduType>(type);
  BerReader content = reader.TakeSequence(type);
  const int64_t number = content.TakeInteger();
  pdu.error_status = content.TakeInteger();
  pdu.error_index = content.TakeInteger();
  BerReader bindings = content.TakeSequence();
  // Reports to what could not be read carry 0 or worse.
  pdu.number = number < 0 || number > kMaxNumber ? 0 : number;
  while (content.ok() && bindings.ok() && !bindings.AtEnd()) {
    BerReader one = bindings.TakeSequence();
    SnmpBinding binding;
    binding.oid = one.TakeOid();
    binding.value = one.TakeValue();
    if (!one.ok() || pdu.bindings.size() >= kMaxSnmpBindings) bindings.Fail();
    pdu.bindings.push_back(std::move(binding));
  }
  if (!content.ok() || !bindings.ok()) reader.Fail();
  return pdu;
}

struct ErrorName {
  SnmpError error;
  absl::string_view name;
};
constexpr ErrorName kErrorNames[] = {
    {SnmpError::kNone, "noError"},
    {SnmpError::kTooBig, "tooBig"},
    {SnmpError::kNoSuchName, "noSuchName"},
    {SnmpError::kBadValue, "badValue"},
    {SnmpError::kReadOnly, "readOnly"},
    {SnmpError::kGeneral, "genErr"},
    {SnmpError::kNoAccess, "noAccess"},
    {SnmpError::kWrongType, "wrongType"},
    {SnmpError::kWrongLength, "wrongLength"},
    {SnmpError::kWrongEncoding, "wrongEncoding"},
    {SnmpError::kWrongValue, "wrongValue"},
    {SnmpError::kNoCreation, "noCreation"},
    {SnmpError::kInconsistentValue, "inconsistentValue"},
    {SnmpError::kResourceUnavailable, "resourceUnavailable"},
    {SnmpError::kCommitFailed, "commitFailed"},
    {SnmpError::kUndoFailed, "undoFailed"},
    {SnmpError::kAuthorization, "authorizationError"},
    {SnmpError::kNotWritable, "notWritable"},
    {SnmpError::kInconsistentName, "inconsistentName"},
};

}  // namespace

std::string DescribeSnmpError(int64_t status) {
  for (const ErrorName& known : kErrorNames) {
    if (static_cast<int64_t>(known.error) == status) {
      return absl::StrCat(known.name, " (", status, ")");
    }
  }
  return absl::StrCat("error ", status);
}

std::string EncodeSnmpCommunity(int version, absl::string_view community,
                                const SnmpPdu& pdu) {
  MUST(version == 1 || version == 2);
  // A community is a secret, though it is sent as it is.
  std::string content;
  content.reserve(kMaxSnmpDatagramBytes);
  PutBerInteger(content, version == 1 ? kVersion1 : kVersion2);
  PutBer(content, kString, community);
  PutPdu(content, pdu);
  std::string out;
  out.reserve(content.size() + 8);  // else a copy is left behind
  PutBer(out, kSequence, content);
  keys::Wipe(content);
  return out;
}

absl::StatusOr<SnmpCommunityMessage> ParseSnmpCommunity(
    absl::string_view datagram) {
  if (datagram.size() > kMaxSnmpDatagramBytes) return Bad();
  BerReader outer(datagram);
  BerReader reader = outer.TakeSequence();
  const int64_t version = reader.TakeInteger();
  SnmpCommunityMessage message;
  message.version = version == kVersion1 ? 1 : 2;
  message.community = reader.TakeString();
  message.pdu = TakePdu(reader);
  if (!outer.ok() || !reader.ok() ||
      (version != kVersion1 && version != kVersion2)) {
    return Bad();
  }
  return message;
}

std::string EncodeSnmpV3(SnmpV3Message& message) {
  std::string header;
  PutBerInteger(header, message.number);
  PutBerInteger(header, kMaxSnmpDatagramBytes);
  const char flags = (message.is_authenticated ? kAuthenticated : 0) |
                     (message.is_private ? kPrivate : 0) |
                     (message.is_reportable ? kReportable : 0);
  PutBer(header, kString, absl::string_view(&flags, 1));
  PutBerInteger(header, kUserBased);

  const SnmpSecurity& s = message.security;
  std::string security;
  PutBer(security, kString, s.engine);
  PutBerInteger(security, s.boots);
  PutBerInteger(security, s.time);
  PutBer(security, kString, s.user);
  PutBer(security, kString, s.code);
  // The code is where its value ends, less what follows it, seen from the end.
  const size_t behind_code = security.size();
  PutBer(security, kString, s.salt);
  const size_t tail = security.size() - behind_code;

  std::string wrapped;
  PutBer(wrapped, kSequence, security);
  std::string content;
  PutBerInteger(content, kVersion3);
  PutBer(content, kSequence, header);
  PutBer(content, kString, wrapped);
  std::string body;
  if (message.is_private) {
    PutBer(body, kString, message.scoped);
  } else {
    body = message.scoped;
  }
  absl::StrAppend(&content, body);
  std::string out;
  PutBer(out, kSequence, content);
  message.code_at = out.size() - body.size() - tail - s.code.size();
  return out;
}

absl::StatusOr<SnmpV3Message> ParseSnmpV3(absl::string_view datagram) {
  if (datagram.size() > kMaxSnmpDatagramBytes) return Bad();
  BerReader outer(datagram);
  BerReader reader = outer.TakeSequence();
  if (reader.TakeInteger() != kVersion3) return Bad();
  BerReader header = reader.TakeSequence();
  SnmpV3Message message;
  const int64_t number = header.TakeInteger();
  header.TakeInteger();  // the largest message it takes; ours are small
  const absl::string_view flags = header.TakeString();
  if (header.TakeInteger() != kUserBased || !header.ok() || flags.size() != 1 ||
      number < 0 || number > kMaxNumber) {
    return Bad();
  }
  message.number = number;
  message.is_authenticated = (flags[0] & kAuthenticated) != 0;
  message.is_private = (flags[0] & kPrivate) != 0;
  message.is_reportable = (flags[0] & kReportable) != 0;
  BerReader wrapped(reader.TakeString());
  BerReader security = wrapped.TakeSequence();
  SnmpSecurity& s = message.security;
  const absl::string_view engine = security.TakeString();
  s.boots = security.TakeInteger();
  s.time = security.TakeInteger();
  const absl::string_view user = security.TakeString();
  const absl::string_view code = security.TakeString();
  const absl::string_view salt = security.TakeString();
  if (!reader.ok() || !wrapped.ok() || !security.ok() ||
      engine.size() > kMaxSnmpEngineBytes || user.size() > kMaxSnmpUserBytes ||
      s.boots < 0 || s.boots > kMaxNumber || s.time < 0 ||
      s.time > kMaxNumber) {
    return Bad();
  }
  s.engine = std::string(engine);
  s.user = std::string(user);
  s.code = std::string(code);
  s.salt = std::string(salt);
  message.code_at = code.empty() ? 0 : code.data() - datagram.data();
  if (message.is_private) {
    message.scoped = std::string(reader.TakeString());
  } else {
    PutBer(message.scoped, kSequence, reader.Take(kSequence));
  }
  if (!reader.ok()) return Bad();
  return message;
}

std::string EncodeSnmpScoped(absl::string_view engine, const SnmpPdu& pdu) {
  std::string content;
  PutBer(content, kString, engine);
  PutBer(content, kString, "");  // the default context
  PutPdu(content, pdu);
  std::string out;
  PutBer(out, kSequence, content);
  return out;
}

absl::StatusOr<SnmpPdu> ParseSnmpScoped(absl::string_view scoped) {
  BerReader outer(scoped);
  BerReader reader = outer.TakeSequence();
  reader.TakeString();
  reader.TakeString();
  SnmpPdu pdu = TakePdu(reader);
  if (!outer.ok() || !reader.ok()) return Bad();
  return pdu;
}

std::optional<std::pair<int, uint32_t>> SnmpNumberOf(
    absl::string_view datagram) {
  BerReader outer(datagram);
  BerReader reader = outer.TakeSequence();
  const int64_t version = reader.TakeInteger();
  int64_t number = 0;
  if (version == kVersion3) {
    BerReader header = reader.TakeSequence();
    number = header.TakeInteger();
    if (!header.ok()) return std::nullopt;
  } else {
    reader.TakeString();
    if (!IsPduType(reader.next_type())) return std::nullopt;
    BerReader pdu = reader.TakeSequence(reader.next_type());
    number = pdu.TakeInteger();
    if (!pdu.ok()) return std::nullopt;
  }
  if (!outer.ok() || !reader.ok() || number < 0 || number > kMaxNumber) {
    return std::nullopt;
  }
  if (version != kVersion1 && version != kVersion2 && version != kVersion3) {
    return std::nullopt;
  }
  return std::make_pair(version == kVersion1   ? 1
                        : version == kVersion2 ? 2
                                               : 3,
                        static_cast<uint32_t>(number));
}

}  // namespace power
