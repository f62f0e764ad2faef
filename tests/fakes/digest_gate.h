// The server's side of Digest (RFC 7616): lets in who knows the password.
#pragma once

#include <optional>
#include <string>

#include "fakes/web_model.h"
#include "net/ciphers.h"

namespace fakes {

struct DigestGate {
  std::string user = "admin", password = "P@ssw0rd";
  net::Digest digest = net::Digest::kMd5;
  std::string algorithm = "MD5";  // as it is named; "" is not named
  bool has_qop = true;
  int uses = 1000;  // of a nonce, before it is stale
  bool offers_basic = false;

  // An answer for who is not let in.
  std::optional<WebSaid> Check(const WebHeard& heard);

  int refused = 0;     // with credentials that are wrong
  int stale = 0;       // right, but with a nonce that is used up
  int challenges = 0;  // of all kinds

 private:
  WebSaid Challenge(bool is_stale);
  std::string nonce_ = "n0";
  int used_ = 0, nonces_ = 0;
};

}  // namespace fakes
