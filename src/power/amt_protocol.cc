#include "power/amt_protocol.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <optional>
#include <utility>

#include "base/bytes.h"

namespace power {
namespace {

constexpr absl::string_view kCim =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
constexpr absl::string_view kService = "CIM_PowerManagementService";
constexpr absl::string_view kState = "CIM_AssociatedPowerManagementService";
constexpr absl::string_view kGet =
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
constexpr absl::string_view kOld =
    "http://schemas.intel.com/platform/client/RemoteControl/2004/01";
constexpr size_t kMaxWords = 200;

// Of RequestPowerStateChange (DSP1027).
std::optional<int> StateFor(Action command) {
  switch (command) {
    case Action::kOn:
      return 2;
    case Action::kCycle:
      return 5;
    case Action::kOff:
      return 8;
    case Action::kReset:
      return 10;
    case Action::kNmi:
      return 11;
    case Action::kSoft:
      return 12;
    default:
      return std::nullopt;
  }
}

// Of the SOAP service's RemoteControl.
std::optional<int> OldCommandFor(Action command) {
  switch (command) {
    case Action::kReset:
      return 16;
    case Action::kOn:
      return 17;
    case Action::kOff:
      return 18;
    case Action::kCycle:
      return 19;
    default:
      return std::nullopt;
  }
}

// "0x10" and "16" are the same.
std::optional<uint32_t> NumberOf(absl::string_view text) {
  uint32_t value = 0;
  const bool ok = absl::StartsWith(text, "0x") || absl::StartsWith(text, "0X")
                      ? absl::SimpleHexAtoi(text, &value)
                      : absl::SimpleAtoi(text, &value);
  if (!ok) return std::nullopt;
  return value;
}

WebMove StateMove(uint32_t state) {
  WebMove move = WebMove::State(PlugState::kUnknown);
  switch (state) {
    case 2:
      move.state = PlugState::kOn;
      break;
    case 3:
    case 4:
      move.state = PlugState::kOn;
      move.remark = "sleeps";
      break;
    case 7:
      move.state = PlugState::kOff;
      move.remark = "hibernates";
      break;
    case 6:
    case 8:
    case 12:
    case 13:
      move.state = PlugState::kOff;
      break;
    case 5:
    case 9:
    case 10:
    case 14:
    case 15:
    case 16:
      move.state = PlugState::kPending;
      break;
    default:
      break;
  }
  return move;
}

// Its low four bits are the ACPI state.
WebMove OldStateMove(uint32_t state) {
  WebMove move = WebMove::State(PlugState::kUnknown);
  const uint32_t acpi = state & 0xf;
  if (acpi == 0) move.state = PlugState::kOn;
  if (acpi >= 1 && acpi <= 3) {
    move.state = PlugState::kOn;
    move.remark = "sleeps";
  }
  if (acpi == 4 || acpi == 5) move.state = PlugState::kOff;
  if (acpi == 4) move.remark = "hibernates";
  return move;
}

std::string WsMan(absl::string_view action, absl::string_view what,
                  uint64_t message, absl::string_view body) {
  return absl::StrCat(
      R"(<?xml version="1.0" encoding="UTF-8"?>)"
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" )"
      R"(xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" )"
      R"(xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>)"
      R"(<a:Action s:mustUnderstand="true">)",
      action,
      R"(</a:Action><a:To s:mustUnderstand="true">/wsman</a:To>)"
      R"(<w:ResourceURI s:mustUnderstand="true">)",
      kCim, what, R"(</w:ResourceURI><a:MessageID s:mustUnderstand="true">)",
      message,
      "</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/"
      "08/addressing/role/anonymous</a:Address></a:ReplyTo></s:Header>"
      "<s:Body>",
      body, "</s:Body></s:Envelope>");
}

std::string ChangeBody(int state) {
  return absl::StrCat(
      R"(<p:RequestPowerStateChange_INPUT xmlns:p=")", kCim, kService,
      R"("><p:PowerState>)", state,
      "</p:PowerState><p:ManagedElement><a:Address>http://schemas.xmlsoap.org/"
      "ws/2004/08/addressing/role/anonymous</a:Address>"
      "<a:ReferenceParameters><w:ResourceURI>",
      kCim,
      R"(CIM_ComputerSystem</w:ResourceURI><w:SelectorSet>)"
      R"(<w:Selector Name="CreationClassName">CIM_ComputerSystem</w:Selector>)"
      R"(<w:Selector Name="Name">ManagedSystem</w:Selector></w:SelectorSet>)"
      "</a:ReferenceParameters></p:ManagedElement>"
      "</p:RequestPowerStateChange_INPUT>");
}

std::string OldBody(absl::string_view operation, absl::string_view inside) {
  return absl::StrCat(
      R"(<?xml version="1.0" encoding="UTF-8"?>)"
      R"(<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/)"
      R"(envelope/"><soap:Body><)",
      operation, R"( xmlns=")", kOld, R"(">)", inside, "</", operation,
      "></soap:Body></soap:Envelope>");
}

Failure OldFailure(uint32_t status) {
  struct Known {
    uint32_t status;
    FailureClass failure_class;
    absl::string_view words;
  };
  constexpr Known kKnown[] = {
      {0x10, FailureClass::kPrivilege, "the operation is not permitted"},
      {0x801, FailureClass::kUnsupported,
       "the manufacturer's number is not known"},
      {0x803, FailureClass::kUnsupported, "the command is not known"},
      {0x806, FailureClass::kAuth, "the password was refused"},
      {0x807, FailureClass::kAuth, "the realm was refused"},
  };
  for (const Known& known : kKnown) {
    if (known.status == status) {
      return {.failure_class = known.failure_class,
              .text = std::string(known.words)};
    }
  }
  return {.failure_class = FailureClass::kDevice,
          .text = absl::StrFormat("status 0x%x", status)};
}

}  // namespace

WebMove AmtProtocol::Open(const WebReply*, absl::Time) {
  return WebMove::Of(WebMove::Kind::kReady);
}

WebMove AmtProtocol::Leave(const WebReply*, absl::Time) {
  return WebMove::Of(WebMove::Kind::kReady);
}

WebMove AmtProtocol::Ask(const PlugAction::Next& next) {
  const bool reads = next.step == PlugAction::Step::kRead;
  const std::optional<int> value =
      is_old_ ? OldCommandFor(next.command) : StateFor(next.command);
  if (!reads && !value.has_value()) {
    return WebMove::Fail(
        FailureClass::kUnsupported,
        absl::StrCat("it has no way to do '", Word(next.command), "'"));
  }
  WebAsk ask = {.call = {.method = "POST"}, .is_repeatable = reads};
  if (is_old_) {
    const absl::string_view operation =
        reads ? "GetSystemPowerState" : "RemoteControl";
    ask.call.target = "/RemoteControlService";
    ask.call.headers = {
        {"Content-Type", "text/xml; charset=utf-8"},
        {"SOAPAction", absl::StrCat("\"", kOld, "/", operation, "\"")}};
    ask.call.body =
        OldBody(operation, reads ? ""
                                 : absl::StrCat("<Command>", *value,
                                                "</Command><IanaOemNumber>343"
                                                "</IanaOemNumber>"));
  } else {
    ask.call.target = "/wsman";
    ask.call.headers = {{"Content-Type", "application/soap+xml;charset=UTF-8"}};
    ask.call.body =
        reads ? WsMan(kGet, kState, ++messages_, "")
              : WsMan(absl::StrCat(kCim, kService, "/RequestPowerStateChange"),
                      kService, ++messages_, ChangeBody(*value));
  }
  return WebMove::Ask(std::move(ask));
}

WebMove AmtProtocol::Step(size_t, const PlugAction::Next& next,
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
    return WebMove::Fail(failure, failure.maybe_executed
                                      ? WebMove::Kind::kLost
                                      : WebMove::Kind::kFailed);
  }
  const net::HttpAnswer& answer = *reply->answer;
  if (answer.status == 401) {
    return WebMove::Fail(FailureClass::kAuth, "the credentials were refused");
  }
  is_in_ = true;
  if (answer.status == 404 && !is_old_) {
    is_old_ = true;
    return Ask(next);
  }
  return OnAnswer(next, answer);
}

WebMove AmtProtocol::OnAnswer(const PlugAction::Next& next,
                              const net::HttpAnswer& answer) {
  const std::vector<MarkupItem> items = ScanMarkup(answer.body);
  if (answer.status != 200 || FindMarkup(items, "Fault") != nullptr) {
    std::string words = MarkupText(items, "Text");
    if (words.empty()) words = MarkupText(items, "faultstring");
    if (words.empty()) {
      words = absl::StrCat("HTTP ", answer.status, " ", answer.reason);
    }
    FailureClass failure_class = ClassOfStatus(answer.status);
    if (absl::StrContains(answer.body, "AccessDenied")) {
      failure_class = FailureClass::kPrivilege;
    }
    if (answer.status == 404) failure_class = FailureClass::kUnsupported;
    return WebMove::Fail(failure_class,
                         base::Escape(words.substr(0, kMaxWords)));
  }
  if (is_old_) return OnOldAnswer(next, items);
  if (next.step == PlugAction::Step::kRead) {
    const std::optional<uint32_t> state =
        NumberOf(MarkupText(items, "PowerState"));
    if (state.has_value()) return StateMove(*state);
    return WebMove::Fail(FailureClass::kDevice,
                         "the answer has no power state");
  }
  const std::optional<uint32_t> value =
      NumberOf(MarkupText(items, "ReturnValue"));
  if (!value.has_value()) {
    // Nothing says whether it was taken.
    return WebMove::Fail({.failure_class = FailureClass::kDevice,
                          .text = "the answer has no return value",
                          .maybe_executed = true},
                         WebMove::Kind::kLost);
  }
  switch (*value) {
    case 0:
    case 4096:  // a job was begun
      return WebMove::Of(WebMove::Kind::kSwitched);
    case 1:
      return WebMove::Fail(
          FailureClass::kUnsupported,
          absl::StrCat("it has no way to do '", Word(next.command), "'"));
    case 2:
      return WebMove::Fail({.failure_class = FailureClass::kDevice,
                            .text = "not possible in this state"},
                           WebMove::Kind::kImpossible);
    default:
      return WebMove::Fail(FailureClass::kDevice,
                           absl::StrCat("return value ", *value));
  }
}

WebMove AmtProtocol::OnOldAnswer(const PlugAction::Next& next,
                                 const std::vector<MarkupItem>& items) {
  const std::optional<uint32_t> status = NumberOf(MarkupText(items, "Status"));
  if (!status.has_value()) {
    return WebMove::Fail(FailureClass::kDevice, "the answer has no status");
  }
  if (*status != 0) return WebMove::Fail(OldFailure(*status));
  if (next.step == PlugAction::Step::kSwitch) {
    return WebMove::Of(WebMove::Kind::kSwitched);
  }
  const std::optional<uint32_t> state =
      NumberOf(MarkupText(items, "SystemPowerState"));
  if (state.has_value()) return OldStateMove(*state);
  return WebMove::Fail(FailureClass::kDevice, "the answer has no power state");
}

}  // namespace power
