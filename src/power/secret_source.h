// Fetches the secrets that an inventory names (SecretSource) from where they
// are kept.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "keys/secret.h"
#include "power/pcu.h"
#include "power/secret_store.h"

namespace power {

struct HeldSecret {
  std::shared_ptr<const keys::Secret> secret;  // never null
  // A keyed hash of it, the same in every process that uses the same key, and
  // another for another secret; for the lockout memory. Empty if there is no
  // key and none can be made.
  std::string version;
};

struct SecretPlaces {
  std::string store_folder = DefaultSecretFolder();
  // systemd's; by default $CREDENTIALS_DIRECTORY.
  std::optional<std::string> credentials_folder = {};
  std::string terminal = "/dev/tty";
  absl::Duration program_limit = absl::Seconds(30);
};

// "pdu-rack3", "file:PATH", "env:NAME", "cred:NAME", "cmd:COMMAND", "prompt":
// what a source is called, never what it holds.
std::string SourceText(const SecretSource& source);

// Each source is asked once; who asks again gets the same secret. BLOCKS:
// programs are run and people are asked.
class SecretReader {
 public:
  explicit SecretReader(SecretPlaces places = {})
      : places_(std::move(places)) {}

  // `prompt` is what the terminal shows. FailedPrecondition,
  // PermissionDenied, NotFound and others: all are class `config`, and name
  // the source. A variable of the environment is taken out of it, so that no
  // child has it. Of kNone: an empty secret.
  absl::StatusOr<HeldSecret> Read(const SecretSource& source,
                                  absl::string_view prompt);
  // Whether Read would only give what is here; what another reader has read.
  bool Holds(const SecretSource& source) const;
  void Keep(const SecretSource& source, const HeldSecret& secret);
  // Who asks for it again has it fetched again: it may have been changed. Not
  // what can be had only once, of the environment and of people.
  void Forget(const SecretSource& source);

 private:
  absl::StatusOr<keys::Secret> Fetch(const SecretSource& source,
                                     absl::string_view prompt);
  absl::StatusOr<keys::Secret> FromStore(const std::string& name);
  absl::StatusOr<keys::Secret> FromCredentials(const std::string& name);
  std::string Version(const keys::Secret& secret);

  SecretPlaces places_;
  std::optional<absl::StatusOr<SecretStore>> store_;
  std::optional<keys::Secret> version_key_;
  bool no_version_key_ = false;
  absl::flat_hash_map<std::pair<SecretSource::Kind, std::string>, HeldSecret>
      held_;
};

}  // namespace power
