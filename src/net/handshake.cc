#include "net/handshake.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "keys/secret.h"
#include "wire/sodium.h"

namespace net {
namespace {

constexpr size_t kEphemeralBytes = crypto_kx_PUBLICKEYBYTES;
constexpr size_t kStreamHeaderBytes =
    crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr size_t kTagBytes = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr size_t kLengthBytes = 4;
// Nobody is known yet: enough for a Hello, and no more.
constexpr size_t kMaxEarlySealedBytes =
    base::kMaxHelloBytes + kFrameHeaderBytes + kTagBytes;

const unsigned char* U(absl::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* U(char* s) { return reinterpret_cast<unsigned char*>(s); }

// What a Hello's signature covers.
std::string SignedBytes(Role role, absl::string_view caller,
                        absl::string_view listener) {
  const std::string text = absl::StrCat(
      "fleetbox channel 1", role == Role::kCaller ? "caller" : "listener",
      caller, listener);
  std::string hash(32, '\0');
  crypto_generichash(U(hash.data()), hash.size(), U(text), text.size(), nullptr,
                     0);
  return hash;
}

}  // namespace

struct SecureStream::State {
  enum class Phase { kEphemeral, kStreamHeader, kHello, kDone, kFailed };

  explicit State(HandshakeOptions o) : options(std::move(o)) {}
  ~State() {
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(sending_key, sizeof sending_key);
    sodium_memzero(receiving_key, sizeof receiving_key);
    sodium_memzero(&push, sizeof push);
    sodium_memzero(&pull, sizeof pull);
    keys::Wipe(options.seed);
  }

  bool caller() const { return options.role == Role::kCaller; }
  void MakeEphemeral();
  absl::Status TakeEphemeral(absl::string_view theirs, std::string* reply);
  void StartSending(std::string* out);
  absl::Status SendHello(std::string* reply);
  absl::Status TakeHello(absl::string_view content, absl::Time now);
  absl::Status TakeSealed(absl::string_view sealed, absl::Time now,
                          std::string* plain, std::string* reply);
  absl::Status Take(absl::string_view* bytes, bool* more, absl::Time now,
                    std::string* plain, std::string* reply);
  void Seal(absl::string_view plain, std::string* out);

  HandshakeOptions options;
  Phase phase = Phase::kEphemeral;
  absl::Status failure;
  unsigned char secret[crypto_kx_SECRETKEYBYTES] = {};
  std::string ours, theirs;  // ephemeral public keys
  unsigned char sending_key[crypto_kx_SESSIONKEYBYTES] = {};
  unsigned char receiving_key[crypto_kx_SESSIONKEYBYTES] = {};
  std::string sending_header;
  bool sending = false;
  crypto_secretstream_xchacha20poly1305_state push, pull;
  std::string waiting;  // bytes of a piece that is not whole
  FrameReader hello{base::kMaxHelloBytes};
  Peer peer;
};

SecureStream::SecureStream(HandshakeOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  wire::NeedSodium();
}
SecureStream::~SecureStream() = default;

std::string SecureStream::Start() {
  // A listener computes nothing before it has heard anything.
  if (!state_->caller()) return "";
  state_->MakeEphemeral();
  return state_->ours;
}

void SecureStream::State::MakeEphemeral() {
  MUST(options.seed.size() == crypto_kx_SEEDBYTES);
  ours.resize(kEphemeralBytes);
  crypto_kx_seed_keypair(U(ours.data()), secret, U(options.seed));
  // The header is the stream's nonce; its key is new for each connection, so
  // all that matters is that it is there.
  sending_header.resize(kStreamHeaderBytes);
  crypto_generichash(U(sending_header.data()), sending_header.size(),
                     U(options.seed), options.seed.size(),
                     U(absl::string_view("header")), 6);
  keys::Wipe(options.seed);
}

absl::Status SecureStream::State::TakeEphemeral(absl::string_view bytes,
                                                std::string* reply) {
  if (!caller()) MakeEphemeral();
  theirs = std::string(bytes);
  if (theirs == ours) {
    return absl::UnauthenticatedError("our own ephemeral key came back");
  }
  const int result =
      caller() ? crypto_kx_client_session_keys(receiving_key, sending_key,
                                               U(ours), secret, U(theirs))
               : crypto_kx_server_session_keys(receiving_key, sending_key,
                                               U(ours), secret, U(theirs));
  sodium_memzero(secret, sizeof secret);
  if (result != 0) {
    return absl::UnauthenticatedError("an ephemeral key of small order");
  }
  phase = Phase::kStreamHeader;
  if (caller()) return absl::OkStatus();
  absl::StrAppend(reply, ours);
  return SendHello(reply);
}

// init_pull with a header of our choice sets up the same state as init_push
// with a random one (the header is the nonce, and both derive from it alike);
// this way all randomness comes with the seed.
void SecureStream::State::StartSending(std::string* out) {
  if (sending) return;
  sending = true;
  crypto_secretstream_xchacha20poly1305_init_pull(&push, U(sending_header),
                                                  sending_key);
  sodium_memzero(sending_key, sizeof sending_key);
  absl::StrAppend(out, sending_header);
}

absl::Status SecureStream::State::SendHello(std::string* reply) {
  const std::string covered = caller()
                                  ? SignedBytes(Role::kCaller, ours, theirs)
                                  : SignedBytes(Role::kListener, theirs, ours);
  absl::StatusOr<std::string> signature =
      wire::SshsigSign(*options.signer, covered, "channel@fleetbox");
  if (!signature.ok()) return base::Context(signature.status(), "our key");
  StartSending(reply);
  Seal(EncodeFrame(FrameType::kHello,
                   EncodeHello(options.principal, &options.signer->public_key(),
                               *signature)),
       reply);
  return absl::OkStatus();
}

void SecureStream::State::Seal(absl::string_view plain, std::string* out) {
  constexpr size_t kPiece = kMaxSealedBytes - kTagBytes;
  while (!plain.empty()) {
    absl::string_view piece = plain.substr(0, kPiece);
    plain.remove_prefix(piece.size());
    const size_t sealed_bytes = piece.size() + kTagBytes;
    base::PutLe32(*out, static_cast<uint32_t>(sealed_bytes));
    const size_t at = out->size();
    out->resize(at + sealed_bytes);
    crypto_secretstream_xchacha20poly1305_push(
        &push, U(out->data() + at), nullptr, U(piece), piece.size(), nullptr, 0,
        crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  }
}

absl::Status SecureStream::State::TakeHello(absl::string_view content,
                                            absl::Time now) {
  TRY_ASSIGN(fleetbox::wire::Hello hello, ParseHello(content));
  TRY_ASSIGN(wire::PublicKey key, wire::PublicKey::From(hello.public_key()));
  // Cheap checks first, the signature last but for the names.
  if (key == options.signer->public_key()) {
    return absl::UnauthenticatedError("hello: our own key came back");
  }
  if (hello.signature().size() != wire::kSignatureBytes) {
    return absl::UnauthenticatedError("hello: not a signature");
  }
  TRY_ASSIGN(std::vector<std::string> principals,
             ChannelPrincipals(*options.trust, key, now));
  const std::string covered = caller()
                                  ? SignedBytes(Role::kListener, ours, theirs)
                                  : SignedBytes(Role::kCaller, theirs, ours);
  if (!wire::SshsigVerify(key, covered, "channel@fleetbox",
                          hello.signature())) {
    return absl::UnauthenticatedError(
        absl::StrCat(wire::Fingerprint(key), ": bad signature of the hello"));
  }
  // A person's program need not know what it is called here: no claim is the
  // first of what its key is trusted for.
  if (!hello.principal().empty() && !IsAmong(hello.principal(), principals)) {
    return absl::PermissionDeniedError(
        absl::StrCat(wire::Fingerprint(key), ": claims to be '",
                     hello.principal(), "', which it is not trusted as"));
  }
  if (!options.expected.empty() && !IsAmong(options.expected, principals)) {
    return absl::PermissionDeniedError(
        absl::StrCat(wire::Fingerprint(key), ": is '", hello.principal(),
                     "' and not '", options.expected, "'"));
  }
  peer.principal =
      hello.principal().empty() ? principals[0] : hello.principal();
  peer.principals = std::move(principals);
  peer.key = key;
  peer.software = hello.software();
  peer.protocol = std::min(kProtocol, hello.protocol());
  return absl::OkStatus();
}

absl::Status SecureStream::State::TakeSealed(absl::string_view sealed,
                                             absl::Time now, std::string* plain,
                                             std::string* reply) {
  std::string early;
  std::string* out = phase == Phase::kDone ? plain : &early;
  const size_t at = out->size();
  out->resize(at + sealed.size() - kTagBytes);
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(
          &pull, U(out->data() + at), nullptr, &tag, U(sealed), sealed.size(),
          nullptr, 0) != 0) {
    out->resize(at);
    return absl::UnauthenticatedError("a message that was not sealed for us");
  }
  if (tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) {
    out->resize(at);
    return absl::InvalidArgumentError("a message with a tag that is not used");
  }
  if (phase == Phase::kDone) return absl::OkStatus();
  hello.Add(early);
  TRY_ASSIGN(std::optional<Frame> frame, hello.Next());
  if (!frame) return absl::OkStatus();
  TRY(CheckRefusal(*frame));
  if (frame->type != FrameType::kHello) {
    return absl::InvalidArgumentError("the first frame is no hello");
  }
  const absl::Status checked = TakeHello(frame->content, now);
  if (!checked.ok()) {
    // Not to somebody in the middle, whose keys or signature are wrong.
    if (caller() && options.introduce && absl::IsPermissionDenied(checked)) {
      TRY(SendHello(reply));
    }
    StartSending(reply);
    Seal(EncodeFrame(FrameType::kClose, "refused"), reply);
    return checked;
  }
  if (caller()) TRY(SendHello(reply));
  absl::string_view rest = hello.rest();
  plain->append(rest.data(), rest.size());
  hello = FrameReader(0);
  phase = Phase::kDone;
  return absl::OkStatus();
}

// Takes one piece off the front of `bytes` if it is whole.
absl::Status SecureStream::State::Take(absl::string_view* bytes, bool* more,
                                       absl::Time now, std::string* plain,
                                       std::string* reply) {
  *more = false;
  size_t piece = 0;
  switch (phase) {
    case Phase::kEphemeral:
      piece = kEphemeralBytes;
      break;
    case Phase::kStreamHeader:
      piece = kStreamHeaderBytes;
      break;
    case Phase::kHello:
    case Phase::kDone: {
      if (bytes->size() < kLengthBytes) return absl::OkStatus();
      const size_t sealed = base::Le32(bytes->data());
      if (sealed <= kTagBytes ||
          sealed > (phase == Phase::kDone ? kMaxSealedBytes
                                          : kMaxEarlySealedBytes)) {
        return absl::InvalidArgumentError(
            absl::StrCat("a message of ", sealed, " bytes"));
      }
      piece = kLengthBytes + sealed;
      break;
    }
    case Phase::kFailed:
      return failure;
  }
  if (bytes->size() < piece) return absl::OkStatus();
  *more = true;
  absl::string_view front = bytes->substr(0, piece);
  bytes->remove_prefix(piece);
  switch (phase) {
    case Phase::kEphemeral:
      return TakeEphemeral(front, reply);
    case Phase::kStreamHeader:
      crypto_secretstream_xchacha20poly1305_init_pull(&pull, U(front),
                                                      receiving_key);
      sodium_memzero(receiving_key, sizeof receiving_key);
      phase = Phase::kHello;
      return absl::OkStatus();
    case Phase::kHello:
    case Phase::kDone:
      return TakeSealed(front.substr(kLengthBytes), now, plain, reply);
    case Phase::kFailed:
      return failure;
  }
  return failure;
}

absl::Status SecureStream::Receive(absl::string_view bytes, absl::Time now,
                                   std::string* plain, std::string* reply) {
  State& s = *state_;
  if (s.phase == State::Phase::kFailed) return s.failure;
  // Whole pieces are taken from where they lie; only what is left over is kept.
  if (!s.waiting.empty()) {
    s.waiting.append(bytes.data(), bytes.size());
    bytes = s.waiting;
  }
  bool more = true;
  while (more) {
    const absl::Status status = s.Take(&bytes, &more, now, plain, reply);
    if (!status.ok()) {
      s.phase = State::Phase::kFailed;
      s.failure = status;
      s.waiting = std::string();
      return status;
    }
  }
  if (s.waiting.empty()) {
    s.waiting.assign(bytes.data(), bytes.size());
  } else {
    s.waiting.erase(0, s.waiting.size() - bytes.size());
  }
  return absl::OkStatus();
}

bool SecureStream::done() const { return state_->phase == State::Phase::kDone; }

const Peer& SecureStream::peer() const { return state_->peer; }

void SecureStream::Encrypt(absl::string_view plain, std::string* out) {
  MUST(done());
  state_->Seal(plain, out);
}

}  // namespace net
