// A private key file of any bytes: the text as it is, and, so that more than
// base64 is tried, the bytes inside the armor.
#include "keys/openssh_key.h"

#include <absl/strings/str_cat.h>

#include "base/bytes.h"
#include "base/status.h"

namespace {

void Try(absl::string_view text) {
  const absl::StatusOr<keys::KeyPair> pair = keys::ParsePrivateKey(text);
  if (!pair.ok()) return;
  const keys::Secret again = keys::FormatPrivateKey(*pair);
  const absl::StatusOr<keys::KeyPair> back =
      keys::ParsePrivateKey(again.view());
  MUST(back.ok() && back->public_key() == pair->public_key());
  MUST(back->comment() == pair->comment());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Try(bytes);
  Try(absl::StrCat("-----BEGIN OPENSSH PRIVATE KEY-----\n", base::Base64(bytes),
                   "\n-----END OPENSSH PRIVATE KEY-----\n"));
  return 0;
}
