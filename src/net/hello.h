// The first frame each way on every channel, and what its claims are worth.
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace net {

inline constexpr uint32_t kProtocol = 1;

// Content of a kHello frame: our protocol, software and `principal`; `key` is
// null and `signature` empty where the carrier vouches.
std::string EncodeHello(absl::string_view principal, const wire::PublicKey* key,
                        absl::string_view signature);
// InvalidArgument: does not parse, a version of 0, a principal or software that
// is too long or has bytes that do not print. Key and signature are as they
// came.
absl::StatusOr<fleetbox::wire::Hello> ParseHello(absl::string_view content);

// The principals whose key this is and that may open channels at `now`.
// PermissionDenied, naming the fingerprint.
absl::StatusOr<std::vector<std::string>> ChannelPrincipals(
    const wire::Trust& trust, const wire::PublicKey& key, absl::Time now);
// Whether `principal` is one of those a key is trusted for.
bool IsAmong(absl::string_view principal,
             const std::vector<std::string>& principals);

}  // namespace net
