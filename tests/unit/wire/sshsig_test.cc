#include "wire/sshsig.h"

#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "unit/wire/testing.h"

namespace {

using wire_test::Fixture;
using wire_test::NumberedSigner;

// The key in tests/fixtures/keys/ops.pub.
wire::PublicKey OpsKey() {
  const std::vector<std::string> words =
      absl::StrSplit(Fixture("keys/ops.pub"), ' ');
  return *wire::FromSshBlob(*base::FromBase64(words.at(1)));
}

std::string Rearmored(const std::string& blob) {
  return absl::StrCat("-----BEGIN SSH SIGNATURE-----\n", base::Base64(blob),
                      "\n-----END SSH SIGNATURE-----\n");
}

std::string Blob(const std::string& armored) {
  std::string digits;
  for (absl::string_view line : absl::StrSplit(armored, '\n')) {
    if (!line.empty() && line[0] != '-') absl::StrAppend(&digits, line);
  }
  return *base::FromBase64(digits);
}

}  // namespace

TEST_CASE("sshsig: a key is written as ssh-keygen writes it", "[wire]") {
  const wire::PublicKey key = OpsKey();
  CHECK(wire::SshLine(key) + " ops@example.com\n" == Fixture("keys/ops.pub"));
  CHECK(wire::Fingerprint(key) ==
        "SHA256:Dbfr5vTBoIJ4cmlbnG+NZXQqhS5167hfXD5ioxg0Cug");
}

TEST_CASE("sshsig: a malformed public key is refused", "[wire]") {
  const std::string blob = wire::SshBlob(OpsKey());
  for (size_t n = 0; n < blob.size(); n++) {
    CHECK_FALSE(wire::FromSshBlob(blob.substr(0, n)).ok());
  }
  CHECK_FALSE(wire::FromSshBlob(blob + "x").ok());
  std::string other;
  base::PutSshString(other, "ssh-rsa");
  base::PutSshString(other, OpsKey().view());
  CHECK(absl::IsUnimplemented(wire::FromSshBlob(other).status()));
  CHECK_FALSE(wire::PublicKey::From(std::string(31, 'x')).ok());
  CHECK_FALSE(wire::PublicKey::From(std::string(33, 'x')).ok());
}

TEST_CASE("sshsig: what is signed is laid out as PROTOCOL.sshsig says",
          "[wire]") {
  CHECK(base::Hex(wire::SshsigSignedData("abc", "file")) ==
        // "SSHSIG", "file", reserved, "sha512", and FIPS 180's SHA-512 of "abc"
        "535348534947"
        "0000000466696c65"
        "00000000"
        "00000006736861353132"
        "00000040"
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("sshsig: signatures of ssh-keygen verify, with either hash",
          "[wire]") {
  const std::string message = Fixture("signatures/message");
  REQUIRE(message == "a message\n");
  for (const char* hash : {"sha512", "sha256"}) {
    const std::string armored =
        Fixture(absl::StrCat("signatures/message.", hash, ".sig"));
    const wire::Sshsig sig = wire::SshsigParse(armored).value();
    CHECK(sig.key == OpsKey());
    CHECK(sig.name_space == "inject@fleetbox");
    CHECK(sig.hash == hash);
    CHECK(wire::SshsigVerify(sig, message));
    CHECK_FALSE(wire::SshsigVerify(sig, "another message\n"));
    wire::Sshsig elsewhere = sig;
    elsewhere.name_space = "power@fleetbox";
    CHECK_FALSE(wire::SshsigVerify(elsewhere, message));
  }
}

TEST_CASE("sshsig: our armor is ssh-keygen's, byte for byte", "[wire]") {
  const std::string armored = Fixture("signatures/message.sha512.sig");
  const wire::Sshsig sig = wire::SshsigParse(armored).value();
  CHECK(wire::SshsigArmor(sig.key, sig.name_space, sig.signature) == armored);
}

TEST_CASE("sshsig: a signature holds for its message and namespace only",
          "[wire]") {
  const NumberedSigner signer(1), other(2);
  const std::string sig = *wire::SshsigSign(signer, "message", "a@fleetbox");
  const wire::PublicKey& key = signer.public_key();
  CHECK(wire::SshsigVerify(key, "message", "a@fleetbox", sig));
  CHECK_FALSE(wire::SshsigVerify(key, "messagf", "a@fleetbox", sig));
  CHECK_FALSE(wire::SshsigVerify(key, "message", "b@fleetbox", sig));
  CHECK_FALSE(
      wire::SshsigVerify(other.public_key(), "message", "a@fleetbox", sig));
  CHECK_FALSE(wire::SshsigVerify(key, "message", "a@fleetbox", ""));
  CHECK_FALSE(wire::SshsigVerify(key, "message", "a@fleetbox", sig + "x"));
  CHECK_FALSE(
      wire::SshsigVerify(key, "message", "a@fleetbox", sig.substr(0, 63)));
}

TEST_CASE("sshsig: S cannot be replaced by S plus the group's order",
          "[wire]") {
  const NumberedSigner signer(1);
  std::string sig = *wire::SshsigSign(signer, "message", "a@fleetbox");
  const std::string order = *base::FromHex(
      "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  int carry = 0;
  for (size_t i = 0; i < 32; i++) {
    const int sum = static_cast<uint8_t>(sig[32 + i]) +
                    static_cast<uint8_t>(order[i]) + carry;
    sig[32 + i] = static_cast<char>(sum);
    carry = sum >> 8;
  }
  REQUIRE(carry == 0);
  CHECK_FALSE(
      wire::SshsigVerify(signer.public_key(), "message", "a@fleetbox", sig));
}

TEST_CASE("sshsig: keys of small order sign nothing", "[wire]") {
  // With the neutral element as key, R = neutral and S = 0 satisfy the bare
  // equation for every message.
  std::string neutral(32, '\0');
  neutral[0] = 1;
  const std::string sig = neutral + std::string(32, '\0');
  CHECK_FALSE(wire::SshsigVerify(*wire::PublicKey::From(neutral), "message",
                                 "a@fleetbox", sig));
  CHECK_FALSE(wire::SshsigVerify(*wire::PublicKey::From(std::string(32, '\0')),
                                 "message", "a@fleetbox",
                                 std::string(64, '\0')));
  // y = p + 1: the neutral element again, not in canonical form.
  const std::string odd = *base::FromHex(
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  CHECK_FALSE(wire::SshsigVerify(*wire::PublicKey::From(odd), "message",
                                 "a@fleetbox", sig));
}

TEST_CASE("sshsig: a damaged armored signature is refused", "[wire]") {
  const std::string message = Fixture("signatures/message");
  const std::string armored = Fixture("signatures/message.sha512.sig");
  // All but the last newline.
  for (size_t n = 0; n + 1 < armored.size(); n++) {
    CHECK_FALSE(wire::SshsigParse(armored.substr(0, n)).ok());
  }
  CHECK_FALSE(wire::SshsigParse(armored + "x").ok());
  CHECK_FALSE(wire::SshsigParse(armored + armored).ok());
  CHECK_FALSE(wire::SshsigParse(std::string(1 << 20, '-')).ok());
  CHECK(wire::SshsigParse(armored.substr(0, armored.size() - 1)).ok());

  const std::string blob = Blob(armored);
  REQUIRE(wire::SshsigParse(Rearmored(blob)).ok());
  for (size_t n = 0; n < blob.size(); n++) {
    CHECK_FALSE(wire::SshsigParse(Rearmored(blob.substr(0, n))).ok());
    for (int bit = 0; bit < 8; bit++) {
      std::string flipped = blob;
      flipped[n] ^= 1 << bit;
      const absl::StatusOr<wire::Sshsig> sig =
          wire::SshsigParse(Rearmored(flipped));
      CHECK_FALSE((sig.ok() && wire::SshsigVerify(*sig, message)));
    }
  }
  CHECK_FALSE(wire::SshsigParse(Rearmored(blob + "x")).ok());
}
