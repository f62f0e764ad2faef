// How a user or a secret is written into what is sent: as it is, as a value of
// a web form, as text of XML. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

#include "keys/secret.h"
#include "power/specification.h"

namespace power {

// Why a model's dialogue cannot carry a secret; empty if it can. A control
// character would be a key that the device acts on, and XML has no way to write
// one: only a form takes it.
std::string WhyNotCarried(const keys::Secret& secret,
                          const Specification& specification);
std::string EncodedUser(absl::string_view user, SecretForm form);
keys::Secret EncodedSecret(const keys::Secret& secret, SecretForm form);

}  // namespace power
