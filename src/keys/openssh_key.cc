#include "keys/openssh_key.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "sys/file.h"
#include "wire/sodium.h"

namespace keys {
namespace {

constexpr absl::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr absl::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
// PROTOCOL.key, section 1; its terminating zero belongs to it.
constexpr absl::string_view kMagic("openssh-key-v1\0", 15);
constexpr absl::string_view kType = "ssh-ed25519";
constexpr size_t kArmorColumns = 70;
constexpr size_t kBlockBytes = 8;  // of cipher "none"

absl::Status BadKey(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a private key: ", why));
}

// The bytes between the armor's lines, never outside locked memory.
absl::StatusOr<Secret> Unarmor(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, kBegin)) {
    if (absl::StartsWith(text, "-----BEGIN ") &&
        absl::StrContains(text.substr(0, 64), "PRIVATE KEY-----")) {
      return absl::UnimplementedError(
          "a key of an old type or format; only OpenSSH's Ed25519 keys are "
          "supported (ssh-keygen -t ed25519)");
    }
    return BadKey("it does not begin with BEGIN OPENSSH PRIVATE KEY");
  }
  if (!absl::ConsumeSuffix(&text, kEnd)) {
    return BadKey("it does not end with END OPENSSH PRIVATE KEY");
  }
  Secret decoded(text.size());
  size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(decoded.data(), decoded.size(), text.data(),
                        text.size(), "\r\n", &length, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size()) {
    return BadKey("its content is not base64");
  }
  return Secret(absl::string_view(decoded.view().substr(0, length)));
}

absl::Status CheckComment(absl::string_view comment) {
  for (char c : comment) {
    if (absl::ascii_iscntrl(c)) {
      return absl::InvalidArgumentError(
          "a key's comment cannot hold control characters");
    }
  }
  return absl::OkStatus();
}

// Appends to memory of a size that is known beforehand, where a growing string
// would leave copies of the secret behind.
class Filler {
 public:
  explicit Filler(size_t bytes) : out_(bytes) {}
  void Put(absl::string_view bytes) {
    MUST(bytes.size() <= out_.size() - used_);
    if (!bytes.empty()) memcpy(out_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  void PutBe32(uint32_t v) {
    std::string bytes;
    base::PutBe32(bytes, v);
    Put(bytes);
  }
  void PutString(absl::string_view bytes) {
    PutBe32(static_cast<uint32_t>(bytes.size()));
    Put(bytes);
  }
  Secret Take() {
    MUST(used_ == out_.size());
    return std::move(out_);
  }

 private:
  Secret out_;
  size_t used_ = 0;
};

}  // namespace

KeyPair::KeyPair(const wire::PublicKey& public_key, Secret secret,
                 std::string comment)
    : public_key_(public_key),
      secret_(std::move(secret)),
      comment_(std::move(comment)) {
  MUST(secret_.size() == crypto_sign_SECRETKEYBYTES);
}

absl::StatusOr<std::string> KeyPair::Sign(absl::string_view data) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()),
                       nullptr,
                       reinterpret_cast<const unsigned char*>(data.data()),
                       data.size(), secret_.data());
  return signature;
}

KeyPair NewKeyPair(absl::string_view comment) {
  Secret secret(crypto_sign_SECRETKEYBYTES);
  wire::PublicKey key;
  crypto_sign_keypair(key.bytes.data(), secret.data());
  return KeyPair(key, std::move(secret), std::string(comment));
}

absl::StatusOr<KeyPair> ParsePrivateKey(absl::string_view text) {
  if (text.size() > base::kMaxKeyFileBytes) return BadKey("too long");
  TRY_ASSIGN(const Secret decoded, Unarmor(text));
  base::Reader in(decoded.view());
  if (in.Bytes(kMagic.size()) != kMagic) return BadKey("wrong magic");
  const absl::string_view cipher = in.SshString();
  const absl::string_view kdf = in.SshString();
  const absl::string_view kdf_options = in.SshString();
  const uint32_t count = in.Be32();
  if (in.ok() && count != 1) {
    return BadKey(absl::StrCat("a file of ", count, " keys"));
  }
  const absl::string_view public_blob = in.SshString();
  base::Reader secret_part(in.SshString());
  if (!in.AtEnd()) return BadKey("its fields do not fit its length");
  TRY_ASSIGN(const wire::PublicKey public_key, wire::FromSshBlob(public_blob));
  if (cipher != "none") {
    return absl::FailedPreconditionError(
        "the key is protected by a passphrase: give it to an agent with "
        "ssh-add");
  }
  if (kdf != "none" || !kdf_options.empty()) {
    return BadKey("a key derivation without a cipher");
  }

  const size_t secret_bytes = secret_part.rest().size();
  const uint32_t check = secret_part.Be32();
  if (check != secret_part.Be32()) return BadKey("its check numbers differ");
  const absl::string_view type = secret_part.SshString();
  const absl::string_view public_copy = secret_part.SshString();
  const absl::string_view secret = secret_part.SshString();
  const absl::string_view comment = secret_part.SshString();
  const absl::string_view padding = secret_part.rest();
  if (!secret_part.ok() || type != kType ||
      secret.size() != crypto_sign_SECRETKEYBYTES ||
      secret_bytes % kBlockBytes != 0 || padding.size() >= kBlockBytes) {
    return BadKey("its secret part is malformed");
  }
  for (size_t i = 0; i < padding.size(); i++) {
    if (static_cast<size_t>(padding[i]) != i + 1)
      return BadKey("wrong padding");
  }
  // Ed25519 signs with both halves; a public half that is not the seed's would
  // let a signature give the seed away.
  wire::PublicKey derived;
  Secret pair(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(
      derived.bytes.data(), pair.data(),
      reinterpret_cast<const unsigned char*>(secret.data()));
  if (derived != public_key || public_copy != public_key.view() ||
      sodium_memcmp(pair.data(), secret.data(), pair.size()) != 0) {
    return BadKey("its public and secret parts do not belong together");
  }
  return KeyPair(public_key, std::move(pair), std::string(comment));
}

Secret FormatPrivateKey(const KeyPair& pair) {
  const std::string blob = wire::SshBlob(pair.public_key());
  const absl::string_view public_key = pair.public_key().view();
  size_t secret_bytes = 2 * 4 + 4 + kType.size() + 4 + public_key.size() + 4 +
                        pair.secret().size() + 4 + pair.comment().size();
  const size_t padding =
      (kBlockBytes - secret_bytes % kBlockBytes) % kBlockBytes;
  secret_bytes += padding;

  Filler file(kMagic.size() + 2 * (4 + 4) + 4 + 4 + 4 + blob.size() + 4 +
              secret_bytes);
  file.Put(kMagic);
  file.PutString("none");
  file.PutString("none");
  file.PutString("");
  file.PutBe32(1);
  file.PutString(blob);
  file.PutBe32(static_cast<uint32_t>(secret_bytes));
  // The check numbers tell a wrong passphrase; without one they tell nothing.
  const uint32_t check = randombytes_random();
  file.PutBe32(check);
  file.PutBe32(check);
  file.PutString(kType);
  file.PutString(public_key);
  file.PutString(pair.secret().view());
  file.PutString(pair.comment());
  for (size_t i = 1; i <= padding; i++) {
    const char byte = static_cast<char>(i);
    file.Put({&byte, 1});
  }
  const Secret bytes = file.Take();

  Secret base64(
      sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL));
  sodium_bin2base64(reinterpret_cast<char*>(base64.data()), base64.size(),
                    bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  const absl::string_view digits = base64.view().substr(0, base64.size() - 1);
  const size_t lines = (digits.size() + kArmorColumns - 1) / kArmorColumns;
  Filler text(kBegin.size() + 1 + digits.size() + lines + kEnd.size() + 1);
  text.Put(kBegin);
  text.Put("\n");
  for (size_t at = 0; at < digits.size(); at += kArmorColumns) {
    text.Put(digits.substr(at, kArmorColumns));
    text.Put("\n");
  }
  text.Put(kEnd);
  text.Put("\n");
  return text.Take();
}

absl::StatusOr<wire::PublicKey> ParsePublicKeyLine(absl::string_view line,
                                                   std::string* comment) {
  line = absl::StripAsciiWhitespace(line);
  if (line.size() > base::kMaxTrustLineBytes || absl::StrContains(line, "\n")) {
    return absl::InvalidArgumentError("a public key is one line");
  }
  const size_t type_end = std::min(line.find_first_of(" \t"), line.size());
  const absl::string_view type = line.substr(0, type_end);
  if (type != kType) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", base::Escape(type.substr(0, 64)),
                     "' where a public key has 'ssh-ed25519'"));
  }
  line = absl::StripLeadingAsciiWhitespace(line.substr(type_end));
  const size_t blob_end = std::min(line.find_first_of(" \t"), line.size());
  TRY_ASSIGN(const std::string blob,
             base::FromBase64(line.substr(0, blob_end)));
  TRY_ASSIGN(const wire::PublicKey key, wire::FromSshBlob(blob));
  if (comment != nullptr) {
    *comment =
        std::string(absl::StripLeadingAsciiWhitespace(line.substr(blob_end)));
  }
  return key;
}

absl::StatusOr<KeyPair> ReadKeyFile(const std::string& path) {
  // A FIFO would make us wait for its writer.
  TRY_ASSIGN(const sys::Fd file, sys::Open(path, O_RDONLY | O_NONBLOCK));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(file.get()));
  if (!info.regular) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a file"));
  }
  if ((info.mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: mode %04o lets others read the key: chmod 600", path, info.mode));
  }
  const size_t limit = base::kMaxKeyFileBytes;
  Secret text(limit + 1);
  size_t used = 0;
  while (used < text.size()) {
    const ssize_t n = read(file.get(), text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError(path);
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  absl::StatusOr<KeyPair> pair = ParsePrivateKey(text.view().substr(0, used));
  if (!pair.ok()) return base::Context(pair.status(), path);
  return pair;
}

absl::StatusOr<wire::PublicKey> ReadPublicHalf(const std::string& path,
                                               std::string* comment) {
  TRY_ASSIGN(const sys::Fd file, sys::Open(path, O_RDONLY | O_NONBLOCK));
  // No more than is needed to tell: a private key is read by ReadKeyFile only.
  constexpr absl::string_view kDashes = "-----BEGIN";
  char start[kDashes.size()];
  const ssize_t n = pread(file.get(), start, sizeof start, 0);
  if (n < 0) return base::SysError(path);
  std::string public_path = path;
  if (absl::string_view(start, static_cast<size_t>(n)) == kDashes) {
    absl::StatusOr<KeyPair> pair = ReadKeyFile(path);
    if (pair.ok()) {
      *comment = pair->comment();
      return pair->public_key();
    }
    public_path = absl::StrCat(path, ".pub");
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(public_path);
    if (!info.ok() || !info->exists) return pair.status();
  }
  TRY_ASSIGN(const std::string line,
             sys::ReadFile(public_path, base::kMaxKeyFileBytes));
  absl::StatusOr<wire::PublicKey> key = ParsePublicKeyLine(line, comment);
  if (!key.ok()) return base::Context(key.status(), public_path);
  return key;
}

absl::Status WriteKeyFiles(const std::string& path, const KeyPair& pair,
                           bool replace) {
  TRY(CheckComment(pair.comment()));
  const std::string public_path = absl::StrCat(path, ".pub");
  std::string line = wire::SshLine(pair.public_key());
  if (!pair.comment().empty()) absl::StrAppend(&line, " ", pair.comment());
  line += '\n';
  const Secret text = FormatPrivateKey(pair);
  if (!replace) {
    TRY_ASSIGN(const sys::FileInfo old, sys::Stat(public_path));
    if (old.exists) {
      return absl::AlreadyExistsError(
          absl::StrCat(public_path, ": already there"));
    }
    TRY(sys::CreateFile(path, text.view(), 0600));
    return sys::CreateFile(public_path, line, 0644);
  }
  TRY(sys::ReplaceFile(path, text.view(), 0600));
  return sys::ReplaceFile(public_path, line, 0644);
}

}  // namespace keys
