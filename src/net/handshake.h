// How two programs that know each other's keys make an encrypted stream of a
// TCP connection. Pure: told what has arrived, answers what to send.
//
//   caller                                   listener
//   X25519 ephemeral key, 32 bytes     ->
//                                      <-    X25519 ephemeral key, 32 bytes
//   both derive session keys (crypto_kx) and encrypt everything from here
//   (crypto_secretstream_xchacha20poly1305, one stream each way; each begins
//   with its 24-byte header)
//                                      <-    Hello frame
//   Hello frame                        ->
//   frames                            <->    frames
//
// A listener that accepts the caller's Hello sends a frame at once (the
// channel's first keep-alive), and one that does not a kClose with the content
// "refused": the caller knows which before it calls the channel open.
//
// A caller that does not trust the listener says "refused" as well, in place of
// its Hello, or behind it (HandshakeOptions::introduce): then the listener, if
// it trusts the caller, knows who that was.
//
// Each Hello is signed (SSHSIG, namespace channel@fleetbox) over
// BLAKE2b-256("fleetbox channel 1" | role | caller's ephemeral | listener's
// ephemeral), role being "caller" or "listener": somebody in the middle with
// ephemeral keys of its own makes both ends sign different bytes.
//
// A message of the encrypted stream: 4 bytes length of the ciphertext (little
// endian, at most kMaxSealedBytes), ciphertext. Frames may be cut anywhere. A
// message is never empty and its tag is always TAG_MESSAGE.
//
// What somebody can do who has no trusted key: make a listener compute one
// X25519 and one signature for 32 bytes, and one look into the trust file and
// at most one signature check for a Hello. Until then it holds at most
// kMaxHelloBytes and a few of theirs.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <string>
#include <vector>

#include "net/frame.h"
#include "net/hello.h"
#include "wire/parcel.h"

namespace net {

inline constexpr size_t kMaxSealedBytes = 64 << 10;
enum class Role { kCaller, kListener };

// Who is at the other end.
struct Peer {
  std::string principal;  // as it claims, and (TCP) as its key is trusted for
  std::vector<std::string> principals;  // every one its key is trusted for
  wire::PublicKey key;                  // TCP only
  std::string software;
  uint32_t protocol = 0;  // the lower of both
  // unix: the other end has uid 0, our uid or the group fleetbox; then this is
  // "local:NAME" and it may claim any principal.
  std::string local;
  std::string address;  // for logs
};

struct HandshakeOptions {
  Role role;
  const wire::Signer* signer;  // borrowed
  const wire::Trust* trust;    // borrowed
  std::string principal;       // ours
  // The principal the other end must be trusted as; empty: any.
  std::string expected;
  // 32 random bytes for the ephemeral key; wiped once used.
  std::string seed;
  // The caller's: a listener that is not trusted is told who refuses it. What
  // is signed for it is worth nothing to anybody else.
  bool introduce = false;
};

// The whole conversation from the first byte on, for carriers that need
// protection. After done() the same object en- and decrypts frames.
class SecureStream {
 public:
  explicit SecureStream(HandshakeOptions options);
  ~SecureStream();

  // Bytes to send at the start.
  std::string Start();
  // Feeds bytes from the other end. Appends to `plain` the decrypted bytes of
  // frames (once done) and to `reply` bytes to send. PermissionDenied,
  // Unauthenticated, InvalidArgument: send `reply` if possible (it says no more
  // than "refused") and close; the message is for our log only. Fails the same
  // way ever after.
  absl::Status Receive(absl::string_view bytes, absl::Time now,
                       std::string* plain, std::string* reply);
  bool done() const;
  const Peer& peer() const;  // once done
  // Encrypts bytes of frames (once done) at the end of `out`.
  void Encrypt(absl::string_view plain, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace net
