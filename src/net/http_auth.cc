#include "net/http_auth.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <utility>

#include "base/bytes.h"

namespace net {
namespace {

constexpr size_t kMaxChallenges = 16;
constexpr size_t kMaxParameters = 32;
constexpr size_t kClientNonceBytes = 16;

bool IsTokenByte(char c) {
  return absl::ascii_isalnum(c) ||
         absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(&c, 1));
}

void SkipBlanks(absl::string_view& s) {
  while (!s.empty() && (absl::ascii_isspace(s[0]) || s[0] == ',')) {
    s.remove_prefix(1);
  }
}

absl::string_view TakeToken(absl::string_view& s) {
  size_t n = 0;
  while (n < s.size() && IsTokenByte(s[n])) ++n;
  const absl::string_view token = s.substr(0, n);
  s.remove_prefix(n);
  return token;
}

std::string TakeQuoted(absl::string_view& s) {
  std::string value;
  s.remove_prefix(1);
  while (!s.empty() && s[0] != '"') {
    if (s[0] == '\\' && s.size() > 1) s.remove_prefix(1);
    value += s[0];
    s.remove_prefix(1);
  }
  if (!s.empty()) s.remove_prefix(1);
  return value;
}

// What stands between quotes.
std::string Quoted(absl::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string HexOf(Digest digest, absl::string_view message) {
  return base::Hex(Hash(digest, message).view());
}

}  // namespace

absl::string_view HttpChallenge::Find(absl::string_view name) const {
  for (const auto& [n, value] : parameters) {
    if (n == name) return value;
  }
  return "";
}

// Commas separate both challenges and parameters: a word that no '=' follows
// begins a challenge.
std::vector<HttpChallenge> ParseHttpChallenges(absl::string_view s) {
  std::vector<HttpChallenge> challenges;
  while (true) {
    SkipBlanks(s);
    const absl::string_view word = TakeToken(s);
    if (word.empty()) return challenges;
    absl::string_view after = s;
    while (!after.empty() && after[0] == ' ') after.remove_prefix(1);
    if (!absl::StartsWith(after, "=")) {
      if (challenges.size() == kMaxChallenges) return challenges;
      challenges.push_back({absl::AsciiStrToLower(word), {}});
      continue;
    }
    after.remove_prefix(1);
    while (!after.empty() && after[0] == ' ') after.remove_prefix(1);
    std::string value = absl::StartsWith(after, "\"")
                            ? TakeQuoted(after)
                            : std::string(TakeToken(after));
    s = after;
    if (challenges.empty() ||
        challenges.back().parameters.size() == kMaxParameters) {
      return challenges;
    }
    challenges.back().parameters.emplace_back(absl::AsciiStrToLower(word),
                                              std::move(value));
  }
}

HttpAuth::HttpAuth(std::string user, std::shared_ptr<const keys::Secret> secret,
                   RandomBytes random)
    : user_(std::move(user)),
      secret_(secret != nullptr ? std::move(secret)
                                : std::make_shared<const keys::Secret>()),
      random_(std::move(random)) {}

void HttpAuth::BeginBasic() {
  if (scheme_ == Scheme::kNone) scheme_ = Scheme::kBasic;
}

bool HttpAuth::TakeDigest(const HttpChallenge& challenge) {
  std::string algorithm(challenge.Find("algorithm"));
  std::string name = absl::AsciiStrToLower(algorithm);
  const bool is_session = absl::EndsWith(name, "-sess");
  if (is_session) name.resize(name.size() - 5);
  if (!name.empty() && name != "md5" && name != "sha-256") return false;
  const absl::string_view qop = challenge.Find("qop");
  bool has_auth = false;
  for (absl::string_view word : absl::StrSplit(qop, ',')) {
    has_auth = has_auth || absl::StripAsciiWhitespace(word) == "auth";
  }
  if (!qop.empty() && !has_auth) return false;
  for (const auto& [n, value] : challenge.parameters) {
    if (!IsHttpHeaderValue(value)) return false;
  }
  digest_ = name == "sha-256" ? Digest::kSha256 : Digest::kMd5;
  algorithm_ = std::move(algorithm);
  is_session_ = is_session;
  has_qop_ = has_auth;
  realm_ = std::string(challenge.Find("realm"));
  nonce_ = std::string(challenge.Find("nonce"));
  opaque_ = std::string(challenge.Find("opaque"));
  has_opaque_ = !opaque_.empty();
  count_ = 0;
  scheme_ = Scheme::kDigest;
  return true;
}

bool HttpAuth::OnRefusal(const HttpAnswer& answer) {
  std::vector<HttpChallenge> challenges;
  for (const auto& [name, value] : answer.headers) {
    if (name != "www-authenticate") continue;
    for (HttpChallenge& c : ParseHttpChallenges(value)) {
      challenges.push_back(std::move(c));
    }
  }
  const bool had_shown = has_shown_;
  const Scheme before = scheme_;
  // The strongest that both know; never back from Digest to Basic.
  for (const absl::string_view digest : {"sha-256", "md5"}) {
    for (const HttpChallenge& c : challenges) {
      if (c.scheme != "digest") continue;
      const bool is_stronger = absl::StartsWith(
          absl::AsciiStrToLower(c.Find("algorithm")), "sha-256");
      if (is_stronger != (digest == "sha-256")) continue;
      if (!TakeDigest(c)) continue;
      return !had_shown || absl::EqualsIgnoreCase(c.Find("stale"), "true");
    }
  }
  if (before == Scheme::kDigest || had_shown) return false;
  for (const HttpChallenge& c : challenges) {
    if (c.scheme != "basic") continue;
    scheme_ = Scheme::kBasic;
    return true;
  }
  is_unknown_ = true;
  return false;
}

std::string HttpAuth::BasicHeader() const {
  std::string pair = absl::StrCat(user_, ":", secret_->view());
  std::string coded = base::Base64(pair);
  keys::Wipe(pair);
  std::string header = absl::StrCat("Basic ", coded);
  keys::Wipe(coded);
  return header;
}

std::string HttpAuth::DigestHeader(absl::string_view method,
                                   absl::string_view target) {
  const std::string count = absl::StrFormat("%08x", ++count_);
  const std::string ours = base::Hex(random_(kClientNonceBytes));
  Hasher who(digest_);
  who.Add(absl::StrCat(user_, ":", realm_, ":"));
  who.Add(secret_->view());
  std::string a1 = base::Hex(who.Finish().view());
  if (is_session_) {
    std::string session =
        HexOf(digest_, absl::StrCat(a1, ":", nonce_, ":", ours));
    keys::Wipe(a1);
    a1 = std::move(session);
  }
  const std::string a2 = HexOf(digest_, absl::StrCat(method, ":", target));
  Hasher hasher(digest_);
  hasher.Add(a1);
  keys::Wipe(a1);
  hasher.Add(
      has_qop_ ? absl::StrCat(":", nonce_, ":", count, ":", ours, ":auth:", a2)
               : absl::StrCat(":", nonce_, ":", a2));
  std::string header = absl::StrCat(
      "Digest username=", Quoted(user_), ", realm=", Quoted(realm_),
      ", nonce=", Quoted(nonce_), ", uri=", Quoted(target), ", response=\"",
      base::Hex(hasher.Finish().view()), "\"");
  if (!algorithm_.empty()) {
    absl::StrAppend(&header, ", algorithm=", algorithm_);
  }
  if (has_qop_) {
    absl::StrAppend(&header, ", qop=auth, nc=", count, ", cnonce=\"", ours,
                    "\"");
  } else if (is_session_) {
    absl::StrAppend(&header, ", cnonce=\"", ours, "\"");
  }
  if (has_opaque_) absl::StrAppend(&header, ", opaque=", Quoted(opaque_));
  return header;
}

std::string HttpAuth::Header(absl::string_view method,
                             absl::string_view target) {
  if (scheme_ == Scheme::kNone) return "";
  has_shown_ = true;
  return scheme_ == Scheme::kBasic ? BasicHeader()
                                   : DigestHeader(method, target);
}

}  // namespace net
