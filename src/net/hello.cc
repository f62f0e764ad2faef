#include "net/hello.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "wire/message.h"

namespace net {
namespace {

constexpr size_t kMaxSoftwareBytes = 255;

// These go to logs, to people, and into comparisons with the trust file, where
// blanks and commas have a meaning.
bool Prints(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isprint(c); });
}

}  // namespace

std::string EncodeHello(absl::string_view principal, const wire::PublicKey* key,
                        absl::string_view signature) {
  fleetbox::wire::Hello hello;
  hello.set_protocol(kProtocol);
  hello.set_software("fleetbox " FLEETBOX_VERSION);
  hello.set_principal(principal.data(), principal.size());
  if (key != nullptr) {
    hello.set_public_key(key->bytes.data(), key->bytes.size());
  }
  hello.set_signature(signature.data(), signature.size());
  return wire::Serialize(hello);
}

absl::StatusOr<fleetbox::wire::Hello> ParseHello(absl::string_view content) {
  absl::StatusOr<fleetbox::wire::Hello> hello =
      wire::Parse<fleetbox::wire::Hello>(content, base::kMaxHelloBytes);
  if (!hello.ok()) return base::Context(hello.status(), "hello");
  if (hello->protocol() == 0) {
    return absl::InvalidArgumentError("hello: protocol version 0");
  }
  if (hello->software().size() > kMaxSoftwareBytes ||
      !Prints(hello->software())) {
    return absl::InvalidArgumentError("hello: not a software version");
  }
  if (hello->principal().size() > base::kMaxPrincipalBytes ||
      !Prints(hello->principal()) ||
      hello->principal().find_first_of(" ,") != std::string::npos) {
    return absl::InvalidArgumentError("hello: not a principal");
  }
  return hello;
}

absl::StatusOr<std::vector<std::string>> ChannelPrincipals(
    const wire::Trust& trust, const wire::PublicKey& key, absl::Time now) {
  absl::StatusOr<std::vector<std::string>> principals =
      trust.Principals(key, "channel@fleetbox", now);
  if (!principals.ok()) {
    return absl::PermissionDeniedError(absl::StrCat(
        wire::Fingerprint(key), ": ", principals.status().message()));
  }
  if (principals->empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat(wire::Fingerprint(key), ": trusted as nobody"));
  }
  return principals;
}

bool IsAmong(absl::string_view principal,
             const std::vector<std::string>& principals) {
  return std::find(principals.begin(), principals.end(), principal) !=
         principals.end();
}

}  // namespace net
