// SHA-256, where others ask for it, and comparing what nobody may guess.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace wire {

std::string Sha256(absl::string_view bytes);  // 32 bytes

// Whether they are the same, in a time that says nothing of where they differ
// or of how long `secret` is.
bool SameSecret(absl::string_view secret, absl::string_view offered);

}  // namespace wire
