#include "wire/sshsig.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "wire/sodium.h"

namespace wire {
namespace {

constexpr absl::string_view kKeyType = "ssh-ed25519";
constexpr absl::string_view kMagic = "SSHSIG";
constexpr uint32_t kVersion = 1;
constexpr absl::string_view kBegin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr absl::string_view kEnd = "-----END SSH SIGNATURE-----";
constexpr size_t kArmorColumns = 70;  // as sshbuf_dtob64 of OpenSSH wraps

const unsigned char* Unsigned(absl::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

// PROTOCOL.sshsig, section 3: what is signed is not the message but this.
std::string SignedData(absl::string_view message, absl::string_view name_space,
                       absl::string_view hash) {
  NeedSodium();
  unsigned char digest[crypto_hash_sha512_BYTES];
  size_t digest_bytes = crypto_hash_sha512_BYTES;
  if (hash == "sha256") {
    digest_bytes = crypto_hash_sha256_BYTES;
    crypto_hash_sha256(digest, Unsigned(message), message.size());
  } else {
    crypto_hash_sha512(digest, Unsigned(message), message.size());
  }
  std::string data;
  data.reserve(kMagic.size() + 4 * 4 + name_space.size() + hash.size() +
               digest_bytes);
  data.append(kMagic.data(), kMagic.size());
  base::PutSshString(data, name_space);
  base::PutSshString(data, "");  // reserved
  base::PutSshString(data, hash);
  base::PutSshString(data,
                     {reinterpret_cast<const char*>(digest), digest_bytes});
  return data;
}

// libsodium refuses an S that is not reduced, small-order R and keys, and keys
// that are not canonical, so a signature cannot be altered into another good
// one.
bool Verify(const PublicKey& key, absl::string_view data,
            absl::string_view signature) {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(Unsigned(signature), Unsigned(data),
                                     data.size(), key.bytes.data()) == 0;
}

absl::Status NotASignature(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not an SSH signature: ", why));
}

}  // namespace

absl::StatusOr<PublicKey> PublicKey::From(absl::string_view bytes) {
  PublicKey key;
  if (bytes.size() != key.bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an Ed25519 key of ", bytes.size(), " bytes, not 32"));
  }
  memcpy(key.bytes.data(), bytes.data(), bytes.size());
  return key;
}

std::string SshBlob(const PublicKey& key) {
  std::string blob;
  base::PutSshString(blob, kKeyType);
  base::PutSshString(blob, key.view());
  return blob;
}

absl::StatusOr<PublicKey> FromSshBlob(absl::string_view blob) {
  base::Reader in(blob);
  const absl::string_view type = in.SshString();
  if (!in.ok()) return absl::InvalidArgumentError("not an SSH public key");
  if (type != kKeyType) {
    return absl::UnimplementedError(
        absl::StrCat("a key of type '", base::Escape(type.substr(0, 64)),
                     "'; only ssh-ed25519 is supported"));
  }
  const absl::string_view bytes = in.SshString();
  if (!in.AtEnd()) return absl::InvalidArgumentError("not an SSH public key");
  return PublicKey::From(bytes);
}

std::string SshLine(const PublicKey& key) {
  return absl::StrCat(kKeyType, " ", base::Base64(SshBlob(key)));
}

std::string Fingerprint(const PublicKey& key) {
  NeedSodium();
  const std::string blob = SshBlob(key);
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, Unsigned(blob), blob.size());
  return absl::StrCat(
      "SHA256:",
      base::Base64NoPad({reinterpret_cast<char*>(digest), sizeof digest}));
}

std::string SshsigSignedData(absl::string_view message,
                             absl::string_view name_space) {
  return SignedData(message, name_space, "sha512");
}

bool SshsigVerify(const PublicKey& key, absl::string_view message,
                  absl::string_view name_space, absl::string_view signature) {
  return Verify(key, SshsigSignedData(message, name_space), signature);
}

std::string SshsigArmor(const PublicKey& key, absl::string_view name_space,
                        absl::string_view signature) {
  std::string inner;
  base::PutSshString(inner, kKeyType);
  base::PutSshString(inner, signature);
  std::string blob(kMagic);
  base::PutBe32(blob, kVersion);
  base::PutSshString(blob, SshBlob(key));
  base::PutSshString(blob, name_space);
  base::PutSshString(blob, "");  // reserved
  base::PutSshString(blob, "sha512");
  base::PutSshString(blob, inner);

  const std::string text = base::Base64(blob);
  std::string armored(kBegin);
  for (size_t at = 0; at < text.size(); at += kArmorColumns) {
    absl::StrAppend(&armored, text.substr(at, kArmorColumns), "\n");
  }
  absl::StrAppend(&armored, kEnd, "\n");
  return armored;
}

absl::StatusOr<Sshsig> SshsigParse(absl::string_view armored) {
  if (armored.size() > base::kMaxKeyFileBytes) {
    return NotASignature("too long");
  }
  std::string text = absl::StrReplaceAll(armored, {{"\r\n", "\n"}});
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, kBegin)) {
    return NotASignature("it does not begin with BEGIN SSH SIGNATURE");
  }
  const size_t end = rest.find(kEnd);
  if (end == absl::string_view::npos || end == 0 || rest[end - 1] != '\n') {
    return NotASignature("it does not end with END SSH SIGNATURE");
  }
  absl::string_view behind = rest.substr(end + kEnd.size());
  absl::ConsumePrefix(&behind, "\n");
  if (!behind.empty()) return NotASignature("something follows its end");
  absl::StatusOr<std::string> blob =
      base::FromBase64(absl::StrReplaceAll(rest.substr(0, end), {{"\n", ""}}));
  if (!blob.ok()) return NotASignature(blob.status().message());

  base::Reader in(*blob);
  if (in.Bytes(kMagic.size()) != kMagic) return NotASignature("wrong magic");
  const uint32_t version = in.Be32();
  if (in.ok() && version != kVersion) {
    return NotASignature(absl::StrCat("version ", version));
  }
  const absl::string_view key = in.SshString();
  Sshsig sig;
  sig.name_space = std::string(in.SshString());
  in.SshString();  // reserved: PROTOCOL.sshsig says to ignore it
  sig.hash = std::string(in.SshString());
  base::Reader inner(in.SshString());
  if (!in.AtEnd()) return NotASignature("its fields do not fit its length");
  TRY_ASSIGN(sig.key, FromSshBlob(key));
  if (sig.name_space.empty()) return NotASignature("empty namespace");
  if (sig.hash != "sha512" && sig.hash != "sha256") {
    return NotASignature(
        absl::StrCat("unknown hash '", base::Escape(sig.hash), "'"));
  }
  const absl::string_view type = inner.SshString();
  sig.signature = std::string(inner.SshString());
  if (!inner.AtEnd() || type != kKeyType ||
      sig.signature.size() != crypto_sign_BYTES) {
    return NotASignature("no Ed25519 signature in it");
  }
  return sig;
}

bool SshsigVerify(const Sshsig& sig, absl::string_view message) {
  return Verify(sig.key, SignedData(message, sig.name_space, sig.hash),
                sig.signature);
}

absl::StatusOr<std::string> SshsigSign(const Signer& signer,
                                       absl::string_view message,
                                       absl::string_view name_space) {
  TRY_ASSIGN(std::string signature,
             signer.Sign(SshsigSignedData(message, name_space)));
  if (signature.size() != crypto_sign_BYTES) {
    return absl::InternalError(absl::StrCat("a signature of ", signature.size(),
                                            " bytes came from the signer"));
  }
  return signature;
}

}  // namespace wire
