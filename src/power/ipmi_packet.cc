#include "power/ipmi_packet.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "base/bytes.h"
#include "base/status.h"
#include "power/limits.h"

namespace power {
namespace {

constexpr absl::string_view kRmcpHeader("\x06\x00\xff\x07", 4);
constexpr uint8_t kRmcpPlus = 0x06;  // the authentication type
constexpr uint8_t kEncrypted = 0x80, kAuthenticated = 0x40;
constexpr uint8_t kPayloadTypeBits = 0x3f;
constexpr uint8_t kController = 0x20, kConsole = 0x81;

constexpr IpmiSuite kSuites[] = {
    {.number = 3,
     .authentication = 1,
     .integrity = 1,
     .confidentiality = 1,
     .digest = net::Digest::kSha1,
     .check_bytes = 12},
    {.number = 17,
     .authentication = 3,
     .integrity = 4,
     .confidentiality = 1,
     .digest = net::Digest::kSha256,
     .check_bytes = 16},
};

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

uint32_t Le16(base::Reader& reader) {
  const uint32_t low = reader.U8();
  return low | uint32_t{reader.U8()} << 8;
}

// `type` 0, 1, 2: authentication, integrity, confidentiality.
void PutAlgorithm(std::string& out, uint8_t type, uint8_t algorithm) {
  const char block[8] = {static_cast<char>(type),      0, 0, 8,
                         static_cast<char>(algorithm), 0, 0, 0};
  out.append(block, sizeof block);
}

// 0 as the answer to a type we did not expect: it matches no suite.
uint8_t TakeAlgorithm(base::Reader& reader, uint8_t type) {
  const absl::string_view block = reader.Bytes(8);
  if (!reader.ok() || block[0] != type) return 0;
  return static_cast<uint8_t>(block[4]) & kPayloadTypeBits;
}

// What all answers of a login begin with. A refusal may end after its status.
template <typename T>
void TakeHead(base::Reader& reader, T& answer) {
  answer.tag = reader.U8();
  answer.status = reader.U8();
  if (answer.status != 0 && reader.rest().size() < 6) return;
  reader.Bytes(2);  // the privilege: 0 from those that echo what was asked
  answer.our_id = reader.Le32();
}

struct StatusWords {
  IpmiStatus status;
  absl::string_view words;
};
constexpr StatusWords kStatusWords[] = {
    {IpmiStatus::kOk, "no error"},
    {IpmiStatus::kNoResources, "no session left"},
    {IpmiStatus::kInvalidSession, "session not known"},
    {IpmiStatus::kInvalidAuthentication, "authentication not offered"},
    {IpmiStatus::kInvalidIntegrity, "integrity not offered"},
    {IpmiStatus::kNoMatchingAuthentication, "authentication not offered"},
    {IpmiStatus::kNoMatchingIntegrity, "integrity not offered"},
    {IpmiStatus::kInactiveSession, "session not active"},
    {IpmiStatus::kInvalidRole, "role not known"},
    {IpmiStatus::kUnauthorizedRole, "role not allowed for this user"},
    {IpmiStatus::kNoResourcesForRole, "no session left for this role"},
    {IpmiStatus::kInvalidNameLength, "length of the user name not accepted"},
    {IpmiStatus::kUnauthorizedName, "unknown user"},
    {IpmiStatus::kInvalidCheckValue, "check value refused"},
    {IpmiStatus::kInvalidConfidentiality, "confidentiality not offered"},
    {IpmiStatus::kNoMatchingSuite, "cipher suite not offered"},
};

}  // namespace

const IpmiSuite* FindIpmiSuite(int number) {
  for (const IpmiSuite& suite : kSuites) {
    if (suite.number == number) return &suite;
  }
  return nullptr;
}

absl::StatusOr<IpmiPacket> ParseIpmiPacket(absl::string_view datagram) {
  if (datagram.size() > kMaxIpmiDatagramBytes) {
    return Bad(absl::StrCat("more than ", kMaxIpmiDatagramBytes, " bytes"));
  }
  base::Reader reader(datagram);
  const absl::string_view header = reader.Bytes(4);
  if (!reader.ok()) return Bad("too short for a header");
  // The third byte numbers RMCP's own messages; some number these as well.
  if (header[0] != kRmcpHeader[0] || header[3] != kRmcpHeader[3]) {
    return Bad("not an IPMI packet");
  }
  if (reader.U8() != kRmcpPlus) return Bad("not of IPMI 2.0");
  IpmiPacket packet;
  const uint8_t type = reader.U8();
  packet.encrypted = (type & kEncrypted) != 0;
  packet.authenticated = (type & kAuthenticated) != 0;
  packet.payload_type = type & kPayloadTypeBits;
  packet.session = reader.Le32();
  packet.sequence = reader.Le32();
  packet.payload = reader.Bytes(Le16(reader));
  if (!reader.ok()) return Bad("shorter than it says");
  return packet;
}

std::string EncodeIpmiPacket(IpmiPayload type, absl::string_view payload) {
  std::string out(kRmcpHeader);
  out.push_back(kRmcpPlus);
  out.push_back(static_cast<char>(type));
  out.append(8, '\0');  // no session yet
  base::PutLe16(out, payload.size());
  absl::StrAppend(&out, payload);
  return out;
}

std::optional<uint32_t> IpmiSessionOf(absl::string_view datagram) {
  const absl::StatusOr<IpmiPacket> packet = ParseIpmiPacket(datagram);
  if (!packet.ok()) return std::nullopt;
  if (packet->session != 0) return packet->session;
  switch (static_cast<IpmiPayload>(packet->payload_type)) {
    case IpmiPayload::kOpenResponse:
    case IpmiPayload::kRakp2:
    case IpmiPayload::kRakp4:
      if (packet->payload.size() < 8) return 0;
      return base::Le32(packet->payload.data() + 4);
    default:
      return std::nullopt;
  }
}

std::string DescribeIpmiStatus(uint8_t status) {
  absl::string_view words = "refused";
  for (const StatusWords& known : kStatusWords) {
    if (static_cast<uint8_t>(known.status) == status) words = known.words;
  }
  return absl::StrFormat("%s (0x%02x)", words, status);
}

std::string EncodeIpmiOpenRequest(uint8_t tag, uint32_t our_id,
                                  const IpmiSuite& suite) {
  // Privilege 0 is the highest that the suite allows. To ask for more than
  // that is refused, and to ask for less gains nothing: the role limits it.
  std::string out{static_cast<char>(tag), 0, 0, 0};
  base::PutLe32(out, our_id);
  PutAlgorithm(out, 0, suite.authentication);
  PutAlgorithm(out, 1, suite.integrity);
  PutAlgorithm(out, 2, suite.confidentiality);
  return out;
}

absl::StatusOr<IpmiOpenResponse> ParseIpmiOpenResponse(
    absl::string_view payload) {
  base::Reader reader(payload);
  IpmiOpenResponse response;
  TakeHead(reader, response);
  if (reader.ok() && response.status == 0) {
    response.their_id = reader.Le32();
    response.authentication = TakeAlgorithm(reader, 0);
    response.integrity = TakeAlgorithm(reader, 1);
    response.confidentiality = TakeAlgorithm(reader, 2);
  }
  if (!reader.ok()) return Bad("an open session response that is cut short");
  return response;
}

std::string EncodeIpmiRakp1(uint8_t tag, const IpmiExchange& exchange) {
  std::string out{static_cast<char>(tag), 0, 0, 0};
  base::PutLe32(out, exchange.their_id);
  absl::StrAppend(&out, exchange.our_random);
  out.push_back(static_cast<char>(exchange.role));
  out.append(2, '\0');
  out.push_back(static_cast<char>(exchange.user.size()));
  absl::StrAppend(&out, exchange.user);
  return out;
}

absl::StatusOr<IpmiRakp2> ParseIpmiRakp2(absl::string_view payload,
                                         const IpmiSuite& suite) {
  base::Reader reader(payload);
  IpmiRakp2 rakp2;
  TakeHead(reader, rakp2);
  if (reader.ok() && rakp2.status == 0) {
    rakp2.their_random = reader.Bytes(16);
    rakp2.guid = reader.Bytes(16);
    rakp2.code = reader.Bytes(net::DigestBytes(suite.digest));
  }
  if (!reader.ok()) return Bad("a RAKP 2 that is cut short");
  return rakp2;
}

std::string EncodeIpmiRakp3(uint8_t tag, uint32_t their_id,
                            absl::string_view code) {
  std::string out{static_cast<char>(tag), 0, 0, 0};
  base::PutLe32(out, their_id);
  absl::StrAppend(&out, code);
  return out;
}

absl::StatusOr<IpmiRakp4> ParseIpmiRakp4(absl::string_view payload,
                                         const IpmiSuite& suite) {
  base::Reader reader(payload);
  IpmiRakp4 rakp4;
  TakeHead(reader, rakp4);
  if (reader.ok() && rakp4.status == 0) {
    rakp4.check = reader.Bytes(suite.check_bytes);
  }
  if (!reader.ok()) return Bad("a RAKP 4 that is cut short");
  return rakp4;
}

uint8_t IpmiChecksum(absl::string_view bytes) {
  uint8_t sum = 0;
  for (const char c : bytes) sum += static_cast<uint8_t>(c);
  return -sum;
}

std::string EncodeIpmiRequest(const IpmiRequest& request, uint8_t number) {
  MUST(number < 64);
  std::string out{static_cast<char>(kController),
                  static_cast<char>(request.function << 2)};
  out.push_back(IpmiChecksum(out));
  std::string body{static_cast<char>(kConsole), static_cast<char>(number << 2),
                   static_cast<char>(request.command)};
  absl::StrAppend(&body, request.data);
  body.push_back(IpmiChecksum(body));
  return out + body;
}

absl::StatusOr<IpmiAnswer> ParseIpmiAnswer(absl::string_view payload) {
  constexpr size_t kLeast = 8;
  if (payload.size() < kLeast) return Bad("a message that is cut short");
  if (IpmiChecksum(payload.substr(0, 3)) != 0 ||
      IpmiChecksum(payload.substr(3)) != 0) {
    return Bad("a message with a wrong checksum");
  }
  base::Reader reader(payload);
  if (reader.U8() != kConsole) return Bad("a message for somebody else");
  const uint8_t function = reader.U8() >> 2;
  if (function % 2 == 0) return Bad("a request where an answer belongs");
  reader.U8();  // checksum
  reader.U8();  // whose answer: some are of a controller behind it
  IpmiAnswer answer;
  answer.function = function - 1;
  answer.number = reader.U8() >> 2;
  answer.command = reader.U8();
  answer.completion = reader.U8();
  answer.data = std::string(reader.Bytes(payload.size() - kLeast));
  return answer;
}

}  // namespace power
