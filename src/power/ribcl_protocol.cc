#include "power/ribcl_protocol.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "base/bytes.h"
#include "keys/secret.h"

namespace power {
namespace {

constexpr absl::string_view kFirstLine = "<?xml version=\"1.0\"?>\r\n";
constexpr absl::string_view kEnd = "</RIBCL>";
constexpr double kHoldsSince = 2.21;    // RIBCL has HOLD_PWR_BTN
constexpr double kTogglesAfter = 1.29;  // iLO 2 wants to be told TOGGLE
constexpr size_t kMaxWords = 200;

bool IsCredentials(absl::string_view message) {
  const std::string lower = absl::AsciiStrToLower(message);
  return absl::StrContains(lower, "login credentials rejected") ||
         absl::StrContains(lower, "login name was not found") ||
         absl::StrContains(lower, "login failed");
}

bool IsPrivilege(absl::string_view message) {
  return absl::StrContains(absl::AsciiStrToLower(message), "privilege");
}

double NumberIn(absl::string_view text) {
  double value = 0;
  return absl::SimpleAtod(text, &value) && value > 0 ? value : 0;
}

std::string Section(absl::string_view name, absl::string_view mode,
                    absl::string_view inside) {
  return absl::StrCat("<", name, " MODE=\"", mode, "\">\r\n", inside, "\r\n</",
                      name, ">\r\n");
}

// Every document that was begun has its end.
bool IsWhole(const std::vector<MarkupItem>& items) {
  int open = 0, documents = 0;
  for (const MarkupItem& item : items) {
    if (!absl::EqualsIgnoreCase(item.name, "RIBCL")) continue;
    if (item.kind == MarkupItem::Kind::kOpen) {
      ++documents;
      if (!item.is_empty) ++open;
    } else if (item.kind == MarkupItem::Kind::kClose) {
      --open;
    }
  }
  return documents > 0 && open <= 0;
}

}  // namespace

WebAsk RibclProtocol::Document(absl::string_view inside, bool reads) const {
  WebAsk ask = {.call = {.method = "POST", .target = "/ribcl"},
                .shows_account = false,
                .is_repeatable = reads,
                .hides_body = true};
  ask.call.headers = {{"Content-Type", "text/xml"}};
  ask.call.body = absl::StrCat(kFirstLine, "<RIBCL VERSION=\"2.0\">\r\n",
                               inside, kEnd, "\r\n");
  if (memory_.way == RibclMemory::Way::kRaw) ask.raw_end = std::string(kEnd);
  return ask;
}

// A document that does nothing tells which of the two it is.
WebMove RibclProtocol::Open(const WebReply* reply, absl::Time) {
  if (memory_.way != RibclMemory::Way::kUnknown) {
    return WebMove::Of(WebMove::Kind::kReady);
  }
  if (reply == nullptr) return WebMove::Ask(Document("", true));
  if (reply->failure.has_value()) {
    const FailureClass c = reply->failure->failure_class;
    if (c != FailureClass::kClosed && c != FailureClass::kDevice) {
      return WebMove::Fail(*reply->failure);
    }
    memory_.way = RibclMemory::Way::kRaw;  // it knows no HTTP
    return WebMove::Of(WebMove::Kind::kReady);
  }
  const std::vector<MarkupItem> items = ScanMarkup(reply->answer->body);
  const bool is_http =
      reply->answer->status == 200 && FindMarkup(items, "RIBCL") != nullptr;
  memory_.way = is_http ? RibclMemory::Way::kHttp : RibclMemory::Way::kRaw;
  if (is_http) Learn(items);
  return WebMove::Of(WebMove::Kind::kReady);
}

WebMove RibclProtocol::Leave(const WebReply*, absl::Time) {
  return WebMove::Of(WebMove::Kind::kReady);
}

void RibclProtocol::Learn(const std::vector<MarkupItem>& items) {
  if (const MarkupItem* document = FindMarkup(items, "RIBCL")) {
    const double version = NumberIn(document->Find("VERSION"));
    if (version > 0) memory_.version = version;
  }
  if (const MarkupItem* card = FindMarkup(items, "GET_FW_VERSION")) {
    memory_.firmware = NumberIn(card->Find("FIRMWARE_VERSION"));
    memory_.processor = std::string(card->Find("MANAGEMENT_PROCESSOR"));
  }
}

std::string RibclProtocol::OffWords() const {
  if (memory_.processor == "iLO2" && memory_.firmware > kTogglesAfter) {
    return "<HOLD_PWR_BTN TOGGLE=\"yes\"/>";
  }
  if (memory_.version >= kHoldsSince) return "<HOLD_PWR_BTN/>";
  return "<SET_HOST_POWER HOST_POWER=\"No\"/>";
}

WebMove RibclProtocol::Ask(const PlugAction::Next& next) const {
  std::string words;
  const bool reads = next.step == PlugAction::Step::kRead;
  if (!reads) {
    switch (next.command) {
      case Action::kOn:
        words = "<SET_HOST_POWER HOST_POWER=\"Yes\"/>";
        break;
      case Action::kOff:
        words = OffWords();
        break;
      case Action::kCycle:
        words = "<COLD_BOOT_SERVER/>";
        break;
      case Action::kReset:
        words = "<RESET_SERVER/>";
        break;
      case Action::kSoft:
        words = "<PRESS_PWR_BTN/>";
        break;
      case Action::kIdentifyOn:
        words = "<UID_CONTROL UID=\"Yes\"/>";
        break;
      case Action::kIdentifyOff:
        words = "<UID_CONTROL UID=\"No\"/>";
        break;
      default:
        return WebMove::Fail(
            FailureClass::kUnsupported,
            absl::StrCat("it has no way to do '", Word(next.command), "'"));
    }
    words = Section("SERVER_INFO", "write", words);
  } else {
    // What the card is has a say in how it is switched off.
    if (memory_.processor.empty()) {
      words = Section("RIB_INFO", "read", "<GET_FW_VERSION/>");
    }
    words += Section("SERVER_INFO", "read", "<GET_HOST_POWER_STATUS/>");
  }
  const absl::string_view secret =
      account_.secret != nullptr ? account_.secret->view() : "";
  std::string password = EscapeMarkup(secret);
  std::string inside = absl::StrCat(
      "<LOGIN USER_LOGIN=\"", EscapeMarkup(account_.user), "\" PASSWORD=\"",
      password, "\">\r\n", words, "</LOGIN>\r\n");
  keys::Wipe(password);
  WebMove move = WebMove::Ask(Document(inside, reads));
  keys::Wipe(inside);
  return move;
}

WebMove RibclProtocol::Step(size_t, const PlugAction::Next& next,
                            const WebReply* reply, absl::Time) {
  // There is no question whose answer says it.
  if (next.step == PlugAction::Step::kPrivilege) {
    return WebMove::Of(WebMove::Kind::kUntold);
  }
  if (reply == nullptr) return Ask(next);
  const bool switches = next.step == PlugAction::Step::kSwitch;
  if (reply->failure.has_value()) {
    Failure failure = *reply->failure;
    failure.maybe_executed = switches && failure.maybe_executed;
    if (failure.text == "hung up at the first line") {
      failure.text += "; a card that old may need legacy-crypto";
    }
    return WebMove::Fail(failure, failure.maybe_executed
                                      ? WebMove::Kind::kLost
                                      : WebMove::Kind::kFailed);
  }
  if (reply->answer->status != 200) {
    return WebMove::Fail(ClassOfStatus(reply->answer->status),
                         absl::StrCat("HTTP ", reply->answer->status, " ",
                                      base::Escape(reply->answer->reason)));
  }
  return OnAnswer(next, reply->answer->body);
}

WebMove RibclProtocol::OnAnswer(const PlugAction::Next& next,
                                const std::string& body) {
  const std::vector<MarkupItem> items = ScanMarkup(body);
  const bool switches = next.step == PlugAction::Step::kSwitch;
  Learn(items);
  for (const MarkupItem& item : items) {
    if (item.kind != MarkupItem::Kind::kOpen ||
        !absl::EqualsIgnoreCase(item.name, "RESPONSE")) {
      continue;
    }
    uint32_t status = 0;
    const absl::string_view word = item.Find("STATUS");
    if (absl::SimpleHexAtoi(word, &status) && status == 0) continue;
    const std::string message =
        base::Escape(item.Find("MESSAGE").substr(0, kMaxWords));
    if (IsCredentials(message)) {
      return WebMove::Fail(FailureClass::kAuth, message);
    }
    is_in_ = true;
    if (IsPrivilege(message)) {
      return WebMove::Fail(FailureClass::kPrivilege, message);
    }
    const bool is_off = absl::StrContains(message, "Host power is already OFF");
    if (switches && ((is_off && next.command == Action::kOff) ||
                     (absl::StrContains(message, "Host power is already ON") &&
                      next.command == Action::kOn))) {
      return WebMove::Of(WebMove::Kind::kWasSo);
    }
    Failure failure = {
        .failure_class = FailureClass::kDevice,
        .text = message.empty() ? absl::StrCat("status ", word) : message};
    return WebMove::Fail(std::move(failure), switches && is_off
                                                 ? WebMove::Kind::kImpossible
                                                 : WebMove::Kind::kFailed);
  }
  if (!IsWhole(items)) {
    Failure failure = {.failure_class = FailureClass::kClosed,
                       .text = "hung up in the midst of a document",
                       .maybe_executed = switches};
    return WebMove::Fail(std::move(failure), switches ? WebMove::Kind::kLost
                                                      : WebMove::Kind::kFailed);
  }
  is_in_ = true;
  if (switches) return WebMove::Of(WebMove::Kind::kSwitched);
  absl::string_view word;
  for (const MarkupItem& item : items) {
    if (word.empty()) word = item.Find("HOST_POWER");
  }
  if (word.empty()) {
    return WebMove::Fail(FailureClass::kDevice,
                         "the answer has no power state");
  }
  return WebMove::State(absl::EqualsIgnoreCase(word, "ON") ? PlugState::kOn
                        : absl::EqualsIgnoreCase(word, "OFF")
                            ? PlugState::kOff
                            : PlugState::kUnknown);
}

}  // namespace power
