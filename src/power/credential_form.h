// How a user or a secret is written into what is sent: as it is, as a value of
// a web form, as text of XML. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

#include "keys/secret.h"
#include "power/specification.h"

namespace power {

std::string EncodedUser(absl::string_view user, SecretForm form);
keys::Secret EncodedSecret(const keys::Secret& secret, SecretForm form);

}  // namespace power
