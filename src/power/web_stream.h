// A connection to a power controller that may be wrapped in TLS. Pure: it is
// told what the socket does, and says what to do with it.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/tls.h"
#include "power/conversation.h"
#include "power/outcome.h"

namespace power {

struct WebConnect {};
struct WebSend {
  std::string bytes;  // may hold a secret: to be wiped
};
struct WebDisconnect {};
using WebEffect = std::variant<WebConnect, WebSend, WebDisconnect>;

struct WebStreamOptions {
  std::optional<net::TlsOptions> tls = {};
  absl::Duration connect_timeout = absl::Seconds(5);
  // Try to connect a second time after so long: what sleeps wakes up.
  std::optional<absl::Duration> connect_again = {};
};

class WebStream {
 public:
  WebStream(WebStreamOptions options, RandomBytes random);
  ~WebStream();

  enum class State {
    kIdle,
    kConnecting,
    kResting,    // before it connects again
    kHandshake,  // of TLS
    kOpen,
    kEnded,   // the other side hung up; what it said before may wait
    kFailed,  // failure() says why
  };
  void Open(absl::Time now);  // closes what is there
  void Close();
  void Send(std::string text);  // while kOpen; wipes it

  void Connected(absl::Time now);
  void ConnectFailed(const Failure& failure, absl::Time now);
  void Receive(absl::string_view bytes, absl::Time now);
  void Closed(absl::Time now);
  void Wake(absl::Time now);

  State state() const { return state_; }
  const std::optional<Failure>& failure() const { return failure_; }
  std::string TakeText();
  std::vector<WebEffect> TakeEffects();
  absl::Time wake_at() const { return wake_at_; }
  bool is_connected() const { return is_connected_; }
  // "connecting", "the TLS handshake": what a limit ran out in.
  absl::string_view phase() const;

 private:
  void Connect(absl::Time now);
  void Fail(FailureClass failure_class, std::string text);
  void Flush();
  void Look();

  const WebStreamOptions options_;
  const RandomBytes random_;
  State state_ = State::kIdle;
  std::unique_ptr<net::TlsClient> tls_;
  std::string text_;
  std::optional<Failure> failure_;
  std::vector<WebEffect> effects_;
  absl::Time wake_at_ = absl::InfiniteFuture();
  bool is_connected_ = false, has_tried_again_ = false;
};

}  // namespace power
