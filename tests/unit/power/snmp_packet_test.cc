#include "power/snmp_packet.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <random>

#include "base/bytes.h"
#include "power/limits.h"
#include "power/snmp_usm.h"

namespace {

using power::BerReader;
using power::SnmpOid;
using power::SnmpPdu;
using power::SnmpPduType;
using power::SnmpType;
using power::SnmpValue;

std::string Integer(int64_t number) {
  std::string out;
  power::PutBerInteger(out, number);
  return base::Hex(out);
}

std::string Raw(absl::string_view hex) { return base::FromHex(hex).value(); }

SnmpPdu Question() {
  return {.type = SnmpPduType::kSet,
          .number = 0x12345678,
          .bindings = {
              {.oid = {1, 3, 6, 1, 4, 1, 318, 1, 4294967295},
               .value = power::SnmpInteger(-2)},
              {.oid = {1, 3, 6},
               .value = {.type = SnmpType::kString, .bytes = "text"}},
              {.oid = {2, 39, 1},
               .value = {.type = SnmpType::kOid, .oid = {1, 3, 6, 1}}},
              {.oid = {1, 3, 1},
               .value = {.type = SnmpType::kCounter64, .number = INT64_MAX}},
              {.oid = {1, 3, 2}, .value = {.type = SnmpType::kNoSuchObject}},
              {.oid = {1, 3, 3}, .value = {}}}};
}

}  // namespace

TEST_CASE("snmp: integers take the fewest bytes that keep their sign",
          "[power]") {
  CHECK(Integer(0) == "020100");
  CHECK(Integer(127) == "02017f");
  CHECK(Integer(128) == "02020080");
  CHECK(Integer(-1) == "0201ff");
  CHECK(Integer(-128) == "020180");
  CHECK(Integer(-129) == "0202ff7f");
  CHECK(Integer(INT64_MIN) == "02088000000000000000");
  for (const int64_t number :
       {int64_t{0}, int64_t{300}, int64_t{-300}, INT64_MAX, INT64_MIN}) {
    std::string out;
    power::PutBerInteger(out, number);
    BerReader reader(out);
    CHECK(reader.TakeInteger() == number);
    CHECK(reader.AtEnd());
  }
}

TEST_CASE("snmp: object identifiers are read and printed", "[power]") {
  CHECK(power::ParseSnmpOid(".1.3.6.1.4.1.318").value() ==
        SnmpOid{1, 3, 6, 1, 4, 1, 318});
  CHECK(power::SnmpOidText({1, 3, 6}) == "1.3.6");
  for (const char* bad : {"", "1", "1.", "1..3", "1.40", "3.1", "1.3.x",
                          "1.3.4294967296", "1.-3"}) {
    CHECK_FALSE(power::ParseSnmpOid(bad).ok());
  }
  std::string out;
  power::PutBerOid(out, {1, 3, 6, 1, 4, 1, 318});
  CHECK(base::Hex(out) == "06072b06010401823e");
}

TEST_CASE("snmp: a message with a community as RFC 1157 has it", "[power]") {
  const SnmpPdu pdu = {.number = 1,
                       .bindings = {{.oid = {1, 3, 6, 1, 2, 1, 1, 2, 0}}}};
  const std::string bytes = power::EncodeSnmpCommunity(2, "public", pdu);
  CHECK(base::Hex(bytes) ==
        "302602010104067075626c6963a019020101020100020100300e300c06082b06010201"
        "0102000500");
  CHECK(power::ParseSnmpCommunity(bytes)->pdu == pdu);
  const std::string all = power::EncodeSnmpCommunity(1, "private", Question());
  const auto back = power::ParseSnmpCommunity(all);
  REQUIRE(back.ok());
  CHECK(back->version == 1);
  CHECK(back->community == "private");
  CHECK(back->pdu == Question());
  CHECK(power::SnmpNumberOf(all)->second == 0x12345678);
}

TEST_CASE("snmp: what is cut, too long or forged is no message", "[power]") {
  const std::string good = power::EncodeSnmpCommunity(1, "c", Question());
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    CHECK_FALSE(power::ParseSnmpCommunity(good.substr(0, bytes)).ok());
  }
  for (const char* hex : {
           "3080020101",            // without a length
           "308500000000010201",    // five bytes of it
           "30840fffffff0201",      // more than there is
           "30060209010203040506",  // a number of nine bytes
           "30060201070401630500",  // of another version
       }) {
    CHECK_FALSE(power::ParseSnmpCommunity(Raw(hex)).ok());
    CHECK_FALSE(power::SnmpNumberOf(Raw(hex)).has_value());
  }
  SnmpPdu many;
  many.bindings.resize(power::kMaxSnmpBindings + 1, {.oid = {1, 3}});
  CHECK_FALSE(
      power::ParseSnmpCommunity(power::EncodeSnmpCommunity(1, "c", many)).ok());
  SnmpPdu deep = {
      .bindings = {{.oid = SnmpOid(power::kMaxSnmpOidParts + 1, 1)}}};
  CHECK_FALSE(
      power::ParseSnmpCommunity(power::EncodeSnmpCommunity(1, "c", deep)).ok());
  SnmpPdu large = {
      .bindings = {{.oid = {1, 3},
                    .value = {.type = SnmpType::kString,
                              .bytes = std::string(
                                  power::kMaxSnmpValueBytes + 1, 'x')}}}};
  CHECK_FALSE(
      power::ParseSnmpCommunity(power::EncodeSnmpCommunity(1, "c", large))
          .ok());
  // A bit turned anywhere: refused, or read as something else, never a crash.
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int j = 0; j < 3; ++j) {
      bytes[random() % bytes.size()] ^= 1 << random() % 8;
    }
    power::ParseSnmpCommunity(bytes).IgnoreError();
    power::SnmpNumberOf(bytes);
  }
}

TEST_CASE("snmp: a message of version 3 there and back", "[power]") {
  power::SnmpV3Message message = {
      .number = 77,
      .is_authenticated = true,
      .is_reportable = true,
      .security = {.engine = "engine",
                   .boots = 3,
                   .time = 100'000,
                   .user = "ops",
                   .code = std::string(24, '\0'),
                   .salt = "12345678"},
      .scoped = power::EncodeSnmpScoped("engine", Question())};
  std::string bytes = power::EncodeSnmpV3(message);
  const std::string code(24, 'c');
  REQUIRE(bytes.substr(message.code_at, 24) == std::string(24, '\0'));
  bytes.replace(message.code_at, 24, code);
  const auto back = power::ParseSnmpV3(bytes);
  REQUIRE(back.ok());
  CHECK(back->code_at == message.code_at);
  CHECK(back->security.code == code);
  CHECK(back->security.boots == 3);
  CHECK(back->security.time == 100'000);
  CHECK(back->security.user == "ops");
  CHECK(back->is_authenticated);
  CHECK_FALSE(back->is_private);
  CHECK(power::ParseSnmpScoped(back->scoped).value() == Question());
  for (size_t n = 0; n < bytes.size(); ++n) {
    CHECK_FALSE(power::ParseSnmpV3(bytes.substr(0, n)).ok());
  }
}

TEST_CASE("snmp: keys of passwords are those of RFC 3414", "[power]") {
  const std::string engine = Raw("000000000000000000000002");
  const net::Key md5 =
      power::StretchSnmpPassword(net::Digest::kMd5, "maplesyrup");
  CHECK(base::Hex(md5.view()) == "9faf3283884e92834ebc9847d8edd963");
  CHECK(base::Hex(
            power::LocalizeSnmpKey(net::Digest::kMd5, md5, engine).view()) ==
        "526f5eed9fcce26f8964c2930787d82b");
  const net::Key sha =
      power::StretchSnmpPassword(net::Digest::kSha1, "maplesyrup");
  CHECK(base::Hex(sha.view()) == "9fb5cc0381497b3793528939ff788d5d79145211");
  const std::string localized =
      base::Hex(power::LocalizeSnmpKey(net::Digest::kSha1, sha, engine).view());
  CHECK(localized == "6695febc9288e36282235fc7151f128497b38f3f");
  power::SnmpKeyCache cache;
  const auto secret = std::make_shared<const keys::Secret>("maplesyrup");
  for (int i = 0; i < 3; ++i) {
    CHECK(base::Hex(cache.Get(secret, net::Digest::kSha1, engine).view()) ==
          localized);
  }
  CHECK(base::Hex(cache.Get(secret, net::Digest::kSha1, "other").view()) !=
        localized);
}

TEST_CASE("snmp: privacy there and back, and what cannot be private",
          "[power]") {
  const net::Key key(Raw("000102030405060708090a0b0c0d0e0f10111213"));
  for (const auto privacy :
       {power::SnmpPrivacy::kDes, power::SnmpPrivacy::kAes}) {
    for (const char* text : {"", "1", "12345678", "123456789"}) {
      const std::string sealed =
          power::EncryptSnmp(privacy, key, 1, 2, "saltsalt", text);
      const std::string open =
          power::DecryptSnmp(privacy, key, 1, 2, "saltsalt", sealed).value();
      CHECK(open.substr(0, strlen(text)) == text);
    }
    CHECK_FALSE(
        power::DecryptSnmp(privacy, key, 1, 2, "salt", "12345678").ok());
  }
  CHECK_FALSE(power::DecryptSnmp(power::SnmpPrivacy::kDes, key, 1, 2,
                                 "saltsalt", "1234567")
                  .ok());
}
