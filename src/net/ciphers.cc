#include "net/ciphers.h"

#include <mbedtls/aes.h>
#include <mbedtls/des.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#include <cstring>

#include "base/status.h"

namespace net {
namespace {

constexpr size_t kAesBytes = 16;
constexpr size_t kDesBytes = 8;

const unsigned char* Bytes(absl::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

unsigned char* Bytes(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}

mbedtls_md_type_t TypeOf(Digest digest) {
  switch (digest) {
    case Digest::kMd5:
      return MBEDTLS_MD_MD5;
    case Digest::kSha1:
      return MBEDTLS_MD_SHA1;
    case Digest::kSha224:
      return MBEDTLS_MD_SHA224;
    case Digest::kSha256:
      return MBEDTLS_MD_SHA256;
    case Digest::kSha384:
      return MBEDTLS_MD_SHA384;
    case Digest::kSha512:
      return MBEDTLS_MD_SHA512;
  }
  MUST(false);
}

const mbedtls_md_info_t* InfoOf(Digest digest) {
  const mbedtls_md_info_t* info = mbedtls_md_info_from_type(TypeOf(digest));
  MUST(info != nullptr);  // else the library was built without it
  return info;
}

std::string AesCbc(int mode, absl::string_view key, absl::string_view iv,
                   absl::string_view text) {
  MUST(key.size() == kAesBytes && iv.size() == kAesBytes);
  MUST(text.size() % kAesBytes == 0);
  mbedtls_aes_context context;
  mbedtls_aes_init(&context);
  const int set = mode == MBEDTLS_AES_ENCRYPT
                      ? mbedtls_aes_setkey_enc(&context, Bytes(key), 128)
                      : mbedtls_aes_setkey_dec(&context, Bytes(key), 128);
  std::string vector(iv);  // the library changes it
  std::string out(text.size(), '\0');
  const int done = mbedtls_aes_crypt_cbc(
      &context, mode, text.size(), Bytes(vector), Bytes(text), Bytes(out));
  mbedtls_aes_free(&context);
  MUST(set == 0 && done == 0);
  return out;
}

std::string AesCfb(int mode, absl::string_view key, absl::string_view iv,
                   absl::string_view text) {
  MUST(key.size() == kAesBytes && iv.size() == kAesBytes);
  mbedtls_aes_context context;
  mbedtls_aes_init(&context);
  // CFB only ever encrypts its feedback.
  const int set = mbedtls_aes_setkey_enc(&context, Bytes(key), 128);
  std::string vector(iv);
  std::string out(text.size(), '\0');
  size_t offset = 0;
  const int done =
      mbedtls_aes_crypt_cfb128(&context, mode, text.size(), &offset,
                               Bytes(vector), Bytes(text), Bytes(out));
  mbedtls_aes_free(&context);
  MUST(set == 0 && done == 0);
  return out;
}

std::string DesCbc(int mode, absl::string_view key, absl::string_view iv,
                   absl::string_view text) {
  MUST(key.size() == kDesBytes && iv.size() == kDesBytes);
  MUST(text.size() % kDesBytes == 0);
  mbedtls_des_context context;
  mbedtls_des_init(&context);
  const int set = mode == MBEDTLS_DES_ENCRYPT
                      ? mbedtls_des_setkey_enc(&context, Bytes(key))
                      : mbedtls_des_setkey_dec(&context, Bytes(key));
  std::string vector(iv);
  std::string out(text.size(), '\0');
  const int done = mbedtls_des_crypt_cbc(
      &context, mode, text.size(), Bytes(vector), Bytes(text), Bytes(out));
  mbedtls_des_free(&context);
  // SNMP makes it of its key.
  mbedtls_platform_zeroize(vector.data(), vector.size());
  MUST(set == 0 && done == 0);
  return out;
}

}  // namespace

size_t DigestBytes(Digest digest) {
  return mbedtls_md_get_size(InfoOf(digest));
}

Key::Key(absl::string_view bytes) : size_(bytes.size()) {
  MUST(bytes.size() <= kMaxBytes);
  if (!bytes.empty()) memcpy(bytes_.data(), bytes.data(), bytes.size());
}

Key::~Key() { mbedtls_platform_zeroize(bytes_.data(), bytes_.size()); }

Key Hash(Digest digest, absl::string_view message) {
  Hasher hasher(digest);
  hasher.Add(message);
  return hasher.Finish();
}

Key Hmac(Digest digest, absl::string_view key, absl::string_view message) {
  Key code;
  code.size_ = DigestBytes(digest);
  MUST(mbedtls_md_hmac(InfoOf(digest), Bytes(key), key.size(), Bytes(message),
                       message.size(), code.bytes_.data()) == 0);
  return code;
}

struct Hasher::State {
  mbedtls_md_context_t context;
  Digest digest;
};

Hasher::Hasher(Digest digest) : state_(new State) {
  state_->digest = digest;
  mbedtls_md_init(&state_->context);
  MUST(mbedtls_md_setup(&state_->context, InfoOf(digest), 0) == 0);
  MUST(mbedtls_md_starts(&state_->context) == 0);
}

Hasher::~Hasher() {
  mbedtls_md_free(&state_->context);  // wipes it
  delete state_;
}

void Hasher::Add(absl::string_view bytes) {
  MUST(mbedtls_md_update(&state_->context, Bytes(bytes), bytes.size()) == 0);
}

Key Hasher::Finish() {
  Key result;
  result.size_ = DigestBytes(state_->digest);
  MUST(mbedtls_md_finish(&state_->context, result.bytes_.data()) == 0);
  return result;
}

std::string EncryptAesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return AesCbc(MBEDTLS_AES_ENCRYPT, key, iv, text);
}

std::string DecryptAesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return AesCbc(MBEDTLS_AES_DECRYPT, key, iv, text);
}

std::string EncryptAesCfb(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return AesCfb(MBEDTLS_AES_ENCRYPT, key, iv, text);
}

std::string DecryptAesCfb(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return AesCfb(MBEDTLS_AES_DECRYPT, key, iv, text);
}

std::string EncryptDesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return DesCbc(MBEDTLS_DES_ENCRYPT, key, iv, text);
}

std::string DecryptDesCbc(absl::string_view key, absl::string_view iv,
                          absl::string_view text) {
  return DesCbc(MBEDTLS_DES_DECRYPT, key, iv, text);
}

bool SameBytes(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char different = 0;
  for (size_t i = 0; i < a.size(); ++i) different |= a[i] ^ b[i];
  return different == 0;
}

}  // namespace net
