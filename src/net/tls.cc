#include "net/tls.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "net/ciphers.h"

namespace net {
namespace {

constexpr size_t kReadBytes = 16 << 10;

// What the library calls them all, and then those it leaves out by default.
std::vector<int> LegacySuites() {
  std::vector<int> suites;
  for (const int* s = mbedtls_ssl_list_ciphersuites(); *s != 0; ++s) {
    suites.push_back(*s);
  }
  for (const int more :
       {MBEDTLS_TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,
        MBEDTLS_TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
        MBEDTLS_TLS_RSA_WITH_3DES_EDE_CBC_SHA, MBEDTLS_TLS_RSA_WITH_RC4_128_SHA,
        MBEDTLS_TLS_RSA_WITH_RC4_128_MD5}) {
    if (std::find(suites.begin(), suites.end(), more) == suites.end()) {
      suites.push_back(more);
    }
  }
  suites.push_back(0);
  return suites;
}

// Any digest, any key, RSA from 512 bits: what old cards were made with.
constexpr mbedtls_x509_crt_profile kLegacyProfile = {0x0fffffff, 0x0fffffff,
                                                     0x0fffffff, 512};
constexpr int kLegacyDigests[] = {MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA384,
                                  MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA224,
                                  MBEDTLS_MD_SHA1,   MBEDTLS_MD_NONE};
constexpr unsigned kLegacyDiffieHellmanBits = 512;

const unsigned char* Bytes(absl::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

// The bytes of a numeric address; empty for a name.
std::string AddressBytes(const std::string& server) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, server.c_str(), bytes) == 1) {
    return {reinterpret_cast<char*>(bytes), 4};
  }
  if (inet_pton(AF_INET6, server.c_str(), bytes) == 1) {
    return {reinterpret_cast<char*>(bytes), 16};
  }
  return "";
}

// The library compares names only. An address may also stand where a name
// stands, as the common name: many cards make their certificates so.
bool IsForAddress(const mbedtls_x509_crt& crt, const std::string& server,
                  const std::string& address) {
  constexpr int kAddressTag = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7;
  bool has_alternatives = false;
  for (const mbedtls_x509_sequence* s = &crt.subject_alt_names; s != nullptr;
       s = s->next) {
    if (s->buf.p == nullptr) continue;
    has_alternatives = true;
    const absl::string_view value(reinterpret_cast<char*>(s->buf.p),
                                  s->buf.len);
    if (s->buf.tag == kAddressTag && value == address) return true;
  }
  if (has_alternatives) return false;
  for (const mbedtls_x509_name* n = &crt.subject; n != nullptr; n = n->next) {
    if (n->oid.p == nullptr || n->val.p == nullptr) continue;
    if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) != 0) continue;
    if (absl::string_view(reinterpret_cast<char*>(n->val.p), n->val.len) ==
        server) {
      return true;
    }
  }
  return false;
}

absl::Time TimeOf(const mbedtls_x509_time& t) {
  return absl::FromCivil(
      absl::CivilSecond(t.year, t.mon, t.day, t.hour, t.min, t.sec),
      absl::UTCTimeZone());
}

std::string PinOf(const mbedtls_x509_crt& crt) {
  return base::Hex(
      Hash(Digest::kSha256,
           {reinterpret_cast<const char*>(crt.pk_raw.p), crt.pk_raw.len})
          .view());
}

bool IsSelfSigned(const mbedtls_x509_crt& crt) {
  return crt.subject_raw.len == crt.issuer_raw.len &&
         std::memcmp(crt.subject_raw.p, crt.issuer_raw.p,
                     crt.subject_raw.len) == 0;
}

// What matters most first.
std::string WordsFor(uint32_t flags, bool self_signed,
                     const std::string& server) {
  if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
    return "the certificate has expired";
  }
  if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
    return "the certificate is not valid yet";
  }
  if ((flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
                MBEDTLS_X509_BADCERT_BAD_KEY)) != 0) {
    return "the certificate is of an outdated kind (short key or weak digest)";
  }
  if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
    return self_signed ? "self-signed certificate"
                       : "the certificate is of an unknown authority";
  }
  if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
    return absl::StrCat("the certificate is not for '", server, "'");
  }
  if ((flags & MBEDTLS_X509_BADCERT_REVOKED) != 0) {
    return "the certificate was revoked";
  }
  return "the certificate is not valid for a server";
}

std::string WordsForError(int error, bool is_legacy) {
  const absl::string_view hint =
      is_legacy ? "" : " (older ones only with legacy-crypto)";
  switch (error) {
    case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
      return absl::StrCat("the server speaks another version of TLS", hint);
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      return absl::StrCat("the server refused our versions or ciphers", hint);
    case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
    case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
      return absl::StrCat("no common cipher", hint);
    case MBEDTLS_ERR_SSL_INVALID_RECORD:
    case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD:
      return "what the server sends is no TLS";
    case MBEDTLS_ERR_SSL_INVALID_MAC:
      return "what the server sends was changed on the way";
    default:
      char text[200];
      mbedtls_strerror(error, text, sizeof text);
      return absl::AsciiStrToLower(text);
  }
}

}  // namespace

struct TlsAuthorities::State {
  mbedtls_x509_crt chain;
};

TlsAuthorities::TlsAuthorities() : state_(std::make_unique<State>()) {
  mbedtls_x509_crt_init(&state_->chain);
}

TlsAuthorities::~TlsAuthorities() { mbedtls_x509_crt_free(&state_->chain); }

absl::StatusOr<std::shared_ptr<const TlsAuthorities>> TlsAuthorities::Parse(
    absl::string_view pem) {
  std::shared_ptr<TlsAuthorities> authorities(new TlsAuthorities);
  // It wants the zero byte behind the text, and counts it.
  const std::string text(pem);
  mbedtls_x509_crt_parse(&authorities->state_->chain, Bytes(text),
                         text.size() + 1);
  if (authorities->state_->chain.raw.p == nullptr) {
    return absl::InvalidArgumentError("holds no certificate in PEM");
  }
  return authorities;
}

struct TlsClient::State {
  State(TlsOptions o, RandomBytes r)
      : options(std::move(o)),
        random(std::move(r)),
        address(AddressBytes(options.server)) {
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
  }
  ~State() {
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    mbedtls_platform_zeroize(text.data(), text.size());
    mbedtls_platform_zeroize(held.data(), held.size());
  }

  void Configure();
  void Pump();
  bool Handshake();
  void CheckServer();
  void Write(absl::string_view plain);
  void ReadAll();
  void Fail(std::string why);
  uint32_t Look(const mbedtls_x509_crt& crt, int depth, uint32_t flags);

  const TlsOptions options;
  const RandomBytes random;
  const std::string address;
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config config;
  std::vector<int> suites;
  absl::Time now;
  std::string in, out, text, held;  // `held`: to be sent after the handshake
  size_t in_at = 0;
  bool started = false, open = false, ended = false, peer_closed = false;
  bool self_signed = false;
  std::string pin;
  std::optional<std::string> failure;
};

void TlsClient::State::Configure() {
  MUST(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
                                   MBEDTLS_SSL_TRANSPORT_STREAM,
                                   MBEDTLS_SSL_PRESET_DEFAULT) == 0);
  mbedtls_ssl_conf_rng(
      &config,
      [](void* self, unsigned char* bytes, size_t n) {
        const std::string some = static_cast<State*>(self)->random(n);
        MUST(some.size() == n);
        std::memcpy(bytes, some.data(), n);
        return 0;
      },
      this);
  const int least = options.is_legacy ? MBEDTLS_SSL_MINOR_VERSION_1   // TLS 1.0
                                      : MBEDTLS_SSL_MINOR_VERSION_3;  // TLS 1.2
  mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, least);
  if (options.is_legacy) {
    suites = LegacySuites();
    mbedtls_ssl_conf_ciphersuites(&config, suites.data());
    mbedtls_ssl_conf_cert_profile(&config, &kLegacyProfile);
    mbedtls_ssl_conf_sig_hashes(&config, kLegacyDigests);
    mbedtls_ssl_conf_dhm_min_bitlen(&config, kLegacyDiffieHellmanBits);
  }
  // We look at what the library found ourselves: a pin outweighs it.
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_OPTIONAL);
  mbedtls_ssl_conf_verify(
      &config,
      [](void* self, mbedtls_x509_crt* crt, int depth, uint32_t* flags) {
        *flags = static_cast<State*>(self)->Look(*crt, depth, *flags);
        return 0;
      },
      this);
  if (options.authorities != nullptr) {
    // The library does not change the list; its interface has no const.
    mbedtls_ssl_conf_ca_chain(
        &config,
        const_cast<mbedtls_x509_crt*>(&options.authorities->state_->chain),
        nullptr);
  }
  if (mbedtls_ssl_setup(&ssl, &config) != 0) return Fail("out of memory");
  // An address is never asked for by name (RFC 6066, section 3).
  if (address.empty() && !options.server.empty() &&
      mbedtls_ssl_set_hostname(&ssl, options.server.c_str()) != 0) {
    return Fail("the server's name is too long");
  }
  mbedtls_ssl_set_bio(
      &ssl, this,
      [](void* self, const unsigned char* bytes, size_t n) {
        static_cast<State*>(self)->out.append(
            reinterpret_cast<const char*>(bytes), n);
        return static_cast<int>(n);
      },
      [](void* self, unsigned char* bytes, size_t n) {
        State& s = *static_cast<State*>(self);
        const size_t some = std::min(n, s.in.size() - s.in_at);
        if (some == 0) return s.peer_closed ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
        std::memcpy(bytes, s.in.data() + s.in_at, some);
        s.in_at += some;
        return static_cast<int>(some);
      },
      nullptr);
}

// Dates are compared with the time we are told, not with the library's clock.
uint32_t TlsClient::State::Look(const mbedtls_x509_crt& crt, int depth,
                                uint32_t flags) {
  flags &= ~static_cast<uint32_t>(MBEDTLS_X509_BADCERT_EXPIRED |
                                  MBEDTLS_X509_BADCERT_FUTURE);
  if (now > TimeOf(crt.valid_to)) flags |= MBEDTLS_X509_BADCERT_EXPIRED;
  if (now < TimeOf(crt.valid_from)) flags |= MBEDTLS_X509_BADCERT_FUTURE;
  if (depth != 0) return flags;
  self_signed = IsSelfSigned(crt);
  if (!address.empty() && !IsForAddress(crt, options.server, address)) {
    flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
  }
  return flags;
}

void TlsClient::State::Fail(std::string why) {
  if (!failure.has_value()) failure = std::move(why);
  ended = true;
}

void TlsClient::State::Pump() {
  if (!started || ended) return;
  if (!open && !Handshake()) return;
  if (!held.empty()) {
    Write(held);
    mbedtls_platform_zeroize(held.data(), held.size());
    held.clear();
  }
  ReadAll();
  in.erase(0, in_at);
  in_at = 0;
}

bool TlsClient::State::Handshake() {
  const int error = mbedtls_ssl_handshake(&ssl);
  if (error == MBEDTLS_ERR_SSL_WANT_READ ||
      error == MBEDTLS_ERR_SSL_WANT_WRITE) {
    in.erase(0, in_at);
    in_at = 0;
    return false;
  }
  if (error != 0) {
    Fail(peer_closed ? "the server hung up during the handshake"
                     : WordsForError(error, options.is_legacy));
    return false;
  }
  CheckServer();
  open = !ended;
  return open;
}

void TlsClient::State::CheckServer() {
  const mbedtls_x509_crt* crt = mbedtls_ssl_get_peer_cert(&ssl);
  if (crt == nullptr) return Fail("the server showed no certificate");
  pin = PinOf(*crt);
  if (!options.pin.empty()) {
    if (absl::EqualsIgnoreCase(options.pin, pin)) return;
    return Fail(absl::StrCat("another key than the pinned one: its pin is ",
                             pin, ", not ", options.pin));
  }
  if (options.is_insecure) return;
  const uint32_t flags = mbedtls_ssl_get_verify_result(&ssl);
  if (flags != 0) {
    Fail(absl::StrCat(WordsFor(flags, self_signed, options.server),
                      "; its pin is ", pin));
  }
}

void TlsClient::State::Write(absl::string_view plain) {
  while (!plain.empty()) {
    const int n = mbedtls_ssl_write(&ssl, Bytes(plain), plain.size());
    if (n <= 0) return Fail(WordsForError(n, options.is_legacy));
    plain.remove_prefix(static_cast<size_t>(n));
  }
}

void TlsClient::State::ReadAll() {
  unsigned char buffer[kReadBytes];
  while (true) {
    const int n = mbedtls_ssl_read(&ssl, buffer, sizeof buffer);
    if (n > 0) {
      text.append(reinterpret_cast<char*>(buffer), static_cast<size_t>(n));
      mbedtls_platform_zeroize(buffer, static_cast<size_t>(n));
      continue;
    }
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE) {
      return;
    }
    ended = true;
    // Many cards hang up without the farewell; whoever reads knows from the
    // length of the answer whether something is missing.
    if (n != 0 && n != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY &&
        n != MBEDTLS_ERR_SSL_CONN_EOF) {
      Fail(WordsForError(n, options.is_legacy));
    }
    return;
  }
}

TlsClient::TlsClient(TlsOptions options, RandomBytes random)
    : state_(std::make_unique<State>(std::move(options), std::move(random))) {}
TlsClient::~TlsClient() = default;

void TlsClient::Start(absl::Time now) {
  state_->now = now;
  state_->Configure();
  state_->started = true;
  state_->Pump();
}

void TlsClient::Receive(absl::string_view bytes, absl::Time now) {
  if (state_->ended) return;
  state_->now = now;
  state_->in.append(bytes.data(), bytes.size());
  state_->Pump();
}

void TlsClient::PeerClosed() {
  state_->peer_closed = true;
  state_->Pump();
}

void TlsClient::Send(absl::string_view text) {
  if (state_->ended) return;
  if (state_->open) return state_->Write(text);
  state_->held.append(text.data(), text.size());
}

void TlsClient::Close() {
  if (state_->open && !state_->failure.has_value()) {
    mbedtls_ssl_close_notify(&state_->ssl);
  }
  state_->ended = true;
}

std::string TlsClient::TakeBytes() { return std::exchange(state_->out, {}); }
std::string TlsClient::TakeText() { return std::exchange(state_->text, {}); }
bool TlsClient::is_open() const { return state_->open && !state_->ended; }
bool TlsClient::is_ended() const { return state_->ended; }
const std::optional<std::string>& TlsClient::failure() const {
  return state_->failure;
}
const std::string& TlsClient::pin() const { return state_->pin; }

}  // namespace net
