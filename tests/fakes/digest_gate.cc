#include "fakes/digest_gate.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "base/bytes.h"
#include "net/http_auth.h"

namespace fakes {

WebSaid DigestGate::Challenge(bool is_stale) {
  ++challenges;
  nonce_ = absl::StrCat("n", ++nonces_);
  used_ = 0;
  WebSaid said = {.status = 401};
  std::string header = absl::StrCat("Digest realm=\"Digest:A4\", nonce=\"",
                                    nonce_, "\", opaque=\"o,o\"");
  if (has_qop) absl::StrAppend(&header, ", qop=\"auth-int, auth\"");
  if (!algorithm.empty()) absl::StrAppend(&header, ", algorithm=", algorithm);
  if (is_stale) absl::StrAppend(&header, ", stale=TRUE");
  said.headers.emplace("WWW-Authenticate", header);
  if (offers_basic) {
    said.headers.emplace("WWW-Authenticate", "Basic realm=\"x\"");
  }
  return said;
}

std::optional<WebSaid> DigestGate::Check(const WebHeard& heard) {
  const std::string header = heard.Header("authorization");
  if (header.empty()) return Challenge(false);
  const auto parsed = net::ParseHttpChallenges(header);
  if (parsed.size() != 1 || parsed[0].scheme != "digest") {
    ++refused;
    return Challenge(false);
  }
  const auto at = [&](absl::string_view name) {
    return std::string(parsed[0].Find(name));
  };
  const auto hash = [&](const std::string& text) {
    return base::Hex(net::Hash(digest, text).view());
  };
  std::string a1 = hash(absl::StrCat(user, ":Digest:A4:", password));
  if (absl::EndsWith(algorithm, "-sess")) {
    a1 = hash(absl::StrCat(a1, ":", at("nonce"), ":", at("cnonce")));
  }
  const std::string a2 = hash(absl::StrCat(heard.method, ":", heard.target));
  const std::string middle = has_qop ? absl::StrCat(at("nonce"), ":", at("nc"),
                                                    ":", at("cnonce"), ":auth:")
                                     : absl::StrCat(at("nonce"), ":");
  const bool is_right =
      at("response") == hash(absl::StrCat(a1, ":", middle, a2)) &&
      at("username") == user && at("uri") == heard.target &&
      at("opaque") == "o,o" && (!has_qop || at("qop") == "auth");
  if (!is_right) {
    ++refused;
    return Challenge(false);
  }
  if (at("nonce") != nonce_ || used_ >= uses ||
      (has_qop && at("nc") != absl::StrFormat("%08x", used_ + 1))) {
    ++stale;
    return Challenge(true);
  }
  ++used_;
  return std::nullopt;
}

}  // namespace fakes
