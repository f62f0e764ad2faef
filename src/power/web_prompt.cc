#include "power/web_prompt.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/bytes.h"
#include "keys/secret.h"

namespace power {
namespace {

constexpr absl::string_view kPrompt = "httppower> ";
constexpr absl::string_view kForm = "application/x-www-form-urlencoded";
constexpr absl::string_view kHelp =
    "Valid commands are:\n"
    "  auth user:passwd\n"
    "  seturl url\n"
    "  setheader string\n"
    "  cookies <enable|disable>\n"
    "  get [url]\n"
    "  post [url] <string data>\n"
    "  put [url] <string data>\n";

// The first word; `rest` is left without the blanks behind it.
absl::string_view TakeWord(absl::string_view& rest) {
  rest = absl::StripLeadingAsciiWhitespace(rest);
  const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const absl::string_view word = rest.substr(0, end);
  rest = absl::StripLeadingAsciiWhitespace(rest.substr(end));
  return word;
}

}  // namespace

std::optional<WebUrl> WebUrl::Parse(absl::string_view text) {
  WebUrl url;
  if (absl::ConsumePrefix(&text, "https://")) {
    url.is_tls = true;
    url.port = 443;
  } else if (!absl::ConsumePrefix(&text, "http://")) {
    return std::nullopt;
  }
  const size_t slash = std::min(text.find('/'), text.size());
  absl::string_view host = text.substr(0, slash);
  absl::string_view path = text.substr(slash);
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  url.path = std::string(path);
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon != absl::string_view::npos &&
      (bracket == absl::string_view::npos || colon > bracket)) {
    if (!absl::SimpleAtoi(host.substr(colon + 1), &url.port) || url.port < 1 ||
        url.port > 65535) {
      return std::nullopt;
    }
    host = host.substr(0, colon);
  }
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
    return std::nullopt;
  }
  url.host = std::string(host);
  if (url.host.empty() || absl::StrContains(url.host, '@') ||
      !net::IsHttpTarget(url.host) ||
      !(url.path.empty() || net::IsHttpTarget(url.path))) {
    return std::nullopt;
  }
  return url;
}

WebAsk HelperAsk(absl::string_view method, std::string target,
                 absl::string_view header, absl::string_view body) {
  WebAsk ask = {.is_repeatable = method == "GET", .hides_body = true};
  ask.call.method = std::string(method);
  ask.call.target = target.empty() ? "/" : std::move(target);
  ask.call.headers = {{"Accept", "*/*"}};
  const std::pair<std::string, std::string> pair =
      absl::StrSplit(header, absl::MaxSplits(':', 1));
  const bool has_header = net::IsHttpTarget(pair.first) && !pair.second.empty();
  if (has_header) {
    ask.call.headers.emplace_back(pair.first,
                                  absl::StripAsciiWhitespace(pair.second));
  }
  if (method == "POST" &&
      !(has_header && absl::EqualsIgnoreCase(pair.first, "content-type"))) {
    ask.call.headers.emplace_back("Content-Type", kForm);
  }
  ask.call.body = std::string(body);
  return ask;
}

WebPrompt::WebPrompt(WebPromptOptions options, RandomBytes random)
    : options_(std::move(options)), random_(std::move(random)) {
  MakeLink();
}

WebPrompt::~WebPrompt() { keys::Wipe(typed_); }

void WebPrompt::MakeLink() {
  if (link_ != nullptr) {
    link_->Close();
    for (WebEffect& effect : link_->TakeEffects()) {
      effects_.push_back(std::move(effect));
    }
  }
  link_.reset();
  if (!options_.url.has_value()) return;
  WebServer server = {.host = options_.url->host, .port = options_.url->port};
  server.stream.connect_timeout = options_.connect_timeout;
  if (options_.url->is_tls) {
    server.stream.tls = options_.tls;
    if (options_.may_move) server.stream.tls->server = options_.url->host;
  }
  link_ = std::make_unique<WebLink>(std::move(server), account_, random_);
}

void WebPrompt::Start() { Print(kPrompt); }

std::vector<WebEffect> WebPrompt::TakeEffects() {
  std::vector<WebEffect> effects = std::exchange(effects_, {});
  if (link_ != nullptr) {
    for (WebEffect& effect : link_->TakeEffects()) {
      effects.push_back(std::move(effect));
    }
  }
  return effects;
}

absl::Time WebPrompt::wake_at() const {
  return link_ != nullptr ? link_->wake_at() : absl::InfiniteFuture();
}

void WebPrompt::Type(absl::string_view bytes, absl::Time now) {
  if (has_quit_) return;
  // A copy that has to grow would leave its old place unwiped.
  std::string next;
  next.reserve(typed_.size() + bytes.size());
  next.append(typed_).append(bytes.data(), bytes.size());
  keys::Wipe(typed_);
  typed_ = std::move(next);
  Look(now);
}

void WebPrompt::Connected(absl::Time now) {
  if (link_ != nullptr) link_->Connected(now);
  Look(now);
}
void WebPrompt::ConnectFailed(const Failure& failure, absl::Time now) {
  if (link_ != nullptr) link_->ConnectFailed(failure, now);
  Look(now);
}
void WebPrompt::Receive(absl::string_view bytes, absl::Time now) {
  if (link_ != nullptr) link_->Receive(bytes, now);
  Look(now);
}
void WebPrompt::Closed(absl::Time now) {
  if (link_ != nullptr) link_->Closed(now);
  Look(now);
}
void WebPrompt::Wake(absl::Time now) {
  if (link_ != nullptr) link_->Wake(now);
  Look(now);
}

// One command after the other: what is typed meanwhile waits.
void WebPrompt::Look(absl::Time now) {
  while (!has_quit_) {
    if (link_ != nullptr) {
      if (const auto reply = link_->TakeReply()) OnReply(*reply);
      link_->TakeTrace();
      if (link_->is_asked()) return;
    }
    const size_t end = typed_.find('\n');
    if (end == std::string::npos) break;
    std::string line = typed_.substr(0, end);
    std::string rest = typed_.substr(end + 1);
    keys::Wipe(typed_);
    typed_ = std::move(rest);
    Command(line, now);
    keys::Wipe(line);
  }
  if (typed_.size() > kMaxPromptLineBytes) {
    keys::Wipe(typed_);
    typed_.clear();
    has_quit_ = true;
  }
}

void WebPrompt::Command(absl::string_view line, absl::Time now) {
  if (absl::EndsWith(line, "\r")) line.remove_suffix(1);
  absl::string_view rest = line;
  const absl::string_view word = TakeWord(rest);
  if (word == "get" || word == "post" || word == "put") {
    return Call(word, rest, now);
  }
  if (word == "quit") {
    has_quit_ = true;
    if (link_ != nullptr) link_->Close();
    return;
  }
  if (word == "auth") {
    SetAccount(rest);
  } else if (word == "seturl") {
    SetUrl(rest);
  } else if (word == "setheader") {
    if (net::IsHttpHeaderValue(rest)) {
      options_.header = std::string(rest);
    } else {
      Print("Error: a header has no control characters\n");
    }
  } else if (word == "cookies") {
    SetCookies(rest);
  } else if (word == "help") {
    Print(kHelp);
  } else if (!word.empty()) {
    Print("type \"help\" for a list of commands\n");
  }
  Print(kPrompt);
}

void WebPrompt::SetAccount(absl::string_view pair) {
  const size_t colon = pair.find(':');
  if (colon == absl::string_view::npos)
    return Print("Usage: auth user:passwd\n");
  WebAccount account = {
      .user = std::string(pair.substr(0, colon)),
      .secret = std::make_shared<const keys::Secret>(pair.substr(colon + 1)),
      .begins_basic = options_.begins_basic};
  if (const auto failure = CheckWebAccount(account)) {
    return Print(absl::StrCat("Error: ", failure->text, "\n"));
  }
  account_ = std::move(account);
  MakeLink();
}

void WebPrompt::SetUrl(absl::string_view text) {
  std::optional<WebUrl> url = WebUrl::Parse(text);
  if (!url.has_value()) return Print("Usage: seturl http://...\n");
  if (!options_.may_move && options_.url.has_value() &&
      (url->host != options_.url->host || url->port != options_.url->port ||
       url->is_tls != options_.url->is_tls)) {
    return Print("Error: another server than this device's\n");
  }
  options_.url = std::move(url);
  MakeLink();
}

void WebPrompt::SetCookies(absl::string_view word) {
  if (word != "enable" && word != "disable") {
    return Print("Usage: cookies <enable|disable>\n");
  }
  options_.has_cookies = word == "enable";
  if (!options_.has_cookies) cookies_.clear();
}

void WebPrompt::Call(absl::string_view method, absl::string_view rest,
                     absl::Time now) {
  const bool is_get = method == "get";
  absl::string_view path = TakeWord(rest), data = rest;
  if (!is_get && data.empty()) std::swap(path, data);
  if (link_ == nullptr || (!is_get && data.empty())) {
    Print(absl::StrCat("Nothing to ", method, "!\n", kPrompt));
    return;
  }
  std::string target = options_.url->path;
  if (!path.empty()) absl::StrAppend(&target, "/", path);
  WebAsk ask = HelperAsk(absl::AsciiStrToUpper(method), std::move(target),
                         options_.header, is_get ? "" : data);
  ask.shows_account = account_.secret != nullptr;
  std::string cookies;
  for (const auto& [name, value] : cookies_) {
    absl::StrAppend(&cookies, cookies.empty() ? "" : "; ", name, "=", value);
  }
  if (!cookies.empty()) ask.call.headers.emplace_back("Cookie", cookies);
  if (!net::IsHttpTarget(ask.call.target)) {
    Print(absl::StrCat("Error: no path to be asked for\n", kPrompt));
    return;
  }
  link_->Ask(std::move(ask), now + options_.limit, now);
}

void WebPrompt::OnReply(const WebReply& reply) {
  if (reply.failure.has_value()) {
    failure_ = reply.failure;
    has_quit_ = true;
    return;
  }
  KeepCookies(*reply.answer);
  // No script is asked to know what its device prints then.
  if (reply.answer->status == 401 && account_.secret != nullptr) {
    failure_ = {.failure_class = FailureClass::kAuth,
                .text = "login: the password was refused (401)"};
    has_quit_ = true;
    return;
  }
  if (reply.answer->status >= 400) {
    Print(absl::StrCat("Error: The requested URL returned error: ",
                       reply.answer->status, "\n"));
  } else {
    Print(reply.answer->body);
  }
  Print(kPrompt);
}

void WebPrompt::KeepCookies(const net::HttpAnswer& answer) {
  if (!options_.has_cookies) return;
  for (const auto& [name, value] : answer.headers) {
    if (name != "set-cookie") continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(value, ';');
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(parts[0], absl::MaxSplits('=', 1));
    const std::string cookie(absl::StripAsciiWhitespace(pair.first));
    bool is_over = false;
    for (absl::string_view part : parts) {
      const std::string word =
          absl::AsciiStrToLower(absl::StripAsciiWhitespace(part));
      is_over =
          is_over || word == "max-age=0" || absl::StartsWith(word, "max-age=-");
    }
    if (cookie.empty() || is_over) {
      cookies_.erase(cookie);
    } else if (net::IsHttpHeaderValue(cookie) &&
               net::IsHttpHeaderValue(pair.second) &&
               (cookies_.size() < kMaxCookies || cookies_.contains(cookie))) {
      cookies_[cookie] = std::string(absl::StripAsciiWhitespace(pair.second));
    }
  }
}

}  // namespace power
