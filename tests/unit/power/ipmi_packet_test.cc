#include "power/ipmi_packet.h"

#include <catch2/catch.hpp>
#include <random>

#include "base/bytes.h"
#include "power/ipmi_seal.h"
#include "power/ipmi_session.h"
#include "power/limits.h"

namespace {

using power::IpmiPayload;
using power::IpmiSuite;

std::string Raw(absl::string_view hex) { return base::FromHex(hex).value(); }

power::IpmiExchange Exchange() {
  return {.our_id = 0x11223344,
          .their_id = 0x55667788,
          .our_random = std::string(16, 'm'),
          .their_random = std::string(16, 'c'),
          .guid = std::string(16, 'g'),
          .role = 0x14,
          .user = "admin"};
}

const IpmiSuite& Suite(int number) { return *power::FindIpmiSuite(number); }

}  // namespace

TEST_CASE("ipmi packet: an open session request, byte by byte", "[power]") {
  const std::string packet = power::EncodeIpmiPacket(
      IpmiPayload::kOpenRequest,
      power::EncodeIpmiOpenRequest(7, 0x11223344, Suite(17)));
  CHECK(base::Hex(packet) ==
        "0600ff0706100000000000000000200007000000443322110000000803000000"
        "01000008040000000200000801000000");
}

TEST_CASE("ipmi packet: what OpenIPMI's simulator answers is read", "[power]") {
  const std::string good =
      Raw("0600ff07061100000000000000002400010000004433221102000000000000080100"
          "000001000008010000000200000801000000");
  CHECK(power::IpmiSessionOf(good) == 0x11223344);
  const auto packet = power::ParseIpmiPacket(good);
  REQUIRE(packet.ok());
  const auto response = power::ParseIpmiOpenResponse(packet->payload);
  REQUIRE(response.ok());
  CHECK(response->status == 0);
  CHECK(response->their_id == 2);
  CHECK(response->authentication == 1);
  CHECK(response->integrity == 1);
  CHECK(response->confidentiality == 1);
  const std::string refusal = Raw("0600ff070611000000000000000002000104");
  CHECK(power::IpmiSessionOf(refusal) == 0);
  const auto refused =
      power::ParseIpmiOpenResponse(power::ParseIpmiPacket(refusal)->payload);
  REQUIRE(refused.ok());
  CHECK(refused->status == 4);
  CHECK(refused->our_id == 0);
}

TEST_CASE("ipmi packet: cut, oversized and foreign packets are refused",
          "[power]") {
  const std::string good = power::EncodeIpmiPacket(
      IpmiPayload::kOpenRequest,
      power::EncodeIpmiOpenRequest(7, 0x11223344, Suite(3)));
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    CHECK_FALSE(power::ParseIpmiPacket(good.substr(0, bytes)).ok());
  }
  CHECK(power::ParseIpmiPacket(good + "padding").ok());
  CHECK_FALSE(power::ParseIpmiPacket(
                  good + std::string(power::kMaxIpmiDatagramBytes, 'x'))
                  .ok());
  std::string other = good;
  other[4] = 0;  // IPMI 1.5
  CHECK_FALSE(power::ParseIpmiPacket(other).ok());
  other = good;
  other[3] = 6;  // ASF
  CHECK_FALSE(power::ParseIpmiPacket(other).ok());
}

TEST_CASE("ipmi packet: a request as the standard has it", "[power]") {
  CHECK(base::Hex(power::EncodeIpmiRequest(
            {.function = 0, .command = 2, .data = "\x03"}, 5)) ==
        "2000e08114020366");
  CHECK(power::IpmiChecksum("\x20\x18") == 0xc8);
}

TEST_CASE("ipmi packet: an answer with a wrong checksum is none", "[power]") {
  const std::string good = Raw("810479201401000140008a");
  std::string fixed = good.substr(0, good.size() - 1);
  fixed.push_back(power::IpmiChecksum(fixed.substr(3)));
  fixed[2] = power::IpmiChecksum(fixed.substr(0, 2));
  const auto answer = power::ParseIpmiAnswer(fixed);
  REQUIRE(answer.ok());
  CHECK(answer->function == 0);
  CHECK(answer->command == 1);
  CHECK(answer->number == 5);
  CHECK(answer->completion == 0);
  CHECK(base::Hex(answer->data) == "014000");
  for (size_t i = 0; i < fixed.size(); ++i) {
    std::string wrong = fixed;
    wrong[i] ^= 0x10;
    CHECK_FALSE(power::ParseIpmiAnswer(wrong).ok());
    CHECK_FALSE(power::ParseIpmiAnswer(fixed.substr(0, i)).ok());
  }
}

TEST_CASE("ipmi seal: what is sealed comes out, and nothing else", "[power]") {
  for (const int number : {3, 17}) {
    const power::IpmiKeys keys =
        power::MakeIpmiKeys(Suite(number), "secret", Exchange());
    for (size_t bytes = 0; bytes < 40; ++bytes) {
      const std::string message(bytes, 'x');
      const std::string sealed =
          power::SealIpmiPacket(keys, 1, 2, std::string(16, 'v'), message);
      // All that is authenticated is a multiple of four.
      CHECK((sealed.size() - 4 - keys.suite->check_bytes) % 4 == 0);
      CHECK(power::UnsealIpmiPacket(keys, sealed).value() == message);
      CHECK(power::UnsealIpmiPacket(keys, sealed + "more").value() == message);
      for (size_t i = 0; i < sealed.size(); ++i) {
        std::string wrong = sealed;
        wrong[i] ^= 1;
        // The first bytes are RMCP's, which are not sealed.
        if (i >= 4) CHECK_FALSE(power::UnsealIpmiPacket(keys, wrong).ok());
        CHECK_FALSE(power::UnsealIpmiPacket(keys, sealed.substr(0, i)).ok());
      }
      power::IpmiKeys other =
          power::MakeIpmiKeys(Suite(number), "Secret", Exchange());
      CHECK_FALSE(power::UnsealIpmiPacket(other, sealed).ok());
    }
  }
}

TEST_CASE("ipmi seal: a padding that is wrong is refused though it is sealed",
          "[power]") {
  const power::IpmiKeys keys =
      power::MakeIpmiKeys(Suite(3), "secret", Exchange());
  const std::string vector(16, 'v');
  const auto sealed = [&](const std::string& padded) {
    // Sealed by hand: with what SealIpmiPacket would never write.
    std::string out = power::EncodeIpmiPacket(
        IpmiPayload::kMessage,
        vector + net::EncryptAesCbc(keys.encryption.view(), vector, padded));
    out[5] = '\xc0';
    const size_t pad = (4 - (out.size() - 4 + 2) % 4) % 4;
    out.append(pad, '\xff');
    out.push_back(static_cast<char>(pad));
    out.push_back(7);
    return out +
           std::string(net::Hmac(keys.suite->digest, keys.authentication.view(),
                                 absl::string_view(out).substr(4))
                           .First(12)
                           .view());
  };
  CHECK(power::UnsealIpmiPacket(keys,
                                sealed(std::string("0123456789ab\1\2\3\3", 16)))
            .value() == "0123456789ab");
  for (const char* bad : {"0123456789ab\1\2\4\3", "0123456789ab\1\2\3\4",
                          "0123456789abcde\x11", "0123456789abcde\xff"}) {
    CHECK_FALSE(
        power::UnsealIpmiPacket(keys, sealed(std::string(bad, 16))).ok());
  }
}

TEST_CASE("ipmi seal: the codes of a login depend on all that was said",
          "[power]") {
  const IpmiSuite& suite = Suite(17);
  const auto code = [&](const power::IpmiExchange& exchange) {
    return base::Hex(power::IpmiRakp2Code(suite, "secret", exchange).view());
  };
  const std::string right = code(Exchange());
  power::IpmiExchange other = Exchange();
  other.their_random[3] ^= 1;
  CHECK(code(other) != right);
  other = Exchange();
  other.role = 0x13;
  CHECK(code(other) != right);
  other = Exchange();
  other.user = "admim";
  CHECK(code(other) != right);
  // A password is padded with zeros: that is the same password.
  CHECK(base::Hex(
            power::IpmiRakp2Code(suite, std::string("secret\0", 7), Exchange())
                .view()) == right);
}

TEST_CASE("ipmi session: each sequence is taken once, and none far behind",
          "[power]") {
  power::IpmiWindow window;
  CHECK_FALSE(window.Take(0));
  CHECK(window.Take(1));
  CHECK_FALSE(window.Take(1));
  CHECK(window.Take(5));
  CHECK(window.Take(3));
  CHECK_FALSE(window.Take(3));
  CHECK(window.Take(40));
  CHECK_FALSE(window.Take(8));
  CHECK(window.Take(9));
  CHECK(window.Take(UINT32_MAX));
  CHECK_FALSE(window.Take(40));
  std::mt19937 random(1);
  power::IpmiWindow other;
  std::vector<bool> seen(5000);
  for (int i = 0; i < 20'000; ++i) {
    const uint32_t sequence = random() % 4999 + 1;
    if (other.Take(sequence)) {
      CHECK_FALSE(seen[sequence]);
      seen[sequence] = true;
    }
  }
}
