// Calls to one web server, one after the other over a connection that is kept:
// opens it, shows credentials when they are asked for, follows one redirect to
// the same server, asks again what was lost with an old connection. Pure.
#pragma once

#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http_answer.h"
#include "net/http_auth.h"
#include "power/limits.h"
#include "power/web_stream.h"

namespace power {

struct WebAccount {
  std::string user = {};
  // Its other owner is the batch.
  std::shared_ptr<const keys::Secret> secret = nullptr;
  bool begins_basic = false;  // Basic without being asked for it
};
// What no web server can be shown: kConfig.
std::optional<Failure> CheckWebAccount(const WebAccount& account);

struct WebServer {
  std::string host = {};  // as in a URL: "bmc1", "10.0.0.1", "::1"
  int port = 0;
  WebStreamOptions stream = {};
  net::HttpAnswerLimits limits = {.head_bytes = kMaxWebHeadBytes,
                                  .body_bytes = kMaxWebBodyBytes};
};

struct WebAsk {
  net::HttpCall call = {};
  bool shows_account = true;
  bool is_repeatable = false;  // else a lost answer may be one too many
  bool hides_body = false;     // of the trace: it holds a secret
  // Over a connection of its own without HTTP: the first line of the body, an
  // answer up to this word, the rest of the body, and all up to the end.
  std::string raw_end = {};
};

struct WebReply {
  // One of the two. A failure may have been executed if the call was sent.
  std::optional<net::HttpAnswer> answer = {};
  std::optional<Failure> failure = {};
};

class WebLink {
 public:
  WebLink(WebServer server, WebAccount account, RandomBytes random);

  // When nothing is asked. Until then there is an answer, or a failure.
  void Ask(WebAsk ask, absl::Time until, absl::Time now);
  std::optional<WebReply> TakeReply();
  bool is_asked() const { return phase_ != Phase::kIdle; }
  void Close();

  void Connected(absl::Time now);
  void ConnectFailed(const Failure& failure, absl::Time now);
  void Receive(absl::string_view bytes, absl::Time now);
  void Closed(absl::Time now);
  void Wake(absl::Time now);

  std::vector<WebEffect> TakeEffects() { return stream_.TakeEffects(); }
  absl::Time wake_at() const;
  // Lines for people, without secrets.
  std::vector<std::string> TakeTrace() { return std::exchange(trace_, {}); }

  bool was_reached() const { return was_reached_; }  // a connection stood
  int attempts() const { return attempts_; }  // connections that were begun

 private:
  enum class Phase { kIdle, kOpening, kRawGreeting, kSent };
  void Open(absl::Time now);
  void Say(absl::Time now);
  void SayRaw();
  void Look(absl::Time now);
  void Read(absl::Time now);
  void ReadRaw(absl::Time now);
  void OnAnswer(net::HttpAnswer answer, absl::Time now);
  bool Follow(const net::HttpAnswer& answer, absl::Time now);
  void OnEnd(absl::Time now);
  void Reply(net::HttpAnswer answer, absl::Time now);
  void Fail(FailureClass failure_class, std::string text);
  void Trace(absl::string_view mark, absl::string_view line);
  void TraceBody(absl::string_view mark, absl::string_view body);
  std::string What() const;

  const WebServer server_;
  const WebAccount account_;
  WebStream stream_;
  net::HttpAuth auth_;
  net::HttpAnswerReader reader_;
  Phase phase_ = Phase::kIdle;
  WebAsk ask_;
  absl::Time until_ = absl::InfiniteFuture();
  absl::Time idle_since_ = absl::InfinitePast();
  absl::Time raw_ends_at_ = absl::InfiniteFuture();
  std::string raw_;         // what came
  bool is_used_ = false;    // an answer has come over this connection
  bool is_second_ = false;  // the call was asked anew
  bool is_redirected_ = false;
  bool was_reached_ = false, sent_ = false;
  int attempts_ = 0;
  std::optional<WebReply> reply_;
  std::vector<std::string> trace_;
};

// What fails a call that was refused for now or for good by its status alone:
// 401 kAuth, 403 kPrivilege, 404 kPlug, 429 and 503 kBusy, others kDevice.
FailureClass ClassOfStatus(int status);
// How long Retry-After says to wait, in seconds or as a date; nullopt without.
std::optional<absl::Duration> RetryAfter(const net::HttpAnswer& answer,
                                         absl::Time now);

// "bmc1", "[::1]:8443": as in a URL.
std::string WebAuthority(absl::string_view host, int port, bool is_tls);

}  // namespace power
