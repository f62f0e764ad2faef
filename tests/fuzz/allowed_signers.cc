// A trust file of any bytes: what is taken can be written, and read again as
// the same.
#include "keys/allowed_signers.h"

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<keys::AllowedSigners> file =
      keys::AllowedSigners::Parse(text);
  if (!file.ok()) return 0;
  for (const keys::AllowedSigner& signer : file->signers()) {
    const absl::Time when = signer.valid_before.value_or(
        signer.valid_after.value_or(absl::UnixEpoch()));
    const absl::StatusOr<std::vector<std::string>> who =
        file->Principals(signer.key, "inject@fleetbox", when);
    MUST(who.ok() == !who.value_or(std::vector<std::string>()).empty());
    const absl::StatusOr<std::string> line = keys::FormatSigner(signer);
    if (!line.ok()) continue;
    const absl::StatusOr<keys::AllowedSigners> back =
        keys::AllowedSigners::Parse(*line);
    MUST(back.ok() && back->signers().size() == 1);
    MUST(back->signers()[0].principals == signer.principals);
    MUST(back->signers()[0].namespaces == signer.namespaces);
    MUST(back->signers()[0].valid_before == signer.valid_before);
    MUST(back->signers()[0].key == signer.key);
  }
  return 0;
}
