#include "power/web_stream.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "keys/secret.h"

namespace power {

WebStream::WebStream(WebStreamOptions options, RandomBytes random)
    : options_(std::move(options)), random_(std::move(random)) {}

WebStream::~WebStream() { keys::Wipe(text_); }

absl::string_view WebStream::phase() const {
  switch (state_) {
    case State::kConnecting:
    case State::kResting:
      return "connecting";
    case State::kHandshake:
      return "the TLS handshake";
    default:
      return "the answer";
  }
}

void WebStream::Open(absl::Time now) {
  Close();
  has_tried_again_ = false;
  Connect(now);
}

void WebStream::Connect(absl::Time now) {
  failure_.reset();
  state_ = State::kConnecting;
  wake_at_ = now + options_.connect_timeout;
  effects_.push_back(WebConnect{});
}

void WebStream::Close() {
  if (tls_ != nullptr) {
    tls_->Close();
    Flush();
    tls_.reset();
  }
  if (state_ == State::kConnecting || is_connected_) {
    effects_.push_back(WebDisconnect{});
  }
  is_connected_ = false;
  keys::Wipe(text_);
  text_.clear();
  wake_at_ = absl::InfiniteFuture();
  state_ = State::kIdle;
}

void WebStream::Fail(FailureClass failure_class, std::string text) {
  Close();
  state_ = State::kFailed;
  failure_ = Failure{.failure_class = failure_class, .text = std::move(text)};
}

void WebStream::Connected(absl::Time now) {
  if (state_ != State::kConnecting) return;
  is_connected_ = true;
  wake_at_ = absl::InfiniteFuture();
  if (!options_.tls.has_value()) {
    state_ = State::kOpen;
    return;
  }
  state_ = State::kHandshake;
  tls_ = std::make_unique<net::TlsClient>(*options_.tls, random_);
  tls_->Start(now);
  Look();
}

void WebStream::ConnectFailed(const Failure& failure, absl::Time now) {
  if (state_ != State::kConnecting) return;
  if (options_.connect_again.has_value() && !has_tried_again_) {
    has_tried_again_ = true;
    state_ = State::kResting;
    wake_at_ = now + *options_.connect_again;
    return;
  }
  state_ = State::kIdle;
  Fail(failure.failure_class, failure.text);
}

void WebStream::Wake(absl::Time now) {
  if (now < wake_at_) return;
  if (state_ == State::kResting) return Connect(now);
  if (state_ != State::kConnecting) return;
  effects_.push_back(WebDisconnect{});
  ConnectFailed(
      {.failure_class = FailureClass::kTimeout,
       .text = absl::StrCat("no answer while connecting for ",
                            absl::FormatDuration(options_.connect_timeout))},
      now);
}

void WebStream::Receive(absl::string_view bytes, absl::Time now) {
  if (!is_connected_) return;
  if (tls_ == nullptr) {
    absl::StrAppend(&text_, bytes);
    return;
  }
  tls_->Receive(bytes, now);
  Look();
}

void WebStream::Closed(absl::Time) {
  if (!is_connected_) return;
  if (tls_ != nullptr) {
    tls_->PeerClosed();
    Look();
    if (state_ == State::kFailed) return;
  }
  is_connected_ = false;
  tls_.reset();
  effects_.push_back(WebDisconnect{});
  state_ = State::kEnded;
}

void WebStream::Look() {
  Flush();
  std::string some = tls_->TakeText();
  absl::StrAppend(&text_, some);
  keys::Wipe(some);
  if (tls_->failure().has_value()) {
    return Fail(FailureClass::kTls, std::string(*tls_->failure()));
  }
  if (state_ == State::kHandshake && (tls_->is_open() || tls_->is_ended())) {
    state_ = State::kOpen;
  }
  if (tls_->is_ended()) state_ = State::kEnded;
}

void WebStream::Flush() {
  std::string bytes = tls_->TakeBytes();
  if (!bytes.empty()) effects_.push_back(WebSend{std::move(bytes)});
}

void WebStream::Send(std::string text) {
  if (state_ != State::kOpen) return keys::Wipe(text);
  if (tls_ == nullptr) {
    effects_.push_back(WebSend{std::move(text)});
    return;
  }
  tls_->Send(text);
  keys::Wipe(text);
  Look();
}

std::string WebStream::TakeText() { return std::exchange(text_, {}); }

std::vector<WebEffect> WebStream::TakeEffects() {
  return std::exchange(effects_, {});
}

}  // namespace power
