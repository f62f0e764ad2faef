// What the tests of parcels share: keys made of one number, trust made of a
// table, and the one job that all of them send.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/message.h"
#include "wire/parcel.h"
#include "wire/sodium.h"
#include "wire/sshsig.h"

namespace wire_test {

namespace pb = fleetbox::wire;

// The key whose seed is `number` 32 times.
class NumberedSigner : public wire::Signer {
 public:
  explicit NumberedSigner(uint8_t number) {
    wire::NeedSodium();
    unsigned char seed[crypto_sign_SEEDBYTES];
    memset(seed, number, sizeof seed);
    crypto_sign_seed_keypair(key_.bytes.data(), secret_, seed);
  }
  const wire::PublicKey& public_key() const override { return key_; }
  absl::StatusOr<std::string> Sign(absl::string_view data) const override {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()),
                         nullptr,
                         reinterpret_cast<const unsigned char*>(data.data()),
                         data.size(), secret_);
    return signature;
  }

 private:
  wire::PublicKey key_;
  unsigned char secret_[crypto_sign_SECRETKEYBYTES];
};

// Takes any key for anything, so that only what follows can refuse.
class TrustsEverybody : public wire::Trust {
 public:
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey&, absl::string_view, absl::Time) const override {
    return std::vector<std::string>{"anybody"};
  }
};

class TrustTable : public wire::Trust {
 public:
  void Add(const wire::PublicKey& key, absl::string_view name_space,
           std::string principal) {
    rows_[{std::string(key.view()), std::string(name_space)}] = principal;
  }
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey& key, absl::string_view name_space,
      absl::Time) const override {
    const auto row =
        rows_.find({std::string(key.view()), std::string(name_space)});
    if (row == rows_.end()) return absl::PermissionDeniedError("not in table");
    return std::vector<std::string>{row->second};
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> rows_;
};

// 2025-01-31T10:15:04.120Z
inline absl::Time SigningTime() { return base::FromMillis(1738318504120); }

inline base::ParcelId NumberedId(uint8_t number) {
  return base::ParcelId::From(std::string(16, static_cast<char>(number)));
}

inline pb::Job SmallJob() {
  pb::Job job;
  job.set_description("say hello");
  job.add_failure("ops@example.com");
  pb::Task* task = job.add_task();
  task->set_name("hello");
  task->set_host("web1");
  task->set_comm("echo");
  task->add_argument("hello");
  return job;
}

inline wire::Draft JobDraft() {
  return {.kind = pb::JOB,
          .body = wire::Serialize(SmallJob()),
          .audience = "server:mcfeely",
          .id = NumberedId(0x5a),
          .now = SigningTime()};
}

// A parcel with any fields, signed as if it were all right: what a sender with
// a good key and bad intentions can make.
inline std::string SignAnyhow(std::string unsigned_parcel,
                              absl::string_view name_space,
                              const wire::Signer& signer) {
  return absl::StrCat(unsigned_parcel,
                      *wire::SshsigSign(signer, unsigned_parcel, name_space));
}

// The bytes of a file under tests/fixtures, from the top of the tree.
inline std::string Fixture(const std::string& name) {
  std::string content;
  FILE* file = fopen(absl::StrCat("tests/fixtures/", name).c_str(), "rb");
  if (file == nullptr) return content;
  char buffer[4096];
  while (size_t n = fread(buffer, 1, sizeof buffer, file)) {
    content.append(buffer, n);
  }
  fclose(file);
  return content;
}

}  // namespace wire_test
