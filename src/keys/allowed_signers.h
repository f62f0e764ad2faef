// Whom we trust for what: OpenSSH's allowed_signers files (ssh-keygen(1),
// ALLOWED SIGNERS).
//
//   PRINCIPAL[,...] [OPTION[,...]] ssh-ed25519 BASE64 [COMMENT]
//
// A signature proves a key, not a name, so every principal of a key's lines is
// what the sender counts as. A principal that is a pattern (*@example.com)
// names nobody in particular: the pattern itself is returned. Exclusions
// (!NAME) among principals could not be honoured and are refused.
//
// Options: namespaces="PATTERN,..." (with !PATTERN exclusions), and
// valid-after="TIME", valid-before="TIME" with TIME as YYYYMMDD or
// YYYYMMDDHHMM[SS], with or without Z. Differs: without Z OpenSSH takes local
// time; a static program has no zone files, and one file must mean the same on
// every host, so it is UTC here.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "wire/parcel.h"

namespace keys {

struct AllowedSigner {
  int line = 0;  // from 1
  std::vector<std::string> principals;
  std::vector<std::string> namespaces;  // patterns; empty: all
  std::optional<absl::Time> valid_after, valid_before;
  wire::PublicKey key;
  std::string comment;

  // Whether the line lets its key sign there, at some time.
  bool AllowsNamespace(absl::string_view name_space) const;
};

// A moment as the file writes it; infinite ones are refused. InvalidArgument.
absl::StatusOr<absl::Time> ParseSignerTime(absl::string_view text);
// One line with a newline at its end, such that Parse gives `signer` back.
// InvalidArgument when a principal, namespace or comment cannot be written.
absl::StatusOr<std::string> FormatSigner(const AllowedSigner& signer);

// A parsed file. Lines with keys of other types are passed over, as they can
// sign nothing of ours; anything else wrong is an error that names its line.
class AllowedSigners : public wire::Trust {
 public:
  static absl::StatusOr<AllowedSigners> Parse(absl::string_view text);
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey& key, absl::string_view name_space,
      absl::Time when) const override;
  const std::vector<AllowedSigner>& signers() const { return signers_; }

 private:
  std::vector<AllowedSigner> signers_;
  std::vector<uint32_t> by_key_;  // positions in signers_, in order of key
};

// The trust of a program: the file, read again when it changes. A missing file
// trusts nobody; a file that does not parse, too, and says so in every refusal.
class TrustFile : public wire::Trust {
 public:
  // `path` if not empty, else $FLEETBOX_TRUST, else /etc/fleetbox/
  // allowed_signers if it exists, else ~/.config/fleetbox/allowed_signers.
  explicit TrustFile(const std::string& path);
  const std::string& path() const { return path_; }
  // Reads the file again if it has changed (size, times, inode); true if so:
  // channels of keys that are not trusted any more must then be closed.
  // Cheap enough for every parcel: one stat(2).
  bool Refresh();
  // Whether any line of the file is about this principal, by its very name.
  bool Names(absl::string_view principal) const;
  // Ok, or why nobody is trusted.
  const absl::Status& error() const { return error_; }
  const std::vector<AllowedSigner>& signers() const {
    return signers_.signers();
  }
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey& key, absl::string_view name_space,
      absl::Time when) const override;

 private:
  std::string path_;
  absl::Status error_;  // why there is nobody in signers_
  std::string text_;    // what signers_ was parsed from
  AllowedSigners signers_;
  absl::flat_hash_set<std::string> names_;  // every principal of signers_
  // Size, modification time, inode and device of what was read; -1 when it has
  // to be read again whatever these say.
  int64_t stamp_[4] = {-1, -1, -1, -1};
};

// Adds a line to a trust file, making it (0644) and its folder if missing, so
// that readers see the old file or the new one. AlreadyExists when a line has
// the key for one of its principals already; InvalidArgument when the file does
// not parse or the signer cannot be written; Unavailable while somebody else
// adds one.
absl::Status AddSigner(const std::string& path, const AllowedSigner& signer);

}  // namespace keys
