#include "power/web_link.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "keys/secret.h"
#include "power/redactor.h"

namespace power {
namespace {

constexpr int kHttpPort = 80, kHttpsPort = 443;
// What must not be asked twice is not entrusted to a connection that has been
// silent so long that the other side may just be closing it.
constexpr absl::Duration kFresh = absl::Seconds(3);
// After its last document a card may forget to hang up.
constexpr absl::Duration kRawSilence = absl::Seconds(3);
constexpr size_t kTraceBytes = 2000;  // of a body

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

}  // namespace

std::string WebAuthority(absl::string_view host, int port, bool is_tls) {
  const std::string name = absl::StrContains(host, ':')
                               ? absl::StrCat("[", host, "]")
                               : std::string(host);
  if (port == (is_tls ? kHttpsPort : kHttpPort)) return name;
  return absl::StrCat(name, ":", port);
}

FailureClass ClassOfStatus(int status) {
  switch (status) {
    case 401:
      return FailureClass::kAuth;
    case 403:
      return FailureClass::kPrivilege;
    case 404:
      return FailureClass::kPlug;
    case 429:
    case 503:
      return FailureClass::kBusy;
    default:
      return FailureClass::kDevice;
  }
}

std::optional<absl::Duration> RetryAfter(const net::HttpAnswer& answer,
                                         absl::Time now) {
  const absl::string_view text = answer.Header("retry-after");
  uint32_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds)) return absl::Seconds(seconds);
  absl::Time at;
  std::string error;
  if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &at, &error)) {
    return std::max(at - now, absl::ZeroDuration());
  }
  return std::nullopt;
}

std::optional<Failure> CheckWebAccount(const WebAccount& account) {
  const absl::string_view secret =
      account.secret != nullptr ? account.secret->view() : "";
  const auto config = [](absl::string_view text) {
    return Failure{.failure_class = FailureClass::kConfig,
                   .text = std::string(text)};
  };
  if (account.user.size() > kMaxWebUserBytes) {
    return config("the user's name is too long");
  }
  if (secret.size() > kMaxWebPasswordBytes) {
    return config("the password is too long");
  }
  if (!net::IsHttpHeaderValue(account.user) ||
      absl::StrContains(account.user, ':')) {
    return config("the user's name has a colon or a control character");
  }
  if (!net::IsHttpHeaderValue(secret)) {
    return config("the password has a control character");
  }
  return std::nullopt;
}

WebLink::WebLink(WebServer server, WebAccount account, RandomBytes random)
    : server_(std::move(server)),
      account_(std::move(account)),
      stream_(server_.stream, random),
      auth_(account_.user, account_.secret, random),
      reader_(server_.limits) {
  if (account_.begins_basic) auth_.BeginBasic();
}

void WebLink::Trace(absl::string_view mark, absl::string_view line) {
  trace_.push_back(absl::StrCat(
      mark, " ", base::Escape(Redacted(line, account_.secret.get()))));
}

void WebLink::TraceBody(absl::string_view mark, absl::string_view body) {
  if (body.empty()) return;
  Trace(mark,
        ask_.hides_body && mark == ">" ? "***" : body.substr(0, kTraceBytes));
}

std::string WebLink::What() const {
  if (!ask_.raw_end.empty()) return "the document";
  return absl::StrCat(ask_.call.method, " ", ask_.call.target);
}

void WebLink::Ask(WebAsk ask, absl::Time until, absl::Time now) {
  keys::Wipe(ask_.call.body);
  ask_ = std::move(ask);
  until_ = until;
  is_second_ = is_redirected_ = sent_ = false;
  const bool is_fresh = ask_.is_repeatable || now - idle_since_ < kFresh;
  if (ask_.raw_end.empty() && is_fresh &&
      stream_.state() == WebStream::State::kOpen) {
    return Say(now);
  }
  Open(now);
}

void WebLink::Open(absl::Time now) {
  phase_ = Phase::kOpening;
  is_used_ = false;
  raw_.clear();
  reader_ = net::HttpAnswerReader(server_.limits);
  ++attempts_;
  stream_.Open(now);
}

void WebLink::Say(absl::Time now) {
  if (!ask_.raw_end.empty()) return SayRaw();
  net::HttpCall call = ask_.call;
  Trace(">", What());
  TraceBody(">", call.body);
  if (ask_.shows_account) {
    std::string header = auth_.Header(call.method, call.target);
    if (!header.empty()) call.headers.emplace_back("Authorization", header);
    keys::Wipe(header);
  }
  const bool is_tls = server_.stream.tls.has_value();
  std::string bytes = net::FormatHttpCall(
      call, WebAuthority(server_.host, server_.port, is_tls));
  phase_ = Phase::kSent;
  sent_ = true;
  stream_.Send(std::move(bytes));
  Look(now);
}

void WebLink::SayRaw() {
  const size_t line = ask_.call.body.find('\n') + 1;
  Trace(">", "a document without HTTP");
  phase_ = Phase::kRawGreeting;
  stream_.Send(ask_.call.body.substr(0, line));
}

void WebLink::Connected(absl::Time now) {
  was_reached_ = true;
  stream_.Connected(now);
  Look(now);
}
void WebLink::ConnectFailed(const Failure& failure, absl::Time now) {
  stream_.ConnectFailed(failure, now);
  Look(now);
}
void WebLink::Receive(absl::string_view bytes, absl::Time now) {
  stream_.Receive(bytes, now);
  Look(now);
}
void WebLink::Closed(absl::Time now) {
  stream_.Closed(now);
  Look(now);
}

void WebLink::Look(absl::Time now) {
  if (phase_ == Phase::kIdle) {
    // What nobody asked for makes the connection useless.
    if (stream_.state() == WebStream::State::kEnded ||
        !stream_.TakeText().empty()) {
      stream_.Close();
    }
    return;
  }
  const WebStream::State state = stream_.state();
  if (state == WebStream::State::kFailed) {
    const Failure failure = *stream_.failure();
    return Fail(failure.failure_class, failure.text);
  }
  if (phase_ == Phase::kOpening &&
      (state == WebStream::State::kOpen || state == WebStream::State::kEnded)) {
    if (state == WebStream::State::kOpen) return Say(now);
    return OnEnd(now);
  }
  if (phase_ == Phase::kSent && ask_.raw_end.empty()) Read(now);
  if ((phase_ == Phase::kSent || phase_ == Phase::kRawGreeting) &&
      !ask_.raw_end.empty()) {
    ReadRaw(now);
  }
  if (phase_ != Phase::kIdle && phase_ != Phase::kOpening &&
      stream_.state() == WebStream::State::kEnded) {
    OnEnd(now);
  }
}

void WebLink::Read(absl::Time now) {
  const std::string text = stream_.TakeText();
  absl::string_view rest = text;
  const net::HttpAnswerReader::State state = reader_.Feed(&rest);
  if (state == net::HttpAnswerReader::State::kMore) return;
  if (state == net::HttpAnswerReader::State::kRefused) {
    const std::string why = reader_.refusal();
    stream_.Close();
    return Fail(FailureClass::kDevice, why);
  }
  is_used_ = true;
  net::HttpAnswer answer = reader_.Take();
  if (!rest.empty() || !answer.keep_alive) stream_.Close();
  OnAnswer(std::move(answer), now);
}

void WebLink::ReadRaw(absl::Time now) {
  const std::string text = stream_.TakeText();
  if (text.empty()) return;
  if (raw_.size() + text.size() > server_.limits.body_bytes) {
    stream_.Close();
    return Fail(FailureClass::kDevice, "the answer is too long");
  }
  raw_ += text;
  if (!absl::StrContains(raw_, ask_.raw_end)) return;
  if (phase_ == Phase::kSent) {
    raw_ends_at_ = now + kRawSilence;
    return;
  }
  phase_ = Phase::kSent;
  sent_ = true;
  TraceBody(">", ask_.call.body);
  stream_.Send(ask_.call.body.substr(ask_.call.body.find('\n') + 1));
}

void WebLink::OnAnswer(net::HttpAnswer answer, absl::Time now) {
  Trace("<", absl::StrCat(answer.status, " ", answer.reason));
  TraceBody("<", answer.body);
  if (answer.status == 401 && ask_.shows_account && auth_.OnRefusal(answer)) {
    if (stream_.state() == WebStream::State::kOpen) return Say(now);
    return Open(now);
  }
  if (IsRedirect(answer.status) && Follow(answer, now)) return;
  Reply(std::move(answer), now);
}

// True when the answer is no answer yet, or has become a failure.
bool WebLink::Follow(const net::HttpAnswer& answer, absl::Time now) {
  const bool is_tls = server_.stream.tls.has_value();
  const absl::string_view location = answer.Header("location");
  const bool keeps_call = answer.status == 307 || answer.status == 308;
  if (location.empty() || (ask_.call.method != "GET" && !keeps_call)) {
    return false;
  }
  absl::string_view target = location;
  if (!absl::StartsWith(location, "/") || absl::StartsWith(location, "//")) {
    absl::string_view rest = location;
    const bool has_scheme =
        absl::StartsWith(location, "//")
            ? absl::ConsumePrefix(&rest, "//")
            : absl::ConsumePrefix(&rest, is_tls ? "https://" : "http://");
    const size_t slash = std::min(rest.find('/'), rest.size());
    const absl::string_view whom = rest.substr(0, slash);
    const bool is_ours =
        absl::EqualsIgnoreCase(
            whom, WebAuthority(server_.host, server_.port, is_tls)) ||
        absl::EqualsIgnoreCase(whom,
                               absl::StrCat(server_.host, ":", server_.port));
    if (!has_scheme || !is_ours) {
      Fail(FailureClass::kDevice,
           absl::StrCat("sends us elsewhere, which we do not follow: ",
                        base::Escape(location.substr(0, 200))));
      return true;
    }
    target = rest.substr(slash);
  }
  if (is_redirected_ || !net::IsHttpTarget(target)) {
    Fail(FailureClass::kDevice, "sends us from one place to the next");
    return true;
  }
  is_redirected_ = true;
  ask_.call.target = std::string(target);
  if (stream_.state() == WebStream::State::kOpen) {
    Say(now);
  } else {
    Open(now);
  }
  return true;
}

void WebLink::OnEnd(absl::Time now) {
  if (!ask_.raw_end.empty()) {
    if (phase_ != Phase::kSent || raw_.empty()) {
      return Fail(FailureClass::kClosed, "hung up at the first line");
    }
    return Reply({.status = 200, .reason = {}, .headers = {}, .body = raw_},
                 now);
  }
  const bool begun = reader_.begun();
  if (phase_ == Phase::kSent &&
      reader_.Finish() == net::HttpAnswerReader::State::kDone) {
    stream_.Close();
    return OnAnswer(reader_.Take(), now);
  }
  // It may have closed an old connection while we wrote.
  if (!begun && !is_second_ && ask_.is_repeatable) {
    is_second_ = true;
    return Open(now);
  }
  stream_.Close();
  Fail(FailureClass::kClosed,
       begun ? absl::StrCat(What(), ": ", reader_.refusal())
             : absl::StrCat("hung up without an answer to ", What()));
}

void WebLink::Reply(net::HttpAnswer answer, absl::Time now) {
  if (!ask_.raw_end.empty()) {
    TraceBody("<", answer.body);
    stream_.Close();
  }
  phase_ = Phase::kIdle;
  until_ = raw_ends_at_ = absl::InfiniteFuture();
  idle_since_ = now;
  reply_ = WebReply{.answer = std::move(answer)};
}

void WebLink::Fail(FailureClass failure_class, std::string text) {
  stream_.Close();
  phase_ = Phase::kIdle;
  until_ = raw_ends_at_ = absl::InfiniteFuture();
  text = Redacted(text, account_.secret.get());
  Trace("!", text);
  reply_ = WebReply{.failure = Failure{.failure_class = failure_class,
                                       .text = std::move(text),
                                       .maybe_executed = sent_}};
}

void WebLink::Wake(absl::Time now) {
  stream_.Wake(now);
  if (phase_ == Phase::kIdle) return;
  if (now >= raw_ends_at_) {
    return Reply({.status = 200, .reason = {}, .headers = {}, .body = raw_},
                 now);
  }
  if (now >= until_) {
    return Fail(FailureClass::kTimeout,
                phase_ == Phase::kSent
                    ? absl::StrCat("no answer to ", What())
                    : absl::StrCat("took too long for ", stream_.phase()));
  }
  Look(now);
}

std::optional<WebReply> WebLink::TakeReply() {
  return std::exchange(reply_, std::nullopt);
}

void WebLink::Close() {
  stream_.Close();
  phase_ = Phase::kIdle;
  until_ = raw_ends_at_ = absl::InfiniteFuture();
}

absl::Time WebLink::wake_at() const {
  return std::min({stream_.wake_at(), until_, raw_ends_at_});
}

}  // namespace power
