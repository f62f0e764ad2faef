#include "power/secret_source.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>
#include <stdlib.h>

#include <cstring>

#include "base/bytes.h"
#include "base/status.h"
#include "power/ask_secret.h"
#include "power/limits.h"
#include "power/private_file.h"
#include "sys/users.h"
#include "text/utf8.h"
#include "wire/sodium.h"

namespace power {
namespace {

using Kind = SecretSource::Kind;

constexpr size_t kVersionBytes = 16;

// It may say more behind its first line, as those of password managers do.
absl::StatusOr<keys::Secret> FromFile(const std::string& path) {
  TRY_ASSIGN(const keys::Secret content,
             ReadPrivateFile(path, kMaxSecretFileBytes));
  return FirstLine(content.view());
}

// Children get a copy of our environment, and /proc shows it: so it is
// overwritten where it stands before it is taken out.
absl::StatusOr<keys::Secret> FromEnvironment(const std::string& name) {
  char* const value = getenv(name.c_str());
  if (value == nullptr) {
    return absl::NotFoundError("there is no such variable");
  }
  const size_t size = strlen(value);
  absl::StatusOr<keys::Secret> secret = FirstLine({value, size});
  sodium_memzero(value, size);
  unsetenv(name.c_str());
  return secret;
}

}  // namespace

std::string SourceText(const SecretSource& source) {
  switch (source.kind) {
    case Kind::kNone:
      return "no secret";
    case Kind::kStore:
      return text::Clean(source.text);
    case Kind::kFile:
      return absl::StrCat("file:", text::Clean(source.text));
    case Kind::kEnv:
      return absl::StrCat("env:", text::Clean(source.text));
    case Kind::kCred:
      return absl::StrCat("cred:", text::Clean(source.text));
    case Kind::kProgram:
      return absl::StrCat("cmd:", text::Clean(source.text));
    case Kind::kPrompt:
      return "prompt";
    case Kind::kClear:
      return "in clear";
  }
  return "";
}

absl::StatusOr<HeldSecret> SecretReader::Read(const SecretSource& source,
                                              absl::string_view prompt) {
  // What two prompts get are two secrets.
  const auto key = std::make_pair(source.kind, source.kind == Kind::kPrompt
                                                   ? std::string(prompt)
                                                   : source.text);
  if (const auto found = held_.find(key); found != held_.end()) {
    return found->second;
  }
  absl::StatusOr<keys::Secret> secret = Fetch(source, prompt);
  TRY(base::Context(secret.status(),
                    absl::StrCat("secret ", SourceText(source))));
  HeldSecret held;
  held.version = Version(*secret);
  held.secret = std::make_shared<const keys::Secret>(*std::move(secret));
  held_.emplace(key, held);
  return held;
}

bool SecretReader::Holds(const SecretSource& source) const {
  return held_.contains({source.kind, source.text});
}

void SecretReader::Keep(const SecretSource& source, const HeldSecret& secret) {
  held_.emplace(std::make_pair(source.kind, source.text), secret);
}

void SecretReader::Forget(const SecretSource& source) {
  if (source.kind == Kind::kEnv || source.kind == Kind::kPrompt) return;
  held_.erase({source.kind, source.text});
  if (source.kind == Kind::kStore) store_.reset();
}

absl::StatusOr<keys::Secret> SecretReader::Fetch(const SecretSource& source,
                                                 absl::string_view prompt) {
  switch (source.kind) {
    case Kind::kNone:
      return keys::Secret();
    case Kind::kStore:
      return FromStore(source.text);
    case Kind::kFile:
      return FromFile(source.text);
    case Kind::kEnv:
      return FromEnvironment(source.text);
    case Kind::kCred:
      return FromCredentials(source.text);
    case Kind::kProgram:
      return SecretOfProgram(source.text, places_.program_limit);
    case Kind::kPrompt:
      return SecretOfTerminal(places_.terminal, prompt);
    case Kind::kClear:
      return keys::Secret(source.text);
  }
  return absl::InternalError("a source of no kind");
}

absl::StatusOr<keys::Secret> SecretReader::FromStore(const std::string& name) {
  if (!store_) store_ = SecretStore::Read(places_.store_folder);
  TRY(*store_);
  return (*store_)->Get(name);
}

// The folder is nobody else's, whatever the modes in it: systemd lets a service
// in by an access list, which looks like the rights of a group.
absl::StatusOr<keys::Secret> SecretReader::FromCredentials(
    const std::string& name) {
  const std::string folder =
      places_.credentials_folder
          ? *places_.credentials_folder
          : sys::EnvironmentVariable("CREDENTIALS_DIRECTORY");
  if (folder.empty()) {
    return absl::FailedPreconditionError(
        "there is no $CREDENTIALS_DIRECTORY: no service manager started us");
  }
  TRY_ASSIGN(
      const keys::Secret content,
      ReadSecretFile(absl::StrCat(folder, "/", name), kMaxSecretFileBytes));
  return FirstLine(content.view());
}

std::string SecretReader::Version(const keys::Secret& secret) {
  if (!version_key_ && !no_version_key_) {
    const absl::StatusOr<SecretKey> key = SecretKey::Make(places_.store_folder);
    if (key.ok()) version_key_ = key->Derive("version");
    no_version_key_ = !key.ok();
  }
  if (!version_key_) return "";
  wire::NeedSodium();
  std::string hash(kVersionBytes, '\0');
  MUST(crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()),
                          hash.size(), secret.data(), secret.size(),
                          version_key_->data(), version_key_->size()) == 0);
  return base::Hex(hash);
}

}  // namespace power
