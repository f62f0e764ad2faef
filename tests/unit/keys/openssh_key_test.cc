#include "keys/openssh_key.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "sys/file.h"
#include "unit/wire/testing.h"

namespace {

using wire_test::Fixture;

constexpr size_t kTextAt = 36;  // behind the BEGIN line

std::string Decoded(const std::string& text) {
  std::string digits;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty() && line[0] != '-') absl::StrAppend(&digits, line);
  }
  return *base::FromBase64(digits);
}

std::string Armored(const std::string& bytes) {
  return absl::StrCat("-----BEGIN OPENSSH PRIVATE KEY-----\n",
                      base::Base64(bytes),
                      "\n-----END OPENSSH PRIVATE KEY-----\n");
}

std::string Text(const keys::KeyPair& pair) {
  return std::string(keys::FormatPrivateKey(pair).view());
}

// A key file whose parts can each be wrong.
struct Parts {
  std::string cipher = "none", kdf = "none", kdf_options;
  uint32_t count = 1;
  std::string type = "ssh-ed25519";
  std::string outer, inner, secret, comment = "c";
  uint32_t check1 = 5, check2 = 5;
  std::string padding;  // replaces the right one when not empty

  explicit Parts(const keys::KeyPair& pair)
      : outer(pair.public_key().view()),
        inner(outer),
        secret(pair.secret().view()) {}

  absl::Status Parse() const {
    std::string hidden;
    base::PutBe32(hidden, check1);
    base::PutBe32(hidden, check2);
    base::PutSshString(hidden, type);
    base::PutSshString(hidden, inner);
    base::PutSshString(hidden, secret);
    base::PutSshString(hidden, comment);
    if (!padding.empty()) {
      hidden += padding;
    } else {
      for (char c = 1; hidden.size() % 8 != 0; c++) hidden += c;
    }
    std::string blob, file("openssh-key-v1\0", 15);
    base::PutSshString(blob, "ssh-ed25519");
    base::PutSshString(blob, outer);
    base::PutSshString(file, cipher);
    base::PutSshString(file, kdf);
    base::PutSshString(file, kdf_options);
    base::PutBe32(file, count);
    base::PutSshString(file, blob);
    base::PutSshString(file, hidden);
    return keys::ParsePrivateKey(Armored(file)).status();
  }
};

}  // namespace

TEST_CASE("key file: one of ssh-keygen is read", "[keys]") {
  const keys::KeyPair pair = keys::ParsePrivateKey(Fixture("keys/ops")).value();
  CHECK(pair.comment() == "ops@example.com");
  CHECK(wire::Fingerprint(pair.public_key()) ==
        "SHA256:Dbfr5vTBoIJ4cmlbnG+NZXQqhS5167hfXD5ioxg0Cug");
  const std::string message = Fixture("signatures/message");
  const std::string sig =
      wire::SshsigSign(pair, message, "inject@fleetbox").value();
  CHECK(wire::SshsigArmor(pair.public_key(), "inject@fleetbox", sig) ==
        Fixture("signatures/message.sha512.sig"));
}

TEST_CASE("key file: ours has ssh-keygen's shape but for the check numbers",
          "[keys]") {
  const std::string theirs = Fixture("keys/ops");
  std::string ours = Text(*keys::ParsePrivateKey(theirs));
  REQUIRE(ours.size() == theirs.size());
  std::string a = Decoded(ours), b = Decoded(theirs);
  const size_t check_at = 15 + 8 + 8 + 4 + 4 + (4 + 51) + 4;
  a.replace(check_at, 8, b.substr(check_at, 8));
  CHECK(a == b);
  for (absl::string_view line : absl::StrSplit(ours, '\n')) {
    CHECK(line.size() <= 70);
  }
}

TEST_CASE("key file: a new key comes back with any length of comment",
          "[keys]") {
  std::string comment;
  for (int n = 0; n < 20; n++) {
    const keys::KeyPair pair = keys::NewKeyPair(comment);
    const keys::KeyPair back = keys::ParsePrivateKey(Text(pair)).value();
    CHECK(back.public_key() == pair.public_key());
    CHECK(back.secret().view() == pair.secret().view());
    CHECK(back.comment() == comment);
    comment += 'x';
  }
}

TEST_CASE("key file: two new keys differ", "[keys]") {
  CHECK(keys::NewKeyPair("").public_key() != keys::NewKeyPair("").public_key());
}

TEST_CASE("key file: a protected key says ssh-add", "[keys]") {
  const absl::Status status =
      keys::ParsePrivateKey(Fixture("keys/protected")).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(absl::StrContains(status.message(), "ssh-add"));
}

TEST_CASE("key file: a key of another type is named", "[keys]") {
  const absl::Status status =
      keys::ParsePrivateKey(Fixture("keys/ecdsa")).status();
  CHECK(absl::IsUnimplemented(status));
  CHECK(absl::StrContains(status.message(), "ecdsa-sha2-nistp256"));
  CHECK(absl::IsUnimplemented(
      keys::ParsePrivateKey("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n")
          .status()));
}

TEST_CASE("key file: parts that do not fit together are refused", "[keys]") {
  const keys::KeyPair pair = keys::NewKeyPair(""), other = keys::NewKeyPair("");
  const std::string foreign(other.public_key().view());
  const Parts good(pair);
  REQUIRE(good.Parse().ok());
  Parts p = good;
  p.check2 = 6;
  CHECK(absl::StrContains(p.Parse().message(), "check numbers"));
  p = good, p.outer = foreign;
  CHECK(absl::StrContains(p.Parse().message(), "belong together"));
  p = good, p.inner = foreign;
  CHECK(absl::StrContains(p.Parse().message(), "belong together"));
  p = good, p.secret.replace(32, 32, foreign);
  CHECK(absl::StrContains(p.Parse().message(), "belong together"));
  // All public copies agree, and are another key's.
  p.outer = p.inner = foreign;
  CHECK(absl::StrContains(p.Parse().message(), "belong together"));
  p = good, p.secret.pop_back();
  CHECK(absl::IsInvalidArgument(p.Parse()));
  p = good, p.type = "ssh-rsa";
  CHECK(absl::IsInvalidArgument(p.Parse()));
  p = good, p.kdf = "bcrypt";
  CHECK(absl::IsInvalidArgument(p.Parse()));
  p = good, p.kdf_options = "x";
  CHECK(absl::IsInvalidArgument(p.Parse()));
  p = good, p.cipher = "aes256-ctr";
  CHECK(absl::IsFailedPrecondition(p.Parse()));
  for (uint32_t count : {0u, 2u, 0xffffffffu}) {
    p = good, p.count = count;
    CHECK(absl::IsInvalidArgument(p.Parse()));
  }
}

TEST_CASE("key file: padding is 1, 2, 3 and shorter than a block", "[keys]") {
  Parts p{keys::NewKeyPair("")};
  // The secret part is 8 + 15 + 36 + 68 + 4 bytes and the comment's.
  p.comment = "12345";
  REQUIRE(p.Parse().ok());  // no padding at all
  p.padding = "\1\2\3\4\5\6\7\10";
  CHECK(absl::IsInvalidArgument(p.Parse()));
  p.comment = "12";
  p.padding = "\1\2\3";
  CHECK(p.Parse().ok());
  for (const char* wrong : {"\1\2\4", "\2\3\4", "\1\1\1", "\1\2", "\1\2\3\4"}) {
    p.padding = wrong;
    CHECK(absl::IsInvalidArgument(p.Parse()));
  }
}

TEST_CASE("key file: one cut off or altered anywhere is never another key",
          "[keys]") {
  const std::string text = Fixture("keys/ops");
  const keys::KeyPair good = keys::ParsePrivateKey(text).value();
  for (size_t n = 0; n + 1 < text.size(); n++) {
    CHECK_FALSE(keys::ParsePrivateKey(text.substr(0, n)).ok());
  }
  const std::string bytes = Decoded(text);
  for (size_t n = 0; n < bytes.size(); n++) {
    CHECK_FALSE(keys::ParsePrivateKey(Armored(bytes.substr(0, n))).ok());
    std::string flipped = bytes;
    flipped[n] ^= 1;
    const absl::StatusOr<keys::KeyPair> pair =
        keys::ParsePrivateKey(Armored(flipped));
    CHECK((!pair.ok() || pair->public_key() == good.public_key()));
  }
  CHECK_FALSE(keys::ParsePrivateKey(Armored(bytes + "x")).ok());
  CHECK_FALSE(keys::ParsePrivateKey(text + "x").ok());
  CHECK_FALSE(keys::ParsePrivateKey(std::string(1 << 20, 'A')).ok());
  std::string not_base64 = text;
  not_base64[kTextAt + 4] = '*';
  CHECK_FALSE(keys::ParsePrivateKey(not_base64).ok());
}

TEST_CASE("public key line: type, key and comment are read", "[keys]") {
  std::string comment;
  const std::string line = Fixture("keys/ops.pub");
  const wire::PublicKey key = keys::ParsePublicKeyLine(line, &comment).value();
  CHECK(comment == "ops@example.com");
  CHECK(wire::SshLine(key) + " " + comment + "\n" == line);
  CHECK(keys::ParsePublicKeyLine(wire::SshLine(key), nullptr).ok());
  for (const std::string& bad :
       {std::string(), std::string("ssh-ed25519"),
        std::string("ssh-ed25519 AAAA"), std::string("ssh-ed25519 ****"),
        Fixture("keys/ecdsa.pub"), line + line, Fixture("keys/ops"),
        std::string(1 << 20, 'A')}) {
    CHECK_FALSE(keys::ParsePublicKeyLine(bad, nullptr).ok());
  }
}

TEST_CASE("key file: one that others can read is refused with its mode",
          "[keys]") {
  const sys::TemporaryFolder folder =
      sys::TemporaryFolder::Make("keys").value();
  const std::string path = folder.path() + "/k";
  const keys::KeyPair pair = keys::NewKeyPair("c");
  REQUIRE(keys::WriteKeyFiles(path, pair, false).ok());
  CHECK(sys::Stat(path)->mode == 0600);
  CHECK(keys::ReadKeyFile(path)->public_key() == pair.public_key());
  for (const auto& [mode, text] :
       {std::pair{0644, "0644"}, {0640, "0640"}, {0604, "0604"}}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    const absl::Status status = keys::ReadKeyFile(path).status();
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(status.message() ==
          absl::StrCat(path, ": mode ", text,
                       " lets others read the key: chmod 600"));
  }
  CHECK(absl::IsNotFound(keys::ReadKeyFile(path + "x").status()));
  CHECK_FALSE(keys::ReadKeyFile(folder.path()).ok());
}

TEST_CASE("key file: one that is there is not overwritten unasked", "[keys]") {
  const sys::TemporaryFolder folder =
      sys::TemporaryFolder::Make("keys").value();
  const std::string path = folder.path() + "/k";
  const keys::KeyPair first = keys::NewKeyPair("1");
  const keys::KeyPair second = keys::NewKeyPair("2");
  REQUIRE(keys::WriteKeyFiles(path, first, false).ok());
  CHECK(absl::IsAlreadyExists(keys::WriteKeyFiles(path, second, false)));
  CHECK(keys::ReadKeyFile(path)->public_key() == first.public_key());
  REQUIRE(keys::WriteKeyFiles(path, second, true).ok());
  CHECK(keys::ReadKeyFile(path)->public_key() == second.public_key());
  CHECK(*sys::ReadFile(path + ".pub") ==
        wire::SshLine(second.public_key()) + " 2\n");
  // A public key alone is somebody's, too.
  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(absl::IsAlreadyExists(keys::WriteKeyFiles(path, first, false)));
  CHECK_FALSE(sys::Stat(path)->exists);
}

TEST_CASE("key file: a comment cannot add a line to the public key", "[keys]") {
  const sys::TemporaryFolder folder =
      sys::TemporaryFolder::Make("keys").value();
  CHECK(absl::IsInvalidArgument(keys::WriteKeyFiles(
      folder.path() + "/k", keys::NewKeyPair("a\nssh-ed25519 AAAA"), false)));
}
