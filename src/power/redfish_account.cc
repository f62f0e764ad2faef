// Logging in and out, and what the account may do.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "keys/secret.h"
#include "power/redfish_protocol.h"
#include "power/redfish_words.h"
#include "text/utf8.h"

namespace power {
namespace {

using text::Json;
using text::JsonWriter;

constexpr absl::string_view kRoot = "/redfish/v1/";
constexpr absl::string_view kSessions = "/redfish/v1/SessionService/Sessions";
constexpr int kRetries = 2;  // of what is busy
constexpr size_t kMaxAccounts = 64;

}  // namespace

bool RedfishProtocol::NeedsSession() const {
  return orders_.size() > 1 || orders_[0].action != Action::kStatus;
}

void RedfishProtocol::Authorize(WebAsk& ask) const {
  ask.shows_account = token_.empty();
  if (!token_.empty()) ask.call.headers.emplace_back("X-Auth-Token", token_);
}

WebAsk RedfishProtocol::LoginAsk() const {
  const absl::string_view secret =
      account_.secret != nullptr ? account_.secret->view() : "";
  JsonWriter json;
  // A byte takes six at most.
  json.Reserve(6 * (account_.user.size() + secret.size()) + 64);
  json.BeginObject().Key("UserName").String(account_.user);
  json.Key("Password").String(secret).EndObject();
  WebAsk ask = RedfishWrite(
      "POST",
      memory_.sessions.empty() ? std::string(kSessions) : memory_.sessions,
      json.Take(), "");
  ask.shows_account = false;
  ask.hides_body = true;
  return ask;
}

WebMove RedfishProtocol::Open(const WebReply* reply, absl::Time now) {
  if (reply == nullptr) {
    if (opening_ == Opening::kStart) {
      if (orders_.size() == 1 && !NeedsSession() && !PathOf(0).empty()) {
        is_basic_ = true;
        return WebMove::Of(WebMove::Kind::kReady);
      }
      opening_ = Opening::kRoot;
      opening_ask_ = RedfishRead(std::string(kRoot));
      opening_ask_.shows_account = false;
    }
    return WebMove::Ask(opening_ask_);
  }
  if (reply->failure.has_value()) return WebMove::Fail(*reply->failure);
  const net::HttpAnswer& answer = *reply->answer;
  if (answer.status == 503 && opening_retries_ < kRetries) {
    if (const auto after = RetryAfter(answer, now)) {
      if (*after <= kMaxRetryAfter) {
        ++opening_retries_;
        return WebMove::Pause(now + *after);
      }
    }
  }
  return opening_ == Opening::kRoot ? OnRoot(*reply, now)
                                    : OnLogin(*reply, now);
}

WebMove RedfishProtocol::OnRoot(const WebReply& reply, absl::Time) {
  const net::HttpAnswer& answer = *reply.answer;
  // Against the standard some want to know who asks even here.
  if (answer.status == 401 && !opening_ask_.shows_account) {
    opening_ask_.shows_account = true;
    return WebMove::Ask(opening_ask_);
  }
  if (answer.status == 401) {
    return WebMove::Fail(FailureClass::kAuth, "the credentials were refused");
  }
  if (answer.status == 404) {
    return WebMove::Fail(FailureClass::kUnsupported,
                         "there is no Redfish at this address");
  }
  if (!IsSuccess(answer.status)) {
    return WebMove::Fail(ClassOfStatus(answer.status),
                         ParseRedfishRefusal(answer).text);
  }
  const std::optional<Json> json = RedfishObject(answer);
  if (!json.has_value())
    return WebMove::Fail(FailureClass::kDevice, "the root is no JSON object");
  systems_ = RedfishLink(json->Find("Systems"));
  equipment_ = RedfishLink(json->Find("PowerEquipment"));
  const std::string service = RedfishLink(json->Find("AccountService"));
  if (!service.empty()) {
    accounts_ = absl::StrCat(absl::StripSuffix(service, "/"), "/Accounts");
  }
  if (const Json* links = json->Find("Links")) {
    memory_.sessions = RedfishLink(links->Find("Sessions"));
  }
  const absl::string_view secret =
      account_.secret != nullptr ? account_.secret->view() : "";
  if (!NeedsSession() || !text::IsUtf8(secret) ||
      !text::IsUtf8(account_.user)) {
    is_basic_ = true;
    return WebMove::Of(WebMove::Kind::kReady);
  }
  opening_ = Opening::kLogin;
  opening_ask_ = LoginAsk();
  return WebMove::Ask(opening_ask_);
}

WebMove RedfishProtocol::OnLogin(const WebReply& reply, absl::Time) {
  const net::HttpAnswer& answer = *reply.answer;
  const absl::string_view token = answer.Header("x-auth-token");
  if (IsSuccess(answer.status) && !token.empty() &&
      net::IsHttpHeaderValue(token)) {
    token_ = std::string(token);
    session_ = RedfishPath(answer.Header("location"));
    const std::optional<Json> json = RedfishObject(answer);
    if (session_.empty() && json.has_value()) session_ = RedfishLink(&*json);
    is_in_ = true;
    const RedfishRefusal told = ParseRedfishRefusal(answer);
    if (told.wants_password) {
      return WebMove::Fail(FailureClass::kAuth, told.text);
    }
    return WebMove::Of(WebMove::Kind::kReady);
  }
  if (answer.status == 404 || answer.status == 405 || answer.status == 501 ||
      IsSuccess(answer.status)) {
    is_basic_ = true;  // it has no sessions
    return WebMove::Of(WebMove::Kind::kReady);
  }
  const RedfishRefusal refusal = ParseRedfishRefusal(answer);
  if (refusal.is_full) return WebMove::Fail(FailureClass::kBusy, refusal.text);
  if (refusal.wants_password || answer.status == 401) {
    return WebMove::Fail(
        FailureClass::kAuth,
        refusal.wants_password
            ? refusal.text
            : absl::StrCat("the credentials were refused: ", refusal.text));
  }
  return WebMove::Fail(ClassOfStatus(answer.status), refusal.text);
}

WebMove RedfishProtocol::Leave(const WebReply*, absl::Time) {
  if (std::exchange(has_left_, true) || session_.empty()) {
    return WebMove::Of(WebMove::Kind::kReady);
  }
  WebAsk ask = RedfishRead(session_);
  ask.call.method = "DELETE";
  Authorize(ask);
  return WebMove::Ask(std::move(ask));
}

WebMove RedfishProtocol::Privilege(Run& run) {
  run.to_look.clear();
  run.looked = 0;
  if (!accounts_.empty()) return Get(run, Stage::kAccounts, accounts_);
  if (!run.resource.target.empty()) {
    return Get(run, Stage::kAllow, run.resource.target);
  }
  return WebMove::Of(WebMove::Kind::kUntold);
}

WebMove RedfishProtocol::NextAccount(Run& run) {
  if (run.to_look.empty() || ++run.looked > kMaxAccounts) {
    if (run.resource.target.empty()) return WebMove::Of(WebMove::Kind::kUntold);
    return Get(run, Stage::kAllow, run.resource.target);
  }
  const std::string path = run.to_look.front();
  run.to_look.pop_front();
  return Get(run, Stage::kAccount, path);
}

WebMove RedfishProtocol::OnPrivilege(Run& run, const net::HttpAnswer& answer) {
  const WebMove no =
      WebMove::Fail(FailureClass::kPrivilege, "the account may not switch");
  if (run.stage == Stage::kAllow) {
    for (absl::string_view word : absl::StrSplit(answer.Header("allow"), ',')) {
      if (absl::StripAsciiWhitespace(word) == "POST") {
        return WebMove::Of(WebMove::Kind::kAllowed);
      }
    }
    if (answer.status == 403) return no;
    return WebMove::Of(WebMove::Kind::kUntold);
  }
  const std::optional<Json> json = RedfishObject(answer);
  if (!IsSuccess(answer.status) || !json.has_value()) return NextAccount(run);
  if (run.stage == Stage::kAccounts) {
    for (std::string& path : RedfishMembers(*json)) {
      run.to_look.push_back(std::move(path));
    }
    return NextAccount(run);
  }
  if (run.stage == Stage::kAccount) {
    if (StringIn(*json, "UserName") != account_.user) return NextAccount(run);
    const Json* links = json->Find("Links");
    const std::string role =
        links != nullptr ? RedfishLink(links->Find("Role")) : "";
    if (!role.empty()) return Get(run, Stage::kRole, role);
    const std::string id = StringIn(*json, "RoleId");
    if (id == "Administrator" || id == "Operator") {
      return WebMove::Of(WebMove::Kind::kAllowed);
    }
    if (id == "ReadOnly") return no;
    run.to_look.clear();
    return NextAccount(run);
  }
  const Json* privileges = json->Find("AssignedPrivileges");
  if (privileges == nullptr || privileges->AsArray() == nullptr) {
    run.to_look.clear();
    return NextAccount(run);
  }
  for (const Json& privilege : *privileges->AsArray()) {
    if (privilege.AsString() != nullptr &&
        *privilege.AsString() == "ConfigureComponents") {
      return WebMove::Of(WebMove::Kind::kAllowed);
    }
  }
  return no;
}

}  // namespace power
