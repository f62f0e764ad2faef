// Passwords in one file, sealed (XChaCha20-Poly1305) under a key that comes of
// a random file beside it. Who has only the store, say from a backup, can read
// nothing of it, and cannot change it unseen; who can read both files, root for
// instance, can read every secret. Nothing more is meant.
//
// FOLDER/pcu-secrets      the store, mode 0600, always replaced as a whole
// FOLDER/pcu-secrets.key  32 random bytes, mode 0600, made at the first use
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "keys/secret.h"

namespace power {

// /etc/fleetbox for root, else ~/.config/fleetbox.
std::string DefaultSecretFolder();

// The key of a folder, and what is derived of it.
class SecretKey {
 public:
  // Makes it if there is none. PermissionDenied, with the mode in the text, if
  // others may read or write it.
  static absl::StatusOr<SecretKey> Make(const std::string& folder);
  static absl::StatusOr<SecretKey> Read(const std::string& folder);  // NotFound
  // For one purpose; different ones tell nothing of each other.
  keys::Secret Derive(absl::string_view purpose) const;

 private:
  explicit SecretKey(keys::Secret bytes) : bytes_(std::move(bytes)) {}
  keys::Secret bytes_;
};

class SecretStore {
 public:
  // An empty one if there is none. PermissionDenied, with the mode in the text,
  // if others may read or write it; DataLoss if it is damaged, or was sealed
  // under another key.
  static absl::StatusOr<SecretStore> Read(const std::string& folder);

  std::vector<std::string> Names() const;  // sorted
  // NotFound.
  absl::StatusOr<keys::Secret> Get(absl::string_view name) const;

  // Durable when they return; readers see the old store or the new one. They
  // wait for each other, for a while: then Unavailable.
  // InvalidArgument for a name or a secret that cannot be kept.
  static absl::Status Set(const std::string& folder, absl::string_view name,
                          const keys::Secret& secret);
  static absl::Status Remove(const std::string& folder,
                             absl::string_view name);  // NotFound

 private:
  struct Piece {
    size_t begin = 0, size = 0;  // in plain_
  };
  absl::Status Index();
  absl::string_view View(const Piece& piece) const {
    return plain_.view().substr(piece.begin, piece.size);
  }
  // The store without `name`, and with it again if there is a secret.
  absl::StatusOr<keys::Secret> Changed(absl::string_view name,
                                       const keys::Secret* secret) const;

  keys::Secret plain_;
  std::map<std::string, Piece, std::less<>> pieces_;
};

// What a name of a secret may be: InvalidArgument says why not.
absl::Status CheckSecretName(absl::string_view name);

}  // namespace power
