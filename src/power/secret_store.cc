#include "power/secret_store.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>
#include <unistd.h>

#include <cstring>

#include "base/bytes.h"
#include "base/status.h"
#include "power/limits.h"
#include "power/pcu_values.h"
#include "power/private_file.h"
#include "sys/file.h"
#include "sys/users.h"
#include "wire/sodium.h"

// The file: kMagic, a nonce, and what XChaCha20-Poly1305 makes of the entries,
// with kMagic as the data that goes along. An entry: the length of the name,
// four bytes big endian, the name, and the same of the secret.

namespace power {
namespace {

constexpr absl::string_view kMagic = "fleetbox pcu secrets 1\n";
constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr absl::Duration kLongestWait = absl::Seconds(10);

std::string StorePath(const std::string& folder) {
  return absl::StrCat(folder, "/pcu-secrets");
}
std::string KeyPath(const std::string& folder) {
  return absl::StrCat(folder, "/pcu-secrets.key");
}

const unsigned char* Bytes(absl::string_view view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

std::string Seal(const keys::Secret& plain, const keys::Secret& key) {
  std::string sealed(kMagic);
  sealed.resize(kMagic.size() + kNonceBytes + plain.size() + kTagBytes);
  auto* at = reinterpret_cast<unsigned char*>(sealed.data()) + kMagic.size();
  randombytes_buf(at, kNonceBytes);
  MUST(crypto_aead_xchacha20poly1305_ietf_encrypt(
           at + kNonceBytes, nullptr, plain.data(), plain.size(), Bytes(kMagic),
           kMagic.size(), nullptr, at, key.data()) == 0);
  return sealed;
}

absl::StatusOr<keys::Secret> Open(const std::string& path,
                                  absl::string_view sealed,
                                  const keys::Secret& key) {
  const size_t head = kMagic.size() + kNonceBytes;
  if (sealed.substr(0, kMagic.size()) != kMagic ||
      sealed.size() < head + kTagBytes) {
    return absl::DataLossError(absl::StrCat(path, ": is no store of secrets"));
  }
  keys::Secret plain(sealed.size() - head - kTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, Bytes(sealed.substr(head)),
          sealed.size() - head, Bytes(kMagic), kMagic.size(),
          Bytes(sealed.substr(kMagic.size())), key.data()) != 0) {
    return absl::DataLossError(absl::StrCat(
        path, ": is damaged, or was sealed under another key than the one in ",
        path, ".key"));
  }
  return plain;
}

// The secret of the store as it lies in the file; no bytes if there is none.
absl::StatusOr<keys::Secret> ReadPlain(const std::string& folder) {
  const std::string path = StorePath(folder);
  const auto sealed = ReadPrivateFile(path, kMaxSecretStoreBytes);
  if (absl::IsNotFound(sealed.status())) return keys::Secret();
  TRY(sealed);
  TRY_ASSIGN(const SecretKey key, SecretKey::Read(folder));
  return Open(path, sealed->view(), key.Derive("store"));
}

void Append(keys::Secret& out, size_t& at, absl::string_view bytes) {
  std::string length;
  base::PutBe32(length, static_cast<uint32_t>(bytes.size()));
  memcpy(out.data() + at, length.data(), length.size());
  at += length.size();
  if (!bytes.empty()) memcpy(out.data() + at, bytes.data(), bytes.size());
  at += bytes.size();
}

}  // namespace

std::string DefaultSecretFolder() {
  if (geteuid() == 0) return "/etc/fleetbox";
  return absl::StrCat(sys::HomeFolder(), "/.config/fleetbox");
}

absl::Status CheckSecretName(absl::string_view name) {
  const std::string problem = NameProblem(name);
  if (problem.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the name of the secret ", problem));
}

absl::StatusOr<SecretKey> SecretKey::Read(const std::string& folder) {
  const std::string path = KeyPath(folder);
  TRY_ASSIGN(keys::Secret bytes, ReadPrivateFile(path, kKeyBytes));
  if (bytes.size() == kKeyBytes) return SecretKey(std::move(bytes));
  return absl::DataLossError(
      absl::StrCat(path, ": is no key: ", bytes.size(), " bytes"));
}

absl::StatusOr<SecretKey> SecretKey::Make(const std::string& folder) {
  absl::StatusOr<SecretKey> there = Read(folder);
  if (!absl::IsNotFound(there.status())) return there;
  TRY(sys::MakeFolders(folder));
  wire::NeedSodium();
  keys::Secret bytes(kKeyBytes);
  randombytes_buf(bytes.data(), bytes.size());
  const absl::Status made =
      sys::CreateFile(KeyPath(folder), bytes.view(), 0600);
  // Somebody else was first.
  if (absl::IsAlreadyExists(made)) return Read(folder);
  TRY(made);
  return SecretKey(std::move(bytes));
}

keys::Secret SecretKey::Derive(absl::string_view purpose) const {
  const std::string text = absl::StrCat("fleetbox pcu ", purpose);
  keys::Secret key(kKeyBytes);
  MUST(crypto_generichash(key.data(), key.size(), Bytes(text), text.size(),
                          bytes_.data(), bytes_.size()) == 0);
  return key;
}

absl::StatusOr<SecretStore> SecretStore::Read(const std::string& folder) {
  wire::NeedSodium();
  SecretStore store;
  TRY_ASSIGN(store.plain_, ReadPlain(folder));
  TRY(base::Context(store.Index(), StorePath(folder)));
  return store;
}

// Only who has the key can have written it; a mistake is ours or worse.
absl::Status SecretStore::Index() {
  base::Reader in(plain_.view());
  while (in.ok() && !in.AtEnd()) {
    const std::string name(in.SshString());
    const absl::string_view secret = in.SshString();
    if (!in.ok()) break;
    const size_t begin = static_cast<size_t>(
        secret.data() - reinterpret_cast<const char*>(plain_.data()));
    pieces_[name] = {begin, secret.size()};
  }
  if (in.ok()) return absl::OkStatus();
  return absl::DataLossError("its entries make no sense");
}

std::vector<std::string> SecretStore::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, piece] : pieces_) names.push_back(name);
  return names;
}

absl::StatusOr<keys::Secret> SecretStore::Get(absl::string_view name) const {
  const auto found = pieces_.find(name);
  if (found == pieces_.end()) {
    return absl::NotFoundError(
        absl::StrCat("there is no secret '", name, "' in the store"));
  }
  return keys::Secret(View(found->second));
}

absl::StatusOr<keys::Secret> SecretStore::Changed(
    absl::string_view name, const keys::Secret* secret) const {
  constexpr size_t kLengths = 8;
  size_t size = 0, count = 0;
  for (const auto& [other, piece] : pieces_) {
    if (other == name) continue;
    size += kLengths + other.size() + piece.size;
    count++;
  }
  if (secret != nullptr) {
    size += kLengths + name.size() + secret->size();
    if (++count > kMaxSecrets || size + 1024 > kMaxSecretStoreBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the store is full: at most ", kMaxSecrets, " secrets, ",
                       kMaxSecretStoreBytes, " bytes"));
    }
  }
  keys::Secret plain(size);
  size_t at = 0;
  for (const auto& [other, piece] : pieces_) {
    if (other == name) continue;
    Append(plain, at, other);
    Append(plain, at, View(piece));
  }
  if (secret != nullptr) {
    Append(plain, at, name);
    Append(plain, at, secret->view());
  }
  return plain;
}

absl::Status SecretStore::Set(const std::string& folder, absl::string_view name,
                              const keys::Secret& secret) {
  TRY(CheckSecretName(name));
  if (secret.size() > kMaxSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a secret of more than ", kMaxSecretBytes, " bytes"));
  }
  TRY(sys::MakeFolders(folder));
  const std::string path = StorePath(folder);
  TRY_ASSIGN(const sys::LockFile lock,
             WaitForLock(absl::StrCat(path, ".lock"), kLongestWait));
  // In this order: a store whose key is lost does not get another one.
  TRY_ASSIGN(const SecretStore store, Read(folder));
  TRY_ASSIGN(const SecretKey key, SecretKey::Make(folder));
  TRY_ASSIGN(const keys::Secret plain, store.Changed(name, &secret));
  return sys::ReplaceFile(path, Seal(plain, key.Derive("store")), 0600);
}

absl::Status SecretStore::Remove(const std::string& folder,
                                 absl::string_view name) {
  const std::string path = StorePath(folder);
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
  if (!info.exists) {
    return absl::NotFoundError(
        absl::StrCat(path, ": there is no store of secrets"));
  }
  TRY_ASSIGN(const sys::LockFile lock,
             WaitForLock(absl::StrCat(path, ".lock"), kLongestWait));
  TRY_ASSIGN(const SecretStore store, Read(folder));
  TRY(store.Get(name));
  TRY_ASSIGN(const SecretKey key, SecretKey::Read(folder));
  TRY_ASSIGN(const keys::Secret plain, store.Changed(name, nullptr));
  return sys::ReplaceFile(path, Seal(plain, key.Derive("store")), 0600);
}

}  // namespace power
