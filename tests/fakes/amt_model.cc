#include "fakes/amt_model.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <cstdlib>

namespace fakes {
namespace {

int NumberAfter(const std::string& body, const std::string& tag) {
  const size_t at = body.find(tag);
  return at == std::string::npos ? -1
                                 : std::atoi(body.c_str() + at + tag.size());
}

WebSaid Envelope(const std::string& body, int status = 200) {
  return {.status = status,
          .headers = {{"Content-Type", "application/soap+xml"}},
          .body = absl::StrCat(
              "<?xml version=\"1.0\"?><a:Envelope xmlns:a=\"e\" xmlns:g=\"g\">"
              "<a:Header/><a:Body>",
              body, "</a:Body></a:Envelope>"),
          .is_chunked = true};
}

}  // namespace

WebSaid AmtModel::Answer(const WebHeard& heard, absl::Time) {
  const bool is_wsman = heard.target == "/wsman";
  if (is_old == is_wsman) return {.status = 404, .hangs_up = true};
  if (const auto refusal = gate.Check(heard)) return *refusal;
  if (!raw_body.empty()) return {.body = raw_body};
  return is_wsman ? WsMan(heard.body)
                  : Soap(heard.Header("soapaction"), heard.body);
}

WebSaid AmtModel::WsMan(const std::string& body) {
  if (absl::StrContains(body, "transfer/Get<")) {
    if (!absl::StrContains(body, "CIM_AssociatedPowerManagementService<")) {
      return Envelope(
          "<a:Fault><a:Reason><a:Text>no such class</a:Text>"
          "</a:Reason></a:Fault>",
          400);
    }
    return Envelope(absl::StrCat(
        "<g:CIM_AssociatedPowerManagementService><g:PowerState>", state,
        "</g:PowerState></g:CIM_AssociatedPowerManagementService>"));
  }
  const int wanted = NumberAfter(body, "PowerState>");
  if (!absl::StrContains(body, "<w:Selector Name=\"Name\">ManagedSystem<")) {
    return Envelope(
        "<a:Fault><a:Reason><a:Text>selectors</a:Text></a:Reason>"
        "</a:Fault>",
        400);
  }
  asked.push_back(wanted);
  if (goes_off) state = 8;
  int value = returns;
  if (value == -1) {
    value = state == 8 && wanted != 2 ? 2 : 0;  // not possible now
    if (value == 0) state = wanted == 8 || wanted == 12 ? 8 : 2;
  }
  return Envelope(
      absl::StrCat("<g:RequestPowerStateChange_OUTPUT><g:ReturnValue>", value,
                   "</g:ReturnValue></g:RequestPowerStateChange_OUTPUT>"));
}

WebSaid AmtModel::Soap(const std::string& operation, const std::string& body) {
  const std::string base =
      "\"http://schemas.intel.com/platform/client/RemoteControl/2004/01/";
  if (operation == base + "GetSystemPowerState\"") {
    return Envelope(absl::StrCat(
        "<b:GetSystemPowerStateResponse><b:Status>0x", absl::Hex(status),
        "</b:Status><b:SystemPowerState>", state == 8 ? "0x35" : "16",
        "</b:SystemPowerState></b:GetSystemPowerStateResponse>"));
  }
  if (operation != base + "RemoteControl\"" ||
      NumberAfter(body, "IanaOemNumber>") != 343) {
    return Envelope("<a:Fault/>", 500);
  }
  const int command = NumberAfter(body, "Command>");
  asked.push_back(command);
  if (status == 0) state = command == 18 ? 8 : 2;
  return Envelope(absl::StrCat("<b:RemoteControlResponse><b:Status>", status,
                               "</b:Status></b:RemoteControlResponse>"));
}

}  // namespace fakes
