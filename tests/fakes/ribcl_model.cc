#include "fakes/ribcl_model.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

namespace fakes {
namespace {

std::string Document(const std::string& version, const std::string& inside,
                     const std::string& status = "0x0000",
                     const std::string& message = "No error") {
  // As the cards print it, line breaks in the midst of a tag included.
  return absl::StrCat("<?xml version=\"1.0\"?>\r\n<RIBCL VERSION=\"", version,
                      "\">\r\n<RESPONSE\r\n    STATUS=\"", status,
                      "\"\r\n    MESSAGE='", message, "'\r\n     />\r\n",
                      inside, "</RIBCL>\r\n");
}

}  // namespace

std::string RibclModel::Documents(const std::string& body) {
  const auto has = [&](const std::string& word) {
    return absl::StrContains(body, word);
  };
  std::string out = Document(version, "");
  if (!has("<LOGIN ")) return out;
  ++logins;
  if (!has(absl::StrCat("USER_LOGIN=\"", user, "\" PASSWORD=\"", password,
                        "\""))) {
    return out + Document(version, "", "0x005F", "Login credentials rejected.");
  }
  out += Document(version, "");
  if (has("<GET_FW_VERSION")) {
    out += Document(version,
                    absl::StrCat("<GET_FW_VERSION\r\n "
                                 "FIRMWARE_VERSION = \"",
                                 firmware, "\"\r\n MANAGEMENT_PROCESSOR = \"",
                                 processor, "\"\r\n />\r\n"));
  }
  if (has("<GET_HOST_POWER_STATUS")) {
    out +=
        Document(version, absl::StrCat("<GET_HOST_POWER\r\n HOST_POWER=\"",
                                       is_on ? "ON" : "OFF", "\"\r\n />\r\n"));
  }
  for (const std::string word :
       {"HOLD_PWR_BTN TOGGLE=\"yes\"", "HOLD_PWR_BTN/", "HOST_POWER=\"No\"",
        "HOST_POWER=\"Yes\"", "COLD_BOOT_SERVER", "RESET_SERVER",
        "PRESS_PWR_BTN", "UID_CONTROL"}) {
    if (!has(word)) continue;
    asked.push_back(word);
    if (!may_switch) {
      out += Document(version, "", "0x0023",
                      "User does NOT have correct privilege for action.");
    } else if (word == "RESET_SERVER" && !is_on) {
      out += Document(version, "", "0x003E", "Host power is already OFF.");
    } else {
      is_on = word == "HOST_POWER=\"Yes\"" || word == "COLD_BOOT_SERVER" ||
              word == "RESET_SERVER" ||
              (is_on && absl::StartsWith(word, "UID"));
      out += Document(version, "");
    }
  }
  return (out + Document(version, "")).substr(0, half_after);
}

WebSaid RibclModel::Answer(const WebHeard& heard, absl::Time) {
  if (heard.target != "/ribcl" || !is_http) return {.status = 404};
  return {.body = Documents(heard.body), .is_chunked = true};
}

std::optional<WebSaid> RibclModel::AnswerRaw(std::string& heard) {
  if (absl::StartsWith(heard, "POST ")) {
    if (!TakeCall(heard).has_value()) return std::nullopt;
    is_greeted_ = false;
    if (!answers_http) return WebSaid{.hangs_up = true, .is_silent = true};
    return WebSaid{.hangs_up = true,
                   .raw = "HTTP/1.0 404 Not Found\r\n\r\n<H1>404</H1>"};
  }
  if (!is_greeted_ && absl::StartsWith(heard, "<?xml version=\"1.0\"?>\r\n")) {
    heard.erase(0, 23);
    is_greeted_ = true;
    return WebSaid{.raw = Document(version, "")};
  }
  const size_t end = heard.find("</RIBCL>");
  if (!is_greeted_ || end == std::string::npos) return std::nullopt;
  const std::string body = heard.substr(0, end);
  heard.clear();
  is_greeted_ = false;
  return WebSaid{.hangs_up = !forgets_to_close, .raw = Documents(body)};
}

}  // namespace fakes
