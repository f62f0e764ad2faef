// The client's side of TLS, as bytes: what the server sent in, what is to be
// sent to it out. Pure, sockets are the caller's. TLS 1.2; older ones, down to
// 1.0, and their ciphers only for those who ask for them.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace net {

// Whom to trust to vouch for a server: the system's list, as a rule.
class TlsAuthorities {
 public:
  // Certificates in PEM, one after the other; those that make no sense are left
  // out. InvalidArgument when nothing is left.
  static absl::StatusOr<std::shared_ptr<const TlsAuthorities>> Parse(
      absl::string_view pem);
  ~TlsAuthorities();

 private:
  friend class TlsClient;
  TlsAuthorities();
  struct State;
  std::unique_ptr<State> state_;
};

struct TlsOptions {
  // A name, or a numeric address: what the certificate has to be for.
  std::string server = {};
  // SHA-256 of the server's public key (its SubjectPublicKeyInfo), 64 digits.
  // With it the key decides alone: neither name, nor date, nor authority.
  std::string pin = {};
  bool is_insecure = false;  // whoever it is
  bool is_legacy = false;    // TLS 1.0 and 1.1, 3DES, RC4, SHA-1, short keys
  // The list's other owners are the connections that use it. Null: nobody is
  // trusted but by pin.
  std::shared_ptr<const TlsAuthorities> authorities = nullptr;
};

class TlsClient {
 public:
  using RandomBytes = std::function<std::string(size_t)>;
  TlsClient(TlsOptions options, RandomBytes random);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;

  // In this order: Start; then what the server sends, as it comes. After each
  // call: is there something to send, something that was received, an end?
  void Start(absl::Time now);
  void Receive(absl::string_view bytes, absl::Time now);
  // The connection ended without a word.
  void PeerClosed();
  // Held until the handshake is over.
  void Send(absl::string_view text);
  // Says that nothing more is sent.
  void Close();

  std::string TakeBytes();  // to be sent
  std::string TakeText();   // received
  bool is_open() const;     // the handshake is over
  bool is_ended() const;    // nothing more is received, or it failed
  // Why it failed, for people: "self-signed certificate; its pin is 3a...".
  const std::optional<std::string>& failure() const;
  // The server's, once its certificate was seen.
  const std::string& pin() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace net
