// How a client of HTTP proves who it is: Basic (RFC 7617) and Digest (RFC 7616;
// MD5 and SHA-256, with and without qop). Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keys/secret.h"
#include "net/ciphers.h"
#include "net/http_answer.h"

namespace net {

struct HttpChallenge {
  std::string scheme;  // lower case
  // Names in lower case, values without their quotes.
  std::vector<std::pair<std::string, std::string>> parameters;
  absl::string_view Find(absl::string_view name) const;
};
// All of one WWW-Authenticate header; what makes no sense is left out.
std::vector<HttpChallenge> ParseHttpChallenges(absl::string_view header);

class HttpAuth {
 public:
  using RandomBytes = std::function<std::string(size_t)>;
  // The secret's other owner is whoever has the credentials; null is an empty
  // password.
  HttpAuth(std::string user, std::shared_ptr<const keys::Secret> secret,
           RandomBytes random);

  // Basic without being asked for it.
  void BeginBasic();
  // What a 401 asks for. True if asking again may help: we have shown nothing
  // yet, or only that it was too old.
  bool OnRefusal(const HttpAnswer& answer);
  // The header to be added, "" for none; the caller wipes it.
  std::string Header(absl::string_view method, absl::string_view target);
  // Whether the password was a part of what was shown, however hidden.
  bool has_shown() const { return has_shown_; }
  // A challenge came that we know no answer to.
  bool is_unknown() const { return is_unknown_; }

 private:
  enum class Scheme : uint8_t { kNone, kBasic, kDigest };
  bool TakeDigest(const HttpChallenge& challenge);
  std::string BasicHeader() const;
  std::string DigestHeader(absl::string_view method, absl::string_view target);

  const std::string user_;
  const std::shared_ptr<const keys::Secret> secret_;
  const RandomBytes random_;
  Scheme scheme_ = Scheme::kNone;
  Digest digest_ = Digest::kMd5;
  std::string algorithm_, realm_, nonce_, opaque_;
  bool is_session_ = false, has_qop_ = false, has_opaque_ = false;
  uint32_t count_ = 0;
  bool has_shown_ = false, is_unknown_ = false;
};

}  // namespace net
