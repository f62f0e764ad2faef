#include "net/ciphers.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/bytes.h"

namespace {

using net::Digest;

std::string Raw(absl::string_view hex) { return base::FromHex(hex).value(); }
std::string Hex(const net::Key& key) { return base::Hex(key.view()); }

}  // namespace

TEST_CASE("ciphers: digests are those of RFC 1321 and FIPS 180", "[net]") {
  CHECK(Hex(net::Hash(Digest::kMd5, "abc")) ==
        "900150983cd24fb0d6963f7d28e17f72");
  CHECK(Hex(net::Hash(Digest::kSha1, "abc")) ==
        "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(Hex(net::Hash(Digest::kSha224, "abc")) ==
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  CHECK(Hex(net::Hash(Digest::kSha256, "abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Hex(net::Hash(Digest::kSha384, "abc")).substr(0, 32) ==
        "cb00753f45a35e8bb5a03d699ac65007");
  CHECK(Hex(net::Hash(Digest::kSha512, "abc")).substr(0, 32) ==
        "ddaf35a193617abacc417349ae204131");
  for (const Digest digest :
       {Digest::kMd5, Digest::kSha1, Digest::kSha224, Digest::kSha256,
        Digest::kSha384, Digest::kSha512}) {
    CHECK(net::Hash(digest, "").size() == net::DigestBytes(digest));
    net::Hasher pieces(digest);
    pieces.Add("a");
    pieces.Add("");
    pieces.Add("bc");
    CHECK(Hex(pieces.Finish()) == Hex(net::Hash(digest, "abc")));
  }
}

TEST_CASE("ciphers: codes are those of RFC 2202 and RFC 4231", "[net]") {
  const std::string key16(16, 0x0b), key20(20, 0x0b);
  CHECK(Hex(net::Hmac(Digest::kMd5, key16, "Hi There")) ==
        "9294727a3638bb1c13f48ef8158bfc9d");
  CHECK(Hex(net::Hmac(Digest::kSha1, key20, "Hi There")) ==
        "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(Hex(net::Hmac(Digest::kSha1, "Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(Hex(net::Hmac(Digest::kSha224, key20, "Hi There")) ==
        "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22");
  CHECK(Hex(net::Hmac(Digest::kSha256, key20, "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(Hex(net::Hmac(Digest::kSha384, key20, "Hi There")).substr(0, 32) ==
        "afd03944d84895626b0825f4ab46907f");
  CHECK(Hex(net::Hmac(Digest::kSha512, key20, "Hi There")).substr(0, 32) ==
        "87aa7cdea5ef619d4ff0b4241a1d6cb0");
  // A key that is longer than a block.
  CHECK(Hex(net::Hmac(
            Digest::kSha256, std::string(131, '\xaa'),
            "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("ciphers: AES-128-CBC is that of RFC 3602", "[net]") {
  const std::string key = Raw("c286696d887c9aa0611bbb3e2025a45a");
  const std::string iv = Raw("562e17996d093d28ddb3ba695a2e6f58");
  const std::string text =
      Raw("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const std::string sealed = net::EncryptAesCbc(key, iv, text);
  CHECK(base::Hex(sealed) ==
        "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1");
  CHECK(net::DecryptAesCbc(key, iv, sealed) == text);
  CHECK(net::EncryptAesCbc(key, iv, "").empty());
}

TEST_CASE("ciphers: AES-128-CFB is that of NIST SP 800-38A, and cuts anywhere",
          "[net]") {
  const std::string key = Raw("2b7e151628aed2a6abf7158809cf4f3c");
  const std::string iv = Raw("000102030405060708090a0b0c0d0e0f");
  const std::string text =
      Raw("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  const std::string sealed = net::EncryptAesCfb(key, iv, text);
  CHECK(base::Hex(sealed) ==
        "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b");
  CHECK(net::DecryptAesCfb(key, iv, sealed) == text);
  CHECK(net::EncryptAesCfb(key, iv, text.substr(0, 21)) ==
        sealed.substr(0, 21));
}

TEST_CASE("ciphers: DES-CBC is that of FIPS 81", "[net]") {
  const std::string key = Raw("0123456789abcdef");
  const std::string iv = Raw("1234567890abcdef");
  const std::string text = "Now is the time for all ";
  const std::string sealed = net::EncryptDesCbc(key, iv, text);
  CHECK(base::Hex(sealed) ==
        "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
  CHECK(net::DecryptDesCbc(key, iv, sealed) == text);
}

TEST_CASE("ciphers: bytes are compared whole", "[net]") {
  CHECK(net::SameBytes("", ""));
  CHECK(net::SameBytes("abc", "abc"));
  CHECK_FALSE(net::SameBytes("abc", "abd"));
  CHECK_FALSE(net::SameBytes("abc", "ab"));
  CHECK(net::Key("abcdef").First(3).view() == "abc");
}
