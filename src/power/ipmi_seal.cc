#include "power/ipmi_seal.h"

#include <absl/strings/str_cat.h>

#include "base/bytes.h"
#include "base/status.h"

namespace power {
namespace {

constexpr size_t kBlock = 16;        // of AES
constexpr size_t kRmcpBytes = 4;     // before what is authenticated
constexpr size_t kHeaderBytes = 16;  // RMCP's and the session's
constexpr uint8_t kSealed = 0xc0;    // encrypted and authenticated, a message
constexpr char kNextHeader = 0x07;

// The role and the name, as the codes hold them.
void PutName(std::string& out, const IpmiExchange& exchange) {
  out.push_back(static_cast<char>(exchange.role));
  out.push_back(static_cast<char>(exchange.user.size()));
  absl::StrAppend(&out, exchange.user);
}

net::Key Constant(const IpmiSuite& suite, const net::Key& session, char byte) {
  // 20 bytes whatever the digest: that is what all of them do.
  return net::Hmac(suite.digest, session.view(), std::string(20, byte));
}

// 1, 2 ... n, then n, so that all are a multiple of a block.
std::string Pad(absl::string_view message) {
  std::string out(message);
  const size_t pad = (kBlock - (message.size() + 1) % kBlock) % kBlock;
  for (size_t i = 1; i <= pad; ++i) out.push_back(static_cast<char>(i));
  out.push_back(static_cast<char>(pad));
  return out;
}

absl::StatusOr<std::string> Unpad(std::string text) {
  const size_t pad = static_cast<uint8_t>(text.back());
  // A controller of another mind may pad by a whole block.
  if (pad > kBlock || pad + 1 > text.size()) {
    return absl::InvalidArgumentError("a wrong padding");
  }
  const size_t bytes = text.size() - 1 - pad;
  for (size_t i = 0; i < pad; ++i) {
    if (static_cast<uint8_t>(text[bytes + i]) != i + 1) {
      return absl::InvalidArgumentError("a wrong padding");
    }
  }
  text.resize(bytes);
  return text;
}

}  // namespace

IpmiKeys MakeIpmiKeys(const IpmiSuite& suite, absl::string_view key,
                      const IpmiExchange& exchange) {
  std::string of = absl::StrCat(exchange.our_random, exchange.their_random);
  PutName(of, exchange);
  IpmiKeys keys;
  keys.suite = &suite;
  keys.session = net::Hmac(suite.digest, key, of);
  keys.authentication = Constant(suite, keys.session, 0x01);
  keys.encryption = Constant(suite, keys.session, 0x02).First(kBlock);
  return keys;
}

net::Key IpmiRakp2Code(const IpmiSuite& suite, absl::string_view password,
                       const IpmiExchange& exchange) {
  std::string of;
  base::PutLe32(of, exchange.our_id);
  base::PutLe32(of, exchange.their_id);
  absl::StrAppend(&of, exchange.our_random, exchange.their_random,
                  exchange.guid);
  PutName(of, exchange);
  return net::Hmac(suite.digest, password, of);
}

net::Key IpmiRakp3Code(const IpmiSuite& suite, absl::string_view password,
                       const IpmiExchange& exchange) {
  std::string of = exchange.their_random;
  base::PutLe32(of, exchange.our_id);
  PutName(of, exchange);
  return net::Hmac(suite.digest, password, of);
}

net::Key IpmiRakp4Check(const IpmiKeys& keys, const IpmiExchange& exchange) {
  std::string of = exchange.our_random;
  base::PutLe32(of, exchange.their_id);
  absl::StrAppend(&of, exchange.guid);
  return net::Hmac(keys.suite->digest, keys.session.view(), of)
      .First(keys.suite->check_bytes);
}

std::string SealIpmiPacket(const IpmiKeys& keys, uint32_t session,
                           uint32_t sequence, absl::string_view vector,
                           absl::string_view message) {
  const std::string payload = absl::StrCat(
      vector, net::EncryptAesCbc(keys.encryption.view(), vector, Pad(message)));
  std::string out = EncodeIpmiPacket(IpmiPayload::kMessage, payload);
  std::string ids;
  base::PutLe32(ids, session);
  base::PutLe32(ids, sequence);
  out[5] = static_cast<char>(kSealed);
  out.replace(6, ids.size(), ids);
  // All that is authenticated, with these two bytes, is a multiple of 4.
  const size_t pad = (4 - (out.size() - kRmcpBytes + 2) % 4) % 4;
  out.append(pad, '\xff');
  out.push_back(static_cast<char>(pad));
  out.push_back(kNextHeader);
  const net::Key code =
      net::Hmac(keys.suite->digest, keys.authentication.view(),
                absl::string_view(out).substr(kRmcpBytes));
  absl::StrAppend(&out, code.view().substr(0, keys.suite->check_bytes));
  return out;
}

absl::StatusOr<std::string> UnsealIpmiPacket(const IpmiKeys& keys,
                                             absl::string_view datagram) {
  TRY_ASSIGN(const IpmiPacket packet, ParseIpmiPacket(datagram));
  if (!packet.encrypted || !packet.authenticated) {
    return absl::InvalidArgumentError("not sealed");
  }
  // Some add bytes of their own behind the code; the pad length says where it
  // ends only if everything before it is right, so it is looked for there.
  const size_t trailer = kHeaderBytes + packet.payload.size();
  const size_t pad = (4 - (trailer - kRmcpBytes + 2) % 4) % 4;
  const size_t signed_bytes = trailer + pad + 2;
  const size_t check_bytes = keys.suite->check_bytes;
  if (datagram.size() < signed_bytes + check_bytes) {
    return absl::InvalidArgumentError("cut short");
  }
  const net::Key code =
      net::Hmac(keys.suite->digest, keys.authentication.view(),
                datagram.substr(kRmcpBytes, signed_bytes - kRmcpBytes));
  if (!net::SameBytes(code.view().substr(0, check_bytes),
                      datagram.substr(signed_bytes, check_bytes))) {
    return absl::InvalidArgumentError("a wrong authentication code");
  }
  if (packet.payload.size() < 2 * kBlock ||
      packet.payload.size() % kBlock != 0) {
    return absl::InvalidArgumentError("not a multiple of a block");
  }
  return Unpad(net::DecryptAesCbc(keys.encryption.view(),
                                  packet.payload.substr(0, kBlock),
                                  packet.payload.substr(kBlock)));
}

}  // namespace power
